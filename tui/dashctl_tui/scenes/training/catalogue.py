"""Which charts there are, and whose curves each has.

Rules: what depends on the keys of the curves and on the runs alone is made once, not once a frame; a
filter judges each curve by its run, the run's name and configuration, and its metric; marked runs stand for
all, and the baseline is shown beside whatever is shown.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from dashctl.events import Metric, Progress, RunFinished, RunStarted
from dashctl.state import State
from dashctl.stores import Key
from dashctl_tui.scenes.memo import Memo
from dashctl_tui.scenes.run_views import Told, told_of_runs
from dashctl_tui.scenes.training.names import split_name
from dashctl_tui.scenes.viewport import Viewport

Member = tuple[Key, str]
"""A curve's key, and its part in the chart: train, val and so on, "" for neither."""


class Catalogue(msgspec.Struct, frozen=True):
    """titles: of all charts, in order. members: of each chart, in no order. runs: of all members."""

    titles: tuple[str, ...]
    members: Mapping[str, tuple[Member, ...]]
    runs: frozenset[str]


KNOWN_FOR: Final = 4
"""Seconds for which it is not asked again which runs were heard of."""
_FILTERED: Final[Memo[Catalogue]] = Memo(2)
_TOLD: Final[Memo[Mapping[str, Told]]] = Memo(2)


def told_now(state: State, now: float) -> Mapping[str, Told]:
    """What is known of each run; when it was heard of last may be some seconds old."""
    versions = tuple(state.version(cls) for cls in (RunStarted, RunFinished, Progress))
    # Curves come thousands of times a second, and only tell that a run is still there.
    source = (state, versions, int(now) // KNOWN_FOR, len(state.series(Metric)))
    return _TOLD.get("told", source, lambda: {each.run: each for each in told_of_runs(state)})


def catalogue_of(state: State, viewport: Viewport[Any], told: Mapping[str, Told]) -> Catalogue:
    """The charts that are wanted."""
    keys = frozenset(state.series(Metric))
    every = _grouped(keys)
    marked = frozenset(viewport.shared.marked) & every.runs
    if not viewport.filter and not marked:
        return every
    configs = [told[run].begin if run in told else None for run in every.runs]
    source = (keys, viewport.shared, configs)
    return _FILTERED.get("filtered", source, lambda: _wanted(every, viewport, told, marked))


@lru_cache(maxsize=4)
def _grouped(keys: frozenset[Key]) -> Catalogue:
    return _catalogue([(key, *split_name(key[1])) for key in keys])


def _catalogue(curves: Sequence[tuple[Key, str, str]]) -> Catalogue:
    members: dict[str, list[Member]] = {}
    for key, title, part in curves:
        members.setdefault(title, []).append((key, part))
    runs = frozenset(key[0] for key, _, _ in curves)
    return Catalogue(tuple(sorted(members)), {title: tuple(some) for title, some in members.items()}, runs)


def _wanted(
    every: Catalogue, viewport: Viewport[Any], told: Mapping[str, Told], marked: frozenset[str]
) -> Catalogue:
    baseline = viewport.shared.baseline
    wanted, beside = [], []
    for title, members in every.members.items():
        for key, part in members:
            run, metric = key
            if not marked or run in marked:
                known = told.get(run)
                name, config = (known.name, known.config) if known else (None, None)
                if viewport.shows(run, name, metric, config=config):
                    wanted.append((key, title, part))
                    continue
            if run == baseline:
                beside.append((key, title, part))
    titles = {title for _, title, _ in wanted}
    return _catalogue([*wanted, *(each for each in beside if each[1] in titles)])
