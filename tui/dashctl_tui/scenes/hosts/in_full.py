"""One host in full: how everything ran, its cores, each graphics processor, and who uses them.

Rules: what is stacked in a narrow picture stands side by side in a wide one; numbers take as much height as
there is, and what does not fit is scrolled to.
"""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec
import numpy as np

from dashctl.events import Gpu, GpuProcess
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, beside, fit
from dashctl_tui.plots.palette import ACCENT, ALERT, GOOD, HEADING, MUTED, TEXT, WARNING
from dashctl_tui.plots.sparkline import draw_sparkline
from dashctl_tui.plots.table import Column, draw_table
from dashctl_tui.plots.text import clip, fill, fill_left
from dashctl_tui.scenes.hosts.cards import note_on
from dashctl_tui.scenes.hosts.gauges import facts, gauge, history, room_for_history, whole
from dashctl_tui.scenes.hosts.measures import (
    HOTTEST,
    Values,
    column,
    in_bytes,
    in_degrees,
    in_percent,
    in_watts,
)
from dashctl_tui.scenes.hosts.view import Host, Hosts, HostsLook
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS, panel, shares, spread
from dashctl_tui.scenes.meter import meter
from dashctl_tui.scenes.viewport import Picture, Viewport

_TALLEST = 5
_CORE_ROWS = 3
_WIDE = 70
_PAIRED = 84
"""From so many columns on two numbers of a processor have room beside each other."""
_GPU_LABEL = 8
_GPU_VALUE = 18
_PROCESS_COLUMNS = (
    Column("GPU", "right"),
    Column("process", "right"),
    Column("user"),
    Column("name"),
    Column("memory", "right"),
)


class _Number(msgspec.Struct, frozen=True):
    """One number of one processor: `top` is where its scale ends, its limit if it is `limited`."""

    label: str
    field: str
    value: float | None
    top: float | None
    written: Callable[[float], str]
    ink: Ink
    limited: bool = False

    @property
    def text(self) -> str:
        if self.value is None:
            return glyphs.UNKNOWN
        limit = f" of {self.written(self.top)}" if self.limited and self.top else ""
        return self.written(self.value) + limit

    def row(self, ran: Values | None, width: int) -> Row:
        """In exactly so many cells: its name, its value, a bar, and how it ran."""
        share = self.value / self.top if self.value is not None and self.top else 0.0
        head = Row.of(
            (f"   {fill(self.label, _GPU_LABEL)}", MUTED), (fill_left(self.text, _GPU_VALUE) + " ", TEXT)
        ) + meter(share, 14 if width >= _WIDE else 8, self.ink)
        room = width - head.width - 1
        if room < 4 or ran is None or np.isnan(ran).all():
            return head.fit(width)
        return head + Row.of(" ") + history(whole(ran, room), room, 1, self.ink, self.top)[0]


def draw_in_full(view: Hosts, host: Host, viewport: Viewport[HostsLook]) -> Picture:
    """Everything that is known of a host, and how far it can be scrolled."""
    width, height = viewport.width, viewport.height
    title = host.name
    if len(view.hosts) > 1:
        title = f"{clip(host.name, width // 3)}  {view.hosts.index(host) + 1} of {len(view.hosts)}"
    machine = partial(_machine, host, title, viewport.now)
    if not (host.stats.gpus or host.stats.gpu_processes):
        rows = machine(width, height)
    elif viewport.narrow:
        rows = [*machine(width, 0), *_graphics(host, width, 0)]
    else:
        left, right = shares(width, [1, 1])
        natural = max(height, len(machine(left, 0)), len(_graphics(host, right, height)))
        rows = beside(machine(left, natural), _graphics(host, right, natural), gap=1)
    scrollable = max(0, len(rows) - height)
    first = min(viewport.look.scroll, scrollable)
    shown = fit(rows[first : first + height], width, height)
    if scrollable:
        left_out = scrollable - first
        word = f" {left_out} rows below " if left_out else " the end "
        shown[-1] = shown[-1].overlay(width - len(word) - 2, Row.of((word, MUTED)))
    return Picture(shown, scrollable)


def _machine(host: Host, title: str, now: float, width: int, height: int) -> list[Row]:
    """The panel of the machine itself: as high as it needs to be, or `height` if that is more."""
    inner = max(1, width - PANEL_COLUMNS)
    room = room_for_history(inner)
    gauges = [(measure, whole(values, room)) for measure, values in host.gauges()]
    above = _above(host, inner)
    tall = max(1, min(_TALLEST, (height - PANEL_ROWS - len(above)) // max(1, len(gauges))))
    rows = [*above, *(row for measure, values in gauges for row in gauge(measure, values, inner, tall))]
    silent = host.silent(now)
    note = note_on(host, None, now)
    size = max(height, len(rows) + PANEL_ROWS)
    return panel(title, lambda w, h: rows, width, size, note=note, heading=ALERT if silent else HEADING)


def _above(host: Host, width: int) -> list[Row]:
    told, cores = facts(host.stats), host.stats.cores or ()
    rows = []
    if told or cores:
        count = f"{len(cores)} cores" if cores else ""
        rows.append(spread(Row.of((count, TEXT)), Row.of((told, MUTED)), width))
    if cores:
        rows += [*_cores(cores, width), Row.blank(width)]
    return rows


def _cores(cores: Sequence[float], width: int) -> list[Row]:
    """A bar for each core, as wide as there is room; of more cores than cells the busiest is shown."""
    wide = max(1, min(3, width // max(1, len(cores))))
    bars = np.repeat(np.array(cores), wide)
    drawn = draw_sparkline(np.append(bars[: wide * len(cores)], 100.0), bars.size + 1, _CORE_ROWS, ACCENT)
    if bars.size >= width:
        return history(whole(bars, width), width, _CORE_ROWS, ACCENT, 100.0)
    rows = [row.cut(0, bars.size) for row in drawn]
    return [_apart(row, wide) if wide > 1 else row for row in rows]


def _apart(row: Row, wide: int) -> Row:
    """The last cell of each bar blank."""
    text = "".join(" " if at % wide == wide - 1 else each for at, each in enumerate(row.text))
    return Row.of((text, ACCENT))


def _graphics(host: Host, width: int, height: int) -> list[Row]:
    """The panels of the processors and of what runs on them: as `_machine`."""
    inner = max(1, width - PANEL_COLUMNS)
    gpus, processes = host.stats.gpus or (), host.stats.gpu_processes or ()
    table = [*_processes(processes, inner)] if processes else []
    below = len(table) + PANEL_ROWS if table else 0
    room = (height - PANEL_ROWS - below) // max(1, len(gpus))
    each = 5 if room >= 5 else 3 if room >= 3 else 2
    rows = [row for place, gpu in enumerate(gpus) for row in _gpu(host, place, gpu, inner, each)]
    size = max(height - below, len(rows) + PANEL_ROWS)
    title = f"{len(gpus)} GPU{'s' if len(gpus) != 1 else ''}"
    drawn = panel(title, lambda w, h: rows, width, size) if gpus else []
    if table:
        drawn += panel("GPU processes", lambda w, h: table, width, len(table) + PANEL_ROWS)
    return drawn


def _gpu(host: Host, place: int, gpu: Gpu, width: int, height: int) -> list[Row]:
    """One processor: its name over a line for each of its numbers, for each two, or for all of them.

    height: 2, 3 or 5.
    """
    title = Row.of((fill_left(str(place), 2) + " ", ACCENT), (clip(gpu.name, width - 3), HEADING)).fit(width)
    numbers = _numbers(gpu)
    if not numbers:
        return fit([title, Row.of(("   does not answer", ALERT))], width, height)
    if height >= 5:
        lines = [each.row(_ran(host, place, each.field), width) for each in numbers]
    elif height >= 3 and width >= _PAIRED:
        half = width // 2
        pairs = [each.row(_ran(host, place, each.field), half) for each in numbers]
        lines = [pairs[0] + pairs[1], pairs[2] + pairs[3]]
    else:
        lines = [_in_one(numbers, width), _busy_and_memory(host, place, numbers, width)]
    return fit([title, *lines], width, height)


def _in_one(numbers: Sequence[_Number], width: int) -> Row:
    """All numbers in a line, with their names if there is room: their units tell them apart too."""
    named = [run for each in numbers for run in ((f"{each.label} ", MUTED), (f"{each.text}  ", TEXT))]
    row = Row.of("   ") + Row.join(named)
    if row.width > width + 2:
        row = Row.of("   ") + Row.of(("   ".join(each.text for each in numbers), TEXT))
    return row.fit(width)


def _busy_and_memory(host: Host, place: int, numbers: Sequence[_Number], width: int) -> Row:
    """How the first two ran, beside each other."""
    row, room = Row.blank(2), (width - 4) // 2
    for each in numbers[:2]:
        ran = _ran(host, place, each.field)
        known = room > 0 and ran is not None and not np.isnan(ran).all()
        drawn = (
            history(whole(ran, room), room, 1, each.ink, each.top)[0] if known and ran is not None else None
        )
        row = row + Row.of(" ") + (drawn or Row.blank(room))
    return row.fit(width)


def _ran(host: Host, place: int, field: str) -> Values | None:
    return None if host.traced is None else column(host.traced, f"gpus.{place}.{field}")


def _numbers(gpu: Gpu) -> list[_Number]:
    """What it tells; nothing of one that is lost."""
    memory, limit = gpu.memory_total, gpu.power_limit
    every = [
        _Number("busy", "utilisation", gpu.utilisation, 100.0, in_percent, ACCENT),
        _Number("memory", "memory_bytes", gpu.memory_bytes, memory, in_bytes, GOOD, limited=True),
        _Number("temp", "temperature", gpu.temperature, HOTTEST, in_degrees, WARNING),
        _Number("power", "power", gpu.power, limit, in_watts, WARNING, limited=True),
    ]
    return every if any(each.value is not None for each in every) else []


def _processes(processes: Sequence[GpuProcess], width: int) -> list[Row]:
    lines = [
        (
            str(each.gpu),
            str(each.pid),
            each.user or glyphs.UNKNOWN,
            each.name or glyphs.UNKNOWN,
            glyphs.UNKNOWN if each.memory_bytes is None else in_bytes(each.memory_bytes),
        )
        for each in processes
    ]
    return draw_table(_PROCESS_COLUMNS, lines, width, len(lines) + 1)
