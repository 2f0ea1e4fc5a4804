"""What is told of this machine, and of graphics processors by way of NVIDIA's own calls.

The library that they go to is a stand-in, compiled here, because few machines have such processors.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import psutil
import pytest

from dashctl.events import Event, Gpu, GpuProcess, HostStats
from dashctl_producers import host
from dashctl_producers.host import Machine, fullest_file_system

STAND_IN = Path(__file__).parent / "nvml_stand_in.c"
H100 = Gpu("NVIDIA H100 80GB HBM3", 97.0, 64_000_000_000, 85_899_345_920, 64.0, 612.5, 700.0)
L4 = Gpu("NVIDIA L4", 12.0, 1_000_000_000, 85_899_345_920, 41.0, None, None)

READ = """
import sys, time, msgspec
from dashctl_producers.gpus import Gpus
from dashctl_producers.host import Machine
gpus = Gpus()
machine = Machine("box", gpus)
for _ in range(int(sys.argv[1])):
    print(msgspec.json.encode(machine.stats()).decode())
gpus.close()
"""

Stats = Callable[..., list[HostStats]]


# The machine


def test_what_a_machine_tells_is_what_it_is() -> None:
    machine = Machine("box")
    time.sleep(0.1)
    stats = machine.stats()
    assert stats.host == "box"
    assert stats.cores is not None
    assert len(stats.cores) == psutil.cpu_count()
    assert stats.cpu == pytest.approx(sum(stats.cores) / len(stats.cores), abs=5.0)
    assert stats.memory == pytest.approx(psutil.virtual_memory().percent, abs=5.0)
    assert stats.memory_bytes
    assert stats.processes
    assert stats.disk
    assert None not in {stats.load, stats.disk_read, stats.disk_write, stats.net_in, stats.net_out}
    assert (stats.gpus, stats.gpu_processes) == (None, None)


def test_a_core_that_works_is_seen_working(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([[(10.0, 20.0), (5.0, 20.0)], [(11.0, 21.0), (5.0, 21.0)]])
    monkeypatch.setattr(host, "core_times", lambda: next(times))
    monkeypatch.setattr(host, "busy_and_total", lambda core: core)
    stats = Machine("box").stats()
    assert (stats.cpu, stats.cores) == (50.0, (100.0, 0.0))


def test_a_core_that_came_or_went_leaves_its_shares_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([[(10.0, 20.0)], [(11.0, 21.0), (5.0, 21.0)], [(12.0, 22.0), (5.0, 22.0)]])
    monkeypatch.setattr(host, "core_times", lambda: next(times))
    monkeypatch.setattr(host, "busy_and_total", lambda core: core)
    machine = Machine("box")
    assert (machine.stats().cpu, machine.stats().cpu) == (None, 50.0)


def test_what_stays_on_the_machine_is_no_network_traffic(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = {"lo": 0, "eth0": 0}

    def cards(**_: object) -> dict[str, Any]:
        return {
            name: SimpleNamespace(bytes_sent=many, bytes_recv=2 * many, packets_sent=0, packets_recv=0)
            for name, many in sent.items()
        }

    monkeypatch.setattr(psutil, "net_io_counters", cards)
    machine = Machine("box")
    sent["lo"] = 10**12
    stats = machine.stats()
    assert (stats.net_in, stats.net_out) == (0.0, 0.0)
    sent["eth0"] = 10**6
    stats = machine.stats()
    assert stats.net_out is not None
    assert stats.net_out > 0
    assert stats.net_in == 2 * stats.net_out
    sent["eth0"] = 0
    assert machine.stats().net_in == 0.0, "a counter that was set back"


def test_the_fullest_file_system_is_one_that_can_be_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    full = {"/": 40.0, "/data": 91.0, "/snap/core": 100.0, "/media": 100.0, "/gone": None}
    kinds = {"/snap/core": "squashfs"}
    parts = [
        SimpleNamespace(
            device=f"/dev{place}",
            mountpoint=place,
            fstype=kinds.get(place, "ext4"),
            opts="ro,nodev" if place == "/media" else "rw",
        )
        for place in full
    ]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: parts)  # noqa: A006 - as psutil calls it

    def usage(place: str) -> Any:
        if full[place] is None:
            raise OSError(5, "Input/output error")
        return SimpleNamespace(percent=full[place])

    monkeypatch.setattr(psutil, "disk_usage", usage)
    assert fullest_file_system() == 91.0
    parts.clear()
    assert fullest_file_system() == 40.0, "a container has its root alone"


def test_it_tells_again_and_again_until_it_is_ended() -> None:
    told: list[Event] = []
    ended = threading.Event()

    def log(event: Event) -> None:
        told.append(event)
        if len(told) == 3:
            ended.set()

    host.run(log, Machine("box"), 0.01, ended)
    assert [event.host for event in told if isinstance(event, HostStats)] == ["box"] * 3


# Graphics processors


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the stand-in for NVIDIA's library."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler here")
    folder = tmp_path_factory.mktemp("nvml")
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(folder / "libnvidia-ml.so.1"), str(STAND_IN)]
    subprocess.run(command, check=True, timeout=60)
    return folder


@pytest.fixture
def stats(library: Path) -> Stats:
    """What a machine with this library tells, so many times; settings of the stand-in by name."""

    def read(times: int, **settings: str) -> list[HostStats]:
        environment = {**os.environ, "LD_LIBRARY_PATH": str(library), **settings}
        command = [sys.executable, "-c", READ, str(times)]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
        assert ran.stderr == ""
        return [msgspec.json.decode(line, type=HostStats) for line in ran.stdout.splitlines()]

    return read


def test_each_processor_is_told_and_what_it_does_not_support_is_left_out(stats: Stats) -> None:
    (told,) = stats(1, NVML_DRIVER="yes")
    assert told.gpus == (H100, L4)
    assert told.cpu is not None or told.memory is not None


def test_who_uses_a_processor_is_told_the_largest_first(stats: Stats) -> None:
    (told,) = stats(1, NVML_DRIVER="yes")
    assert told.gpu_processes is not None
    mine, hidden = told.gpu_processes
    assert (mine.gpu, mine.memory_bytes, mine.user) == (0, 63_000_000_000, psutil.Process().username())
    assert "python" in mine.name
    assert hidden == GpuProcess(0, 4194999, "", "", None)


def test_a_processor_that_is_lost_keeps_its_name_and_the_rest_goes_on(stats: Stats) -> None:
    first, *_, last = stats(4, NVML_DRIVER="yes", NVML_LOST_AFTER="2")
    assert first.gpus == (H100, L4)
    assert last.gpus == (H100, Gpu("NVIDIA L4"))
    assert last.memory is not None


def test_a_driver_that_does_not_come_back_holds_nobody_up(stats: Stats) -> None:
    before = time.monotonic()
    told = stats(2, NVML_DRIVER="yes", NVML_HANGS="yes")
    assert time.monotonic() - before < 50
    assert [each.gpus for each in told] == [(H100, Gpu("GPU 1"))] * 2


def test_without_a_driver_there_are_none_and_that_is_no_error(stats: Stats) -> None:
    (told,) = stats(1)
    assert (told.gpus, told.gpu_processes) == (None, None)
    assert told.memory is not None
    (told,) = stats(1, LD_LIBRARY_PATH="/nonexistent")
    assert told.gpus is None
