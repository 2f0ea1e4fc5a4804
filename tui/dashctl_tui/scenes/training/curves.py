"""What is kept of a metric as a curve to draw: its numbers, its name, its colour.

Rules: a run has the same colour in every chart, and where runs are compared; where only one run is seen,
colours tell train from val instead; the baseline is dashed.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from dashctl.curve import MINUS_INF, NAN, PLUS_INF, Columns
from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.curve import Curve, Mark, MarkKind
from dashctl_tui.plots.palette import (
    ACCENT,
    GOOD,
    HEADING,
    WARNING,
    cluster_ink,
    inks_apart,
    name_ink,
    shades,
)
from dashctl_tui.plots.series import Values
from dashctl_tui.scenes.memo import Memo
from dashctl_tui.scenes.training.look import Axis
from dashctl_tui.scenes.training.view import ChartView, Line, Training

_MOST_RESTARTS = 8
_SPLIT_INKS: Final[Mapping[str, Ink]] = {"train": ACCENT, "val": WARNING, "test": GOOD, "eval": GOOD}
_MARK_KINDS: Final[tuple[tuple[int, MarkKind, float], ...]] = (
    (NAN, "nan", np.nan),
    (PLUS_INF, "+inf", np.inf),
    (MINUS_INF, "-inf", -np.inf),
)
_CURVES: Final[Memo[Curve]] = Memo(512)


def curves_of(chart: ChartView, view: Training, axis: Axis) -> list[Curve]:
    """A curve for each line of a chart."""
    return [_curve(line, chart, view, axis) for line in chart.lines]


def _curve(line: Line, chart: ChartView, view: Training, axis: Axis) -> Curve:
    plain = _CURVES.get(
        (line.run, line.metric, axis),
        line.stamp,
        lambda: curve_of("", line.columns, None, axis, line.started),
    )
    pinned = line.run == view.baseline
    name = line.part or ("" if view.several else chart.title.rpartition("/")[2])
    ink = _ink(line, view)
    letter = view.runs[line.run].letter if view.several else None
    return replace(plain, name=name, ink=ink, dashed=pinned and view.several, letter=letter)


def run_ink(run: str, view: Training) -> Ink:
    """The colour of a run: of its place among those that are marked, or else one that no other run has."""
    if run == view.baseline:
        return HEADING._replace(bold=False)
    if run in view.marked:
        return cluster_ink(view.marked.index(run))
    return inks_apart(tuple(view.runs)).get(run) or name_ink(run)


def _ink(line: Line, view: Training) -> Ink:
    if not view.several:
        return _SPLIT_INKS.get(line.part, ACCENT)
    ink = run_ink(line.run, view)
    return shades(ink).middle if line.part == "train" else ink


def curve_of(
    name: str, columns: Columns, ink: Ink | None = None, axis: Axis = "step", started: float = 0.0
) -> Curve:
    """A metric as a curve to draw; where several samples share a point, with their extremes.

    started: where a relative axis begins, seconds since 1970.
    """
    x = _places(columns, axis, started)
    low, high = np.frombuffer(columns.low), np.frombuffer(columns.high)
    counts = np.frombuffer(columns.counts, dtype=np.uint64)
    marks = np.frombuffer(columns.marks, dtype=np.uint8)
    odd = bool(marks.any())
    with np.errstate(invalid="ignore", over="ignore"):
        means = np.frombuffer(columns.sums) / (np.maximum(counts, 1) if odd else counts)
        means = np.minimum(high, np.maximum(low, means))
    if odd:
        means[counts == 0] = np.nan
    found: list[Mark] = []
    for bit, kind, value in reversed(_MARK_KINDS) if odd else ():
        here = (marks & bit) > 0
        # A point without any finite value is its own mark; beside finite ones the mark stands apart.
        means[here & (counts == 0)] = value
        found += [Mark(at, kind) for at in x[here & (counts > 0)].tolist()]
    y = means
    if y.size and counts[-1] and np.isfinite(columns.last):
        y = means.copy()
        y[-1] = columns.last
    # A run begins again a few times at most; steps that go back more often come from several at once.
    again = np.count_nonzero(np.diff(x) < 0) <= _MOST_RESTARTS
    order = slice(None) if again else np.argsort(x, kind="stable")
    thinned = columns.width > 1
    return Curve(
        name,
        x[order],
        y[order],
        low[order] if thinned else None,
        high[order] if thinned else None,
        tuple(found),
        ink,
        last=columns.last if columns.total else None,
        not_finite=columns.total - int(counts.sum()) if thinned else None,
        means=means[order],
    )


def _places(columns: Columns, axis: Axis, started: float) -> Values:
    if axis == "step":
        return np.frombuffer(columns.steps, dtype=np.int64).astype(np.float64)
    times = np.frombuffer(columns.times)
    return times - started if axis == "relative" else times.copy()
