"""The bytes of a segment: as the document has them, and nothing that is torn or changed is read."""

import math
import struct
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl.bus.journal.segment import (
    HEADER_SIZE,
    RECORD_SIZE,
    Damaged,
    NewerFormat,
    pack_header,
    pack_record,
    read_checkpoint,
    read_header,
    records,
)
from tests.core.bus.journal.frames import frame

FRAMES = [frame(0), frame(10, 3), frame(13, 1)]
SEGMENT = pack_header(7, 100.0, 99.0, 1_000, ledger=b"ledger", state=b"the state") + b"ledgerthe state"
DATA = SEGMENT + b"".join(pack_record(101.0 + at, each) + each for at, each in enumerate(FRAMES))


def read(data: bytes) -> list[tuple[float, bytes]]:
    return [(each.arrival, bytes(each.frame)) for each in records(data, len(SEGMENT))]


def test_a_header_is_64_bytes_in_the_order_that_is_documented() -> None:
    packed = struct.pack(
        "<8sIIQddQQI", b"DCJOURN\n", 1, 6, 7, 100.0, 99.0, 1_000, 9, crc32(b"ledgerthe state")
    )
    assert SEGMENT[:HEADER_SIZE] == packed + struct.pack("<I", crc32(packed))
    assert HEADER_SIZE == 64


def test_a_record_is_16_bytes_and_a_frame() -> None:
    length = struct.pack("<I", len(FRAMES[0]))
    arrival = struct.pack("<d", 5.5)
    crc = struct.pack("<I", crc32(length + arrival + FRAMES[0]))
    assert pack_record(5.5, FRAMES[0]) == length + crc + arrival
    assert RECORD_SIZE == 16


def test_what_was_written_is_read() -> None:
    header = read_header(DATA)
    assert (header.number, header.begun, header.last, header.events) == (7, 100.0, 99.0, 1_000)
    assert header.records == len(SEGMENT)
    assert [bytes(part) for part in read_checkpoint(header, DATA)] == [b"ledger", b"the state"]
    assert read(DATA) == [(101.0, FRAMES[0]), (102.0, FRAMES[1]), (103.0, FRAMES[2])]


def test_wherever_it_is_torn_the_records_before_are_read_and_no_other() -> None:
    ends = [len(SEGMENT) + sum(RECORD_SIZE + len(each) for each in FRAMES[:count]) for count in range(4)]
    for size in range(len(SEGMENT), len(DATA)):
        whole = max(count for count, end in enumerate(ends) if end <= size)
        assert [each for _, each in read(DATA[:size])] == FRAMES[:whole]


@given(at=st.integers(len(SEGMENT), len(DATA) - 1), change=st.integers(1, 255))
def test_whatever_byte_is_changed_its_record_is_not_read(at: int, change: int) -> None:
    changed = DATA[:at] + bytes([DATA[at] ^ change]) + DATA[at + 1 :]
    found = [each for _, each in read(changed)]
    assert found == FRAMES[: len(found)]
    assert len(found) < len(FRAMES)


@given(at=st.integers(0, len(SEGMENT) - 1), change=st.integers(1, 255))
def test_whatever_byte_of_header_or_checkpoint_is_changed_it_is_found_out(at: int, change: int) -> None:
    changed = DATA[:at] + bytes([DATA[at] ^ change]) + DATA[at + 1 :]
    with pytest.raises((Damaged, NewerFormat)):
        read_checkpoint(read_header(changed), changed)


@pytest.mark.parametrize("tail", [bytes(4096), b"\xff" * 4096, DATA[:64] * 8])
def test_what_a_disk_leaves_behind_the_end_is_no_record(tail: bytes) -> None:
    assert read(DATA + tail) == read(DATA)


@pytest.mark.parametrize("arrival", [102.9, -1.0, math.nan])
def test_time_does_not_go_back(arrival: float) -> None:
    extra = frame(14)
    assert read(DATA + pack_record(arrival, extra) + extra) == read(DATA)


def test_a_later_format_is_another_thing_than_a_damaged_file() -> None:
    with pytest.raises(NewerFormat, match="format 9; this dashctl reads 1"):
        read_header(DATA[:8] + struct.pack("<I", 9) + DATA[12:])
