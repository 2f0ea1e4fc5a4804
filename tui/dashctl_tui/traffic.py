"""What goes to the terminal, and how long that takes: the figures that the pace of pictures follows.

Rules: bytes are counted as they are written; a frame counts as shown when the terminal has answered what was
asked behind it; a line is left as much time as its bytes took, so that a key never waits for more than one
frame.
"""

import time
from typing import Final

from dashctl_tui.scenes.viewport import ScreenStats

_BARELY: Final = 0.02
"""Seconds for an answer below which a line is as swift as it need be."""
_SLOW: Final = 0.06
"""Seconds between two pictures from which on a line is called slow."""
_TELLING: Final = 3.0
"""Seconds for which an answer says how the line is."""
_DRIFT: Final = 1.02
"""By how much the quickest answer is forgotten with each."""


class Traffic:
    """Counts; one thread asks, another one answers and a third one writes."""

    def __init__(self) -> None:
        self._bytes = self._frames = 0
        self._sampled = (time.monotonic(), 0, 0)
        self._asked: float | None = None
        self._answered = 0.0
        self._quickest: float | None = None
        self._pace = 0.0
        self._key: float | None = None
        self._answering: float | None = None
        self._latency: float | None = None

    @property
    def asked(self) -> float | None:
        """When the terminal was asked what it has not answered, by the monotonic clock."""
        return self._asked

    @property
    def pace(self) -> float:
        """Seconds between two pictures that leave the line idle for as long as it is busy."""
        return self._pace if time.monotonic() - self._answered < _TELLING else 0.0

    def wrote(self, size: int) -> None:
        """So many bytes were written."""
        self._bytes += size

    def drew(self) -> None:
        """A frame is on its way; it answers the keys before it."""
        self._frames += 1
        self._answering, self._key = self._answering or self._key, None

    def drew_nothing(self) -> None:
        """A picture was no other than before: whatever was pressed changed nothing."""
        self._key = None

    def pressed(self) -> None:
        """A key was pressed, or the mouse moved."""
        self._key = self._key or time.monotonic()

    def ask(self) -> None:
        """The terminal is asked how far it is."""
        self._asked = time.monotonic()

    def give_up(self) -> None:
        """The terminal does not answer."""
        self._asked = self._answering = None

    def answer(self) -> None:
        """The terminal has come as far as it was asked."""
        now, asked, answering = time.monotonic(), self._asked, self._answering
        self._asked = self._answering = None
        if answering is not None:
            self._latency = now - answering
        if asked is None:
            return
        took = now - asked
        self._quickest = took if self._quickest is None else min(took, self._quickest * _DRIFT)
        # What is longer than the way there and back is the time of the bytes.
        pace = 0.0 if took < _BARELY else 2 * took - self._quickest
        self._pace, self._answered = (self.pace + pace) / 2, now

    def stats(self, interval: float, former: ScreenStats) -> ScreenStats:
        """How it went since the last time this was asked, if that was a second ago; else what was then.

        interval: seconds between two pictures, were it not for the line.
        """
        now, (then, size, frames) = time.monotonic(), self._sampled
        if now - then < 1.0:
            return former
        self._sampled = (now, self._bytes, self._frames)
        pace = self.pace
        return ScreenStats(
            bytes_a_second=(self._bytes - size) / (now - then),
            frames_a_second=(self._frames - frames) / (now - then),
            interval=max(interval, pace),
            latency=self._latency,
            slow=pace > max(_SLOW, interval),
        )
