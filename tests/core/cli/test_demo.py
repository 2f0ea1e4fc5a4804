"""`dashctl demo`: a real run from one command, and nothing left of it."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from dashctl.bus import Address
from dashctl.bus.control import ask_snapshot
from dashctl.cli import demo, main
from dashctl.cli.children import ChildFailed
from dashctl.errors import UsageError
from dashctl.events import Alert, HostStats, ModelMetric, PointCloud, Prediction, RunFinished, RunStarted


@pytest.fixture
def demos(tmp_path: Path) -> Path:
    """Where demos have their folders."""
    return tmp_path / "state" / "dashctl" / "demo"


def tethered(parent: int) -> list[psutil.Process]:
    """The children that have to end with their parent: all but the broker."""
    below = psutil.Process(parent).children(recursive=True)
    return [process for process in below if "dashctl.cli.tether" in process.cmdline()]


def test_headless_it_records_and_trains_for_real_and_prints_the_accuracies(
    bus: Address, demos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "_TRAINING", (*demo._TRAINING, "--epochs", "3"))
    status = main(["demo", "--headless", "--bus", str(bus)])
    printed, said = capsys.readouterr()
    assert status == 0, said
    table, *matrices = printed.split("\n\n")
    assert [line.split()[0] for line in table.splitlines()[1:]] == sorted(["knn", "lstm"], key=table.index)
    assert len(matrices) == 2
    assert "Traceback" not in said
    state = ask_snapshot(bus)
    for seen in (ModelMetric, PointCloud, Prediction, RunStarted):
        assert state.latest(seen)
    outcomes = sorted(item.event.outcome for item in state.latest(RunFinished).values())
    assert outcomes == ["finished", "interrupted"], "the training ended, and the recording with it"
    assert state.latest(HostStats), "this machine was recorded meanwhile"
    assert list(demos.iterdir()) == []


def test_without_a_terminal_it_goes_on_without_a_screen_and_ends_all_when_it_is_ended(
    bus: Address, demos: Path
) -> None:
    command = [sys.executable, "-m", "dashctl", "demo"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while len(children := tethered(process.pid)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.terminate()
    printed, said = process.communicate(timeout=30)
    assert (process.returncode, printed) == (143, "")
    assert "going on as with --headless" in said
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []
    assert list(demos.iterdir()) == []


def test_a_training_that_fails_is_named_with_its_log_and_nothing_else_is_left(
    bus: Address, demos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(address: Address, folder: Path) -> demo.Child:
        return demo.Child("training", ["train", "detector", "--data", "/nonexistent"], folder)

    monkeypatch.setattr(demo, "_training", broken)
    assert bus.folder is not None
    monkeypatch.setattr(tempfile, "tempdir", str(bus.folder.parent))
    assert main(["demo", "--headless"]) == 1
    printed, said = capsys.readouterr()
    assert printed == ""
    log = demos / str(os.getpid()) / "training.log"
    last = f"dashctl: training failed: --data: /nonexistent is not a folder (its log: {log})"
    assert said.splitlines()[-1] == last
    assert log.exists()
    assert not (log.parent / "episodes").exists()
    assert list(bus.folder.parent.iterdir()) == [], "its own bus is gone, and no other was used"
    assert [path.name for path in demos.parent.iterdir()] == ["demo"]


def test_a_training_that_fails_while_the_demo_closes_is_told_of_all_the_same(
    bus: Address, demos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class FailsFirst(demo.Child):
        def stop(self) -> None:
            self._process.wait()
            super().stop()

    def broken(address: Address, folder: Path) -> demo.Child:
        return FailsFirst("training", ["train", "detector", "--data", "/nonexistent"], folder)

    monkeypatch.setattr(demo, "_training", broken)
    monkeypatch.setattr(demo, "why_no_screen", lambda: "")
    monkeypatch.setattr(demo, "watch", lambda address, arguments: 0)
    assert main(["demo", "--bus", str(bus)]) == 0
    assert "Traceback" not in capsys.readouterr().err
    told = [item.event for group in ask_snapshot(bus).last(Alert).values() for item in group]
    assert [alert.message.partition(":")[0] for alert in told] == ["training failed"]


def test_a_demo_takes_away_what_ended_ones_left(demos: Path) -> None:
    running = subprocess.Popen(["sleep", "60"])
    ended = subprocess.Popen(["true"])
    ended.wait()
    for process in (running, ended):
        (demos / str(process.pid)).mkdir(parents=True)
    with demo._folder() as folder:
        assert folder == demos / str(os.getpid())
        assert {path.name for path in demos.iterdir()} == {str(running.pid), str(os.getpid())}
    running.kill()
    running.wait()
    assert [path.name for path in demos.iterdir()] == [str(running.pid)]


@pytest.mark.parametrize(("error", "kept"), [(ChildFailed("x"), ["training.log"]), (UsageError("x"), None)])
def test_logs_stay_where_a_child_failed_and_nowhere_else(
    error: Exception, kept: list[str] | None, demos: Path
) -> None:
    def fail() -> None:
        with demo._folder() as folder:
            (folder / "training.log").touch()
            (folder / "episodes").mkdir()
            raise error

    with pytest.raises(type(error)):
        fail()
    folder = demos / str(os.getpid())
    assert (sorted(path.name for path in folder.iterdir()) if folder.exists() else None) == kept


def test_a_package_that_is_missing_is_named_before_anything_starts(
    bus: Address, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "find_spec", lambda name: None if name == "torch" else object())
    assert main(["demo", "--headless"]) == 2
    assert "dashctl demo needs the package 'torch'" in capsys.readouterr().err
    assert bus.folder is not None
    assert not bus.folder.exists()
