"""A sampler of this machine's telemetry: one row of fixed, named columns per call.

Rules: the columns are the same on every machine, whatever its number of cores, disks or network
cards; every rate is a difference of kernel counters divided by the time that really passed; a row
costs well under a millisecond, so nothing here walks over the processes; what a platform does not
count is 0, never NaN.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import psutil

from dashctl.detector.kernel import busy_and_total, core_times, network

Kind = Literal["level", "rate"]
Row = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the telemetry: its name, its unit, what it says, and whether it is a rate."""

    name: str
    unit: str
    what: str
    kind: Kind


def _rate(name: str, unit: str, what: str) -> Column:
    return Column(name, unit, what, "rate")


def _level(name: str, unit: str, what: str) -> Column:
    return Column(name, unit, what, "level")


COLUMNS: Final[tuple[Column, ...]] = (
    _rate("cpu_total", "%", "share of all cores' time not idle and not waiting for a disk"),
    _rate("cpu_user", "%", "share of all cores' time in user code"),
    _rate("cpu_system", "%", "share of all cores' time in the kernel, interrupts included"),
    _rate("cpu_iowait", "%", "share of all cores' time idle while a disk was awaited"),
    _rate("cpu_steal", "%", "share of all cores' time taken by the hypervisor"),
    _rate("core_max", "%", "busy share of the busiest core"),
    _rate("core_min", "%", "busy share of the least busy core"),
    _rate("core_std", "%", "standard deviation of the cores' busy shares"),
    _level("load1", "tasks", "load average over one minute"),
    _level("tasks_running", "tasks", "tasks running or ready to run"),
    _rate("ctx_switches", "1/s", "context switches"),
    _rate("interrupts", "1/s", "hardware interrupts"),
    _rate("soft_interrupts", "1/s", "software interrupts"),
    _rate("forks", "1/s", "processes and threads started"),
    _level("processes", "processes", "processes there are"),
    _level("mem_used", "%", "memory not available to new programs"),
    _level("mem_available", "bytes", "memory available to new programs without swapping"),
    _level("mem_cached", "bytes", "memory holding cached files"),
    _level("swap_used", "%", "swap space in use"),
    _rate("page_faults", "1/s", "page faults, minor and major"),
    _rate("major_faults", "1/s", "page faults that had to read a disk"),
    _rate("disk_read", "bytes/s", "bytes read from disks"),
    _rate("disk_write", "bytes/s", "bytes written to disks"),
    _rate("disk_reads", "1/s", "read operations of disks"),
    _rate("disk_writes", "1/s", "write operations of disks"),
    _rate("lo_bytes", "bytes/s", "bytes sent over the loopback interface"),
    _rate("lo_packets", "1/s", "packets sent over the loopback interface"),
    _rate("net_recv", "bytes/s", "bytes received by all other interfaces"),
    _rate("net_sent", "bytes/s", "bytes sent by all other interfaces"),
    _rate("net_packets", "1/s", "packets received and sent by all other interfaces"),
    _level("tcp_sockets", "sockets", "TCP sockets allocated"),
    _level("tcp_time_wait", "sockets", "TCP sockets in TIME-WAIT"),
    _rate("tcp_opens", "1/s", "TCP connections opened or accepted by this machine"),
)

NAMES: Final[tuple[str, ...]] = tuple(column.name for column in COLUMNS)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Everything the kernel counts, at one moment (seconds of the monotonic clock)."""

    at: float
    cpu: dict[str, float]
    cores: npt.NDArray[np.float64]  # (n_cores, 2): busy and total seconds
    counters: dict[str, float]
    levels: dict[str, float]


class Sampler:
    """Reads the machine; `sample()` gives one row of `COLUMNS`, rates since the call before.

    The first row covers the time since the sampler was made. Not for several threads at once.

    >>> sampler = Sampler()
    >>> sampler.sample().shape == (len(COLUMNS),)
    True
    """

    def __init__(self) -> None:
        self._last = _read()

    def sample(self) -> Row:
        """One row, float32, shape (len(COLUMNS),), finite, none below 0."""
        now = _read()
        values = _values(self._last, now)
        self._last = now
        row = np.array([values[name] for name in NAMES], dtype=np.float32)
        return np.maximum(row, 0.0, out=row)


def _values(last: _Reading, now: _Reading) -> dict[str, float]:
    seconds = max(now.at - last.at, 1e-3)
    rates = {name: (value - last.counters[name]) / seconds for name, value in now.counters.items()}
    return {**_cpu_shares(last, now), **rates, **now.levels}


def _cpu_shares(last: _Reading, now: _Reading) -> dict[str, float]:
    spent = {name: value - last.cpu[name] for name, value in now.cpu.items()}
    whole = max(sum(spent.values()), 1e-6)
    percent = {name: 100.0 * value / whole for name, value in spent.items()}
    busy, total = (now.cores - last.cores).T
    cores = 100.0 * busy / np.maximum(total, 1e-6)
    return {
        "cpu_total": 100.0 - percent["idle"] - percent["iowait"],
        "cpu_user": percent["user"],
        "cpu_system": percent["system"],
        "cpu_iowait": percent["iowait"],
        "cpu_steal": percent["steal"],
        "core_max": float(cores.max()),
        "core_min": float(cores.min()),
        "core_std": float(cores.std()),
    }


def _read() -> _Reading:
    at = time.monotonic()
    cores = core_times()
    memory = psutil.virtual_memory()
    sockets = _socket_counts()
    stat = _proc_stat()
    return _Reading(
        at=at,
        cpu=_cpu_seconds(cores),
        cores=np.array([busy_and_total(core) for core in cores]),
        counters=_counters(stat),
        levels={
            "load1": psutil.getloadavg()[0],
            "tasks_running": stat["procs_running"],
            "processes": float(len(psutil.pids())),
            "mem_used": memory.percent,
            "mem_available": float(memory.available),
            "mem_cached": float(getattr(memory, "cached", 0)),
            "swap_used": psutil.swap_memory().percent,
            **sockets,
        },
    )


def _cpu_seconds(cores: list[dict[str, float]]) -> dict[str, float]:
    total = {"user": 0.0, "system": 0.0, "iowait": 0.0, "steal": 0.0, "idle": 0.0}
    for times in cores:
        total["user"] += times["user"] + times.get("nice", 0.0)
        total["system"] += times["system"] + times.get("irq", 0.0) + times.get("softirq", 0.0)
        total["iowait"] += times.get("iowait", 0.0)
        total["steal"] += times.get("steal", 0.0)
        total["idle"] += times["idle"]
    return total


def _counters(stat: dict[str, float]) -> dict[str, float]:
    kernel = psutil.cpu_stats()
    disk = psutil.disk_io_counters(nowrap=False)  # None on a machine without disks
    faults = _numbers(Path("/proc/vmstat"), ("pgfault", "pgmajfault"))
    counters = {
        "ctx_switches": kernel.ctx_switches,
        "interrupts": kernel.interrupts,
        "soft_interrupts": kernel.soft_interrupts,
        "forks": stat["processes"],
        "page_faults": faults["pgfault"],
        "major_faults": faults["pgmajfault"],
        "disk_read": disk.read_bytes if disk else 0,
        "disk_write": disk.write_bytes if disk else 0,
        "disk_reads": disk.read_count if disk else 0,
        "disk_writes": disk.write_count if disk else 0,
        "tcp_opens": _tcp_opens(),
        **_network_counters(),
    }
    return {name: float(value) for name, value in counters.items()}


def _network_counters() -> dict[str, int]:
    total = network()
    return {
        "lo_bytes": total.lo_bytes,
        "lo_packets": total.lo_packets,
        "net_recv": total.received,
        "net_sent": total.sent,
        "net_packets": total.packets,
    }


def _proc_stat() -> dict[str, float]:
    return _numbers(Path("/proc/stat"), ("processes", "procs_running"))


def _numbers(path: Path, wanted: tuple[str, ...]) -> dict[str, float]:
    """The `wanted` lines "name number" of a file under /proc; 0 for each where there is none."""
    found = dict.fromkeys(wanted, 0.0)
    for line in _lines(path):
        name, _, rest = line.partition(" ")
        if name in found:
            found[name] = float(rest)
    return found


def _tcp_opens() -> int:
    """Connections opened by this machine and accepted by it, since it started (RFC 4022)."""
    rows = [line.split() for line in _lines(Path("/proc/net/snmp")) if line.startswith("Tcp:")]
    if len(rows) != 2:
        return 0
    tcp = dict(zip(*rows, strict=True))
    return int(tcp["ActiveOpens"]) + int(tcp["PassiveOpens"])


def _socket_counts() -> dict[str, float]:
    tcp = [line.split() for line in _lines(Path("/proc/net/sockstat")) if line.startswith("TCP:")]
    counts = dict(zip(tcp[0][1::2], tcp[0][2::2], strict=True)) if tcp else {}
    return {
        "tcp_sockets": float(counts.get("alloc", 0)),
        "tcp_time_wait": float(counts.get("tw", 0)),
    }


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return []
