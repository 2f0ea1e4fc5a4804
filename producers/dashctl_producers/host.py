"""How this machine is doing, told again and again.

Rules: `run` is told where events go and knows no socket; rates are differences of kernel counters divided by
the time that really passed; what the machine does not tell is None; nothing here walks over the processes.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import psutil

from dashctl.detector.kernel import Network, busy_and_total, core_times, disk_bytes, network
from dashctl.events import Event, Gpu, GpuProcess, HostStats

_FILE_SYSTEMS_EVERY: Final = 10.0
"""Seconds: they fill slowly."""
_ALWAYS_FULL: Final = frozenset({"squashfs", "iso9660", "udf", "erofs", "cramfs"})


class GraphicsProcessors(Protocol):
    """As `dashctl_producers.gpus.Gpus`."""

    def ask(self) -> None: ...

    def told(self) -> tuple[tuple[Gpu, ...], tuple[GpuProcess, ...]] | None: ...


@dataclass(frozen=True, slots=True)
class _Counted:
    """What the kernel had counted at a moment (seconds of the monotonic clock)."""

    at: float
    cores: list[tuple[float, float]]
    """Busy and total seconds of each."""
    disk: tuple[int, int]
    network: Network


class Machine:
    """Reads the machine; `stats()` tells how it is doing, rates since the call before.

    The first call's rates cover the time since this was made. Not for several threads at once.
    """

    def __init__(
        self, name: str, gpus: GraphicsProcessors | None = None, *, interval: float | None = None
    ) -> None:
        """interval: in seconds, at which `stats` will be called."""
        self._name = name
        self._interval = interval
        self._gpus = gpus
        self._last = _count()
        self._fullest: float | None = None
        self._fullest_due = 0.0

    def stats(self) -> HostStats:
        """What is known now."""
        if self._gpus is not None:
            self._gpus.ask()
        last, now = self._last, _count()
        self._last = now
        cpu, cores = _busy(last, now)
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        disk = self._disk()
        load, processes = psutil.getloadavg()[0], len(psutil.pids())
        gpus, gpu_processes = (self._gpus and self._gpus.told()) or (None, None)
        return HostStats(
            self._name,
            cpu=cpu,
            cores=cores,
            load=load,
            memory=_percent(memory.percent),
            memory_bytes=memory.total - memory.available,
            disk_read=_rate(last, now, now.disk[0] - last.disk[0]),
            disk_write=_rate(last, now, now.disk[1] - last.disk[1]),
            net_in=_rate(last, now, now.network.received - last.network.received),
            net_out=_rate(last, now, now.network.sent - last.network.sent),
            processes=processes,
            disk=disk,
            swap=_percent(swap.percent) if swap.total else None,
            gpus=gpus,
            gpu_processes=gpu_processes,
            interval=self._interval,
        )

    def _disk(self) -> float | None:
        if time.monotonic() >= self._fullest_due:
            self._fullest = fullest_file_system()
            self._fullest_due = time.monotonic() + _FILE_SYSTEMS_EVERY
        return self._fullest


def run(
    log: Callable[[Event], None],
    machine: Machine,
    interval: float,
    ended: threading.Event | None = None,
) -> None:
    """Tells `log` every `interval` seconds how the machine is doing, until it is `ended`.

    The first word comes after a second at most. What could not be told in time is left out, not made up for.
    """
    ended = ended or threading.Event()
    due = time.monotonic() + min(interval, 1.0)
    while not ended.wait(max(0.0, due - time.monotonic())):
        log(machine.stats())
        due = max(due + interval, time.monotonic())


def fullest_file_system() -> float | None:
    """How full it is, in percent, of those on disks of this machine that can be written to.

    One on another machine is left out: whoever asks for it may have to wait until that machine is back.
    """
    places = {
        part.device: part.mountpoint
        for part in psutil.disk_partitions(all=False)
        if part.fstype not in _ALWAYS_FULL and "ro" not in part.opts.split(",")
    }
    shares = [share for place in places.values() if (share := _full(place)) is not None]
    # In a container the root is none on a disk.
    return max(shares, default=None) if shares else _full("/")


def _full(place: str) -> float | None:
    try:
        return _percent(psutil.disk_usage(place).percent)
    except OSError:
        return None


def _count() -> _Counted:
    cores = [busy_and_total(times) for times in core_times()]
    return _Counted(time.monotonic(), cores, disk_bytes(), network())


def _busy(last: _Counted, now: _Counted) -> tuple[float | None, tuple[float, ...] | None]:
    """The busy share of all cores and of each, in percent; None if cores came or went, or no time passed."""
    if len(last.cores) != len(now.cores):
        return None, None
    spent = [(now[0] - last[0], now[1] - last[1]) for last, now in zip(last.cores, now.cores, strict=True)]
    total = sum(each for _, each in spent)
    if total <= 0:
        return None, None
    shares = tuple(_percent(100.0 * busy / each) if each > 0 else 0.0 for busy, each in spent)
    return _percent(100.0 * sum(busy for busy, _ in spent) / total), shares


def _rate(last: _Counted, now: _Counted, difference: float) -> float:
    """Per second; a counter that was set back counts as one that stood still."""
    return max(0.0, difference / max(now.at - last.at, 1e-3))


def _percent(value: float) -> float:
    return min(100.0, max(0.0, value))
