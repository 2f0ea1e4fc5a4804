"""A journal as it grows, read from a position on.

Rules: only what the writer has written is read; the broker's own events stay here; a position that
retention has left behind goes on with the oldest that is left, and that is said.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from dashctl.bus.journal.index import Extent, Index
from dashctl.bus.journal.segment import RECORD_SIZE, records
from dashctl.wire import BROKER, MAX_FRAME, decode_header

BATCH_BYTES: Final = 4 * 1024 * 1024
BATCH_FRAMES: Final = 1_000


class Position(NamedTuple):
    """A place in a journal: everything before `offset` of a segment, and all segments before it."""

    segment: int = 0
    offset: int = 0


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
        return sum(_left(extent, position) for extent in self._index.extents())

    def batch(self, position: Position) -> Batch:
        """What comes after a position, as much as is passed on at once. Raises OSError."""
        extents = [each for each in self._index.extents() if each.header.number >= position.segment]
        skipped = bool(extents and position.segment and extents[0].header.number > position.segment)
        for extent in extents:
            if _left(extent, position):
                frames, end = _read(extent, position)
                return Batch(frames, end, skipped)
        return Batch((), position, skipped)


def _left(extent: Extent, position: Position) -> int:
    if extent.header.number < position.segment:
        return 0
    return extent.bytes - _start(extent, position)


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
            return tuple(frames), Position(extent.header.number, start + read)
    # What cannot be read here is cut off when the journal is opened the next time.
    return (), Position(extent.header.number, extent.bytes)


def _whole(data: bytes) -> Iterator[tuple[Relayed | None, int]]:
    for record in records(data, 0):
        header = decode_header(record.frame)
        own = header.producer == BROKER
        relayed = Relayed(bytes(record.frame), header.producer, header.first + header.events - 1)
        yield None if own else relayed, record.end
