"""`dashctl collect`: records, publishes what it records, and leaves nothing behind when it is ended."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dashctl.bus import Broker
from dashctl.bus.control import ask_snapshot
from dashctl.cli import collect, main
from dashctl.cli.parsing import Parser
from dashctl.detector.profiles import PROFILES
from dashctl.detector.split import split_episodes
from dashctl.detector.train_config import DEFAULTS
from dashctl.events import Episode, HostStats, LogLine, Snapshot


def test_it_prints_the_folders_and_the_bus_hears_of_each(
    broker: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "episodes"
    wanted = ["--episodes", "1", "--seconds", "2", "--profiles", "slow-exfil", "--host", "box"]
    assert main(["collect", str(out), *wanted]) == 0
    printed, said = capsys.readouterr()
    (folder,) = printed.splitlines()
    assert Path(folder).parent == out
    assert json.loads((Path(folder) / "meta.json").read_text())["host"] == "box"
    assert said == f"dashctl: recording 1 episodes of 2 s into {out}; ctrl+c ends it\n"
    state = ask_snapshot(broker.address)
    assert [item.event.host for item in state.latest(Episode).values()] == ["box"]
    assert list(state.latest(HostStats)) == [("box",)]
    ((run,),) = state.latest(Snapshot)
    assert run.startswith("collect-")


def test_as_many_episodes_as_it_records_unless_told_otherwise_are_enough_to_train_on() -> None:
    parser = Parser("dashctl collect", "", "")
    collect.add_arguments(parser)
    told = parser.parse_args([])
    profiles = [told.profiles[number % len(told.profiles)] for number in range(told.episodes)]
    split = split_episodes(profiles, held_out=DEFAULTS.held_out, validation=DEFAULTS.validation, seed=0)
    assert {profiles[i] for i in split.held_out} == set(PROFILES)


def test_without_a_folder_it_records_where_locate_says(
    broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["locate", "episodes"]) == 0
    place = capsys.readouterr().out.strip()
    assert main(["collect", "--episodes", "1", "--seconds", "1"]) == 0
    assert capsys.readouterr().out.startswith(f"{place}/")


def test_the_folder_of_an_episode_is_printed_as_soon_as_it_is_whole(broker: Broker, tmp_path: Path) -> None:
    out = tmp_path / "episodes"
    wanted = ["--episodes", "100", "--seconds", "1", "--profiles", "slow-exfil", "--host", "box"]
    command = [sys.executable, "-m", "dashctl", "collect", str(out), *wanted]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    assert (Path(first.strip()) / "meta.json").is_file()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert [Path(line) for line in (first + rest).splitlines()] == sorted(out.iterdir())


def test_ended_early_it_takes_its_workload_and_what_is_half_done_along(
    broker: Broker, tmp_path: Path
) -> None:
    out = tmp_path / "episodes"
    command = [sys.executable, "-m", "dashctl", "collect", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not any(
        "recording" in line.event.message for line in ask_snapshot(broker.address).last(LogLine).get((), ())
    ):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    while not (workload := psutil.Process(process.pid).children()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    printed, said = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert printed == ""
    assert said.count("\n") == 1
    gone, alive = psutil.wait_procs(workload, timeout=20)
    assert (len(gone), alive) == (1, [])
    assert list(out.iterdir()) == []
