"""What was, seen through a broker: the state at any moment that its journal has.

Rules: one thread uses it; what was fetched is kept, up to a bound, and fetched once; folding is done
here, never in the broker; a moment is a time of arrival by the broker's clock.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

from dashctl.bus.address import Address
from dashctl.bus.fetching import Fetcher, SegmentGone
from dashctl.bus.messages import Segment
from dashctl.bus.segment_replay import SegmentReplay
from dashctl.errors import DashctlError
from dashctl.state import State

CACHED_BYTES: Final = 256 * 1024 * 1024
"""Of segments; the one in use is always kept."""
PARTS: Final = 128
"""Of a fetched segment, for which events are counted apart."""
ATTEMPTS: Final = 4
"""How often a segment may be removed while it is fetched."""


class NoJournal(DashctlError):
    """The broker keeps no journal, or has nothing in it."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when there is something: arrival times by the broker's clock, seconds since 1970."""

    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Moment:
    """The state as of the last frame that came at `time` or before, the caller's own."""

    time: float
    state: State


@dataclass(frozen=True, slots=True)
class Stretch:
    """About so many events came between two moments."""

    first: float
    last: float
    events: float


class Past:
    """The journal of the broker at an address; raises NoBroker, NotAllowed or TimedOut where it does
    not answer within `timeout` seconds."""

    def __init__(self, address: Address | str | None = None, *, timeout: float = 5.0) -> None:
        self._fetcher = Fetcher(Address.parse(address), timeout)
        self._segments: list[Segment] = []
        self._replays: dict[tuple[int, float], SegmentReplay] = {}
        """By number and beginning, the one used last at the end: a journal may begin anew from 1."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give everything back."""
        self._fetcher.close()
        self._replays.clear()

    def span(self) -> Span | None:
        """From when to when something is kept, as of now; None: nothing is."""
        self._look()
        return Span(self._segments[0].first_time, self._segments[-1].last_time) if self._segments else None

    def stretches(self) -> Iterator[Stretch]:
        """How many events came when, as of the last look: by segment, and finer where one was fetched."""
        for segment in self._segments:
            replay = self._replays.get((segment.number, segment.first_time))
            if replay is None or not replay.arrivals:
                yield Stretch(segment.first_time, segment.last_time, segment.events)
            else:
                yield from _finely(segment, replay.arrivals)

    def at(self, moment: float) -> Moment:
        """The state as of a moment; before the beginning it is what was known then.

        Raises NoJournal, also where nothing is kept.
        """
        replay, segment = self._replay_at(moment)
        return Moment(*replay.at(moment, segment.first_time))

    def neighbour(self, moment: float, by: int) -> float:
        """When the `by`-th frame after a moment came, or with a negative one before it, within the span."""
        replay, segment = self._replay_at(moment)
        place = self._place(segment)
        if by > 0:
            at = bisect_right(replay.arrivals, moment) - 1 + by
            while at >= len(replay.arrivals):
                if place + 1 >= len(self._segments):
                    return self._segments[-1].last_time
                at -= len(replay.arrivals)
                place += 1
                replay = self._replay_of(self._segments[place])
        else:
            at = bisect_left(replay.arrivals, moment) + by
            while at < 0:
                if not place:
                    return self._segments[0].first_time
                place -= 1
                replay = self._replay_of(self._segments[place])
                at += len(replay.arrivals)
        return replay.arrivals[at]

    def frames(self, since: float = 0.0, until: float = math.inf) -> Iterator[tuple[float, bytes]]:
        """When each frame came from `since` to `until`, both included, and the frame."""
        self._look()
        for segment in list(self._segments):
            if segment.last_time < since or segment.first_time > until:
                continue
            try:
                replay = self._replay_of(segment)
            except SegmentGone:
                continue
            yield from replay.frames(since, until)

    def _look(self) -> None:
        self._segments = list(self._fetcher.index())

    def _replay_at(self, moment: float) -> tuple[SegmentReplay, Segment]:
        """The segment that a moment is in, fetched as far as it is needed."""
        for _ in range(ATTEMPTS):
            if not self._segments or moment >= self._segments[-1].last_time:
                self._look()
            if not self._segments:
                raise NoJournal(f"the broker at {self._fetcher.address.place} keeps no journal")
            later = bisect_right(self._segments, moment, key=_first_time)
            segment = self._segments[max(0, later - 1)]
            try:
                return self._replay_of(segment), segment
            except SegmentGone:
                self._segments = []
        raise NoJournal(
            f"the journal of the broker at {self._fetcher.address.place} goes faster than it is read"
        )

    def _place(self, segment: Segment) -> int:
        return next(at for at, each in enumerate(self._segments) if each.number == segment.number)

    def _replay_of(self, segment: Segment) -> SegmentReplay:
        key = segment.number, segment.first_time
        replay = self._replays.pop(key, None) or SegmentReplay()
        have = replay.size
        if have < segment.bytes:
            replay.extend(self._fetcher.parts(segment.number, have, segment.bytes))
        self._replays[key] = replay
        kept = sum(each.cost for each in self._replays.values())
        while kept > CACHED_BYTES and len(self._replays) > 1:
            kept -= self._replays.pop(next(iter(self._replays))).cost
        return replay


def _first_time(segment: Segment) -> float:
    return segment.first_time


def _finely(segment: Segment, arrivals: Sequence[float]) -> Iterator[Stretch]:
    """A segment in parts of equal length; each frame counts as much as the average one."""
    length = (segment.last_time - segment.first_time) / PARTS
    each = segment.events / len(arrivals)
    before = 0
    for part in range(PARTS):
        first = segment.first_time + part * length
        last = first + length if part + 1 < PARTS else segment.last_time
        count = bisect_right(arrivals, last)
        yield Stretch(first, last, (count - before) * each)
        before = count
