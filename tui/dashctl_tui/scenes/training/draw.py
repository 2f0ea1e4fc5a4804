"""The Training scene's picture.

Rules: a chart that has not changed is not drawn again; the chosen chart is marked by more than colour; what
is not shown is counted.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, beside, fit
from dashctl_tui.plots.chart import Chart
from dashctl_tui.plots.curve import Curve, chart_of, draw_curves, letters_of
from dashctl_tui.plots.legend import Key, flow_legend
from dashctl_tui.plots.palette import ACCENT, HEADING, MUTED, TEXT
from dashctl_tui.plots.table import Column, draw_table
from dashctl_tui.plots.text import clip, inert
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS, panel, seen, spread
from dashctl_tui.scenes.memo import Memo
from dashctl_tui.scenes.prose import notice
from dashctl_tui.scenes.run_views import run_line, step_line
from dashctl_tui.scenes.training.arrangement import Place, places
from dashctl_tui.scenes.training.curves import curves_of, run_ink
from dashctl_tui.scenes.training.look import AXIS_WORDS, TrainingLook
from dashctl_tui.scenes.training.readings import Reading, readings
from dashctl_tui.scenes.training.view import ChartView, Training
from dashctl_tui.scenes.viewport import Picture, Viewport

EMPTY: Final = "No metric was logged yet"
REMEDY: Final = (
    "`dashctl train detector` logs its losses; in a program of your own it takes "
    "`with dashctl.Run('mnist') as run: run.log(step, loss=loss)`."
)
_TABLE_WIDTH = 46
_COMPARED_WIDTH = 60
"""Of a table that has differences from a baseline, too."""
_CELLS_FOR_TABLE = 110
_LEAST_PLANE = 8
"""Rows that a chart keeps above the table of its curves."""
_DRAWN: Final[Memo[list[Row]]] = Memo(128)


def draw(view: Training, viewport: Viewport[TrainingLook]) -> Picture:
    """The charts, and above them what goes on."""
    width, height = viewport.width, viewport.height
    above = _above(view, viewport)
    room = max(0, height - len(above))
    if not view.charts:
        return Picture(fit([*above, *notice(EMPTY, REMEDY, width, room)], width, height))
    if view.opened:
        return Picture(fit([*above, *_large(view, viewport, room)], width, height), view.grid.scrollable)
    rows: list[Row] = []
    lines: dict[int, list[list[Row]]] = {}
    for place in places_in(view, viewport):
        lines.setdefault(place.row, []).append(_small(view, place, viewport))
    for blocks in lines.values():
        rows += beside(*blocks, gap=1)
    part = seen(view.grid.seen.start, len(view.charts), len(view.titles))
    if part and rows:
        rows[-1] = rows[-1].overlay(width - len(part) - 4, Row.of((f" {part} ", MUTED)))
    return Picture(fit([*above, *rows], width, height), view.grid.scrollable)


def places_in(view: Training, viewport: Viewport[TrainingLook]) -> list[Place]:
    """Where the charts on the screen stand, with their frames."""
    if view.opened:
        width, height = _plane_size(view, viewport)
        return [Place(0, 0, view.above, width, height)]
    columns = max(1, view.grid.columns)
    return list(places(len(view.charts), columns, viewport.width, viewport.height, view.above))


def chart_at(view: Training, place: Place, viewport: Viewport[TrainingLook], look: TrainingLook) -> Chart:
    """The plane and axes of a chart on the screen, looked at so."""
    width = max(1, place.width - PANEL_COLUMNS)
    height = max(1, place.height - PANEL_ROWS)
    curves = _named(view.charts[place.chart], view, look)[0]
    return chart_of(curves, width, height, look.style(legend=not _has_table(view)))


def _above(view: Training, viewport: Viewport[TrainingLook]) -> list[Row]:
    width = viewport.width - 2
    settings = _settings(view, viewport.look)
    if view.run is None:
        count = f"{len(view.titles):,} {'chart' if len(view.titles) == 1 else 'charts'}"
        heading = spread(Row.of((count, MUTED)), settings, width)
    else:
        room = settings.width + 3 if settings.width and settings.width + 30 <= width else 0
        heading = run_line(view.run, viewport.now, max(1, width - room))
        heading = heading + Row.blank(3) + settings if room else heading
    names = max((len(inert(step.progress.name)) for step in view.steps), default=0) + 2
    rows = [heading, *(step_line(step, width, min(names, viewport.width // 3)) for step in view.steps)]
    if view.keys and not view.opened:
        rows += fit(_keys(view, width), width, view.keys)
    return [Row.of(" ") + row for row in rows]


def _keys(view: Training, width: int) -> list[Row]:
    """Which letter and colour each run has in all charts."""
    keys = [
        Key(
            name.label,
            run_ink(run, view)._replace(bold=True),
            name.letter,
            "baseline" if run == view.baseline else "",
        )
        for run, name in view.runs.items()
    ]
    return flow_legend(keys, width, view.keys)


def _settings(view: Training, look: TrainingLook) -> Row:
    """What is looked at in another way than at first."""
    words = [f"x {AXIS_WORDS[look.axis]}"] if look.axis != "step" else []
    words += ["log scale"] if look.log_y else []
    words += [f"smoothed over {look.smoothing * 100:g} %"] if look.smoothing else []
    words += ["typical range"] if look.typical else []
    words += ["zoomed"] if look.window is not None else []
    if view.baseline:
        known = view.runs.get(view.baseline)
        words.append(f"against {clip(known.label if known else view.baseline, 24)}")
    return Row.of((f" {glyphs.SEPARATOR} ".join(words), ACCENT))


def _heading(view: Training, chart: ChartView, look: TrainingLook) -> tuple[str, Ink]:
    chosen = len(view.titles) > 1 and not view.opened and view.titles[view.chosen(look.chart)] == chart.title
    return (
        (f"{glyphs.ARROW_RIGHT} {chart.title}", ACCENT._replace(bold=True))
        if chosen
        else (chart.title, HEADING)
    )


def _named(chart: ChartView, view: Training, look: TrainingLook) -> tuple[list[Curve], list[Reading]]:
    """The curves with what they read beside their names."""
    curves = curves_of(chart, view, look.axis)
    read = readings(chart.lines, curves, look, view.baseline if view.several else "")
    noted = [
        replace(curve, note=f"{reading.text} {reading.share}".rstrip())
        for curve, reading in zip(curves, read, strict=True)
    ]
    return noted, read


def _small(view: Training, place: Place, viewport: Viewport[TrainingLook]) -> list[Row]:
    chart, look = view.charts[place.chart], viewport.look
    title, ink = _heading(view, chart, look)
    source = (
        title,
        [line.stamp for line in chart.lines],
        (place.width, place.height, chart.hidden, view.several, view.baseline, view.marked),
        [view.runs[run].letter for run in chart.runs],
        look.style(legend=True),
        look.axis,
    )

    def content(inner: int, rows: int) -> list[Row]:
        return draw_curves(_named(chart, view, look)[0], inner, rows, look.style(legend=True))

    note = _more(chart.hidden)
    return _DRAWN.get(
        chart.title,
        source,
        lambda: panel(title, content, place.width, place.height, note=note, heading=ink),
    )


def _more(hidden: int) -> str:
    return f"+{hidden:,} {'run' if hidden == 1 else 'runs'}" if hidden else ""


def _has_table(view: Training) -> bool:
    """Whether curves stand in a table beside the chart, and not in a legend in it."""
    return view.opened and len(view.charts[0].lines) > 1


def _plane_size(view: Training, viewport: Viewport[TrainingLook]) -> tuple[int, int]:
    """Of the large chart's frame: its curves stand in a table at its right, or below it."""
    width, height = viewport.width, max(0, viewport.height - view.above)
    if not _has_table(view):
        return width, height
    if width >= _CELLS_FOR_TABLE:
        return width - _table_width(view, width) - 1, height
    wanted = len(view.charts[0].lines) + 1 + PANEL_ROWS
    return width, max(min(height, _LEAST_PLANE + PANEL_ROWS), height - wanted, height - height // 3)


def _table_width(view: Training, width: int) -> int:
    compared = view.baseline in view.charts[0].runs
    return min(_COMPARED_WIDTH, width // 2) if compared else _TABLE_WIDTH


def _large(view: Training, viewport: Viewport[TrainingLook], room: int) -> list[Row]:
    chart, look = view.charts[0], viewport.look
    curves, read = _named(chart, view, look)
    style = look.style(legend=not _has_table(view))
    (place,) = places_in(view, viewport)
    title = chart.title
    if len(view.titles) > 1:
        title += f"  {view.chosen(chart.title) + 1} of {len(view.titles):,}"
    note = _more(chart.hidden)

    def content(inner: int, rows: int) -> list[Row]:
        return draw_curves(curves, inner, rows, style)

    plane = panel(title, content, place.width, place.height, note="" if _has_table(view) else note)
    if not _has_table(view):
        return plane

    def table(inner: int, rows: int) -> list[Row]:
        return _table(view, curves, read, inner, rows)

    here = "newest"
    if look.crosshair is not None:
        here = f"{AXIS_WORDS[look.axis]} {chart_at(view, place, viewport, look).x.label(look.crosshair)}"
    if place.width < viewport.width:
        return beside(plane, panel(here, table, viewport.width - place.width - 1, room, note=note), gap=1)
    below = room - place.height
    return [*plane, *(panel(here, table, viewport.width, below, note=note) if below > 0 else [])]


def _table(
    view: Training, curves: Sequence[Curve], read: Sequence[Reading], width: int, height: int
) -> list[Row]:
    lines = view.charts[0].lines
    compared = any(reading.difference is not None for reading in read)
    parted = view.several and any(line.part for line in lines)
    columns = [Column(""), Column("run" if view.several else "curve")]
    columns += [*([Column("")] if parted else []), Column("value", "right")]
    columns += [Column("against", "right"), Column("", "right")] if compared else []
    rows = []
    for line, curve, reading, letter in zip(lines, curves, read, letters_of(curves), strict=True):
        ink = (curve.ink or TEXT)._replace(bold=True)
        name = view.runs[line.run].label if view.several else curve.name
        cells = [(letter, ink), (name, TEXT)]
        cells += [(line.part, MUTED)] if parted else []
        cells.append((reading.text or "-", TEXT))
        cells += [(reading.change, MUTED), (reading.share, MUTED)] if compared else []
        rows.append(cells)
    return draw_table(columns, rows, width, height)
