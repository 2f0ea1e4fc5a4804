"""What the kernel counts, as all who tell of this machine read it.

Rules: counters are given as they stand, and whoever reads them takes the differences; time of a guest is
counted once; loopback is no network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import psutil

LOOPBACK: Final = frozenset({"lo", "lo0"})


@dataclass(frozen=True, slots=True)
class Network:
    """Bytes and packets since the machine started, loopback apart from all other interfaces."""

    lo_bytes: int = 0
    lo_packets: int = 0
    received: int = 0
    sent: int = 0
    packets: int = 0


def core_times() -> list[dict[str, float]]:
    """Of each core the seconds that it spent on what, since the machine started."""
    return [core._asdict() for core in psutil.cpu_times(percpu=True)]


def busy_and_total(times: Mapping[str, float]) -> tuple[float, float]:
    """Seconds of a core that were neither idle nor spent waiting for a disk, and all of them."""
    # Linux counts guest time inside user time as well: leave it out of the sum.
    total = sum(value for name, value in times.items() if not name.startswith("guest"))
    return total - times["idle"] - times.get("iowait", 0.0), total


def disk_bytes() -> tuple[int, int]:
    """Bytes read from and written to disks; zeros on a machine without any."""
    disk = psutil.disk_io_counters(nowrap=False)
    return (disk.read_bytes, disk.write_bytes) if disk else (0, 0)


def network() -> Network:
    """What went over the interfaces."""
    lo_bytes = lo_packets = received = sent = packets = 0
    for name, card in psutil.net_io_counters(pernic=True, nowrap=False).items():
        if name in LOOPBACK:
            lo_bytes += card.bytes_sent
            lo_packets += card.packets_sent
        else:
            received += card.bytes_recv
            sent += card.bytes_sent
            packets += card.packets_recv + card.packets_sent
    return Network(lo_bytes, lo_packets, received, sent, packets)
