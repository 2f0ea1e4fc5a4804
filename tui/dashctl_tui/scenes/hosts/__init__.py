"""Hosts: how each machine is doing, now and over the last minutes.

Rules: a value that a host does not tell is left out; each history is scaled to its own peak, except
percentages, which run from 0 to 100; a host that fell silent says since when.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashctl.events import HostStats, Stamped
from dashctl.state import State
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, beside, fit
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, ALERT, FAINT, GOOD, HEADING, MUTED, TEXT, WARNING
from dashctl_tui.plots.sparkline import draw_sparkline
from dashctl_tui.plots.text import fill, fill_left
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS, panel, seen, shares, spread
from dashctl_tui.scenes.moments import duration
from dashctl_tui.scenes.scene import Picture, Scene, Scrolled, Viewport

_CARD_WIDTH = 60
_SILENT_AFTER = 10.0
_LABEL = 9
_VALUE = 11
_TALLEST = 5
_HIGH = 90.0
_FEW_CORES = 24

Values = NDArray[np.float64]
History = Sequence[Stamped[HostStats]]


@dataclass(frozen=True, slots=True)
class Gauge:
    """One line of a host: what is measured, and how its newest value is written."""

    label: str
    value: Callable[[HostStats], float | None]
    written: Callable[[float], str]
    ink: Ink
    percent: bool = False


def bytes_per_second(value: float) -> str:
    """`12.3 MB/s`."""
    return f"{in_bytes(value)}/s"


def in_bytes(value: float) -> str:
    """`1.4 GB`, with decimal prefixes."""
    for size, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= size:
            return f"{compact(value / size)} {unit}"
    return f"{value:.0f} B"


def _in_percent(value: float) -> str:
    return f"{value:.0f} %"


GAUGES = (
    Gauge("cpu", lambda stats: stats.cpu, _in_percent, ACCENT, percent=True),
    Gauge("memory", lambda stats: stats.memory, _in_percent, GOOD, percent=True),
    Gauge("load", lambda stats: stats.load, compact, ACCENT),
    Gauge("read", lambda stats: stats.disk_read, bytes_per_second, WARNING),
    Gauge("written", lambda stats: stats.disk_write, bytes_per_second, WARNING),
    Gauge("received", lambda stats: stats.net_in, bytes_per_second, GOOD),
    Gauge("sent", lambda stats: stats.net_out, bytes_per_second, GOOD),
)


@dataclass(frozen=True, slots=True)
class Host:
    """One machine's history, oldest first."""

    name: str
    history: tuple[Stamped[HostStats], ...]

    @property
    def newest(self) -> Stamped[HostStats]:
        return self.history[-1]

    @property
    def gauges(self) -> list[Gauge]:
        """Those that the host tells anything of."""
        return [
            gauge for gauge in GAUGES if any(gauge.value(item.event) is not None for item in self.history)
        ]


def _select(state: State, viewport: Viewport[Scrolled]) -> tuple[Host, ...] | None:
    hosts = [
        Host(key[0], (newest,))
        for key, newest in state.latest(HostStats).items()
        if viewport.shows(key[0])
    ]
    return tuple(sorted(hosts, key=lambda host: host.name)) or None


def _draw(view: tuple[Host, ...], viewport: Viewport[Scrolled]) -> Picture:
    width, height = viewport.width, viewport.height
    columns = max(1, min(len(view), width // _CARD_WIDTH))
    lines = -(-len(view) // columns)
    least = max(len(host.gauges) for host in view) + 1 + PANEL_ROWS
    fitting = max(1, min(lines, height // least))
    scrollable = lines - fitting
    first = min(viewport.look.scroll, scrollable)
    card_rows = min(height // fitting, _TALLEST * len(GAUGES) + 1 + PANEL_ROWS)
    rows: list[Row] = []
    for line in range(first, first + fitting):
        hosts = view[line * columns : (line + 1) * columns]
        widths = shares(width, [1] * columns)
        rows += beside(
            *(_card(host, size, card_rows, viewport.now) for host, size in zip(hosts, widths, strict=False)),
            gap=1,
        )
    part = seen(first * columns, min(len(view) - first * columns, fitting * columns), len(view))
    if part:
        rows[-1] = rows[-1].overlay(width - len(part) - 4, Row.of((f" {part} ", MUTED)))
    return Picture(fit(rows, width, height), scrollable)


def _card(host: Host, width: int, height: int, now: float) -> list[Row]:
    silent = now - host.newest.time > _SILENT_AFTER
    shown = host.history[-max(1, width - PANEL_COLUMNS - _LABEL - _VALUE - 2) :]
    note = f"last {duration(shown[-1].time - shown[0].time)}"
    if silent:
        note = f"silent for {duration(now - host.newest.time)}"
    ink = HEADING if not silent else ALERT
    return panel(host.name, lambda w, h: _gauges(host, w, h), width, height, note=note, heading=ink)


def _gauges(host: Host, width: int, height: int) -> list[Row]:
    gauges = host.gauges
    rows = _summary(host.newest.event, width)
    sizes = _sizes(len(gauges), height - len(rows))
    if rows and sizes and sizes[0] > 1 and height - len(rows) > sum(sizes):
        rows.append(Row.blank(width))
    for gauge, size in zip(gauges, sizes, strict=True):
        rows += _gauge(gauge, host.history, width, size)
    return rows[:height]


def _sizes(gauges: int, height: int) -> list[int]:
    if not gauges:
        return []
    return [max(1, min(_TALLEST, height // gauges))] * gauges


def _gauge(gauge: Gauge, history: History, width: int, height: int) -> list[Row]:
    values = [gauge.value(item.event) for item in history]
    newest = values[-1]
    written = gauge.written(newest) if newest is not None else glyphs.UNKNOWN
    room = max(1, width - _LABEL - _VALUE - 2)
    ink = _warned(gauge, newest)
    known = np.array([np.nan if value is None else value for value in values])
    label = [Row.of((fill(gauge.label, _LABEL), MUTED), (fill_left(written, _VALUE) + "  ", ink))]
    tall = height > 1
    if height > 2 and not gauge.percent:
        label.append(_peak(gauge, known[-room:]))
    spark = _history(gauge, known[-room:], room, height - tall)
    block = beside(label, spark)
    return fit([*block, Row.blank(width)] if tall else block, width, height)


def _peak(gauge: Gauge, values: Values) -> Row:
    known = values[~np.isnan(values)]
    peak = f"peak {gauge.written(float(known.max()))}" if known.size else ""
    return Row.of((fill_left(peak, _LABEL + _VALUE) + "  ", FAINT))


def _history(gauge: Gauge, values: Values, width: int, height: int) -> list[Row]:
    known = values[~np.isnan(values)]
    if gauge.percent:
        # A value of 100 that is then cut off fixes the scale.
        rows = draw_sparkline(np.append(known[-width:], 100.0), width + 1, height, gauge.ink, stretch=False)
        return [row.cut(0, width) for row in rows]
    return draw_sparkline(known[-width:], width, height, gauge.ink, stretch=False)


def _warned(gauge: Gauge, value: float | None) -> Ink:
    if gauge.percent and value is not None and value >= _HIGH:
        return ALERT
    return TEXT


def _summary(stats: HostStats, width: int) -> list[Row]:
    """The cores, one block each, and what has no history."""
    facts = [f"{stats.processes:,} processes"] if stats.processes is not None else []
    facts += [f"{in_bytes(stats.memory_bytes)} in use"] if stats.memory_bytes is not None else []
    cores = stats.cores or ()
    if not facts and not cores:
        return []
    label = ("cores", str(len(cores))) if cores else ("", "")
    row = Row.of((fill(label[0], _LABEL), MUTED), (fill_left(label[1], _VALUE) + "  ", TEXT))
    top = len(glyphs.BLOCKS_UP) - 1
    gap = " " if len(cores) <= _FEW_CORES else ""
    blocks = [
        (glyphs.BLOCKS_UP[max(1, round(core / 100 * top))] + gap, ALERT if core >= _HIGH else ACCENT)
        for core in cores
    ]
    return [spread(row + Row.join(blocks), Row.of(("   ".join(facts), MUTED)), width)]


SCENE = Scene(
    name="hosts",
    title="Hosts",
    key="4",
    draws=(HostStats,),
    select=_select,
    draw=_draw,
    empty="No host has reported yet",
    remedy=("`dashctl collect` and `dashctl demo` report how this machine is doing."),
    ticks=True,
)
