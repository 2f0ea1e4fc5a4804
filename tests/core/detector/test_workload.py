"""The emulator's child at work: the load it makes, and that it leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dashctl.detector.emulator import Emulator, EmulatorDied
from dashctl.detector.profiles import MB, PROFILES, Activity, Profile
from dashctl.detector.workload import PREFIX, TICK, Workload, in_burst, own_folder, sweep
from dashctl.phases import PHASES


def gone(pid: int) -> bool:
    """Whether the process has ended; a zombie has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def eventually(condition: object) -> bool:
    assert callable(condition)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("profile", PROFILES)
def test_an_emulator_walks_the_phases_and_leaves_nothing(profile: Profile, tmp_path: Path) -> None:
    with Emulator(profile, seed=1, seconds=5, folder=tmp_path) as emulator:
        for phase in PHASES:
            emulator.enter(phase)
        assert [folder.name.startswith(PREFIX) for folder in tmp_path.iterdir()] == [True]
    assert gone(emulator.pid)
    assert not list(tmp_path.iterdir())


def test_sigterm_ends_it_and_removes_its_folder(tmp_path: Path) -> None:
    with Emulator("disk-churn", seed=1, seconds=60, folder=tmp_path) as emulator:
        emulator.enter("infected_running")
        os.kill(emulator.pid, signal.SIGTERM)
        assert eventually(lambda: gone(emulator.pid))
        assert not list(tmp_path.iterdir())
        with pytest.raises(EmulatorDied, match="exit status 0"):
            emulator.enter("dormant")


def test_without_a_place_for_its_folder_it_says_so_in_a_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(EmulatorDied), Emulator("disk-churn", seed=1, seconds=1, folder=tmp_path / "none"):
        pass
    said = capfd.readouterr().err
    assert said.startswith("dashctl: workload emulator:")
    assert said.count("\n") == 1


def test_killed_hard_its_folder_is_removed_by_its_parent(tmp_path: Path) -> None:
    with Emulator("disk-churn", seed=1, seconds=60, folder=tmp_path) as emulator:
        emulator.enter("infected_running")
        os.kill(emulator.pid, signal.SIGKILL)
    assert not list(tmp_path.iterdir())


PARENT = """
import sys
from pathlib import Path
from dashctl.detector.emulator import Emulator
with Emulator("memory-scrape", seed=1, seconds=60, folder=Path(sys.argv[1])) as emulator:
    emulator.enter("infected_running")
    print(emulator.pid, flush=True)
    sys.stdin.read()
"""


def test_it_ends_by_itself_when_its_parent_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not gone(pid)
        parent.kill()
    assert eventually(lambda: gone(pid))
    assert eventually(lambda: not list(tmp_path.iterdir()))


def test_a_start_sweeps_what_killed_runs_left_and_spares_those_that_live(tmp_path: Path) -> None:
    left = tmp_path / f"{PREFIX}left"
    left.mkdir()
    (left / "churn").write_bytes(b"x")
    foreign = tmp_path / "something-else"
    foreign.mkdir()
    with own_folder(tmp_path) as alive:
        assert not left.exists()
        assert sweep(tmp_path) == 0
        assert alive.is_dir()
    assert list(tmp_path.iterdir()) == [foreign]


def test_a_link_of_that_name_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(outside)
    assert sweep(tmp_path) == 0
    assert outside.is_dir()


def test_bursts_hold_their_memory_in_between() -> None:
    activity = Activity(cpu=0.5, memory=MB, period=2.0, duty=0.25)
    assert in_burst(activity, 0.4) == activity
    assert in_burst(activity, 0.6) == Activity(memory=MB)
    assert in_burst(activity, 2.1) == activity


def test_a_tick_of_everything_stays_in_its_folder_and_deletes_what_it_wrote(tmp_path: Path) -> None:
    load = Activity(
        cpu=0.1, write=20 * MB, files=100, send=30 * MB, connects=100, forks=30, memory=MB, touch=50 * MB
    )
    with Workload(tmp_path) as workload:
        for _ in range(5):
            workload.tick(load, 0.1)
            assert not list(tmp_path.iterdir())


def test_a_tick_never_burns_more_than_its_share(tmp_path: Path) -> None:
    with Workload(tmp_path) as workload:
        before = time.process_time()
        for _ in range(20):
            workload.tick(Activity(cpu=0.5), TICK)
        spent = time.process_time() - before
    assert spent < 20 * TICK
