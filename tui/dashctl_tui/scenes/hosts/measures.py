"""What can be measured of a host: how it is read, how it ran, and how it is written.

Rules: a value that a host does not tell is None, and NaN among others in a history; of several graphics
processors the mean utilisation, all their memory and power, and the hottest one stand for the host.
"""

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from dashctl.events import Gpu, HostStats
from dashctl.trace import Traced
from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, GOOD, WARNING

Values = NDArray[np.float64]

HOTTEST: Final = 100.0
"""Degrees Celsius at which a scale of temperatures ends."""
_UNITS: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


class Measure(msgspec.Struct, frozen=True):
    """Something that is measured. ceiling: where its scale ends, None for the largest there is."""

    name: str
    title: str
    told: Callable[[HostStats], float | None]
    ran: Callable[[Traced, HostStats], Values | None]
    written: Callable[[float], str]
    ink: Ink
    ceiling: float | None = None


def bytes_per_second(value: float) -> str:
    """`12.3 MB/s`."""
    return f"{in_bytes(value)}/s"


def in_bytes(value: float) -> str:
    """`1.4 GB`, with decimal prefixes."""
    for size, unit in _UNITS:
        if value >= size:
            return f"{compact(value / size)} {unit}B"
    return f"{value:.0f} B"


def about_bytes(value: int) -> str:
    """To two digits, and not at all below 1 MB, for what grows a little all the time."""
    if value < 1_000_000:
        return "under 1 MB"
    step = 10 ** max(0, len(str(value)) - 2)
    return in_bytes(value // step * step)


def brief(value: float) -> str:
    """In at most four cells: `45`, `1.2k`, `12M`, `999T`."""
    if value < 999.5:
        return f"{max(0.0, value):.0f}"
    size, unit = next(
        (each for each in reversed(_UNITS) if value < 999.5 * each[0]), (_UNITS[0][0], _UNITS[0][1])
    )
    amount = min(999.0, value / size)
    return f"{amount:.1f}{unit}" if amount < 9.95 else f"{amount:.0f}{unit}"


def in_percent(value: float) -> str:
    return f"{value:.0f} %"


def in_degrees(value: float) -> str:
    return f"{value:.0f} °C"


def in_watts(value: float) -> str:
    return f"{compact(value)} W"


def _field(
    name: str,
    field: str,
    written: Callable[[float], str],
    ink: Ink,
    *,
    title: str = "",
    ceiling: float | None = None,
) -> Measure:
    def told(stats: HostStats) -> float | None:
        value: float | None = getattr(stats, field)
        return value

    def ran(traced: Traced, stats: HostStats) -> Values | None:
        return column(traced, field)

    return Measure(name, title or name, told, ran, written, ink, ceiling)


def column(traced: Traced, name: str) -> Values | None:
    """How one number ran; None if it was never told."""
    values = traced.values.get(name)
    return None if values is None else np.frombuffer(values)


def gpu_columns(traced: Traced, field: str) -> Values:
    """How a number of each processor ran: (processors, moments), those that never told it left out."""
    ends = f".{field}"
    found = [
        np.frombuffer(values)
        for name, values in traced.values.items()
        if name.startswith("gpus.") and name.endswith(ends)
    ]
    return np.stack(found) if found else np.empty((0, len(traced.times)))


def known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _of_gpus(
    name: str,
    title: str,
    field: str,
    *,
    together: Callable[[Sequence[float]], float],
    over: Callable[..., Values],
    written: Callable[[float], str],
    ink: Ink,
    ceiling: float | None = None,
) -> Measure:
    def told(stats: HostStats) -> float | None:
        values = known(getattr(gpu, field) for gpu in stats.gpus or ())
        return together(values) if values else None

    def ran(traced: Traced, stats: HostStats) -> Values | None:
        columns = gpu_columns(traced, field)
        return _across(over, columns) if columns.size else None

    return Measure(name, title, told, ran, written, ink, ceiling)


def _across(over: Callable[..., Values], columns: Values) -> Values:
    """One number for each moment; NaN where none of them was told."""
    with warnings.catch_warnings():
        # Of a moment with nothing but NaN numpy warns, and gives NaN.
        warnings.simplefilter("ignore", RuntimeWarning)
        values = over(columns, axis=0)
    return np.where(np.isnan(columns).all(axis=0), np.nan, values)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def gpu_memory(gpus: Sequence[Gpu]) -> tuple[float, float] | None:
    """Bytes in use and bytes there are, of those that tell both."""
    told = [
        (gpu.memory_bytes, gpu.memory_total)
        for gpu in gpus
        if gpu.memory_bytes is not None and gpu.memory_total
    ]
    return (sum(used for used, _ in told), sum(total for _, total in told)) if told else None


def _gpu_memory_share(stats: HostStats) -> float | None:
    memory = gpu_memory(stats.gpus or ())
    return None if memory is None else min(100.0, 100.0 * memory[0] / memory[1])


def _gpu_memory_ran(traced: Traced, stats: HostStats) -> Values | None:
    total = sum(known(gpu.memory_total for gpu in stats.gpus or ()))
    used = gpu_columns(traced, "memory_bytes")
    if not used.size or not total:
        return None
    return np.minimum(100.0, 100.0 / total * _across(np.nansum, used))


def _network(stats: HostStats) -> float | None:
    values = known((stats.net_in, stats.net_out))
    return sum(values) if values else None


def _network_ran(traced: Traced, stats: HostStats) -> Values | None:
    columns = [each for name in ("net_in", "net_out") if (each := column(traced, name)) is not None]
    return _across(np.nansum, np.stack(columns)) if columns else None


CPU: Final = _field("cpu", "cpu", in_percent, ACCENT, title="CPU", ceiling=100.0)
MEMORY: Final = _field("memory", "memory", in_percent, GOOD, ceiling=100.0)
DISK: Final = _field("disk", "disk", in_percent, WARNING, title="disk in use", ceiling=100.0)
SWAP: Final = _field("swap", "swap", in_percent, GOOD, ceiling=100.0)
NETWORK: Final = Measure("network", "network", _network, _network_ran, bytes_per_second, GOOD)
GPU: Final = _of_gpus(
    "gpu",
    "GPU utilisation",
    "utilisation",
    together=_mean,
    over=np.nanmean,
    written=in_percent,
    ink=ACCENT,
    ceiling=100.0,
)
GPU_MEMORY: Final = Measure(
    "gpu mem", "GPU memory", _gpu_memory_share, _gpu_memory_ran, in_percent, GOOD, 100.0
)
GPU_TEMPERATURE: Final = _of_gpus(
    "gpu temp",
    "GPU temperature",
    "temperature",
    together=max,
    over=np.nanmax,
    written=in_degrees,
    ink=WARNING,
    ceiling=HOTTEST,
)
POWER: Final = _of_gpus(
    "power", "GPU power", "power", together=sum, over=np.nansum, written=in_watts, ink=WARNING
)

HEAT: Final = (CPU, MEMORY, DISK, NETWORK, GPU, GPU_MEMORY, GPU_TEMPERATURE, POWER)
"""What a grid of many hosts can be coloured by."""

GAUGES: Final = (
    CPU,
    MEMORY,
    GPU,
    GPU_MEMORY,
    GPU_TEMPERATURE,
    POWER,
    _field("load", "load", compact, ACCENT),
    DISK,
    SWAP,
    _field("read", "disk_read", bytes_per_second, WARNING),
    _field("written", "disk_write", bytes_per_second, WARNING),
    _field("received", "net_in", bytes_per_second, GOOD),
    _field("sent", "net_out", bytes_per_second, GOOD),
)
"""What is shown of one host, what matters most first."""


def measure_named(name: str) -> Measure:
    """One of `HEAT`; the first for a name that is none."""
    return next((measure for measure in HEAT if measure.name == name), HEAT[0])
