"""Reads an MCAP file from its beginning, record by record, up to where it ends or was cut.

Rules (MCAP 0, https://mcap.dev/spec): what is behind a torn or damaged record is not read, since nobody
can say where it would begin; no length that a file claims is believed beyond the file's own; the
summary at the end is not needed.
"""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Attachment, Channel, Chunk, Header, Metadata
from mcap.writer import MCAP0_MAGIC

from dashctl.errors import InvalidData

LARGEST_CHUNK: Final = 256 * 1024 * 1024
"""Bytes, unpacked: many times what the largest event can be."""
_PREFIX: Final = struct.Struct("<BQ")
_MESSAGE: Final = struct.Struct("<HIQQ")
_CUT: Final = "its end is missing"


class Message(NamedTuple):
    """A message: its channel's number, when it was recorded (ns since 1970), its bytes."""

    channel: int
    log_time: int
    data: memoryview


AnyRecord = Message | Channel | Attachment | Metadata


class McapReader:
    """The records of a file, in the order in which they were written: messages, and what describes them.

    Raises InvalidData if the file is no MCAP file, and OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.profile = ""
        self.damage = ""
        """Why reading ended before the file's end was reached, "" if it did not."""
        self.read = 0
        """Bytes of whole records so far."""

    def __iter__(self) -> Iterator[AnyRecord]:
        with self.path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            self._read_beginning(file)
            yield from self._records(file, size)

    def _read_beginning(self, file: BinaryIO) -> None:
        magic = file.read(len(MCAP0_MAGIC))
        if magic != MCAP0_MAGIC:
            raise InvalidData(f"{self.path}: not an MCAP file; expected a recording of  dashctl record")
        prefix = file.read(_PREFIX.size)
        if len(prefix) == _PREFIX.size:
            opcode, length = _PREFIX.unpack(prefix)
            body = file.read(min(length, 65_536))
            if opcode == Opcode.HEADER and len(body) == length:
                self.profile = Header.read(ReadDataStream(BytesIO(body))).profile
                self.read = file.tell()
                return
        raise InvalidData(f"{self.path}: nothing was recorded, it ends within its first line")

    def _records(self, file: BinaryIO, size: int) -> Iterator[AnyRecord]:
        self.damage = _CUT
        while prefix := file.read(_PREFIX.size):
            if len(prefix) < _PREFIX.size:
                return
            opcode, length = _PREFIX.unpack(prefix)
            if opcode == Opcode.DATA_END:
                self.damage = ""
                return
            if length > size - file.tell():
                return
            body = file.read(length)
            try:
                yield from _opened(opcode, body)
            except (McapError, ValueError, struct.error, zstandard.ZstdError) as error:
                self.damage = f"damaged at byte {self.read} ({error})"
                return
            self.read = file.tell()


def _opened(opcode: int, body: bytes) -> Iterator[AnyRecord]:
    """What a record holds that is of interest: one, many for a chunk, or nothing."""
    if opcode == Opcode.MESSAGE:
        yield _message(memoryview(body))
        return
    stream = ReadDataStream(BytesIO(body))
    match opcode:
        case Opcode.CHUNK:
            yield from _in_chunk(memoryview(_unpacked(Chunk.read(stream))))
        case Opcode.CHANNEL:
            yield Channel.read(stream)
        case Opcode.ATTACHMENT:
            _check(int.from_bytes(body[-4:], "little"), body[:-4])
            yield Attachment.read(stream)
        case Opcode.METADATA:
            yield Metadata.read(stream)


def _in_chunk(unpacked: memoryview) -> Iterator[AnyRecord]:
    at = 0
    while at < len(unpacked):
        opcode, length = _PREFIX.unpack_from(unpacked, at)
        at += _PREFIX.size
        if length > len(unpacked) - at:
            raise ValueError("a record is longer than its chunk")
        body = unpacked[at : at + length]
        at += length
        if opcode == Opcode.MESSAGE:
            yield _message(body)
        elif opcode == Opcode.CHANNEL:
            yield Channel.read(ReadDataStream(BytesIO(body)))


def _message(body: memoryview) -> Message:
    channel, _, log_time, _ = _MESSAGE.unpack_from(body)
    return Message(channel, log_time, body[_MESSAGE.size :])


def _unpacked(chunk: Chunk) -> bytes:
    if chunk.uncompressed_size > LARGEST_CHUNK:
        raise ValueError(f"a chunk of {chunk.uncompressed_size} bytes; at most {LARGEST_CHUNK} are read")
    match chunk.compression:
        case "":
            unpacked = chunk.data
        case "zstd":
            unpacked = _zstd(chunk)
        case "lz4":
            import lz4.frame  # type: ignore[import-untyped]  # noqa: PLC0415 - we write zstd

            unpacked = lz4.frame.decompress(chunk.data)
        case other:
            raise ValueError(f"compressed with {other!r}; expected zstd, lz4 or nothing")
    if len(unpacked) != chunk.uncompressed_size:
        raise ValueError(f"a chunk of {len(unpacked)} bytes that claims {chunk.uncompressed_size}")
    _check(chunk.uncompressed_crc, unpacked)
    return unpacked


def _zstd(chunk: Chunk) -> bytes:
    claimed = zstandard.frame_content_size(chunk.data)
    if claimed not in {-1, chunk.uncompressed_size}:
        raise ValueError(f"a chunk of {claimed} bytes that claims {chunk.uncompressed_size}")
    return zstandard.ZstdDecompressor().decompress(chunk.data, max_output_size=chunk.uncompressed_size)


def _check(crc: int, data: bytes) -> None:
    """Raises ValueError. A CRC of 0 means that there is none."""
    if crc and zlib.crc32(data) != crc:
        raise ValueError("its CRC-32 does not match")
