"""How machines are doing."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from dashctl.events.base import Event
from dashctl.retention import Retention, Trace
from dashctl.validation import (
    Count,
    Many,
    Name,
    Percent,
    Positive,
    Text,
)


class Gpu(msgspec.Struct, frozen=True):
    """One graphics processor of a machine."""

    name: Name
    utilisation: Percent | None = None
    memory_bytes: Count | None = None
    """In use."""
    memory_total: Count | None = None
    temperature: float | None = None
    """Degrees Celsius."""
    power: Positive | None = None
    """Watts, as power_limit is."""
    power_limit: Positive | None = None


class GpuProcess(msgspec.Struct, frozen=True):
    """A process that uses a graphics processor."""

    gpu: Count
    """Which, counted from 0."""
    pid: Count
    name: Text = ""
    user: Text = ""
    memory_bytes: Count | None = None


class HostStats(Event, frozen=True):
    """How a machine is doing. Scene: Hosts."""

    # A thousand machines with eight GPUs each take 100 MB so.
    retention: ClassVar[Retention] = Trace(
        300,
        ("host",),
        (
            "cpu",
            "load",
            "memory",
            "disk_read",
            "disk_write",
            "net_in",
            "net_out",
            "disk",
            "swap",
            "processes",
            "gpus.utilisation",
            "gpus.memory_bytes",
            "gpus.temperature",
            "gpus.power",
        ),
        keys=1_000,
    )

    host: Name
    cpu: Percent | None = None
    """All cores together, percent."""
    cores: Annotated[tuple[Percent, ...], Many] | None = None
    load: Positive | None = None
    """Processes that run or wait, averaged over a minute."""
    memory: Percent | None = None
    memory_bytes: Count | None = None
    """In use."""
    disk_read: Positive | None = None
    """Bytes per second, as disk_write, net_in and net_out are."""
    disk_write: Positive | None = None
    net_in: Positive | None = None
    net_out: Positive | None = None
    processes: Count | None = None
    disk: Percent | None = None
    """In use, of the fullest file system."""
    swap: Percent | None = None
    gpus: Annotated[tuple[Gpu, ...], Meta(max_length=64)] | None = None
    gpu_processes: Annotated[tuple[GpuProcess, ...], Meta(max_length=200)] | None = None
    interval: Positive | None = None
    """Seconds until the next one, as planned: who says nothing for several of them fell silent."""
