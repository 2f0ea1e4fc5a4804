"""When the next picture is drawn.

Rules: one clock for everything; at most one picture per `interval`, but what a person does is answered
sooner; no picture while the terminal has not taken the one before; it only asks whether something
changed, so when nothing did, nothing is drawn.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

HURRY = 1 / 30
"""Seconds between two pictures that answer a key or the mouse."""


class FrameClock:
    """Calls `draw` when it is time; `draw` finds out itself whether there is anything to draw."""

    def __init__(
        self, draw: Callable[[], None], interval: float, busy: Callable[[], bool] = lambda: False
    ) -> None:
        self._draw = draw
        self._interval = interval
        self._busy = busy
        self._wanted = asyncio.Event()
        self.drawn_at = 0.0
        """When the picture on the screen was asked for, by the monotonic clock."""

    def hurry(self) -> None:
        """Something was done: draw as soon as may be."""
        self._wanted.set()

    async def run(self) -> None:
        """Draw until cancelled."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), self._interval)
            rest = self.drawn_at + min(HURRY, self._interval) - time.monotonic()
            if rest > 0:
                await asyncio.sleep(rest)
            if self._busy():
                await asyncio.sleep(HURRY)
                continue
            self._wanted.clear()
            self.drawn_at = time.monotonic()
            self._draw()
