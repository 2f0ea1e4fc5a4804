"""What the journal does while it runs: acknowledge what is on disk, keep within its bounds, and go on
where the disk takes nothing."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dashctl.bus.journal import writer
from dashctl.events import Alert, Metric
from tests.core.bus.journal.frames import Life, folded, frame, segments_in, state_in
from tests.core.bus.processes import until

MEGABYTE = 1_000_000


def confirmed(life: Life, name: str) -> bool:
    """Whether what was put so far is durable, once that is known."""
    life.journal.await_safety(name)  # type: ignore[arg-type]
    answers: list[tuple[object, bool]] = []

    def answered() -> bool:
        answers.extend(life.journal.answerable())
        return any(asker == name for asker, _ in answers)

    until(answered)
    return dict(answers)[name]


def test_what_is_confirmed_is_in_the_file(tmp_path: Path) -> None:
    life = Life(tmp_path / "j")
    for number in range(20):
        life.put(frame(number * 10))
        assert confirmed(life, f"asker {number}")
        (path,) = segments_in(tmp_path / "j")
        assert frame(number * 10) in path.read_bytes()
    life.end()


def test_who_asks_again_for_what_is_confirmed_is_answered_at_once(tmp_path: Path) -> None:
    life = Life(tmp_path / "j")
    life.put(frame(0))
    assert confirmed(life, "first")
    life.journal.await_safety("second")  # type: ignore[arg-type]
    assert life.journal.answerable() == [("second", True)]
    life.end()


def test_what_nobody_waits_for_is_in_the_file_soon(tmp_path: Path) -> None:
    life = Life(tmp_path / "j")
    life.put(frame(0))
    until(lambda: segments_in(tmp_path / "j") and frame(0) in segments_in(tmp_path / "j")[0].read_bytes())
    life.end()


def test_old_segments_go_whole_and_the_sum_stays_within_its_bound(tmp_path: Path) -> None:
    life = Life(tmp_path / "j", keep=16 * MEGABYTE, segment_bytes=2 * MEGABYTE)
    frames = [frame(number * 4_000, 4_000) for number in range(400)]
    for each in frames:
        life.put(each)
    life.end()
    kept = life.journal.status()
    assert life.journal.index.extents()[0].header.number > 1
    assert kept.segments == len(segments_in(tmp_path / "j"))
    assert kept.bytes == sum(path.stat().st_size for path in segments_in(tmp_path / "j"))
    assert kept.bytes <= 20 * MEGABYTE
    assert state_in(tmp_path / "j").encode() == folded(frames).encode()


def test_segments_that_outlived_their_days_go_and_the_newest_stays(tmp_path: Path) -> None:
    life = Life(tmp_path / "j", segment_effort=100, keep_days=0.2 / 86_400)
    life.put(*[frame(number * 10) for number in range(30)])
    until(lambda: life.journal.status().segments > 5)
    time.sleep(max(0.0, writer.TIDY))
    life.put(frame(300))
    until(lambda: life.journal.status().segments == 1)
    assert len(segments_in(tmp_path / "j")) == 1
    life.end()
    assert state_in(tmp_path / "j").version(Metric) == 310


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_costs_acknowledgements_and_one_alert_and_nothing_else(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RETRY", 0.1)
    life = Life(small_disk / "j")
    life.put(frame(0))
    assert confirmed(life, "while there is room")
    filler = small_disk / "filler"
    fill(filler)
    lost = [frame(number * 4_000, 4_000) for number in range(1, 12)]
    life.put(*lost)
    assert not confirmed(life, "while it is full")
    assert [alert.resolved for alert in alerts(life)] == [False]
    assert "No space left" in alerts(life)[0].message
    assert (life.journal.status().durable, life.journal.status().error) == (False, "No space left on device")
    before = len(alerts(life))
    time.sleep(0.3)
    assert len(alerts(life)) == before
    filler.unlink()
    until(lambda: recovered(life))
    until(lambda: [alert.resolved for alert in alerts(life)] == [False, True])
    life.put(frame(100_000))
    assert confirmed(life, "when there is room again")
    life.end()
    # What came in between is missing from the records, and the checkpoint after it knows of it.
    assert state_in(small_disk / "j").encode() == folded([frame(0), *lost, frame(100_000)]).encode()


def test_where_the_disk_is_full_the_oldest_segments_make_room(small_disk: Path) -> None:
    life = Life(small_disk / "j", segment_bytes=1_000_000)
    frames = [frame(number * 4_000, 4_000) for number in range(100)]
    for number, each in enumerate(frames):
        life.put(each)
        assert confirmed(life, f"frame {number}")
    assert life.alerts == []
    assert life.journal.index.extents()[0].header.number > 1
    life.end()
    assert state_in(small_disk / "j").encode() == folded(frames).encode()


def test_a_journal_that_is_removed_is_no_longer_called_durable_and_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RETRY", 0.1)
    life = Life(tmp_path / "j")
    life.put(frame(0))
    assert confirmed(life, "while it is there")
    for path in segments_in(tmp_path / "j"):
        path.unlink()
    life.put(frame(10))
    assert not confirmed(life, "when it is gone")
    assert life.journal.index.extents() == []
    assert "removed" in alerts(life)[0].message
    until(lambda: recovered(life))
    life.put(frame(20))
    assert confirmed(life, "when it is there again")
    life.end()
    assert state_in(tmp_path / "j").encode() == folded([frame(0), frame(10), frame(20)]).encode()


def test_a_limit_on_the_size_of_files_is_as_a_full_disk(tmp_path: Path) -> None:
    code = """
import resource, signal, sys
from pathlib import Path
from tests.core.bus.journal.frames import Life, frame
from tests.core.bus.journal.test_writer import confirmed
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
life = Life(Path(sys.argv[1]))
life.put(frame(0))
print(confirmed(life, "before"))
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
life.put(*[frame(number * 1000, 1000) for number in range(1, 10)])
print(confirmed(life, "beyond the limit"), life.journal.status().error)
life.end()
"""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path / "j")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[4],
    )
    assert ran.stdout.splitlines() == ["True", "False File too large"]
    (path,) = segments_in(tmp_path / "j")
    assert path.stat().st_size <= 50_000
    state_in(tmp_path / "j")


def fill(path: Path) -> None:
    """Leave no room where a file is."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def recovered(life: Life) -> bool:
    """Does what the broker's loop does; whether the disk takes frames again."""
    if life.journal.due:
        life.begin()
    return not life.journal.status().error


def alerts(life: Life) -> list[Alert]:
    """What was said."""
    assert all(isinstance(event, Alert) for event in life.alerts)
    return life.alerts  # type: ignore[return-value]
