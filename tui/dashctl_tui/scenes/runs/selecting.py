"""Picks the runs out of the state, in the order that was chosen.

Rules: of thousands of runs only those on the screen have their curves looked at, unless the order depends on
that; what is not known stands last, whichever way the order is turned; among equals the newest is first; the
order is made anew once a second, and at once when a run begins or ends.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Final

from dashctl.curve import Columns
from dashctl.events import Metric, Progress, RunFinished, RunStarted
from dashctl.state import State
from dashctl_tui.scenes.memo import Memo
from dashctl_tui.scenes.run_metrics import Reading, metrics_by_runs, reading
from dashctl_tui.scenes.run_views import Standing, Told, run_view, steps_of, told_of_runs
from dashctl_tui.scenes.runs.look import Comparison, Detail, Runs, RunsLook
from dashctl_tui.scenes.viewport import Viewport

AROUND: Final = 3
"""Rows of the table that are no run: its frame and heading."""
HINTED: Final = 16
"""Rows from which on there is room for the keys."""
FEW: Final = 1_000
"""So many runs have all their curves looked at, whatever the order is."""
CURVES: Final = 8
"""Curves that can be told apart in one chart."""
_RANKS: Final[dict[Standing, int]] = {
    "running": 0,
    "silent": 1,
    "failed": 2,
    "interrupted": 3,
    "finished": 4,
}

Order = Callable[[Told], float | str | None]


Listed = tuple[tuple[Told, ...], Mapping[Standing, int]]
"""Runs in their order, and how many stand how."""

_TOLD: Final[Memo[list[Told]]] = Memo(1)
_SHOWN: Final[Memo[list[Told]]] = Memo(1)
_LISTED: Final[Memo[Listed]] = Memo(1)


def select_runs(state: State, viewport: Viewport[RunsLook]) -> Runs | None:
    """What the scene shows; None where there is no run, or none that the filter leaves."""
    look, told = viewport.look, _told(state, viewport.now)
    shown = _SHOWN.get("shown", (told, viewport.filter), lambda: _wanted(told, viewport)) if told else []
    if not shown:
        return None
    names = metrics_by_runs(state)
    metric = look.metric if look.metric or not names else names[0]
    by_metric = look.sort in {"last", "best"}
    every = by_metric or len(shown) <= FEW
    readings = {one.run: reading(state, one.run, metric) for one in shown} if every else {}
    order, counts = (
        _listed(shown, look, metric, readings, viewport.now)
        if by_metric
        else _LISTED.get(
            "listed",
            (shown, look.sort, look.inverted, int(viewport.now)),
            lambda: _listed(shown, look, metric, readings, viewport.now),
        )
    )
    at = next((place for place, one in enumerate(order) if one.run == look.cursor), 0)
    fitting = max(1, viewport.height - AROUND - (viewport.height >= HINTED))
    first = max(at - fitting + 1, min(look.first, at, max(0, len(order) - fitting)))
    if not every:
        readings = {one.run: reading(state, one.run, metric) for one in order[first : first + fitting]}
    runs = Runs(order, at, first, fitting, metric, tuple(names), readings, counts)
    if look.page == "run":
        return replace(runs, detail=_detail(state, runs, viewport.now))
    if look.page == "compare":
        comparison = _comparison(state, told, runs, viewport)
        found = {one.run: reading(state, one.run, metric) for one in comparison.runs[:FEW]}
        return replace(runs, comparison=comparison, readings=found)
    return runs


def _told(state: State, now: float) -> list[Told]:
    """What is known of each run, at most a second old: values come thousands of times a second."""
    versions = tuple(state.version(cls) for cls in (RunStarted, RunFinished, Progress))
    source = (state, versions, int(now), len(state.series(Metric)))
    return _TOLD.get("told", source, lambda: told_of_runs(state, nameless=True))


def _wanted(told: list[Told], viewport: Viewport[RunsLook]) -> list[Told]:
    if not viewport.filter:
        return told
    return [one for one in told if viewport.shows(one.run, one.name, one.host, config=one.config)]


def _listed(
    shown: Sequence[Told], look: RunsLook, metric: str, readings: dict[str, Reading | None], now: float
) -> Listed:
    order = in_order(shown, look, metric, readings, now)
    return tuple(order), Counter([one.standing(now) for one in order])


def in_order(
    told: Sequence[Told],
    look: RunsLook,
    metric: str,
    readings: dict[str, Reading | None],
    now: float,
) -> list[Told]:
    """The runs as the look wants them: the newest, longest and best first, names from A on."""
    newest = sorted(told, key=lambda one: (-(one.begin.time if one.begin else one.heard or -inf), one.run))
    lower = look.lower(metric)

    def best(one: Told) -> float | None:
        found = readings.get(one.run)
        return None if found is None else found.best(lower=lower)

    def last(one: Told) -> float | None:
        found = readings.get(one.run)
        return None if found is None or found.last != found.last else found.last

    orders: dict[str, tuple[Order, bool]] = {
        "started": (lambda one: one.started, True),
        "duration": (lambda one: one.lasted(now), True),
        "last": (last, not lower),
        "best": (best, not lower),
        "state": (lambda one: _RANKS[one.standing(now)], False),
        "name": (lambda one: one.name.casefold(), False),
        "host": (lambda one: one.host.casefold() or None, False),
    }
    key, falling = orders[look.sort]
    keyed = [(key(one), one) for one in newest]
    known = [pair for pair in keyed if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=falling is not look.inverted)  # type: ignore[arg-type,return-value]
    return [one for _, one in known] + [one for value, one in keyed if value is None]


def _detail(state: State, runs: Runs, now: float) -> Detail:
    run = runs.cursor.run
    names = sorted(key[1] for key in state.series(Metric) if key[0] == run)
    found = {name: reading(state, run, name) for name in names}
    view = run_view(runs.cursor, now)
    steps = tuple(step for step in steps_of(state, [view]) if step.run == run)
    return Detail(view, {name: one for name, one in found.items() if one is not None}, steps)


def _comparison(state: State, told: Sequence[Told], runs: Runs, viewport: Viewport[RunsLook]) -> Comparison:
    shared = viewport.shared
    known = {one.run: one for one in told}
    wanted = [one for run in shared.marked if (one := known.get(run)) is not None] or list(runs.order)
    if (baseline := known.get(shared.baseline)) is not None:
        wanted = [baseline, *(one for one in wanted if one.run != baseline.run)]
    curves: dict[str, Columns] = {}
    for one in wanted:
        columns = state.curve(Metric, (one.run, runs.metric)) if len(curves) < CURVES else None
        if columns is not None:
            curves[one.run] = columns
    return Comparison(tuple(wanted), curves)
