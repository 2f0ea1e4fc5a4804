"""A past in memory, as a journal would have it, and ways to have none."""

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from dashctl.errors import DashctlError
from dashctl.events import Event
from dashctl.state import State, fold


@dataclass(frozen=True)
class Range:
    first: float
    last: float
    events: int = 0


@dataclass(frozen=True)
class Then:
    state: State


@dataclass
class PastInMemory:
    """Frames of one event each, at the moments they came; `gate` holds answers back while it is closed."""

    frames: Sequence[tuple[float, Event]]
    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def times(self) -> list[float]:
        return [time for time, _ in self.frames]

    def span(self) -> Range | None:
        return Range(self.times[0], self.times[-1]) if self.frames else None

    def stretches(self) -> Sequence[Range]:
        return [Range(self.times[0], self.times[-1], len(self.frames))] if self.frames else []

    def at(self, moment: float) -> Then:
        self.asked.append(moment)
        assert self.gate.wait(30)
        state = State()
        for time, event in self.frames[: bisect_right(self.times, moment)]:
            fold(state, event, time, "run-1")
        return Then(state)

    def neighbour(self, moment: float, by: int) -> float:
        at = bisect_right(self.times, moment) - 1 + by if by > 0 else bisect_left(self.times, moment) + by
        return self.times[min(max(at, 0), len(self.times) - 1)]

    @contextmanager
    def opened(self) -> "Iterator[PastInMemory]":
        yield self


@contextmanager
def no_past() -> Iterator[PastInMemory]:
    raise DashctlError("the broker keeps no journal")
    yield
