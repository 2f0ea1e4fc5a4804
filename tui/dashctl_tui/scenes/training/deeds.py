"""What keys and the mouse do in the Training scene.

Rules: window and crosshair belong to all charts; a window never leaves what was measured; Esc gives up the
crosshair first, then the window, then the large chart.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from dashctl_tui.plots.chart import Chart
from dashctl_tui.plots.curve import Window
from dashctl_tui.scenes.acts import WHEEL_ROWS, Act, At, Gesture, Say, SceneAction, Taken
from dashctl_tui.scenes.layout import PANEL_COLUMNS
from dashctl_tui.scenes.training.arrangement import Place
from dashctl_tui.scenes.training.curves import curves_of
from dashctl_tui.scenes.training.draw import chart_at, places_in
from dashctl_tui.scenes.training.look import AXES, SMOOTHINGS, TrainingLook
from dashctl_tui.scenes.training.view import Training

Here = At[Training, TrainingLook]
_ZOOM = 1.6
_PAN = 0.25
_NARROWEST: Final[Mapping[str, float]] = {"step": 2.0, "relative": 0.01, "time": 0.01}
"""The shortest window of each axis."""
_MARGIN = PANEL_COLUMNS // 2


def _log_scale(at: Here) -> TrainingLook:
    return replace(at.look, log_y=not at.look.log_y)


def _smoother(at: Here) -> TrainingLook:
    """The next stronger smoothing, and none after the strongest."""
    stronger = [share for share in SMOOTHINGS if share > at.look.smoothing]
    return replace(at.look, smoothing=stronger[0] if stronger else 0.0)


def _typical(at: Here) -> TrainingLook:
    return replace(at.look, typical=not at.look.typical)


def _next_axis(at: Here) -> TrainingLook:
    """What is chosen on one axis means nothing on another."""
    after = (AXES.index(at.look.axis) + 1) % len(AXES)
    return replace(at.look, axis=AXES[after], window=None, crosshair=None)


def _pin(at: Here) -> "TrainingLook | Taken":
    """The next run of the chosen chart becomes the baseline, and none does after the last."""
    place = _chosen_place(at)
    if at.view is None or place is None:
        return at.look
    shared = at.viewport.shared
    runs = sorted(at.view.charts[place.chart].runs)
    later = [run for run in runs if run > shared.baseline]
    baseline = later[0] if later else ""
    words = f"compared with {baseline}" if baseline else "compared with no run"
    return Taken(shared=replace(shared, baseline=baseline), effects=(Say(words),))


# Which chart


def _chosen_place(at: Here) -> Place | None:
    """Where the chosen chart stands, or the first one on the screen."""
    if at.view is None or not at.view.charts:
        return None
    there = places_in(at.view, at.viewport)
    if at.view.opened:
        return there[0]
    chosen = at.view.chosen(at.look.chart) - at.view.grid.seen.start
    return there[chosen] if 0 <= chosen < len(there) else there[0]


def _choosing(by: Callable[[Training], int]) -> Act:
    """Choose a chart so many further on, and scroll there."""

    def act(at: Here) -> TrainingLook:
        view = at.view
        if view is None or not view.titles:
            return at.look
        step = by(view)
        if view.opened and abs(step) < len(view.titles):
            step = max(-1, min(1, step))
        index = max(0, min(len(view.titles) - 1, view.chosen(at.look.chart) + step))
        return replace(at.look, chart=view.titles[index], scroll=_scroll_to(view, at.look.scroll, index))

    return act


def _scroll_to(view: Training, scroll: int, index: int) -> int:
    line = index // max(1, view.grid.columns)
    return min(max(scroll, line - view.grid.fitting + 1), line, view.grid.scrollable)


def _page(view: Training) -> int:
    return view.grid.columns * view.grid.fitting


def _open(at: Here) -> TrainingLook:
    if at.view is None or not at.view.titles:
        return at.look
    return replace(at.look, opened=True, chart=at.view.titles[at.view.chosen(at.look.chart)])


def _back(at: Here) -> TrainingLook:
    look = at.look
    if look.crosshair is not None:
        return replace(look, crosshair=None)
    if look.window is not None:
        return replace(look, window=None)
    if look.opened and at.view is not None:
        index = at.view.chosen(look.chart)
        return replace(look, opened=False, scroll=_scroll_to(at.view, look.scroll, index))
    return replace(look, opened=False)


# Where on the axis


def _whole(at: Here, view: Training, place: Place) -> Window:
    """From the first to the last place at which a chart has anything."""
    x = chart_at(view, place, at.viewport, replace(at.look, window=None)).x
    return x.low, x.high


def _moved(way: int) -> Act:
    """The crosshair a cell on, or to the next point where that is farther; a window goes along."""

    def act(at: Here) -> TrainingLook:
        place = _chosen_place(at)
        if at.view is None or place is None:
            return at.look
        chart = chart_at(at.view, place, at.viewport, at.look)
        here = at.look.crosshair
        column = None if here is None else chart.column_at(here)
        if here is None or column is None:
            return replace(at.look, crosshair=chart.x.high if way < 0 else chart.x.low)
        there = _next_point(at, at.view, place, here, way)
        cell = chart.x_at(column + way)
        if there is not None:
            cell = max(cell, there) if way > 0 else min(cell, there)
        return _pointing(at, at.view, place, chart, cell)

    return act


def _next_point(at: Here, view: Training, place: Place, here: float, way: int) -> float | None:
    curves = curves_of(view.charts[place.chart], view, at.look.axis)
    ahead = [curve.x[curve.x > here] if way > 0 else curve.x[curve.x < here] for curve in curves]
    ends = [float(each.min() if way > 0 else each.max()) for each in ahead if each.size]
    if not ends:
        return None
    return min(ends) if way > 0 else max(ends)


def _pointing(at: Here, view: Training, place: Place, chart: Chart, x: float) -> TrainingLook:
    """The crosshair there; where that is beyond a window, with the window moved on."""
    low, high = _whole(at, view, place)
    x = max(low, min(high, x))
    look = replace(at.look, crosshair=x)
    if look.window is None or chart.x.low <= x <= chart.x.high:
        return look
    size = chart.x.high - chart.x.low
    return replace(
        look, window=_shifted(look.window, size * _PAN * (1 if x > chart.x.high else -1), (low, high))
    )


def _shifted(window: Window, by: float, whole: Window) -> Window:
    by = max(min(by, whole[1] - window[1]), whole[0] - window[0])
    return window[0] + by, window[1] + by


def _panned(way: int) -> Act:
    def act(at: Here) -> TrainingLook:
        place, window = _chosen_place(at), at.look.window
        if at.view is None or place is None or window is None:
            return at.look
        by = (window[1] - window[0]) * _PAN * way
        return replace(at.look, window=_shifted(window, by, _whole(at, at.view, place)))

    return act


def _zoomed(steps: int) -> Act:
    def act(at: Here) -> TrainingLook:
        place = _chosen_place(at)
        if at.view is None or place is None:
            return at.look
        return _zoom(at, at.view, place, steps, at.look.crosshair)

    return act


def _zoom(at: Here, view: Training, place: Place, steps: int, around: float | None) -> TrainingLook:
    """Nearer or farther around a place of the window, which stays where it is; else around its middle."""
    whole = _whole(at, view, place)
    low, high = at.look.window or whole
    if around is None or not low <= around <= high:
        around = low / 2 + high / 2
    factor = _ZOOM**-steps
    if steps > 0 and (high - low) * factor < _NARROWEST[at.look.axis]:
        return at.look
    low, high = around - (around - low) * factor, around + (high - around) * factor
    low, high = max(low, whole[0]), min(high, whole[1])
    if not low < high or (low, high) == whole:
        return replace(at.look, window=None)
    return replace(at.look, window=(low, high))


# The mouse


def mouse(at: Here, gesture: Gesture) -> TrainingLook:
    """A click chooses a chart and a place, a drag moves along the axis, with shift the window; the wheel
    scrolls, or zooms with shift and in the large chart."""
    if at.view is None or not at.view.charts:
        return at.look
    touched = _touched(at, at.view, gesture)
    if gesture.kind == "wheel":
        if not at.view.opened and not gesture.shift:
            scroll = at.look.scroll + gesture.steps * (1 if at.view.grid.fitting < WHEEL_ROWS else 2)
            return replace(at.look, scroll=max(0, min(at.view.grid.scrollable, scroll)))
        return at.look if touched is None else _zoom(at, at.view, touched[0], -gesture.steps, touched[2])
    if touched is None or gesture.kind == "release":
        return at.look
    place, chart, x = touched
    if gesture.kind == "drag" and gesture.shift and at.look.window is not None:
        by = -gesture.across * (chart.x.high - chart.x.low) / chart.width
        return replace(at.look, window=_shifted(at.look.window, by, _whole(at, at.view, place)))
    return replace(at.look, chart=at.view.charts[place.chart].title, crosshair=x)


def _touched(at: Here, view: Training, gesture: Gesture) -> tuple[Place, Chart, float] | None:
    """The chart under the mouse, its axes, and the place on the x axis."""
    for place in places_in(view, at.viewport):
        if place.holds(gesture.column, gesture.row):
            chart = chart_at(view, place, at.viewport, at.look)
            return place, chart, chart.x_at(gesture.column - place.column - _MARGIN - chart.gutter)
    return None


ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "up": _choosing(lambda view: -view.grid.columns),
        "down": _choosing(lambda view: view.grid.columns),
        "left": _moved(-1),
        "right": _moved(1),
        "page_up": _choosing(lambda view: -_page(view)),
        "page_down": _choosing(_page),
        "top": _choosing(lambda view: -len(view.titles)),
        "bottom": _choosing(lambda view: len(view.titles)),
        "zoom_in": _zoomed(1),
        "zoom_out": _zoomed(-1),
        "open": _open,
        "back": _back,
    }
)
ACTIONS: Final = (
    SceneAction("log_scale", "y", "y", "Log scale", "Logarithmic values or not", _log_scale),
    SceneAction("smooth", "m", "m", "Smoothing", "Smooth more, or not at all", _smoother),
    SceneAction("typical", "o", "o", "Outliers", "Give them room, or mark them at the edge", _typical),
    SceneAction("axis", "x", "x", "X axis", "Steps, time since start, or time", _next_axis),
    SceneAction("baseline", "b", "b", "Baseline", "Compare with the next run, or none", _pin),
    SceneAction("next_chart", "n", "n", "Next chart", "Choose the next chart", _choosing(lambda view: 1)),
    SceneAction(
        "former_chart", "N", "N", "Former chart", "Choose the one before", _choosing(lambda view: -1)
    ),
    SceneAction(
        "pan_left", "shift+left,left_curly_bracket", "{", "Pan left", "A quarter back, zoomed in", _panned(-1)
    ),
    SceneAction(
        "pan_right",
        "shift+right,right_curly_bracket",
        "}",
        "Pan right",
        "A quarter on, zoomed in",
        _panned(1),
    ),
)
