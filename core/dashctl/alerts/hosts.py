"""What a machine tells of itself, as series that rules can be about.

Rule: a field has one name in rules and one kind of number; each graphics processor has a series of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from dashctl.events import Gpu, HostStats

_OF_HOST: Final[Mapping[str, Callable[[HostStats], float | None]]] = {
    "cpu": lambda stats: stats.cpu,
    "load": lambda stats: stats.load,
    "memory": lambda stats: stats.memory,
    "swap": lambda stats: stats.swap,
    "disk": lambda stats: stats.disk,
    "processes": lambda stats: stats.processes,
}
_OF_GPU: Final[Mapping[str, Callable[[Gpu], float | None]]] = {
    "gpu.utilisation": lambda gpu: gpu.utilisation,
    "gpu.memory": lambda gpu: (
        100.0 * gpu.memory_bytes / gpu.memory_total
        if gpu.memory_bytes is not None and gpu.memory_total
        else None
    ),
    "gpu.temperature": lambda gpu: gpu.temperature,
    "gpu.power": lambda gpu: gpu.power,
}
FIELDS: Final = (*_OF_HOST, *_OF_GPU)
"""Percent but for load (processes), processes, gpu.temperature (degrees Celsius) and gpu.power (watts)."""


def host_values(stats: HostStats) -> Iterator[tuple[str, str, float]]:
    """What it tells: field, the series' name, value."""
    for field, value_of in _OF_HOST.items():
        value = value_of(stats)
        if value is not None:
            yield field, f"{stats.host} {field}", float(value)
    for number, gpu in enumerate(stats.gpus or ()):
        for field, of_gpu in _OF_GPU.items():
            value = of_gpu(gpu)
            if value is not None:
                yield field, f"{stats.host} gpu {number} {field.removeprefix('gpu.')}", float(value)


def traced_as(metric: str, host: str) -> str | None:
    """The number of a host's trace that a series of this name has; None if it is not this host's."""
    if not metric.startswith(f"{host} "):
        return None
    field = metric.removeprefix(f"{host} ")
    if field in _OF_HOST:
        return field
    words = field.split(" ")
    if len(words) == 3 and words[0] == "gpu" and words[1].isdecimal():
        return f"gpus.{words[1]}.{'memory_bytes' if words[2] == 'memory' else words[2]}"
    return None
