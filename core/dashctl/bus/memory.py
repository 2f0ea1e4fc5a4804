"""What the broker remembers: frames that were passed on, folded when there is time.

Rules: folding waits for idleness, for a question or for a full backlog; a snapshot has everything
that was passed on before it; what is refused while folding is counted by reason, as a monitor does.
"""

import math
import time
from collections import deque
from typing import Final

from dashctl.bus.refusals import Refusals
from dashctl.state import State, fold_all
from dashctl.wire import decode_header, open_frame

BACKLOG_EVENTS: Final = 65_536
"""More would make whoever asks for a snapshot wait for longer than a tenth of a second."""
BACKLOG_BYTES: Final = 16 * 1024 * 1024
SETTLED: Final = 2_048
"""Events whose last part of folding is done beforehand, so that nobody who joins waits for it …"""
SETTLING: Final = 0.025
"""… and seconds between two times: done for more events at once it costs less."""


class Memory:
    """A state and the frames that it does not have yet."""

    def __init__(self, refusals: Refusals, state: State | None = None) -> None:
        self._refusals = refusals
        self.waiting = 0
        """Events kept and not yet folded."""
        self._bytes = 0
        self._frames: deque[tuple[bytes, int]] = deque()
        self._state = State() if state is None else state
        self._encoded: bytes | None = None
        self._settles = 0.0
        """When it is time again to settle."""

    def keep(self, frame: bytes, events: int) -> None:
        """Take a frame with that many events."""
        self._frames.append((frame, events))
        self._encoded = None
        self.waiting += events
        self._bytes += len(frame)

    def make_room(self) -> None:
        """Fold as much as the backlog is over its bounds."""
        while self.waiting > BACKLOG_EVENTS or self._bytes > BACKLOG_BYTES:
            self.fold(0.0)

    def fold(self, seconds: float) -> None:
        """Fold what is waiting, for about that long and at least one frame; settle now and then."""
        began = time.monotonic()
        self._fold_until(began + seconds)
        if not self._frames and began >= self._settles:
            self._settles = began + SETTLING
            self._state.settle(SETTLED)

    def _fold_until(self, until: float) -> None:
        while self._frames:
            frame, events = self._frames.popleft()
            self.waiting -= events
            self._bytes -= len(frame)
            opened = open_frame(frame)
            fold_all(self._state, opened.events)
            for reason, count in opened.rejected.items():
                run = decode_header(frame).run
                detail = f"{count} of {events} events of run {run!r}: {opened.why.get(reason, reason)}"
                self._refusals.add(reason, detail, count)
            if time.monotonic() >= until:
                break

    def snapshot(self, *, settled: bool = True) -> bytes:
        """The state with everything that was kept, encoded; at once, and larger, if it is not `settled`."""
        self._fold_until(math.inf)
        if settled:
            self._state.settle(1)
            self._encoded = None
        if self._encoded is None:
            self._encoded = self._state.encode(settled=False)
        return self._encoded
