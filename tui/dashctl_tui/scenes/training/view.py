"""What the Training scene picks out of the state.

Rules: only the curves of charts on the screen are copied; runs that go on come first, then the newest; a
chart shows as many runs as can be told apart in it, and says how many more there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import islice
from math import inf
from string import ascii_letters, digits
from typing import Final

import msgspec

from dashctl.curve import Columns
from dashctl.events import Metric, Progress
from dashctl.state import State
from dashctl_tui.plots import glyphs
from dashctl_tui.scenes.memo import Memo
from dashctl_tui.scenes.run_views import RunView, Step, Told, run_view
from dashctl_tui.scenes.training.arrangement import Grid, grid_of
from dashctl_tui.scenes.training.catalogue import KNOWN_FOR, Catalogue, Member, catalogue_of, told_now
from dashctl_tui.scenes.training.look import TrainingLook
from dashctl_tui.scenes.training.names import labels_of
from dashctl_tui.scenes.viewport import Viewport

_MOST_STEPS = 4
_NEWEST_STEPS = 256
"""So many parts of runs are looked at for what goes on."""
_FEWEST_RUNS = 5
_MOST_RUNS = 40
_MOST_MARKED = 64
_OVERHEAD = 5
"""Rows of a chart in which no curve ends."""
_HEADING_ROWS: Final = 1
_TALL: Final = 36
"""From so many rows on there are two for the names of runs, if they need them."""
_NAME_CELLS: Final = 18
_LETTERS: Final = ascii_letters + digits
_FRONT: Final[Memo[Told | None]] = Memo(1)
_LABELS: Final[Memo[dict[str, str]]] = Memo(1)


class Line(msgspec.Struct, frozen=True):
    """One curve of a chart. `part` is train, val and so on, "" for neither.

    started: when its run began, seconds since 1970, or else its first sample. stamp: equal as long as the
    curve is.
    """

    run: str
    metric: str
    part: str
    columns: Columns
    started: float
    stamp: object


class ChartView(msgspec.Struct, frozen=True):
    """What one chart shows; `hidden` further runs have such a curve too."""

    title: str
    lines: tuple[Line, ...]
    hidden: int

    @property
    def runs(self) -> list[str]:
        return list(dict.fromkeys(line.run for line in self.lines))


class RunName(msgspec.Struct, frozen=True):
    """How a run is called in charts: by a letter, and in full."""

    letter: str
    label: str


class Training(msgspec.Struct, frozen=True):
    """The charts on the screen and the titles of all, and what stands above them.

    opened: whether one chart is shown alone. several: whether there are curves of more than one run. runs:
    those that are seen, in the order in which they began. keys: rows for their names above the charts.
    baseline: the run that others are compared with, "" for none. marked: the runs that were marked.
    """

    run: RunView | None
    steps: tuple[Step, ...]
    charts: tuple[ChartView, ...]
    titles: tuple[str, ...]
    grid: Grid
    opened: bool
    several: bool
    runs: Mapping[str, RunName]
    keys: int
    baseline: str
    marked: tuple[str, ...]

    def chosen(self, title: str) -> int:
        """Which of all charts is chosen."""
        return self.titles.index(title) if title in self.titles else 0

    @property
    def above(self) -> int:
        """Rows above the charts."""
        return len(self.steps) + _HEADING_ROWS + (0 if self.opened else self.keys)


def select(state: State, viewport: Viewport[TrainingLook]) -> Training | None:
    """What is shown; None if there is nothing."""
    told = told_now(state, viewport.now)
    catalogue = catalogue_of(state, viewport, told)
    source = (told, viewport.shared, int(viewport.now) // KNOWN_FOR)
    front = _FRONT.get("front", source, lambda: _front(viewport, told))
    steps = _steps(state, viewport, told, front)
    if not catalogue.titles and not steps and front is None:
        return None
    look, titles = viewport.look, catalogue.titles
    several = len(catalogue.runs) > 1
    crowded = viewport.height >= _TALL and len(catalogue.runs) * _NAME_CELLS > viewport.width
    keys = 0 if not several else 2 if crowded else 1
    room = viewport.height - len(steps) - _HEADING_ROWS
    grid = grid_of(len(titles), viewport.width, room - keys, look.scroll)
    opened = len(titles) == 1 or (look.opened and look.chart in titles)
    shown = ((look.chart,) if len(titles) > 1 else titles) if opened else titles[grid.seen]
    rows = room if opened else room // max(1, min(grid.fitting, -(-len(shown) // grid.columns)))
    ranked = _Ranked(told, viewport.now, _limit(viewport, catalogue, rows), viewport.shared.baseline)
    charts = tuple(_chart_view(state, title, catalogue.members[title], ranked) for title in shown)
    runs = _named({line.run for chart in charts for line in chart.lines}, told)
    run = None if front is None else run_view(front, viewport.now)
    shared = viewport.shared
    return Training(
        run, steps, charts, titles, grid, opened, several, runs, keys, shared.baseline, shared.marked
    )


def _named(runs: set[str], told: Mapping[str, Told]) -> Mapping[str, RunName]:
    """Letters and labels of runs, the one that began first having the first letter."""
    begun = {run: told[run].started if run in told else None for run in runs}
    order = sorted(runs, key=lambda run: (begun[run] or 0.0, run))
    known = [
        (run, told[run].name if run in told else run, told[run].config if run in told else None)
        for run in order
    ]
    labels = _LABELS.get("labels", known, lambda: labels_of(known))
    return {
        run: RunName(_LETTERS[place] if place < len(_LETTERS) else glyphs.UNKNOWN, labels[run])
        for place, run in enumerate(order)
    }


def _limit(viewport: Viewport[TrainingLook], catalogue: Catalogue, rows: int) -> int:
    if catalogue.runs.intersection(viewport.shared.marked):
        return _MOST_MARKED
    return max(_FEWEST_RUNS, min(_MOST_RUNS, rows - _OVERHEAD))


@dataclass(slots=True)
class _Ranked:
    """Picks the runs that a chart shows: those that go on first, then the newest, and the baseline last.

    Not by who spoke last: curves of runs that go on together would change places all the time.
    """

    told: Mapping[str, Told]
    now: float
    limit: int
    baseline: str
    _ranks: dict[str, tuple[int, float, list[int]]] = field(default_factory=dict)

    def chosen(self, runs: set[str]) -> tuple[list[str], int]:
        """The runs that are shown, the first in front, and how many are not."""
        order = nsmallest(self.limit, runs - {self.baseline}, key=self._rank)
        if self.baseline in runs:
            order.append(self.baseline)
        return order, len(runs) - len(order)

    def started(self, run: str) -> float | None:
        return self.told[run].started if run in self.told else None

    def _rank(self, run: str) -> tuple[int, float, list[int]]:
        if run not in self._ranks:
            started, told = self.started(run), self.told.get(run)
            going_on = told is not None and started is not None and told.standing(self.now) == "running"
            # Those of which nothing is known by their names, the last one first.
            since = -inf if started is None else started
            self._ranks[run] = (0 if going_on else 1), -since, [-ord(letter) for letter in run]
        return self._ranks[run]


def _front(viewport: Viewport[TrainingLook], told: Mapping[str, Told]) -> Told | None:
    """The run that stands above the charts: of those that are marked, going on, newest."""
    wanted = [told[run] for run in viewport.shared.marked if run in told] or told.values()
    if viewport.filter:
        wanted = [each for each in wanted if viewport.shows(each.run, each.name, config=each.config)]
    now = viewport.now

    def order(each: Told) -> tuple[bool, float, str]:
        since = each.started if each.started is not None else each.end.time if each.end else 0.0
        return each.standing(now) != "running", -since, each.run

    # Of ten thousand runs most have ended, and need not be compared while others go on.
    going_on = [each for each in wanted if each.end is None and each.standing(now) == "running"]
    return min(going_on or wanted, key=order, default=None)


def _steps(
    state: State, viewport: Viewport[TrainingLook], told: Mapping[str, Told], front: Told | None
) -> tuple[Step, ...]:
    """Progress of what goes on and of the run above the charts, the newest of each first."""
    steps = []
    for item in islice(reversed(list(state.latest(Progress).values())), _NEWEST_STEPS):
        known = told.get(item.run)
        moving = known is None or known.standing(viewport.now) == "running"
        mine = front is not None and item.run == front.run
        if (moving or mine) and viewport.shows(
            item.run, item.event.name, config=known.config if known else None
        ):
            steps.append(Step(item.run, item.event, item.time, moving))
    steps.sort(key=lambda step: (step.over or not step.moving, -step.time, step.progress.name))
    return tuple(steps[: min(_MOST_STEPS, max(1, viewport.height // 8))])


def _chart_view(state: State, title: str, members: Sequence[Member], runs: "_Ranked") -> ChartView:
    order, hidden = runs.chosen({key[0] for key, _ in members})
    place = {run: number for number, run in enumerate(order)}
    kept = sorted((place[key[0]], part, key) for key, part in members if key[0] in place)
    lines = []
    for _, part, key in kept:
        columns = state.curve(Metric, key)
        if columns is not None:
            lines.append(_line(key[0], key[1], part, columns, runs.started(key[0])))
    return ChartView(title, tuple(lines), hidden)


def _line(run: str, metric: str, part: str, columns: Columns, started: float | None) -> Line:
    first = memoryview(columns.times).cast("d")
    begun = started if started is not None else first[0] if len(first) else 0.0
    # The last value as text, for NaN is not equal to itself.
    stamp = (run, metric, columns.total, repr(columns.last), columns.steps[-8:], columns.times[-8:], begun)
    return Line(run, metric, part, columns, begun, stamp)
