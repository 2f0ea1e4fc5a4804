"""Curves of a run: lines on braille with axes and a legend.

Rules: nothing is clipped or dropped: an envelope shows the extremes between points, and what is not finite is
marked at its place and counted in the legend; where steps go back, because a run began again, the
line ends and another begins; smoothing lies over the raw curve, never instead of it; several
curves carry a letter at their right end, so that they can be told apart without colour; a crosshair never
covers a curve.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, Run, fit
from dashctl_tui.plots.chart import Chart
from dashctl_tui.plots.curve_layers import Prepared, layers
from dashctl_tui.plots.grid import DOTS_DOWN, braille_bits, grid_rows
from dashctl_tui.plots.legend import Key, flow_legend
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ALERT, FAINTER, MUTED, cluster_ink, name_ink
from dashctl_tui.plots.scale import Scale, Unit
from dashctl_tui.plots.series import Curve, Mark, MarkKind

__all__ = ["Curve", "CurveStyle", "Mark", "MarkKind", "chart_of", "draw_curves", "letters_of"]

Window = tuple[float, float]
_TYPICAL: Final = (0.02, 0.98)
"""Quantiles of all points, between which most lie."""
_MARGIN = 0.05
_FEW = 64
"""Points from which on a curve is taken to be more than a lone one."""
_MARKS: Final[Mapping[str, tuple[str, str, bool]]] = MappingProxyType(
    {
        "nan": (glyphs.NOT_A_NUMBER, "NaN", False),
        "+inf": (glyphs.PLUS_INFINITY, "+Inf", True),
        "-inf": (glyphs.MINUS_INFINITY, "-Inf", False),
        "below": (glyphs.MINUS_INFINITY, "≤ 0", False),
        "beyond the top": (glyphs.PLUS_INFINITY, "", True),
        "beyond the bottom": (glyphs.MINUS_INFINITY, "", False),
    }
)


@dataclass(frozen=True, slots=True)
class CurveStyle:
    """How curves are drawn.

    log_y: powers of ten; values that are not above 0 are marked at the bottom and counted.
    smoothing: share of the visible x axis after which a value weighs 1/e in a moving average, which is drawn
    over the raw curve, dimmed then; 0 for none. window: the ends of the x axis, None for all there is.
    crosshair: a place on the x axis that is marked. x_unit: what x is. legend: whether names stand above.
    typical: whether the y axis is of what most points are; what lies beyond is marked at its edge.
    """

    log_y: bool = False
    smoothing: float = 0.0
    x_label: str = "step"
    window: Window | None = None
    crosshair: float | None = None
    x_unit: Unit = "number"
    legend: bool = True
    typical: bool = False


_PLAINLY: Final = CurveStyle()


@dataclass(frozen=True, slots=True)
class _LaidOut:
    """What is drawn where: the visible part of each curve, the rows above, the plane and its axes."""

    prepared: Sequence[Prepared]
    legend: Sequence[Row]
    chart: Chart
    margin: int


def draw_curves(curves: Sequence[Curve], width: int, height: int, style: CurveStyle = _PLAINLY) -> list[Row]:
    """The curves in one chart with a legend above it; the first one lies in front."""
    laid = _lay_out(curves, width, height, style)
    plane = _plane(laid.prepared, laid.chart, style.crosshair)
    rows = laid.chart.framed(plane, style.x_label, style.crosshair)
    if laid.margin:
        rows = _with_letters(rows, laid.prepared, laid.chart)
    return fit([*laid.legend, *rows], width, height)


def chart_of(curves: Sequence[Curve], width: int, height: int, style: CurveStyle = _PLAINLY) -> Chart:
    """The plane and axes that `draw_curves` draws with."""
    return _lay_out(curves, width, height, style).chart


def letters_of(curves: Sequence[Curve]) -> list[str]:
    """The letter that each of several curves carries."""
    letters = [curve.letter for curve in curves if curve.letter is not None]
    found = []
    for curve in curves:
        letter = curve.letter
        if letter is None:
            letter = _free_letter(curve.name, letters)
            letters.append(letter)
        found.append(letter)
    return found


def _lay_out(curves: Sequence[Curve], width: int, height: int, style: CurveStyle) -> _LaidOut:
    prepared = _prepared(curves, style.log_y)
    legend = _legend(prepared, width, height) if style.legend else []
    margin = 2 if len(prepared) > 1 and width >= 16 else 0
    x = _x_scale(prepared, style)
    seen = [_visible(one, x, style) for one in prepared]
    y = _typical_y_scale(seen, style.log_y) if style.typical else _y_scale(seen, style.log_y)
    if style.typical:
        seen = [replace(one, marks=(*one.marks, *_beyond(one.curve, y))) for one in seen]
    chart = Chart.within(x, y, width - margin, max(1, height - len(legend)))
    return _LaidOut(seen, legend, chart, margin)


def _visible(one: Prepared, x: Scale, style: CurveStyle) -> Prepared:
    """What the x axis has of a curve, smoothed before it is cut off."""
    curve, smooth = one.curve, None
    if style.smoothing > 0:
        smooth = curve.smooth(style.smoothing * (x.high - x.low), x.low)
    if style.window is None:
        return replace(one, smooth=smooth)
    if smooth is not None:
        smooth = replace(curve, y=smooth).within(x.low, x.high).y
    marks = tuple((at, kind) for at, kind in one.marks if x.low <= at <= x.high)
    return replace(one, curve=curve.within(x.low, x.high), marks=marks, smooth=smooth)


def _prepared(curves: Sequence[Curve], log_y: bool) -> list[Prepared]:
    inks: list[Ink] = []
    for curve in curves:
        inks.append(curve.ink or _free_ink(curve.name, inks))
    letters = letters_of(curves)
    return [
        Prepared(curve, ink, letter, _all_marks(curve, log_y))
        for curve, ink, letter in zip(curves, inks, letters, strict=True)
    ]


def _free_ink(name: str, taken: Sequence[Ink]) -> Ink:
    candidates = [name_ink(name), *(cluster_ink(index) for index in range(12))]
    return next((ink for ink in candidates if ink not in taken), candidates[0])


def _free_letter(name: str, taken: Sequence[str]) -> str:
    # The last part of a path tells curves apart: train/loss and train/accuracy become l and a.
    parts = [part for part in name.split("/") if part]
    own = "".join([part[0] for part in reversed(parts)]) + name
    candidates = [letter for letter in own if letter.isascii() and letter.isalnum()]
    spare = "abcdefghijklmnopqrstuvwxyz0123456789"
    return next((letter for letter in [*candidates, *spare] if letter not in taken), glyphs.UNKNOWN)


def _all_marks(curve: Curve, log_y: bool) -> tuple[tuple[float, str], ...]:
    found = [(mark.x, str(mark.kind)) for mark in curve.marks]
    odd = ~np.isfinite(curve.y)
    for x, y in zip(curve.x[odd].tolist(), curve.y[odd].tolist(), strict=True):
        found.append((x, "+inf" if y == inf else "-inf" if y == -inf else "nan"))
    if log_y:
        below = np.isfinite(curve.y) & ((curve.y if curve.low is None else curve.low) <= 0)
        found += [(x, "below") for x in curve.x[below].tolist()]
    return tuple(found)


def _legend(prepared: Sequence[Prepared], width: int, height: int) -> list[Row]:
    several = len(prepared) > 1
    keys = [
        Key(
            one.curve.name,
            Ink(one.ink.colour, bold=True),
            one.letter if several else glyphs.SERIES,
            _last_value(one.curve) if one.curve.note is None else one.curve.note,
            _mark_counts(one),
        )
        for one in prepared
    ]
    return flow_legend(keys, width, 0 if height < 3 else max(1, min(3, height // 5)))


def _last_value(curve: Curve) -> str:
    if curve.last is not None:
        return compact(curve.last)
    finite = curve.y[np.isfinite(curve.y)]
    return compact(float(finite[-1])) if finite.size else ""


def _mark_counts(one: Prepared) -> str:
    """`2 NaN · 1 +Inf`; a point that stands for several values is no count of any kind of them."""
    kinds = [kind for _, kind in one.marks]
    labels = [(kind, label) for kind, (_, label, _) in _MARKS.items() if kind in kinds]
    if one.curve.not_finite is None:
        counts = [f"{kinds.count(kind):,} {label}" for kind, label in labels]
    else:
        odd = [label for kind, label in labels if kind != "below"]
        counts = [f"{one.curve.not_finite:,} {odd[0] if len(odd) == 1 else 'not finite'}"] if odd else []
        counts += [f"some {label}" for kind, label in labels if kind == "below"]
    return f" {glyphs.SEPARATOR} ".join(counts)


def _x_scale(prepared: Sequence[Prepared], style: CurveStyle) -> Scale:
    if style.window is not None:
        return Scale.around(style.window, unit=style.x_unit)
    xs = [one.curve.x for one in prepared] + [np.array([x for x, _ in one.marks]) for one in prepared]
    values = np.concatenate(xs) if xs else np.empty(0)
    finite = values[np.isfinite(values)]
    return Scale.around([finite.min(), finite.max()] if finite.size else [], unit=style.x_unit)


def _y_scale(prepared: Sequence[Prepared], log_y: bool) -> Scale:
    bounds = [(one.curve.y, one.curve.low, one.curve.high, one.smooth) for one in prepared]
    values = [part for parts in bounds for part in parts if part is not None]
    return Scale.around(np.concatenate(values) if values else [], log_y)


def _typical_y_scale(prepared: Sequence[Prepared], log_y: bool) -> Scale:
    points = [one.curve.y for one in prepared]
    values = np.concatenate(points) if points else np.empty(0)
    values = values[np.isfinite(values) & ((values > 0) if log_y else True)]
    return Scale.around(np.quantile(values, _TYPICAL) if values.size else [], log_y).widened(_MARGIN)


def _beyond(curve: Curve, y: Scale) -> list[tuple[float, str]]:
    """Where a curve leaves the y axis."""
    high = curve.y if curve.high is None else curve.high
    low = curve.y if curve.low is None else curve.low
    above = np.isfinite(high) & (high > y.high)
    below = np.isfinite(low) & (low < y.low) & ((low > 0) if y.log else True)
    marks = [(x, "beyond the top") for x in curve.x[above].tolist()]
    return marks + [(x, "beyond the bottom") for x in curve.x[below].tolist()]


def _plane(prepared: Sequence[Prepared], chart: Chart, crosshair: float | None) -> list[Row]:
    bits = np.zeros((chart.height, chart.width), dtype=np.uint8)
    ink = np.zeros((chart.height, chart.width), dtype=np.int16)
    inks = [FAINTER]
    for layer, colour in layers(prepared, chart):
        ink[layer != 0] = len(inks)
        bits |= layer
        inks.append(colour)
    if len(inks) == 1 and not any(one.marks for one in prepared):
        return _no_data(chart)
    rows = grid_rows(np.where(bits == 0, braille_bits(chart.grid_lines()), bits), ink, inks)
    if crosshair is not None:
        rows = _with_crosshair(rows, chart.column_at(crosshair), bits)
    return _with_points(_with_marks(rows, prepared, chart, bits), prepared, chart)


def _no_data(chart: Chart) -> list[Row]:
    text = "no data yet".center(chart.width)[: chart.width]
    middle = (chart.height - 1) // 2
    return [Row.of((text, MUTED)) if row == middle else Row.blank(chart.width) for row in range(chart.height)]


def _with_crosshair(rows: list[Row], column: int | None, bits: NDArray[np.uint8]) -> list[Row]:
    if column is None:
        return rows
    line = Row.of((glyphs.AXIS_VERTICAL, MUTED))
    return [
        row if drawn else row.overlay(column, line) for row, drawn in zip(rows, bits[:, column], strict=True)
    ]


def _with_marks(
    rows: list[Row], prepared: Sequence[Prepared], chart: Chart, bits: NDArray[np.uint8]
) -> list[Row]:
    """Where each stretch of them begins, and further on in it wherever nothing else is drawn."""
    laid: dict[int, dict[int, Run]] = {}
    for one in prepared:
        by_kind: dict[str, list[float]] = {}
        for x, kind in one.marks:
            if isfinite(x):
                by_kind.setdefault(kind, []).append(x)
        for kind in _MARKS:
            glyph, label, on_top = _MARKS[kind]
            row = 0 if on_top else chart.height - 1
            former = -2
            for column in chart.cells_of(by_kind[kind]) if kind in by_kind else ():
                if column - 1 != former or not bits[row, column]:
                    laid.setdefault(row, {})[column] = (glyph, ALERT if label else one.ink)
                former = column
    for row, marks in laid.items():
        rows[row] = _marked(rows[row], marks)
    return rows


def _marked(row: Row, marks: Mapping[int, Run]) -> Row:
    """A row of the plane, each of whose characters is one cell, with others at some columns."""
    cells = [(character, ink) for text, ink in row.runs for character in text]
    return Row.join([marks.get(column, cell) for column, cell in enumerate(cells)])


def _with_points(rows: list[Row], prepared: Sequence[Prepared], chart: Chart) -> list[Row]:
    """A single value is no line: it is drawn as a dot that can be seen."""
    for one in prepared:
        if one.curve.x.size > _FEW:
            continue
        shown = np.flatnonzero(np.isfinite(chart.rows_of(one.curve.y)) & np.isfinite(one.curve.x))
        if shown.size == 1:
            column, row = chart.cell_of(float(one.curve.x[shown[0]]), float(one.curve.y[shown[0]]))
            rows[row] = rows[row].overlay(column, Row.of((glyphs.DOT, one.ink)))
    return rows


def _with_letters(rows: list[Row], prepared: Sequence[Prepared], chart: Chart) -> list[Row]:
    """Each curve's letter beside its last value, or on the nearest free row."""
    newest = chart.rows_of([one.curve.y[-1] if one.curve.y.size else np.nan for one in prepared])
    ends: list[tuple[float, Prepared]] = []
    for one, dot in zip(prepared, newest.tolist(), strict=True):
        end = dot if isfinite(dot) else _last_place(one.curve, chart)
        if end is not None:
            ends.append((end / DOTS_DOWN, one))
    free = set(range(chart.height))
    # Lowest first, so that letters that have to move up keep the order of the curves.
    for end, one in sorted(ends, key=lambda pair: -pair[0])[: chart.height]:
        row = min(free, key=lambda candidate: (abs(candidate - end), -candidate))
        free.remove(row)
        rows[row] += Row.of(" ", (one.letter, Ink(one.ink.colour, bold=True)))
    return rows


def _last_place(curve: Curve, chart: Chart) -> float | None:
    """Dots from the top of the newest value that has a place."""
    dots = chart.rows_of(curve.y)
    dots = dots[np.isfinite(dots)]
    return float(dots[-1]) if dots.size else None
