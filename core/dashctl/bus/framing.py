"""Events into frames.

Rules: a frame is small enough to be passed on quickly, and a large event travels in one of its own; an
event that cannot be encoded takes no other with it; numbers are the caller's to give, one after the
other in the order of the entries.
"""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Final, TypeVar

import msgspec

from dashctl.errors import DashctlError
from dashctl.events import Event, Metric, PointCloud
from dashctl.wire import MAX_FRAME, encode_frame

EVENTS_PER_FRAME: Final = 1_024
METRICS_PER_FRAME: Final = 8_192
"""In columns they are far smaller than other events, and far cheaper; others may be among them."""
BYTES_PER_FRAME: Final = 256 * 1024
"""A frame with more than one event is cut in two beyond this."""

_time: Final = itemgetter(0)
_event: Final = itemgetter(1)

Entry = tuple[float, Event]
"""An event behind its time (seconds since 1970)."""
Q = TypeVar("Q", bound=tuple[float, object])


class Unsendable(DashctlError):
    """An event that is legal and still fits no frame: too large, or with a value beyond the format."""


def grouped(entries: list[Q], *, alone: type = PointCloud) -> Iterator[list[Q]]:
    """Entries in their order, cut where a frame has to end; those of one class are `alone` in theirs."""
    types = list(map(type, map(_event, entries)))
    others = len(types) - types.count(Metric)
    if len(types) <= METRICS_PER_FRAME and others <= EVENTS_PER_FRAME and alone not in types:
        if entries:
            yield entries
        return
    group: list[Q] = []
    others = 0
    for entry, kind in zip(entries, types, strict=True):
        single, other = kind is alone, kind is not Metric
        is_full = len(group) >= METRICS_PER_FRAME or others + other > EVENTS_PER_FRAME
        if group and (single or is_full):
            yield group
            group, others = [], 0
        group.append(entry)
        others += other
        if single:
            yield group
            group, others = [], 0
    if group:
        yield group


def encoded(
    producer: bytes, run: str, first: int, group: Sequence[Entry], *, dropped: int = 0, logged: int = 0
) -> bytes | tuple[Sequence[Entry], Sequence[Entry]]:
    """A group's frame, its events numbered from `first` on, or the halves that it has to be sent as.

    Raises Unsendable for a single event that fits no frame.
    """
    times, events = list(map(_time, group)), list(map(_event, group))
    try:
        frame = encode_frame(producer, first, run, times, events, dropped=dropped, logged=logged)
        if len(frame) <= BYTES_PER_FRAME or (len(group) == 1 and len(frame) <= MAX_FRAME):
            return frame
        reason = f"{len(frame)} bytes encoded; at most {MAX_FRAME} are allowed"
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
        reason = f"cannot be encoded ({error})"
    if len(group) == 1:
        raise Unsendable(f"{events[0].type_name()}: {reason}")
    half = len(group) // 2
    return group[:half], group[half:]
