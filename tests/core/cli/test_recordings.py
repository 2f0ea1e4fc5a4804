"""`dashctl record` and `dashctl replay` as a person runs them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dashctl.bus import Broker, Publisher
from dashctl.bus.control import ask_snapshot
from dashctl.cli import main
from dashctl.events import LogLine, Metric
from dashctl.recording.recording import Recorded, Recording
from tests.core.bus.processes import until
from tests.core.recording.examples import record, remembered, stamped


@contextmanager
def recording(path: Path, broker: Broker, *flags: str) -> "Iterator[subprocess.Popen[str]]":
    """The command, once it records."""
    command = [sys.executable, "-m", "dashctl", "record", str(path), "--bus", str(broker.address), *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: path.exists() or process.poll() is not None)
        try:
            yield process
        finally:
            process.kill()


def lines_in(path: Path) -> list[str]:
    events = [each.item.event for each in Recording(path) if isinstance(each, Recorded)]
    return [event.message for event in events if isinstance(event, LogLine)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_recording_well(number: signal.Signals, broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "x.mcap"
    with recording(path, broker) as process, Publisher(broker.address) as publisher:
        publisher.publish(LogLine("told"))
        time.sleep(0.3)
        process.send_signal(number)
        out, said = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert said.splitlines()[-1].startswith("dashctl: recorded ")
    assert "\r" not in said, "there is no terminal to show progress on"
    assert lines_in(path) == ["told"]
    assert Recording(path).damage == ""


def test_a_recording_that_was_killed_has_what_came_a_second_before(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "x.mcap"
    with recording(path, broker) as process, Publisher(broker.address) as publisher:
        publisher.publish(LogLine("told"))
        time.sleep(1.0)
        process.kill()
        process.wait()
    assert lines_in(path) == ["told"]


def test_a_recording_ends_after_as_long_as_was_said(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "x.mcap"
    assert main(["record", str(path), "--bus", str(broker.address), "--for", "0.2"]) == 0
    assert main(["record", str(path), "--bus", str(broker.address), "--for", "0.2"]) == 2
    assert main(["record", str(path), "--bus", str(broker.address), "--for", "0.2", "--force"]) == 0


def test_a_replay_onto_a_bus_makes_it_remember_the_same(broker: Broker, tmp_path: Path) -> None:
    path = record(tmp_path / "x.mcap", stamped())
    assert main(["replay", str(path), "--speed", "max", "--bus", str(broker.address)]) == 0
    with Broker(f"{broker.address}2") as other:
        other.start()
        assert main(["replay", str(path), "--speed", "max", "--bus", str(other.address)]) == 0
        assert remembered(ask_snapshot(other.address)) == remembered(ask_snapshot(broker.address))


def test_one_picture_shows_the_end_or_any_other_moment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = record(tmp_path / "x.mcap", stamped([Metric("the-loss", 1, 0.5)], run="r"))
    assert main(["replay", str(path), "--once", "--scene", "training", "--size", "100x30"]) == 0
    assert "the-loss" in capsys.readouterr().out


WRONG = [
    (["/dev/null", "--once"], "not an MCAP file"),
    (["/tmp", "--once"], "is a folder"),
    (["/nonexistent.mcap"], "cannot be read (No such file or directory)"),
    (["{file}", "--speed", "-1"], "expected a number from 0.001 to 1e6, or max"),
    (["{file}", "--from", "soon"], "'soon' is not a moment"),
    (["{file}", "--from", "+9s", "--until", "+3s"], "where it begins"),
    (["{file}", "--once", "--loop"], "--once shows one picture and ends"),
    (["{file}", "--once", "--scene", "nonsense"], "scene: 'nonsense' is not allowed"),
]


@pytest.mark.parametrize(("argv", "named"), WRONG)
def test_what_cannot_be_replayed_is_one_line(
    argv: list[str], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = record(tmp_path / "x.mcap", stamped())
    assert main(["replay", *(each.format(file=path) for each in argv)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert named in err


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_recording_that_may_not_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = record(tmp_path / "x.mcap", stamped())
    path.chmod(0)
    assert main(["replay", str(path), "--once"]) == 2
    assert "cannot be read (Permission denied)" in capsys.readouterr().err
