"""The file: for other programs' readers, and for ours when it was cut or damaged."""

import io
import json
import os
import zlib
from pathlib import Path

import pytest
from mcap.reader import make_reader
from mcap.writer import Writer

from dashctl.errors import InvalidData, UsageError
from dashctl.events import Event, LogLine, Metric, Stamped
from dashctl.recording.mcap_writer import McapWriter
from dashctl.recording.player import seek
from dashctl.recording.recorder import CannotRecord, RecordingWriter, check_free, open_new
from dashctl.recording.recording import Beginning, Recorded, Recording
from dashctl.state import State, fold_all
from tests.core.recording.examples import record, remembered, stamped

MANY = [Stamped(1.0 + at, "a" if at % 3 else "b", Metric("loss", at, at / 7)) for at in range(20_000)]


def items_of(recording: Recording) -> list[Stamped[Event]]:
    return [each.item for each in recording if isinstance(each, Recorded)]


def test_what_was_recorded_comes_back_in_order(tmp_path: Path) -> None:
    known = State()
    fold_all(known, stamped())
    recording = Recording(record(tmp_path / "x.mcap", [*stamped(), *MANY], known))
    beginning, *rest = recording
    assert isinstance(beginning, Beginning)
    assert beginning.state.encode() == known.encode()
    assert [each.log_time for each in rest] == sorted({each.log_time for each in rest})
    assert items_of(recording)[-20_000:] == MANY
    assert (recording.damage, recording.losses, recording.skipped) == ("", [], {})
    assert recording.facts["version"]


def test_another_reader_finds_all_of_it(tmp_path: Path) -> None:
    path = record(tmp_path / "x.mcap", [*stamped(), *MANY])
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        summary = reader.get_summary()
        assert summary is not None
        assert summary.statistics is not None
        assert summary.statistics.message_count == len(MANY) + len(stamped())
        assert len(summary.chunk_indexes) == summary.statistics.chunk_count > 1
        assert {schema.encoding for schema in summary.schemas.values()} == {"jsonschema"}
        messages = list(reader.iter_messages())
        assert [message.sequence for _, _, message in messages] == list(range(1, len(messages) + 1))
        assert all(
            f"/{json.loads(message.data)['type']}" == channel.topic for _, channel, message in messages
        )
        assert len(list(reader.iter_messages(topics=["/point_cloud"]))) == 3
        assert [each.name for each in reader.iter_attachments()] == ["state"]
        assert [each.name for each in reader.iter_metadata()] == ["dashctl"]


def test_a_recording_that_was_cut_anywhere_is_read_up_to_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "whole.mcap"
    ends = []
    with RecordingWriter(path, open_new(path, force=False)) as writer:
        writer.begin(State())
        for start in range(0, 400, 40):
            writer.add(MANY[start : start + 40])
            writer._mcap.flush()
            ends.append((path.stat().st_size, start + 40))
    data = path.read_bytes()
    first = data.index(b"dashctl") + 30
    for size in range(first, len(data), 97):
        (tmp_path / "cut.mcap").write_bytes(data[:size])
        cut = Recording(tmp_path / "cut.mcap")
        expected = max((count for end, count in ends if end <= size), default=0)
        got = items_of(cut)
        # A chunk is whole a little earlier than the index behind it.
        assert len(got) in {expected, expected + 40}, size
        assert got == MANY[: len(got)]
        assert len(got) == 400 or cut.damage == "its end is missing"


def test_what_is_behind_a_damaged_part_is_not_believed(tmp_path: Path) -> None:
    data = bytearray(record(tmp_path / "x.mcap", MANY).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "y.mcap").write_bytes(data)
    recording = Recording(tmp_path / "y.mcap")
    got = items_of(recording)
    assert got == MANY[: len(got)]
    assert recording.damage


@pytest.mark.parametrize("seed", range(60))
def test_no_bytes_do_more_than_end_the_reading(seed: int, tmp_path: Path) -> None:
    data = bytearray(record(tmp_path / "x.mcap", stamped()).read_bytes())
    at = zlib.crc32(bytes([seed])) % (len(data) - 60) + 60
    data[at : at + 8] = zlib.crc32(bytes([seed, 1])).to_bytes(8, "big")
    (tmp_path / "y.mcap").write_bytes(data)
    try:
        list(Recording(tmp_path / "y.mcap"))
    except (InvalidData, UsageError) as error:
        assert "\n" not in str(error)


def test_other_files_are_refused_by_name(tmp_path: Path) -> None:
    text, empty, foreign = tmp_path / "text", tmp_path / "empty", tmp_path / "foreign.mcap"
    text.write_text("hello, this is no recording")
    empty.touch()
    with foreign.open("wb") as file:
        other = Writer(file)
        other.start(profile="ros2")
        other.finish()
    for path, words in (
        (text, "not an MCAP file"),
        (empty, "not an MCAP file"),
        (foreign, "of another program (profile 'ros2')"),
    ):
        with pytest.raises(InvalidData, match=r".") as refused:
            Recording(path)
        assert words in str(refused.value)
        assert str(path) in str(refused.value)
    with pytest.raises(UsageError, match="is a folder"):
        Recording(tmp_path)
    with pytest.raises(UsageError, match="No such file"):
        Recording(tmp_path / "nowhere")


def test_a_recording_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.mcap"
    with path.open("wb", buffering=0) as file:
        writer = McapWriter(file, "dashctl", "dashctl 9")
        writer.note("dashctl", {"format": "2", "version": "9.0"})
        writer.finish()
    with pytest.raises(InvalidData, match=r"by dashctl 9\.0 in format 2; this dashctl reads format 1"):
        list(Recording(path))


def test_a_type_that_is_not_known_here_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "x.mcap"
    with path.open("wb", buffering=0) as file:
        writer = McapWriter(file, "dashctl", "dashctl")
        writer.note("dashctl", {"format": "1"})
        channel = writer.add_channel("/later", "dashctl.Later", b"{}")
        writer.add_message(channel, 1, 1, b'{"type":"later","run":"","time":1}')
        writer.finish()
    recording = Recording(path)
    assert (items_of(recording), recording.skipped) == ([], {"unknown type": 1})


def test_a_loss_is_written_where_it_is_and_the_state_goes_on_behind_it(tmp_path: Path) -> None:
    path, later = tmp_path / "x.mcap", State()
    fold_all(later, [*MANY[:50]])
    with RecordingWriter(path, open_new(path, force=False)) as writer:
        writer.begin(State())
        writer.add(MANY[:10])
        writer.lose("40 frames were missed", later)
        writer.add(MANY[50:60])
    recording = Recording(path)
    kinds = [type(each) for each in recording]
    assert kinds == [Beginning, *[Recorded] * 10, Beginning, *[Recorded] * 10]
    assert recording.losses == ["40 frames were missed"]
    whole = State()
    fold_all(whole, MANY[:60])
    assert remembered(seek(recording, float("inf")).state) == remembered(whole)


def test_a_full_disk_ends_the_recording_with_what_was_written(tmp_path: Path) -> None:
    class Full(io.FileIO):
        room = 30_000

        def write(self, data: bytes) -> int:  # type: ignore[override]
            if self.room <= 0:
                raise OSError(28, "No space left on device")
            taken = super().write(memoryview(data)[: self.room])
            self.room -= taken
            return taken

    path = tmp_path / "x.mcap"
    writer = RecordingWriter(path, Full(path, "wb"))  # type: ignore[arg-type]
    writer.begin(State())
    kept = 0
    with pytest.raises(CannotRecord, match="No space left on device") as stopped:  # noqa: PT012
        while True:
            writer.add(MANY[kept : kept + 100])
            writer._flushed = 0.0
            writer.flush_if_due()
            kept += 100
    assert f"the {kept:,} events before that are kept" in str(stopped.value)
    with pytest.raises(CannotRecord):
        writer.close()
    assert items_of(Recording(path)) == MANY[:kept]


def test_a_file_is_not_overwritten_unless_asked_for_nor_by_two(tmp_path: Path) -> None:
    path = record(tmp_path / "x.mcap", stamped([LogLine("kept")]))
    with pytest.raises(UsageError, match="is there already; --force overwrites it"):
        open_new(path, force=False)
    with open_new(path, force=True), pytest.raises(UsageError, match="is being recorded to"):
        open_new(path, force=True)
    with pytest.raises(UsageError, match="is a folder"):
        check_free(tmp_path, force=True)
    with pytest.raises(UsageError, match="is no ordinary file"):
        check_free(Path(os.devnull), force=True)
    with pytest.raises(UsageError, match="there is no folder"):
        check_free(tmp_path / "no" / "x.mcap", force=False)
