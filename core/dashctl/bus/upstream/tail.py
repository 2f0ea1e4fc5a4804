"""A journal as it grows, read from a position on.

Rules: only what the writer has written is read; the broker's own events stay here, and so does what another
version of the protocol wrote; a position that retention has left behind goes on with the oldest that is left,
and that is said; a position in a journal that is no longer there is the beginning of the one that is.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from dashctl.bus.journal.index import Extent, Index
from dashctl.bus.journal.segment import RECORD_SIZE, records
from dashctl.wire import BROKER, MAX_FRAME, BadFrame, decode_header

BATCH_BYTES: Final = 4 * 1024 * 1024
BATCH_FRAMES: Final = 1_000


class Position(NamedTuple):
    """A place in a journal: everything before `offset` of a segment, and all segments before it."""

    segment: int = 0
    offset: int = 0
    begun: float = 0.0
    """When the segment began: a journal may begin anew from 1."""


class Relayed(NamedTuple):
    """A frame to be passed on, by whom it is, and the number of its last event."""

    frame: bytes
    producer: bytes
    last: int


class Batch(NamedTuple):
    """Frames, and the position behind them; without frames there is nothing more by now."""

    frames: tuple[Relayed, ...]
    end: Position
    skipped: bool = False
    """Whether something was dropped from the journal before it was read."""


class Tail:
    """Reads batches from a journal's index. One thread uses it."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def behind(self, position: Position) -> int:
        """Bytes that are in the journal after a position."""
        extents = self._index.extents()
        position = _known(position, extents)
        return sum(_left(extent, position) for extent in extents)

    def batch(self, position: Position) -> Batch:
        """What comes after a position, as much as is passed on at once. Raises OSError."""
        extents = self._index.extents()
        position = _known(position, extents)
        extents = [each for each in extents if each.header.number >= position.segment]
        skipped = bool(extents and position.segment and extents[0].header.number > position.segment)
        for extent in extents:
            if _left(extent, position):
                frames, end = _read(extent, position)
                return Batch(frames, end, skipped)
        return Batch((), position, skipped)


def _known(position: Position, extents: list[Extent]) -> Position:
    """The position, or the beginning if it is in another journal than this one."""
    if not extents:
        return position
    same = next((each for each in extents if each.header.number == position.segment), None)
    if extents[-1].header.number < position.segment or (same and same.header.begun != position.begun):
        return Position()
    return position


def _left(extent: Extent, position: Position) -> int:
    if extent.header.number < position.segment:
        return 0
    return max(0, extent.bytes - _start(extent, position))


def _start(extent: Extent, position: Position) -> int:
    here = position.offset if extent.header.number == position.segment else 0
    return max(here, extent.header.records)


def _read(extent: Extent, position: Position) -> tuple[tuple[Relayed, ...], Position]:
    start = _start(extent, position)
    for size in (BATCH_BYTES, RECORD_SIZE + MAX_FRAME):
        with extent.path.open("rb") as file:
            file.seek(start)
            data = file.read(min(size, extent.bytes - start))
        frames, read = [], 0
        for frame, end in _whole(data):
            read = end
            if frame is not None:
                frames.append(frame)
            if len(frames) == BATCH_FRAMES:
                break
        if read:
            return tuple(frames), Position(extent.header.number, start + read, extent.header.begun)
    # What cannot be read here is cut off when the journal is opened the next time.
    return (), Position(extent.header.number, extent.bytes, extent.header.begun)


def _whole(data: bytes) -> Iterator[tuple[Relayed | None, int]]:
    for record in records(data, 0):
        yield _relayed(bytes(record.frame)), record.end


def _relayed(frame: bytes) -> Relayed | None:
    try:
        header = decode_header(frame)
    except BadFrame:
        return None
    return (
        None
        if header.producer == BROKER
        else Relayed(frame, header.producer, header.first + header.events - 1)
    )
