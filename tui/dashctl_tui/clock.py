"""When the next picture is drawn.

Rules: one clock for everything, asleep while there is nothing to draw; news is drawn at once and then at most
once per `pace`; what a person does is answered sooner; no picture while the terminal has not taken the one
before; pictures that are hard to draw, or that a slow line takes long for, come less often.
"""

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

HURRY: Final = 1 / 60
"""Seconds between two pictures that answer a key or the mouse."""
_SHARE: Final = 0.6
"""Of a core, at most, that drawing may take."""
_MEMORY: Final = 0.8
"""Weight of what was before in a running mean."""
_LOOK_AGAIN: Final = 0.1
"""Seconds after which a busy terminal is asked again, in case it does not say when it is done."""


class Line(Protocol):
    """The way to the terminal."""

    @property
    def backlogged(self) -> bool:
        """Whether it has not yet taken what was written."""

    @property
    def pace(self) -> float:
        """Seconds between two pictures that it affords."""


class Swift:
    """A line that takes everything at once."""

    backlogged = False
    pace = 0.0


class FrameClock:
    """Calls `draw` when it is time; `draw` says after how many seconds it has something new by itself.

    polled: somebody has news and does not say so, so that it is looked for each interval.
    """

    def __init__(
        self,
        draw: Callable[[], float],
        interval: float,
        line: Callable[[], Line] = Swift,
        *,
        polled: bool = False,
    ) -> None:
        self._draw = draw
        self._line = line
        self._polled = polled
        self._woken = asyncio.Event()
        self._urgent = self._news = True
        self._due = math.inf
        self._cost = 0.0
        self.interval = interval
        """Seconds between two pictures at least."""
        self.drawn_at = 0.0
        """When the picture on the screen was asked for, by the monotonic clock."""

    @property
    def pace(self) -> float:
        """Seconds between two pictures that nobody hurries for."""
        return max(self.own_pace, self._line().pace)

    @property
    def own_pace(self) -> float:
        """As it would be if every line were swift."""
        return max(self.interval, self._cost / _SHARE)

    @property
    def cost(self) -> float:
        """Processor seconds of this thread for one picture."""
        return self._cost

    def hurry(self) -> None:
        """Something was done: draw as soon as may be."""
        self._urgent = True
        self._woken.set()

    def tell(self) -> None:
        """There is news: draw when it is time."""
        if not self._news:
            self._news = True
            self._woken.set()

    def look(self) -> None:
        """The terminal has taken something."""
        self._woken.set()

    async def run(self) -> None:
        """Draw until cancelled."""
        while True:
            self._woken.clear()
            pause = self._next() - time.monotonic()
            if pause > 0:
                await self._sleep(pause)
            elif self._line().backlogged:
                await self._sleep(_LOOK_AGAIN)
            else:
                self._draw_now()
                # Keys that came meanwhile go first.
                await asyncio.sleep(0)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), None if seconds == math.inf else seconds)

    def _next(self) -> float:
        """When to draw."""
        if self._urgent:
            return self.drawn_at + min(HURRY, self.interval)
        if self._news:
            return self.drawn_at + self.pace
        return max(self._due, self.drawn_at + self.pace)

    def _draw_now(self) -> None:
        self._urgent = self._news = False
        self.drawn_at, spent = time.monotonic(), time.thread_time()
        after = self._draw()
        cost = time.thread_time() - spent
        self._cost = cost if not self._cost else self._cost * _MEMORY + cost * (1 - _MEMORY)
        self._due = self.drawn_at + min(after, self.interval if self._polled else math.inf)
