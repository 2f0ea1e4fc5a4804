"""The bytes of a segment: a header, a checkpoint, records.

Rules: all numbers are little-endian; every byte is under a CRC-32; a segment stands alone: its
checkpoint is all that was known when it began; what follows the last whole record is no part of it.

    8  magic        b"DCJOURN\\n"
    4  version      1
    4  ledger       bytes of the encoded ledger in the checkpoint
    8  number       of the segment, counted up without end
    8  begun        float64, arrival time at which it began, seconds since 1970
    8  last         float64, arrival time of the last record before it; 0: none
    8  events       in the records of all segments before it
    8  state        bytes of the encoded state in the checkpoint
    4  checkpoint's CRC-32
    4  CRC-32 of the 60 bytes above
    .. checkpoint   ledger, then state
    .. records

A record:

    4  length       bytes of the frame
    4  CRC-32       of length, arrival and frame, in this order
    8  arrival      float64, seconds since 1970 by the broker's clock; never before that of the one before
    .. frame        as a producer sent it, see `dashctl.wire`
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple
from zlib import crc32

from dashctl.errors import UsageError
from dashctl.wire import HEADER_SIZE as FRAME_HEADER
from dashctl.wire import MAX_FRAME

MAGIC: Final = b"DCJOURN\n"
VERSION: Final = 1
SUFFIX: Final = ".segment"

_HEADER: Final = struct.Struct("<8sIIQddQQI")
_CRC: Final = struct.Struct("<I")
_MEASURES: Final = struct.Struct("<Id")
_RECORD: Final = struct.Struct("<IId")
HEADER_SIZE: Final = _HEADER.size + _CRC.size
RECORD_SIZE: Final = _RECORD.size


class Damaged(UsageError):
    """A segment's header or checkpoint is not what its CRC says."""


class NewerFormat(UsageError):
    """A segment was written by a later dashctl."""


class Header(NamedTuple):
    """What a segment says of itself, and of what was before it."""

    number: int
    begun: float
    last: float
    events: int
    ledger: int
    state: int
    crc: int

    @property
    def records(self) -> int:
        """Where the records begin."""
        return HEADER_SIZE + self.ledger + self.state


class Record(NamedTuple):
    """A frame, when it came, and where the next record begins."""

    arrival: float
    frame: memoryview
    end: int


def file_name(number: int) -> str:
    """The name of a segment's file."""
    return f"{number:012d}{SUFFIX}"


def number_of(path: Path) -> int | None:
    """The number of the segment that a file has by its name, if that is a segment's."""
    stem = path.name.removesuffix(SUFFIX)
    return int(stem) if path.suffix == SUFFIX and stem.isascii() and stem.isdigit() else None


def pack_header(number: int, begun: float, last: float, events: int, *, ledger: bytes, state: bytes) -> bytes:
    """The header of a segment with this checkpoint."""
    crc = crc32(state, crc32(ledger))
    packed = _HEADER.pack(MAGIC, VERSION, len(ledger), number, begun, last, events, len(state), crc)
    return packed + _CRC.pack(crc32(packed))


def read_header(data: bytes | memoryview) -> Header:
    """The header at the beginning of these bytes. Raises Damaged or NewerFormat."""
    if len(data) < HEADER_SIZE:
        raise Damaged(f"segment: {len(data)} bytes; its header has {HEADER_SIZE}")
    magic, version, ledger, number, begun, last, events, state, crc = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise Damaged(f"segment: starts with {magic!r}; expected {MAGIC!r}")
    if version > VERSION:
        raise NewerFormat(f"segment: format {version}; this dashctl reads {VERSION}")
    if _CRC.unpack_from(data, _HEADER.size)[0] != crc32(data[: _HEADER.size]):
        raise Damaged("segment: the header is not what its CRC says")
    return Header(number, begun, last, events, ledger, state, crc)


def read_checkpoint(header: Header, data: bytes | memoryview) -> tuple[memoryview, memoryview]:
    """The encoded ledger and the encoded state of a segment. Raises Damaged."""
    checkpoint = memoryview(data)[HEADER_SIZE : header.records]
    if len(checkpoint) != header.ledger + header.state or crc32(checkpoint) != header.crc:
        raise Damaged("segment: the checkpoint is not what its CRC says")
    return checkpoint[: header.ledger], checkpoint[header.ledger :]


def pack_record(arrival: float, frame: bytes) -> bytes:
    """What stands before a frame in a segment."""
    length = len(frame)
    crc = crc32(frame, crc32(_MEASURES.pack(length, arrival)))
    return _RECORD.pack(length, crc, arrival)


def records(data: bytes | memoryview, start: int, arrival: float = 0.0) -> Iterator[Record]:
    """The records from `start` on, up to the first that is not whole or goes back behind `arrival`."""
    view = memoryview(data)
    end = len(view)
    while start + RECORD_SIZE <= end:
        length, crc, came = _RECORD.unpack_from(view, start)
        frame = view[start + RECORD_SIZE : start + RECORD_SIZE + length]
        if not FRAME_HEADER <= length == len(frame) <= MAX_FRAME:
            return
        # Not a number compares as false: what claims that as its time is cut off, too.
        if crc32(frame, crc32(_MEASURES.pack(length, came))) != crc or not came >= arrival:
            return
        start += RECORD_SIZE + length
        arrival = came
        yield Record(came, frame, start)
