"""Perf: what a model costs against how right it is.

Rule: every dot is named, and what the chart shows stands in numbers beside it or below.
"""

from dashctl.events import ModelPerf
from dashctl.state import State
from dashctl_tui.plots.canvas import Row, Run, beside, fit
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import model_ink
from dashctl_tui.plots.scatter import Dot, draw_scatter
from dashctl_tui.plots.table import Column, draw_table
from dashctl_tui.plots.text import clip
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS, panel, seen
from dashctl_tui.scenes.scene import Picture, Scene, Scrolled, Table, Viewport

_TABLE = 44
_NAME = 20
_AROUND = PANEL_ROWS + 1
"""Rows of the table that are no model: frame and heading."""
_COLUMNS = (Column("model"), Column("µs / window", "right"), Column("accuracy", "right"))

Perfs = tuple[ModelPerf, ...]


def _select(state: State, viewport: Viewport[Scrolled]) -> Perfs | None:
    found = [item.event for item in state.latest(ModelPerf).values() if viewport.shows(item.event.model)]
    return tuple(sorted(found, key=lambda perf: (perf.latency_us, perf.model))) or None


def _draw(view: Perfs, viewport: Viewport[Scrolled]) -> Picture:
    width, height = viewport.width, viewport.height
    if viewport.narrow:
        below = min(len(view) + _AROUND, height // 3)
        fitting = max(0, below - _AROUND)
    else:
        below = min(len(view) + _AROUND, height)
        fitting = max(1, height - _AROUND)
    scrollable = max(0, len(view) - fitting)
    first = min(viewport.look.scroll, scrollable)
    shown = view[first : first + fitting]
    part = seen(first, len(shown), len(view))
    if viewport.narrow:
        rows = [*_chart(view, width, height - below), *_table(shown, width, below, part)]
        return Picture(fit(rows, width, height), scrollable)
    rows = beside(_chart(view, width - _TABLE - 1, height), _table(shown, _TABLE, below, part), gap=1)
    return Picture(rows, scrollable)


def _chart(view: Perfs, width: int, height: int) -> list[Row]:
    dots = [
        Dot(clip(perf.model, _NAME), perf.latency_us, perf.accuracy, model_ink(perf.model)) for perf in view
    ]

    def content(inner: int, rows: int) -> list[Row]:
        return draw_scatter(dots, inner, rows, x_label="µs per window", y_label="accuracy")

    return panel("Accuracy against latency", content, width, height)


def _table(shown: Perfs, width: int, height: int, part: str) -> list[Row]:
    cells: list[list[str | Run]] = [
        [(clip(perf.model, _NAME), model_ink(perf.model)), compact(perf.latency_us), f"{perf.accuracy:.3f}"]
        for perf in shown
    ]

    def content(inner: int, rows: int) -> list[Row]:
        return draw_table(_COLUMNS, cells, min(inner, _TABLE - PANEL_COLUMNS), rows)

    return panel("Fastest first", content, width, height, note=part)


def _rows(view: Perfs, viewport: Viewport[Scrolled]) -> Table:
    return [
        ("model", "microseconds_per_window", "accuracy"),
        *((perf.model, perf.latency_us, perf.accuracy) for perf in view),
    ]


SCENE = Scene(
    name="perf",
    title="Perf",
    key="P",
    draws=(ModelPerf,),
    select=_select,
    draw=_draw,
    empty="No model was timed yet",
    remedy=(
        "`dashctl train detector` measures how long each model takes for a window; `dashctl publish "
        "model_perf model=lstm latency_us=812 accuracy=0.93` adds one by hand."
    ),
    table=_rows,
)
