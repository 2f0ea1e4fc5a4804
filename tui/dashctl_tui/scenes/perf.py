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
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS, panel
from dashctl_tui.scenes.scene import Picture, Scene, Viewport

_TABLE = 44
_COLUMNS = (Column("model"), Column("µs / window", "right"), Column("accuracy", "right"))

Perfs = tuple[ModelPerf, ...]


def _select(state: State, viewport: Viewport) -> Perfs | None:
    found = [item.event for item in state.latest(ModelPerf).values() if viewport.shows(item.event.model)]
    return tuple(sorted(found, key=lambda perf: (perf.latency_us, perf.model))) or None


def _draw(view: Perfs, viewport: Viewport) -> Picture:
    width, height = viewport.width, viewport.height
    if viewport.narrow:
        below = min(len(view) + 1 + PANEL_ROWS, height // 3)
        rows = [*_chart(view, width, height - below), *_table(view, width, below, viewport)]
        return Picture(fit(rows, width, height), max(0, len(view) - (below - PANEL_ROWS - 1)))
    rows = beside(_chart(view, width - _TABLE - 1, height), _table(view, _TABLE, height, viewport), gap=1)
    return Picture(rows, max(0, len(view) - (height - PANEL_ROWS - 1)))


def _chart(view: Perfs, width: int, height: int) -> list[Row]:
    dots = [Dot(perf.model, perf.latency_us, perf.accuracy, model_ink(perf.model)) for perf in view]

    def content(inner: int, rows: int) -> list[Row]:
        return draw_scatter(dots, inner, rows, x_label="µs per window", y_label="accuracy")

    return panel("Accuracy against latency", content, width, height)


def _table(view: Perfs, width: int, height: int, viewport: Viewport) -> list[Row]:
    first = min(viewport.scroll, max(0, len(view) - (height - PANEL_ROWS - 1)))
    cells: list[list[str | Run]] = [
        [(perf.model, model_ink(perf.model)), compact(perf.latency_us), f"{perf.accuracy:.3f}"]
        for perf in view[first:]
    ]
    return panel(
        "Fastest first",
        lambda w, h: draw_table(_COLUMNS, cells, min(w, _TABLE - PANEL_COLUMNS), h),
        width,
        height,
    )


SCENE = Scene(
    name="perf",
    title="Perf",
    draws=(ModelPerf,),
    select=_select,
    draw=_draw,
    empty="No model was timed yet",
    remedy=(
        "`dashctl train detector` measures how long each model takes for a window; `dashctl publish "
        "model_perf model=lstm latency_us=812 accuracy=0.93` adds one by hand."
    ),
)
