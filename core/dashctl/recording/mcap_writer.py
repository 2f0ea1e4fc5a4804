"""Writes an MCAP file that can be read up to the last flush, whatever becomes of the writer.

Rules (MCAP 0, https://mcap.dev/spec):
1. Messages are in chunks, zstd-compressed, each with a CRC-32 and an index; a schema and a channel
   stand before their first message, and once more in the summary at the end.
2. Nothing is ever changed that was written; a record that could not be written wholly is cut off.
3. `log_time` grows with every message, so that any reader has them in the order of recording.

The records that there are millions of (messages and their index) are packed here, all others by the
package `mcap`.
"""

import os
import struct
import zlib
from collections import Counter
from contextlib import suppress
from typing import BinaryIO, Final

import zstandard
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Attachment,
    AttachmentIndex,
    Channel,
    Chunk,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    Metadata,
    MetadataIndex,
    Schema,
    Statistics,
    SummaryOffset,
)
from mcap.writer import MCAP0_MAGIC

CHUNK_BYTES: Final = 1024 * 1024
"""A chunk with at least as much is written at once."""
MESSAGE_HEAD: Final = struct.Struct("<BQHIQQ")
"""Opcode and length, then channel, sequence, log time and publish time of a message."""
INDEX_HEAD: Final = struct.Struct("<BQHI")
_FOOTER_HEAD: Final = struct.Struct("<BQQQ")


class McapWriter:
    """Writes to a file that is open for writing, from its beginning; times are ns since 1970.

    What the system refuses (a full disk) is an OSError, and the file ends with a whole record then.
    """

    def __init__(self, out: BinaryIO, profile: str, library: str) -> None:
        self.messages = 0
        self.bytes = 0
        """In the file."""
        self._out = out
        self._compress = zstandard.ZstdCompressor(level=1).compress
        self._schemas: list[Schema] = []
        self._channels: list[Channel] = []
        self._indexes: dict[type[McapRecord], bytearray] = {
            kind: bytearray() for kind in (ChunkIndex, AttachmentIndex, MetadataIndex)
        }
        """Encoded, for a long recording has many."""
        self._counts: Counter[int] = Counter()
        self._kinds: Counter[type[McapRecord]] = Counter()
        self._first = 0
        self._last = 0
        self._begin_chunk()
        self._write(MCAP0_MAGIC + _record(Header(profile, library)))

    @property
    def kept(self) -> int:
        """Messages that are in the file, and not in memory any more."""
        return sum(self._counts.values())

    def add_channel(self, topic: str, schema_name: str, schema: bytes) -> int:
        """A channel for JSON messages of this schema; its number."""
        number = len(self._channels) + 1
        self._schemas.append(Schema(id=number, data=schema, encoding="jsonschema", name=schema_name))
        self._channels.append(Channel(number, topic, "json", {}, number))
        for record in (self._schemas[-1], self._channels[-1]):
            self._append(_record(record))
        return number

    def add_message(self, channel: int, log_time: int, publish_time: int, data: bytes) -> None:
        """A message; its log time has to be after that of the one before."""
        if not self._index:
            self._chunk_first = log_time
        self._index.setdefault(channel, []).extend((log_time, self._size))
        self.messages += 1
        head = (Opcode.MESSAGE, 22 + len(data), channel, self.messages & 0xFFFFFFFF, log_time, publish_time)
        self._append(MESSAGE_HEAD.pack(*head))
        self._append(data)
        self._chunk_last = log_time
        if self._size >= CHUNK_BYTES:
            self.flush()

    def attach(self, name: str, media_type: str, data: bytes, log_time: int) -> None:
        """An attachment, after all messages so far."""
        self.flush()
        record = _record(Attachment(log_time, log_time, name, media_type, data))
        place = (self.bytes, len(record), log_time, log_time, len(data), name, media_type)
        self._write(record)
        self._enter(AttachmentIndex(*place))

    def note(self, name: str, facts: dict[str, str]) -> None:
        """A metadata record, after all messages so far."""
        self.flush()
        record = _record(Metadata(name, facts))
        entry = MetadataIndex(self.bytes, len(record), name)
        self._write(record)
        self._enter(entry)

    def flush(self) -> None:
        """Have all messages so far in the file."""
        if not self._index:
            return
        packed = b"".join(self._parts)
        data = self._compress(packed)
        chunk = _record(
            Chunk("zstd", data, self._chunk_last, self._chunk_first, zlib.crc32(packed), len(packed))
        )
        indexes = {channel: _message_index(channel, flat) for channel, flat in self._index.items()}
        entry = self._chunk_index(len(chunk), len(data), len(packed), indexes)
        self._write(chunk + b"".join(indexes.values()))
        self._enter(entry)
        self._first = self._first or self._chunk_first
        self._last = self._chunk_last
        for channel, flat in self._index.items():
            self._counts[channel] += len(flat) // 2
        self._begin_chunk()

    def finish(self) -> None:
        """Write all that waits, and the summary by which readers find things without reading all."""
        self.flush()
        self._write(_record(DataEnd(0)))
        start = self.bytes
        groups = [b"".join(map(_record, self._schemas)), b"".join(map(_record, self._channels))]
        groups += [_record(self._statistics()), *map(bytes, self._indexes.values())]
        written, offsets = bytearray(), bytearray()
        for group in filter(None, groups):
            offsets += _record(SummaryOffset(group[0], start + len(written), len(group)))
            written += group
        offset_start = start + len(written)
        summary = bytes(written + offsets)
        crc = zlib.crc32(_FOOTER_HEAD.pack(Opcode.FOOTER, 20, start, offset_start), zlib.crc32(summary))
        self._write(summary + _record(Footer(start, offset_start, crc)) + MCAP0_MAGIC)

    def _begin_chunk(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._index: dict[int, list[int]] = {}
        """Per channel, log time and place of each message in turn."""
        self._chunk_first = self._chunk_last = 0

    def _enter(self, entry: McapRecord) -> None:
        self._indexes[type(entry)] += _record(entry)
        self._kinds[type(entry)] += 1

    def _append(self, part: bytes) -> None:
        self._parts.append(part)
        self._size += len(part)

    def _chunk_index(self, length: int, compressed: int, size: int, indexes: dict[int, bytes]) -> ChunkIndex:
        offsets, at = {}, self.bytes + length
        for channel, record in indexes.items():
            offsets[channel] = at
            at += len(record)
        return ChunkIndex(
            chunk_length=length,
            chunk_start_offset=self.bytes,
            compression="zstd",
            compressed_size=compressed,
            message_end_time=self._chunk_last,
            message_index_length=at - self.bytes - length,
            message_index_offsets=offsets,
            message_start_time=self._chunk_first,
            uncompressed_size=size,
        )

    def _statistics(self) -> Statistics:
        return Statistics(
            attachment_count=self._kinds[AttachmentIndex],
            channel_count=len(self._channels),
            channel_message_counts=dict(self._counts),
            chunk_count=self._kinds[ChunkIndex],
            message_count=self.messages,
            message_end_time=self._last,
            message_start_time=self._first,
            metadata_count=self._kinds[MetadataIndex],
            schema_count=len(self._schemas),
        )

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[self._out.write(left) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._out.fileno(), self.bytes)
            raise
        self.bytes += len(data)


def _record(record: McapRecord) -> bytes:
    builder = RecordBuilder()
    record.write(builder)
    encoded: bytes = builder.end()  # type: ignore[no-untyped-call]
    return encoded


def _message_index(channel: int, flat: list[int]) -> bytes:
    size = 8 * len(flat)
    head = INDEX_HEAD.pack(Opcode.MESSAGE_INDEX, 6 + size, channel, size)
    return head + struct.pack(f"<{len(flat)}Q", *flat)
