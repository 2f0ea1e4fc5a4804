"""Training: the curves of a run's metrics, and how far it is.

Rules: metrics that differ only in the word train, val or test share a chart; so do several runs with the same
metric; what is not finite is marked in its chart; only charts on the screen are copied out of the state.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile
from math import log
from typing import Final

import numpy as np

from dashctl.curve import MINUS_INF, NAN, PLUS_INF, Columns
from dashctl.events import Metric, Progress, RunFinished, RunStarted
from dashctl.state import State
from dashctl.stores import Key
from dashctl_tui.plots.canvas import Ink, Row, beside, fit
from dashctl_tui.plots.curve import Curve, CurveStyle, Mark, MarkKind, draw_curves
from dashctl_tui.plots.palette import ACCENT, FAINT, GOOD, MUTED, WARNING
from dashctl_tui.plots.text import inert
from dashctl_tui.scenes.acts import At
from dashctl_tui.scenes.layout import panel, seen, shares
from dashctl_tui.scenes.prose import notice
from dashctl_tui.scenes.run_views import RunView, Step, run_line, runs_of, step_line, steps_of
from dashctl_tui.scenes.scene import Picture, Scene, SceneAction, Viewport

_EMPTY = "No metric was logged yet"
_REMEDY = (
    "`dashctl train detector` logs its losses; in a program of your own it takes "
    "`with dashctl.Run('mnist') as run: run.log(step, loss=loss)`."
)
_CHART_WIDTH = 38
_CHART_ROWS = 9
_PLEASANT = 3.2
"""Cells across for each cell down."""
_MOST_STEPS = 4
_MOST_RUNS = 6
_MOST_RESTARTS = 8
_SPLIT_WORDS: Final[Mapping[str, str]] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "eval": "eval",
}
_SPLIT_INKS: Final[Mapping[str, Ink]] = {"train": ACCENT, "val": WARNING, "test": GOOD, "eval": GOOD}
_MARK_KINDS: tuple[tuple[int, MarkKind, float], ...] = (
    (NAN, "nan", np.nan),
    (PLUS_INF, "+inf", np.inf),
    (MINUS_INF, "-inf", -np.inf),
)


_SMOOTHINGS: Final = (0.0, 0.6, 0.9, 0.97)


@dataclass(frozen=True, slots=True)
class TrainingLook:
    """smoothing: the weight of a moving average, in [0, 1)."""

    scroll: int = 0
    log_y: bool = False
    smoothing: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """One curve of a chart. `part` is train, val and so on, "" for neither. `ended`: its run is over."""

    run: str
    part: str
    columns: Columns
    ended: bool


@dataclass(frozen=True, slots=True)
class ChartView:
    """What one chart shows; `hidden` older runs have such a curve too."""

    title: str
    lines: tuple[Line, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class Grid:
    """How charts are laid out: in `columns`; `fitting` rows of them are seen, from row `first` on."""

    columns: int
    lines: int
    fitting: int
    first: int

    @property
    def scrollable(self) -> int:
        return max(0, self.lines - self.fitting)


@dataclass(frozen=True, slots=True)
class Training:
    """The charts on the screen, out of `total`, and what stands above them."""

    run: RunView | None
    steps: tuple[Step, ...]
    charts: tuple[ChartView, ...]
    total: int
    grid: Grid


@lru_cache(maxsize=16_384)
def split_name(name: str) -> tuple[str, str]:
    """A metric's chart and its part in it: `lstm/train_loss` is (`lstm/loss`, `train`)."""
    words = re.split(r"([/_.\-: ])", name)
    for position in range(0, len(words), 2):
        part = _SPLIT_WORDS.get(words[position].lower())
        if part is not None and len(words) > 1:
            # The word goes together with one of the separators around it.
            rest = (
                words[:position] + words[position + 2 :]
                if position + 1 < len(words)
                else words[: position - 1]
            )
            return "".join(rest), part
    return name, ""


def _select(state: State, viewport: Viewport[TrainingLook]) -> Training | None:
    groups: dict[str, list[tuple[Key, str]]] = {}
    for key in state.series(Metric):
        title, part = split_name(key[1])
        if viewport.shows(key[0], key[1]):
            groups.setdefault(title, []).append((key, part))
    known = runs_of(state, viewport.now)
    runs = tuple(run for run in known if viewport.shows(run.run, run.name))
    steps = tuple(step for step in steps_of(state, known) if viewport.shows(step.run, step.progress.name))
    if not groups and not steps and not runs:
        return None
    newest = runs[0].run if runs else None
    current = [step for step in steps if step.moving or step.run == newest]
    shown = tuple(current[: min(_MOST_STEPS, max(1, viewport.height // 8))])
    titles = sorted(groups)
    grid = _grid(len(titles), viewport, above=_rows_above(shown, runs))
    visible = titles[grid.first * grid.columns : (grid.first + grid.fitting) * grid.columns]
    charts = tuple(_chart_view(state, title, groups[title], known) for title in visible)
    return Training(runs[0] if runs else None, shown, charts, len(titles), grid)


def _rows_above(steps: tuple[Step, ...], runs: tuple[RunView, ...]) -> int:
    return len(steps) + (1 if runs else 0)


def _grid(charts: int, viewport: Viewport[TrainingLook], above: int) -> Grid:
    """As many columns as give charts of a pleasant shape, all of them on the screen if they can be."""
    height = max(1, viewport.height - above)
    most = max(1, viewport.width // _CHART_WIDTH)

    def unpleasantness(columns: int) -> tuple[int, float]:
        lines = -(-charts // columns)
        fitting = max(1, min(lines, height // _CHART_ROWS))
        shape = (viewport.width / columns) / (height / fitting)
        return lines - fitting, abs(log(shape / _PLEASANT))

    columns = min(range(1, max(1, min(most, charts)) + 1), key=unpleasantness)
    lines = -(-charts // columns)
    columns = -(-charts // lines) if lines else 1
    fitting = max(1, min(lines, height // _CHART_ROWS))
    return Grid(columns, lines, fitting, min(viewport.look.scroll, max(0, lines - fitting)))


def _chart_view(
    state: State, title: str, members: list[tuple[Key, str]], runs: tuple[RunView, ...]
) -> ChartView:
    rank = {run.run: position for position, run in enumerate(runs)}
    ended = {run.run for run in runs if not run.running}
    # Not by who spoke last: curves of runs that go on together would change places all the time.
    by_name = sorted({key[0] for key, _ in members}, reverse=True)
    newest = sorted(by_name, key=lambda run: rank.get(run, len(rank)))
    kept = [(key, part) for key, part in members if key[0] in newest[:_MOST_RUNS]]
    lines = [
        Line(key[0], part, columns, key[0] in ended)
        for key, part in sorted(kept, key=lambda member: (newest.index(member[0][0]), member[1]))
        if (columns := state.curve(Metric, key)) is not None
    ]
    return ChartView(title, tuple(lines), max(0, len(newest) - _MOST_RUNS))


def _draw(view: Training, viewport: Viewport[TrainingLook]) -> Picture:
    width, height = viewport.width, viewport.height
    above = _above(view, viewport.now, width)
    room = max(0, height - len(above))
    rows = notice(_EMPTY, _REMEDY, width, room) if not view.charts else []
    lines = [
        view.charts[start : start + view.grid.columns]
        for start in range(0, len(view.charts), view.grid.columns)
    ]
    for charts, chart_rows in zip(lines, shares(room, [1] * len(lines), gap=0), strict=True):
        widths = shares(width, [1] * len(charts))
        rows += beside(
            *(_chart(chart, size, chart_rows, viewport) for chart, size in zip(charts, widths, strict=False)),
            gap=1,
        )
    first = view.grid.first * view.grid.columns
    part = seen(first, len(view.charts), view.total)
    if part and rows:
        rows[-1] = rows[-1].overlay(width - len(part) - 4, Row.of((f" {part} ", MUTED)))
    return Picture(fit([*above, *rows], width, height), view.grid.scrollable)


def _above(view: Training, now: float, width: int) -> list[Row]:
    rows = [run_line(view.run, now, width - 2)] if view.run else []
    names = max((len(inert(step.progress.name)) for step in view.steps), default=0) + 2
    rows += [step_line(step, width - 2, min(names, width // 3)) for step in view.steps]
    return [Row.of(" ") + row for row in rows]


def _chart(chart: ChartView, width: int, height: int, viewport: Viewport[TrainingLook]) -> list[Row]:
    runs = list(dict.fromkeys(line.run for line in chart.lines))
    curves = [_curve(line, chart, runs) for line in chart.lines]
    notes = [f"{chart.hidden} older runs not shown"] if chart.hidden else []
    notes += ["log scale"] if viewport.look.log_y else []
    notes += [f"smoothed {viewport.look.smoothing:g}"] if viewport.look.smoothing else []

    def content(inner: int, rows: int) -> list[Row]:
        return draw_curves(curves, inner, rows, CurveStyle(viewport.look.log_y, viewport.look.smoothing))

    return panel(chart.title, content, width, height, note=", ".join(notes))


def _curve(line: Line, chart: ChartView, runs: list[str]) -> Curve:
    """The newest run in front and in the colours of its parts; others in colours of their own, or faint."""
    name = line.part or (chart.title.rpartition("/")[2] if len(runs) == 1 else "")
    ink: Ink | None = _SPLIT_INKS.get(line.part, ACCENT)
    if len(runs) > 1:
        name = f"{name} {_told_apart(line.run, runs)}".strip()
        ink = ink if line.run == runs[0] else FAINT if line.ended else None
    return curve_of(name, line.columns, ink)


def _told_apart(run: str, runs: list[str]) -> str:
    """A run's name without what all of them begin with."""
    shared = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(min(runs), max(runs), strict=False))
    )
    cut = max(run.rfind(separator, 0, shared) for separator in "-_/ ") + 1
    return run[cut:] or run or "no run"


def curve_of(name: str, columns: Columns, ink: Ink | None) -> Curve:
    """A metric as a curve to draw; where several samples share a point, with their extremes."""
    x = np.frombuffer(columns.steps, dtype=np.int64).astype(np.float64)
    low, high = np.frombuffer(columns.low), np.frombuffer(columns.high)
    counts = np.frombuffer(columns.counts, dtype=np.uint64)
    marks = np.frombuffer(columns.marks, dtype=np.uint8)
    with np.errstate(invalid="ignore", over="ignore"):
        y = np.frombuffer(columns.sums) / np.maximum(counts, 1)
        y = np.where(counts > 0, np.clip(y, low, high), np.nan)
    if y.size and counts[-1] and np.isfinite(columns.last):
        y[-1] = columns.last
    found: list[Mark] = []
    for bit, kind, value in reversed(_MARK_KINDS):
        here = (marks & bit) > 0
        # A point without any finite value is its own mark; beside finite ones the mark stands apart.
        y[here & (counts == 0)] = value
        found += [Mark(at, kind) for at in x[here & (counts > 0)].tolist()]
    # A run begins again a few times at most; steps that go back more often come from several at once.
    again = np.count_nonzero(np.diff(x) < 0) <= _MOST_RESTARTS
    order = np.arange(x.size) if again else np.argsort(x, kind="stable")
    thinned = columns.width > 1
    return Curve(
        name,
        x[order],
        y[order],
        low[order] if thinned else None,
        high[order] if thinned else None,
        tuple(found),
        ink,
        columns.last if columns.total else None,
        columns.total - int(counts.sum()) if thinned else None,
    )


def _log_scale(at: At[Training, TrainingLook]) -> TrainingLook:
    return replace(at.look, log_y=not at.look.log_y)


def _smoother(at: At[Training, TrainingLook]) -> TrainingLook:
    """The next stronger smoothing, and none after the strongest."""
    after = _SMOOTHINGS.index(at.look.smoothing) + 1
    return replace(at.look, smoothing=_SMOOTHINGS[after % len(_SMOOTHINGS)])


SCENE = Scene(
    name="training",
    title="Training",
    key="T",
    draws=(Metric, Progress, RunStarted, RunFinished),
    select=_select,
    draw=_draw,
    empty=_EMPTY,
    remedy=_REMEDY,
    ticks=True,
    look=TrainingLook(),
    picks=lambda look: look.scroll,
    actions=(
        SceneAction("log_scale", "y", "y", "Log scale", "Logarithmic values or not", _log_scale),
        SceneAction("smooth", "m", "m", "Smoothing", "Smooth more, or not at all", _smoother),
    ),
)
