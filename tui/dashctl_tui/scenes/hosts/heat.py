"""Many hosts as a grid of cells, coloured by one measure.

Rules: every cell says its value in characters too; it has the name with it where there is room, else the
value, else its tenth of the scale as one digit; a host that fell silent is crossed out; all hosts are seen at
once unless there are more than cells of one character.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Final

import msgspec
from rich.cells import cell_len

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, Run, fit
from dashctl_tui.plots.palette import ALERT, FAINT, HEADING, MUTED, TEXT, filled, scale_ink
from dashctl_tui.plots.text import clip, fill, inert
from dashctl_tui.scenes.hosts.measures import GAUGES, HEAT, Measure, brief, measure_named
from dashctl_tui.scenes.hosts.view import (
    Host,
    Hosts,
    HostsLook,
    ceiling,
    ordered,
    place_of_cursor,
    share,
)
from dashctl_tui.scenes.layout import seen, spread
from dashctl_tui.scenes.moments import roughly
from dashctl_tui.scenes.viewport import Picture, Viewport

AROUND: Final = 2
"""Rows above and below the cells, together."""
_VALUE: Final = 4
_LONGEST: Final = 24
_SHORTEST: Final = 4
_BESIDE_NAME: Final = _VALUE + 4
"""Cells of a cell with a name: a mark, the value, and blanks."""
_TALLEST: Final = 5
_LEVELS: Final = 10
_ROOM_FOR_HINTS: Final = 60


class Cells(msgspec.Struct, frozen=True):
    """How cells are laid out: `columns` of them, each of `width` and `height`; `fitting` lines are seen."""

    width: int
    height: int
    columns: int
    lines: int
    fitting: int
    name: int = 0
    """Cells for the host's name, 0 for none."""

    @property
    def scrollable(self) -> int:
        return max(0, self.lines - self.fitting)


@lru_cache(maxsize=16)
def cells_for(names: tuple[str, ...], width: int, height: int) -> Cells:
    """The largest cells with which all hosts are on the screen, in this many cells."""
    rows = max(1, height - AROUND)
    widest = width // max(1, -(-len(names) // rows))
    most = widest - _BESIDE_NAME
    for form in (names, without_domain(names), shortened(names)):
        if (name := _longest(form)) <= most:
            return _laid_out(len(names), width, rows, max(_SHORTEST, name) + _BESIDE_NAME, named=True)
    if most >= _SHORTEST:
        return _laid_out(len(names), width, rows, most + _BESIDE_NAME, named=True)
    for size in (max(widest, _VALUE + 1), 2):
        cells = _laid_out(len(names), width, rows, size)
        if cells.scrollable == 0 and size <= width:
            return cells
    return _laid_out(len(names), width, rows, 1)


def _laid_out(hosts: int, width: int, rows: int, size: int, *, named: bool = False) -> Cells:
    columns = max(1, width // size)
    lines = max(1, -(-hosts // columns))
    if not named:
        return Cells(size, 1, columns, lines, min(lines, rows))
    columns = max(1, -(-hosts // lines))
    size = max(size, min(width // columns, _LONGEST + _BESIDE_NAME))
    tall = max(1, min(_TALLEST, rows // lines))
    return Cells(size, tall, columns, lines, min(lines, max(1, rows // tall)), size - _BESIDE_NAME)


def _longest(names: Sequence[str]) -> int:
    """Cells that the longest takes, or more than there ever are."""
    return max((cell_len(clip(name, _LONGEST + 1)) for name in names), default=0)


def without_domain(names: Sequence[str]) -> list[str]:
    """Names up to their first full stop, if they are told apart by that."""
    hosts = [name.partition(".")[0] or name for name in names]
    return hosts if len(set(hosts)) == len(set(names)) else list(names)


def shortened(names: Sequence[str]) -> list[str]:
    """Names without their domain, and without what all of them begin with up to a separator."""
    if len(names) < 2:
        return list(names)
    names = without_domain(names)
    low, high = min(names), max(names)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False)))
    begin = max(low.rfind(separator, 0, same) for separator in "-_./ ") + 1
    return [name[begin:] for name in names]


@lru_cache(maxsize=16)
def _labels(names: tuple[str, ...], room: int) -> Sequence[str]:
    """The longest form of names that fits, or how they end, in exactly so many cells each."""
    forms = (names, without_domain(names), shortened(names))
    longest = next((form for form in forms if _longest(form) <= room), forms[-1])
    return [
        fill(name if cell_len(clip(name, room + 1)) <= room else _end_of(name, room), room)
        for name in longest
    ]


def _end_of(name: str, room: int) -> str:
    """How a name ends: there names of one cluster differ."""
    return glyphs.ELLIPSIS + inert(name[-room:])[1 - room :] if room > 1 else glyphs.ELLIPSIS


def draw_heat(view: Hosts, viewport: Viewport[HostsLook]) -> Picture:
    """The grid, what its colours mean, and the host under the cursor."""
    width, height = viewport.width, viewport.height
    measure = measure_named(viewport.look.measure)
    hosts = ordered(view, viewport)
    names = tuple(host.name for host in hosts)
    cells = cells_for(names, width, height)
    top = ceiling(measure, hosts)
    grid = _Drawn(cells, measure, top, viewport.now)
    cursor = place_of_cursor(hosts, viewport.look)
    first = min(viewport.look.scroll, cells.scrollable)
    labels = _labels(names, cells.name)
    heading = _heading(grid, view, len(hosts), viewport)
    rows = [heading] if height > AROUND else []
    for line in range(first, first + cells.fitting):
        places = range(line * cells.columns, min(len(hosts), (line + 1) * cells.columns))
        drawn = [_cell(grid, hosts[place], labels[place], chosen=place == cursor) for place in places]
        rows += [Row.join(run for cell in drawn for run in cell[part]) for part in range(cells.height)]
    rows = fit(rows, width, max(0, height - 1))
    seen_part = seen(first * cells.columns, min(len(hosts), cells.fitting * cells.columns), len(hosts))
    rows.append(_footing(hosts[cursor], seen_part, viewport))
    return Picture(fit(rows, width, height), cells.scrollable)


class _Drawn(msgspec.Struct, frozen=True):
    """What all cells have in common: where the measure's scale ends, and the moment."""

    cells: Cells
    measure: Measure
    top: float
    now: float


def _cell(grid: _Drawn, host: Host, label: str, *, chosen: bool) -> list[list[Run]]:
    """The cell's rows, as runs."""
    cells = grid.cells
    value = grid.measure.told(host.stats)
    level = share(value, grid.top)
    silent = host.silent(grid.now)
    ink = _ink(level, silent=silent, chosen=chosen)
    if not cells.name:
        return [[(_short(value, level, cells.width, silent=silent, chosen=chosen), ink), *_gap(cells.width)]]
    inner = cells.width - 1
    mark = glyphs.ARROW_RIGHT if chosen else " "
    written = glyphs.MISMATCH if silent else glyphs.UNKNOWN if value is None else brief(value)
    title = f"{mark}{label} {written:>{_VALUE}} "
    lines = _details(grid, host, silent=silent)
    gap: Run = (" ", Ink())
    return [
        [(title, ink), gap],
        *([(fill(line, inner), ink._replace(bold=False)), gap] for line in lines),
        *([[(" " * cells.width, Ink())]] * (cells.height - 1 - len(lines))),
    ]


def _gap(width: int) -> list[Run]:
    return [(" ", Ink())] if width > 2 else []


def _short(value: float | None, level: float | None, width: int, *, silent: bool, chosen: bool) -> str:
    if width <= 2:
        digit = glyphs.UNKNOWN if level is None else str(min(_LEVELS - 1, int(level * _LEVELS)))
        digit = glyphs.MISMATCH if silent else digit
        return digit if width == 1 else digit + (glyphs.BELOW_SCALE if chosen else " ")
    written = glyphs.MISMATCH if silent else glyphs.UNKNOWN if value is None else brief(value)
    if chosen and len(written) < width - 1:
        written = f"{glyphs.ARROW_RIGHT}{written:>{width - 2}}"
    return f"{written:>{width - 1}}"


def _details(grid: _Drawn, host: Host, *, silent: bool) -> list[str]:
    """What else a tall cell has room for: its last row stays free."""
    cells = grid.cells
    room = cells.height - 1 - (cells.height > 2)
    if room <= 0:
        return []
    if silent:
        return [f"  silent for {roughly(grid.now - host.newest.time)}", *[""] * (room - 1)]
    told = [
        f"{each.name} {brief(value)}"
        for each in HEAT
        if each is not grid.measure and (value := each.told(host.stats)) is not None
    ]
    lines = [""]
    for piece in told:
        if cell_len(lines[-1]) + cell_len(piece) + 3 > cells.width:
            lines.append("")
        lines[-1] += ("  " if lines[-1] else " ") + piece
    return [*lines[:room], *[""] * (room - len(lines))]


def _ink(level: float | None, *, silent: bool, chosen: bool) -> Ink:
    ink = ALERT if silent else TEXT if level is None else _filled(min(_LEVELS - 1, int(level * _LEVELS)))
    return ink._replace(bold=True, underline=True, reverse=not silent and level is None) if chosen else ink


@lru_cache(maxsize=_LEVELS)
def _filled(step: int) -> Ink:
    return filled(scale_ink((step + 0.5) / _LEVELS), bold=False)


def _heading(grid: _Drawn, view: Hosts, shown: int, viewport: Viewport[HostsLook]) -> Row:
    """What is measured, of how many, and what the colours mean, or the digits where there are only those."""
    measure, digits = grid.measure, grid.cells.width <= 2
    silent = sum(host.silent(grid.now) for host in view.hosts)
    order = "the worst first" if viewport.look.worst_first else "by name"
    hidden = ", hidden" if shown < len(view.hosts) else ""
    left = Row.of(
        (f" {measure.title}", HEADING),
        (f"  {shown:,} hosts, {order}", MUTED),
        (f"   {silent:,} silent{hidden}" if silent else "", ALERT),
    )
    steps = [
        (str(level) if digits else glyphs.SERIES, scale_ink((level + 0.5) / _LEVELS))
        for level in range(_LEVELS)
    ]
    right = Row.join([("0 ", MUTED), *steps, (f" {measure.written(grid.top)} ", MUTED)])
    return spread(left, right, viewport.width)


def _footing(host: Host, part: str, viewport: Viewport[HostsLook]) -> Row:
    """The host under the cursor in words."""
    width = viewport.width
    name = (f"{glyphs.ARROW_RIGHT} {clip(host.name, max(8, width // 3))}  ", HEADING)
    if host.silent(viewport.now):
        told = Row.of((f"silent for {roughly(viewport.now - host.newest.time)}", ALERT))
    else:
        words: list[Run] = []
        for each in GAUGES:
            value = each.told(host.stats)
            if value is not None:
                words += [(f"{each.name} ", MUTED), (f"{each.written(value)}  ", TEXT)]
        told = Row.join(words)
    if width < _ROOM_FOR_HINTS:
        return (Row.of(name) + told).fit(width)
    keys = Row.of((f"  {part}" if part else "", MUTED), (f"  {viewport.keys('Enter')}  all of it ", FAINT))
    return spread(Row.of(name) + told, keys, width)


def host_at(view: Hosts, viewport: Viewport[HostsLook], column: int, row: int) -> str | None:
    """The name of the host whose cell this place of the picture is in."""
    hosts = ordered(view, viewport)
    cells = cells_for(tuple(host.name for host in hosts), viewport.width, viewport.height)
    line = (row - 1) // cells.height
    if not 0 <= line < cells.fitting or row < 1 or column // cells.width >= cells.columns:
        return None
    first = min(viewport.look.scroll, cells.scrollable)
    place = (first + line) * cells.columns + column // cells.width
    return hosts[place].name if place < len(hosts) else None
