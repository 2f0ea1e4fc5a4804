"""What the next broker knows: all that is whole, nothing that is torn, and each event once."""

import os
import random
import struct
from pathlib import Path

import pytest

from dashctl.bus.journal.journal import Journal
from dashctl.bus.journal.segment import HEADER_SIZE, read_header
from dashctl.bus.journal.settings import JournalSettings
from dashctl.errors import UsageError
from dashctl.wire import decode_header
from tests.core.bus.journal.frames import PRODUCER, Life, folded, frame, line, segments_in, state_in

FRAMES = [frame(number * 10) for number in range(30)]


def written(folder: Path, frames: list[bytes] = FRAMES, **limits: int) -> None:
    life = Life(folder, **limits)
    life.put(*frames)
    life.end()


def test_an_empty_folder_is_a_beginning(tmp_path: Path) -> None:
    assert state_in(tmp_path / "journal").encode() == folded([]).encode()


def test_the_next_broker_begins_with_the_same_state_and_the_same_books(tmp_path: Path) -> None:
    frames = [*FRAMES, line(300, "done")]
    written(tmp_path / "j", frames)
    journal = Journal(JournalSettings(tmp_path / "j"))
    journal.close()
    assert journal.recovered.state.encode() == folded(frames).encode()
    assert journal.recovered.ledger.has(PRODUCER, 300)
    assert not journal.recovered.ledger.enter(decode_header(FRAMES[3]), 0.0)
    assert journal.recovered.ledger.lost == 0


def test_frames_of_another_version_of_the_protocol_are_left_out_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    life = Life(tmp_path / "j")
    life.put(*FRAMES[:2])
    life.journal.put(FRAMES[2].replace(b"DC\x02", b"DC\x01", 1), 10, own=False)
    life.put(*FRAMES[3:5])
    life.end()
    assert state_in(tmp_path / "j").encode() == folded([*FRAMES[:2], *FRAMES[3:5]]).encode()
    assert "1 frames of another version of the protocol: left out" in caplog.text


def test_it_does_so_over_many_segments_and_many_lives(tmp_path: Path) -> None:
    for start in range(0, 30, 5):
        written(tmp_path / "j", FRAMES[start : start + 5], segment_effort=90)
    assert len(segments_in(tmp_path / "j")) > 6
    assert state_in(tmp_path / "j").encode() == folded(FRAMES).encode()


def test_times_of_arrival_do_not_go_back_where_the_clock_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "j", FRAMES[:3])
    monkeypatch.setattr("time.time", lambda: 1_000_000.0)
    life = Life(tmp_path / "j")
    life.put(*FRAMES[3:6])
    life.end()
    first, second = life.journal.index.extents()
    assert 1_000_000.0 < first.last <= second.header.begun <= second.last
    assert state_in(tmp_path / "j").encode() == folded(FRAMES[:6]).encode()


@pytest.mark.parametrize("seed", range(20))
def test_a_torn_tail_is_cut_off_and_never_replayed(tmp_path: Path, seed: int) -> None:
    written(tmp_path / "j")
    (path,) = segments_in(tmp_path / "j")
    start = read_header(path.read_bytes()[:HEADER_SIZE]).records
    chosen = random.Random(seed)
    at = chosen.randrange(start, path.stat().st_size)
    garbage = chosen.choice([b"", bytes(5_000), chosen.randbytes(300)])
    whole = 0
    while start + (end := 16 + len(FRAMES[whole])) <= at:
        start, whole = start + end, whole + 1
    path.write_bytes(path.read_bytes()[:at] + garbage)
    life = Life(tmp_path / "j")
    assert life.journal.recovered.state.encode() == folded(FRAMES[:whole]).encode()
    assert path.stat().st_size == start
    life.put(*FRAMES[whole:])
    life.end()
    assert state_in(tmp_path / "j").encode() == folded(FRAMES).encode()


def test_a_damaged_checkpoint_is_passed_over_by_way_of_the_segment_before(tmp_path: Path) -> None:
    written(tmp_path / "j", FRAMES[:10])
    written(tmp_path / "j", FRAMES[10:])
    path = segments_in(tmp_path / "j")[-1]
    data = bytearray(path.read_bytes())
    data[HEADER_SIZE + 3] ^= 0xFF
    path.write_bytes(data)
    assert state_in(tmp_path / "j").encode() == folded(FRAMES).encode()


def test_a_damaged_header_is_put_aside_with_its_file(tmp_path: Path) -> None:
    written(tmp_path / "j", FRAMES[:10])
    written(tmp_path / "j", FRAMES[10:])
    path = segments_in(tmp_path / "j")[-1]
    data = bytearray(path.read_bytes())
    data[20] ^= 0xFF
    path.write_bytes(data)
    assert state_in(tmp_path / "j").encode() == folded(FRAMES[:10]).encode()
    assert path.with_name(path.name + ".unreadable").read_bytes() == data


def test_a_segment_that_was_being_made_is_no_segment(tmp_path: Path) -> None:
    written(tmp_path / "j")
    half = tmp_path / "j" / "000000000099.segment.new"
    half.write_bytes(b"DCJOURN")
    assert state_in(tmp_path / "j").encode() == folded(FRAMES).encode()
    assert not half.exists()


def test_a_later_format_is_one_line_and_nothing_is_touched(tmp_path: Path) -> None:
    written(tmp_path / "j")
    (path,) = segments_in(tmp_path / "j")
    path.write_bytes(path.read_bytes()[:8] + struct.pack("<I", 2) + path.read_bytes()[12:])
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"^journal: .*: segment: format 2; this dashctl reads 1"):
        state_in(tmp_path / "j")
    assert path.read_bytes() == before


def test_a_folder_that_is_none_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"^journal: .*file cannot be made"):
        state_in(tmp_path / "file")
    with pytest.raises(UsageError, match="cannot be used"):
        state_in(Path("/proc/nowhere/journal"))


def test_two_brokers_do_not_share_one(tmp_path: Path) -> None:
    life = Life(tmp_path / "j")
    with pytest.raises(UsageError, match="another broker keeps it"):
        state_in(tmp_path / "j")
    life.end()
    state_in(tmp_path / "j")


def test_nobody_else_may_look_into_it(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        written(tmp_path / "j")
    finally:
        os.umask(former)
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "j").iterdir()} == {0o600}
