"""What the keys and the mouse do among the runs.

Rules: the cursor is on a run and not on a row, so that it stays there when others come or the order changes;
where there is no cursor nothing is marked.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from dashctl.errors import UsageError
from dashctl_tui.query import parse
from dashctl_tui.scenes.acts import SCROLLING, WHEEL_ROWS, Act, Ask, At, Gesture, Say, SceneAction, Taken
from dashctl_tui.scenes.runs.compare import layout_of
from dashctl_tui.scenes.runs.look import SORTS, Runs, RunsLook
from dashctl_tui.scenes.runs.table import pointer

RunsAt = At[Runs, RunsLook]
Outcome = RunsLook | Taken


def _in_table(by: Callable[[Runs], int], on_page: str) -> Act:
    """Moves the cursor in the table, and scrolls an open page."""

    def act(at: RunsAt) -> Any:
        if at.look.page != "table":
            return SCROLLING[on_page](at)
        return at.look if at.view is None else _moved(at.view, at.look, by(at.view))

    return act


def _moved(view: Runs, look: RunsLook, by: int) -> RunsLook:
    place = min(len(view.order) - 1, max(0, view.place(look) + by))
    first = max(place - view.fitting + 1, min(view.top(look), place))
    return replace(look, cursor=view.order[place].run, first=first)


def _sideways(by: int) -> Act:
    """The run beside, or further columns of a comparison."""

    def act(at: RunsAt) -> RunsLook:
        if at.view is None or at.look.page == "table":
            return at.look
        if at.look.page == "run":
            return replace(_moved(at.view, at.look, by), scroll=0)
        if at.view.comparison is None:
            return at.look
        left = len(at.view.comparison.runs) - layout_of(at.view.comparison, at.viewport).fitting
        return replace(at.look, across=min(max(0, left), max(0, at.look.across + by)))

    return act


def _open(at: RunsAt) -> RunsLook:
    if at.view is None or at.look.page != "table":
        return at.look
    return replace(_moved(at.view, at.look, 0), page="run", scroll=0)


def _back(at: RunsAt) -> RunsLook:
    return replace(at.look, page="table", scroll=0, across=0)


ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "up": _in_table(lambda view: -1, "up"),
        "down": _in_table(lambda view: 1, "down"),
        "page_up": _in_table(lambda view: -view.fitting, "page_up"),
        "page_down": _in_table(lambda view: view.fitting, "page_down"),
        "top": _in_table(lambda view: -len(view.order), "top"),
        "bottom": _in_table(lambda view: len(view.order), "bottom"),
        "left": _sideways(-1),
        "right": _sideways(1),
        "open": _open,
        "back": _back,
    }
)


def mouse(at: RunsAt, gesture: Gesture) -> Any:
    """A click chooses a run, another one opens it; the wheel scrolls."""
    view = at.view
    if view is None:
        return at.look
    if gesture.kind == "wheel":
        if at.look.page != "table":
            return replace(
                at.look, scroll=_within(at.look.scroll + gesture.steps * WHEEL_ROWS, at.scrollable)
            )
        return _rolled(view, at.look, gesture.steps * WHEEL_ROWS)
    if gesture.kind != "release" or gesture.moved or at.look.page != "table":
        return at.look
    place = pointer(view, gesture.row)
    if place is None:
        return at.look
    return _open(at) if place == view.at else replace(at.look, cursor=view.order[place].run)


def _rolled(view: Runs, look: RunsLook, by: int) -> RunsLook:
    """The table scrolled; the cursor stays on the screen."""
    first = _within(view.top(look) + by, max(0, len(view.order) - view.fitting))
    place = min(max(view.place(look), first), first + view.fitting - 1, len(view.order) - 1)
    return replace(look, first=first, cursor=view.order[place].run)


def _within(value: int, most: int) -> int:
    return min(most, max(0, value))


def _sort(at: RunsAt) -> RunsLook:
    return replace(at.look, sort=SORTS[(SORTS.index(at.look.sort) + 1) % len(SORTS)], inverted=False, first=0)


def _invert(at: RunsAt) -> RunsLook:
    return replace(at.look, inverted=not at.look.inverted, first=0)


def _other_metric(by: int) -> Act:
    def act(at: RunsAt) -> RunsLook:
        if at.view is None or not at.view.metrics:
            return at.look
        names, current = at.view.metrics, at.look.metric or at.view.metric
        place = names.index(current) if current in names else -by
        return replace(at.look, metric=names[(place + by) % len(names)])

    return act


def _ask_metric(at: RunsAt) -> Outcome:
    return Taken(effects=(Ask("metric: its name or some of it, val_*, /regex/", _take_metric),))


def _take_metric(at: RunsAt, text: str) -> RunsLook:
    names = () if at.view is None else at.view.metrics
    query = parse(text.strip())
    found = text if text in names else next((name for name in names if query.shows(name)), None)
    if found is None:
        raise UsageError(f"metric: no run has {text!r}; there are {', '.join(names[:5]) or 'none'}")
    return replace(at.look, metric=found)


def _flip(at: RunsAt) -> RunsLook:
    metric = at.look.metric or ("" if at.view is None else at.view.metric)
    if not metric:
        return at.look
    kept = tuple(name for name in at.look.flipped if name != metric)
    return replace(at.look, flipped=kept if metric in at.look.flipped else (*kept, metric))


def _mark(at: RunsAt) -> Outcome:
    if at.view is None or at.look.page == "compare":
        return at.look
    run, shared = at.view.order[at.view.place(at.look)].run, at.viewport.shared
    others = tuple(one for one in shared.marked if one != run)
    marked = others if run in shared.marked else (*others, run)
    return Taken(_moved(at.view, at.look, 0), replace(shared, marked=marked))


def _unmark_all(at: RunsAt) -> Outcome:
    return Taken(shared=replace(at.viewport.shared, marked=()))


def _pin(at: RunsAt) -> Outcome:
    if at.view is None or at.look.page == "compare":
        return at.look
    shared, run = at.viewport.shared, at.view.order[at.view.place(at.look)]
    if shared.baseline == run.run:
        return Taken(shared=replace(shared, baseline=""), effects=(Say("no baseline any more"),))
    return Taken(
        _moved(at.view, at.look, 0), replace(shared, baseline=run.run), (Say(f"the baseline is {run.name}"),)
    )


def _compare(at: RunsAt) -> RunsLook:
    if at.look.page == "compare":
        return _back(at)
    return replace(at.look, page="compare", scroll=0, across=0)


ACTIONS: Final = (
    SceneAction("mark", "m", "m", "Mark", "Mark for overlay, or no longer", _mark),
    SceneAction("unmark", "u", "u", "Unmark all", "Take all marks away", _unmark_all),
    SceneAction("baseline", "b", "b", "Baseline", "Compare others with this run", _pin),
    SceneAction("compare", "c", "c", "Compare", "What differs among the marked", _compare),
    SceneAction("sort", "o", "o", "Sort by", "Sort by the next column", _sort),
    SceneAction("invert", "i", "i", "Invert", "Sort the other way round", _invert),
    SceneAction("metric", "n", "n", "Next metric", "Show the next metric", _other_metric(1)),
    SceneAction("former_metric", "p", "p", "Metric before", "Show the metric before", _other_metric(-1)),
    SceneAction("name_metric", "v", "v", "Metric …", "Type the metric to show", _ask_metric),
    SceneAction("flip", "f", "f", "Flip best", "Lowest is best, or highest", _flip),
)
