"""The numbers behind the picture, as a table to be exported.

Rules: of many hosts a line each with the newest of everything; of the one that is shown in full a line for
each moment; bytes are bytes, and what is not told is empty.
"""

from math import isnan

from dashctl.events import HostStats
from dashctl_tui.scenes.hosts.measures import GPU, GPU_MEMORY, GPU_TEMPERATURE, POWER
from dashctl_tui.scenes.hosts.view import Host, Hosts, HostsLook, ordered
from dashctl_tui.scenes.scene import Table
from dashctl_tui.scenes.viewport import Viewport

_FIELDS = (
    "cpu",
    "load",
    "memory",
    "memory_bytes",
    "swap",
    "disk",
    "disk_read",
    "disk_write",
    "net_in",
    "net_out",
    "processes",
)
_OF_GPUS = {"gpu": GPU, "gpu_memory": GPU_MEMORY, "gpu_temperature": GPU_TEMPERATURE, "gpu_power": POWER}


def table(view: Hosts, viewport: Viewport[HostsLook]) -> Table:
    """See `Scene.table`."""
    if view.opened is not None:
        return _moments(view.opened)
    hosts = ordered(view, viewport)
    heading = ["host", "time", "silent", *_FIELDS, "gpus", *_OF_GPUS]
    return [
        heading,
        *([host.name, host.newest.time, host.silent(viewport.now), *_newest(host.stats)] for host in hosts),
    ]


def _newest(stats: HostStats) -> list[int | float | None]:
    gpus = None if stats.gpus is None else len(stats.gpus)
    return [
        *(getattr(stats, field) for field in _FIELDS),
        gpus,
        *(measure.told(stats) for measure in _OF_GPUS.values()),
    ]


def _moments(host: Host) -> Table:
    if host.traced is None:
        return [["host", "time"]]
    names = list(host.traced.values)
    columns = [host.traced.values[name] for name in names]
    lines = zip(host.traced.times, *columns, strict=True)
    return [
        ["host", "time", *names],
        *(
            [host.name, time, *(None if isnan(value) else value for value in values)]
            for time, *values in lines
        ),
    ]
