"""Numbered events into frames.

Rules: the events of a frame are numbered without a hole; a frame is small enough to be passed on
quickly, and a large event travels in one of its own; an event that cannot be encoded takes no other
with it.
"""

from collections.abc import Iterator
from operator import itemgetter
from typing import Final

import msgspec

from dashctl.errors import DashctlError
from dashctl.events import Event, PointCloud
from dashctl.wire import MAX_FRAME, encode_frame

EVENTS_PER_FRAME: Final = 256
BYTES_PER_FRAME: Final = 256 * 1024
"""A frame with more than one event is cut in two beyond this."""


_number: Final = itemgetter(0)
_event: Final = itemgetter(2)

Entry = tuple[int, float, Event]
"""An event behind its producer's number and its time (seconds since 1970)."""


class Unsendable(DashctlError):
    """An event that is legal and still fits no frame: too large, or with a value beyond the format."""


def grouped(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Entries in the order of their numbers, cut where a frame has to end."""
    if _is_one_frame(entries):
        yield entries
        return
    group: list[Entry] = []
    for entry in sorted(entries, key=_number):
        alone = type(entry[2]) is PointCloud
        if group and (alone or len(group) >= EVENTS_PER_FRAME or entry[0] != group[-1][0] + 1):
            yield group
            group = []
        group.append(entry)
        if alone:
            yield group
            group = []
    if group:
        yield group


def _is_one_frame(entries: list[Entry]) -> bool:
    """Whether they are as nearly always: few enough, small, and numbered without a hole."""
    if not 0 < len(entries) <= EVENTS_PER_FRAME or PointCloud in set(map(type, map(_event, entries))):
        return False
    first = entries[0][0]
    return list(map(_number, entries)) == list(range(first, first + len(entries)))


def encoded(producer: bytes, run: str, group: list[Entry], dropped: int) -> bytes | list[list[Entry]]:
    """A group's frame, or the smaller groups that it has to be sent as.

    Raises Unsendable for a single event that fits no frame.
    """
    numbers, times, events = zip(*group, strict=True)
    try:
        frame = encode_frame(producer, numbers[0], run, times, events, dropped=dropped)
        if len(frame) <= BYTES_PER_FRAME or (len(group) == 1 and len(frame) <= MAX_FRAME):
            return frame
        reason = f"{len(frame)} bytes encoded; at most {MAX_FRAME} are allowed"
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
        reason = f"cannot be encoded ({error})"
    if len(group) == 1:
        raise Unsendable(f"{events[0].type_name()}: {reason}")
    half = len(group) // 2
    return [group[:half], group[half:]]
