"""What concerns the past: the journal's segments, and queries over them."""

from typing import Annotated

import msgspec

from dashctl.bus.messages.base import Reply, Request
from dashctl.curve import Columns
from dashctl.events import AnyEvent, Stamped

Short = Annotated[str, msgspec.Meta(max_length=16_384)]


class AskJournal(Request, frozen=True, tag="journal"):
    """Which segments are there? Answered with JournalIndex."""


class Segment(msgspec.Struct, frozen=True):
    """One segment of the journal: a state, and the frames that came after it."""

    number: int
    """Counted up without end over all lives of the broker."""
    first_time: float
    """When it began, by the broker's clock, seconds since 1970; never before the last frame of the segment
    before, and never after its own first."""
    last_time: float
    """When its last frame came; when it began if it has none."""
    events: int
    bytes: int


class JournalIndex(Reply, frozen=True, tag="journal"):
    """All segments, oldest first; empty where there is no journal."""

    segments: tuple[Segment, ...] = ()


class AskSegment(Request, frozen=True, tag="segment"):
    """Give me at most `size` bytes of a segment from `offset` on. Answered with SegmentPart."""

    number: int = 0
    offset: int = 0
    size: Annotated[int, msgspec.Meta(ge=1, le=4 * 1024 * 1024)] = 1024 * 1024


class SegmentPart(Reply, frozen=True, tag="segment"):
    """Bytes of a segment as they are on disk; fewer than asked for at its end as of now."""

    number: int = 0
    offset: int = 0
    total: int = 0
    """Bytes that the segment has by now."""
    data: memoryview = memoryview(b"")


class AskHistory(Request, frozen=True, tag="history"):
    """What happened between two moments? Answered with HistoryReply.

    `run` and `name` are exact, None stands for any; `type` is an event type's name.
    """

    type: Short = "metric"
    run: Short | None = None
    name: Short | None = None
    """Of a metric; other types have none."""
    since: float = 0.0
    until: float = 253_402_300_799.0
    """Event time, seconds since 1970; until is excluded."""
    points: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1_000


class Curve(msgspec.Struct, frozen=True):
    """One metric's values in the time range, thinned to the points that were asked for."""

    run: str
    name: str
    columns: Columns


class HistoryReply(Reply, frozen=True, tag="history"):
    """Curves if metrics were asked for; else the newest events, as many as points were asked for."""

    curves: tuple[Curve, ...] = ()
    events: tuple[Stamped[AnyEvent], ...] = ()
    total: int = 0
    """How many events matched, before thinning."""
