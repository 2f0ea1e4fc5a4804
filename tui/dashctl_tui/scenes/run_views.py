"""What is known of a run: who started it, with what, how it ended, how far it is.

Rules: a run that started again after it had finished is running; one that is running and has not been
heard of for a minute says for how long, since a program that was killed cannot say that it ended.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any, Final, Literal, NamedTuple

import msgspec

from dashctl.events import (
    HostStats,
    LogLine,
    Metric,
    Outcome,
    Progress,
    RunFinished,
    RunStarted,
    Scalar,
    Stamped,
)
from dashctl.state import State
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, ALERT, GOOD, HEADING, MUTED, TEXT, WARNING
from dashctl_tui.plots.text import clip, fill, fill_left
from dashctl_tui.query import shown_scalar
from dashctl_tui.scenes.layout import spread
from dashctl_tui.scenes.memo import Memo
from dashctl_tui.scenes.meter import meter
from dashctl_tui.scenes.moments import age, duration, roughly

Standing = Literal["running", "silent", "finished", "failed", "interrupted"]

_SILENT_AFTER = 60.0
_MARKS: Final[Mapping[str, tuple[str, Ink]]] = {
    "finished": (glyphs.MATCH, GOOD),
    "failed": (glyphs.MISMATCH, ALERT),
    "interrupted": (glyphs.MISMATCH, WARNING),
}


class Step(msgspec.Struct, frozen=True):
    """How far one part of a run is."""

    run: str
    progress: Progress
    time: float
    moving: bool

    @property
    def over(self) -> bool:
        return self.progress.total is not None and self.progress.done >= self.progress.total


class RunView(NamedTuple):
    """One run. `started` and `ended` are seconds since 1970, None while not known.

    silent_since: when it was heard last, if that is long ago and it never said that it ended.
    """

    run: str
    name: str
    host: str
    command: str
    config: dict[str, Scalar]
    started: float | None
    ended: float | None
    outcome: Outcome | None
    reason: str
    silent_since: float | None = None

    @property
    def running(self) -> bool:
        return self.started is not None and self.ended is None and self.silent_since is None


class Told(NamedTuple):
    """What was told of a run, uncopied: cheap for thousands.

    heard: when it said anything last, seconds since 1970; None once it has ended.
    """

    run: str
    begin: Stamped[RunStarted] | None
    end: Stamped[RunFinished] | None
    heard: float | None

    @property
    def name(self) -> str:
        return (self.begin.event.name if self.begin else None) or self.run

    @property
    def host(self) -> str:
        return self.begin.event.host if self.begin else ""

    @property
    def config(self) -> Mapping[str, Scalar] | None:
        """None if nobody told that it began."""
        return self.begin.event.config if self.begin else None

    @property
    def started(self) -> float | None:
        return self.begin.time if self.begin else None

    def standing(self, now: float) -> Standing:
        if self.end is not None:
            return self.end.event.outcome
        return "silent" if self.heard is not None and now - self.heard > _SILENT_AFTER else "running"

    def lasted(self, now: float) -> float | None:
        """Seconds until it ended or was heard last; None if it is not known when it began."""
        if self.begin is None:
            return None
        if self.end is not None:
            return self.end.time - self.begin.time
        heard = now if self.heard is None or self.standing(now) == "running" else self.heard
        return max(0.0, heard - self.begin.time)


def told_of_runs(state: State, *, nameless: bool = False) -> list[Told]:
    """All runs, in no order. nameless: those too of which no more is known than that they say something."""
    records = _records(state)
    heard = _heard(state, records)
    going_on = [Told(run, begin, None, heard.get(run)) for run, begin in records.going_on.items()]
    unknown = heard.keys() - records.going_on.keys() - {""} if nameless else ()
    return [*records.ended.values(), *going_on, *(Told(run, None, None, heard[run]) for run in unknown)]


def configs_of(state: State) -> Mapping[str, Mapping[str, Scalar]]:
    """The configuration of each run that told it."""
    return _records(state).configs


@dataclass(frozen=True)
class _Records:
    """What only changes when a run begins or ends: of ten thousand runs that is nearly everything."""

    ended: Mapping[str, Told]
    going_on: Mapping[str, Stamped[RunStarted]]
    configs: Mapping[str, Mapping[str, Scalar]]

    @cached_property
    def views(self) -> tuple[RunView, ...]:
        """Of the runs that have ended, the newest first."""
        return tuple(sorted([run_view(told, 0.0) for told in self.ended.values()], key=_newest_first))


_RECORDS: Final[Memo[_Records]] = Memo(1)


def _records(state: State) -> _Records:
    source = (state, state.version(RunStarted), state.version(RunFinished))
    return _RECORDS.get("records", source, lambda: _recorded(state))


def _recorded(state: State) -> _Records:
    started = {item.run: item for item in state.latest(RunStarted).values()}
    ended = {
        item.run: Told(item.run, started.get(item.run), item, None)
        for item in state.latest(RunFinished).values()
        if item.run not in started or item.time >= started[item.run].time
    }
    going_on = {run: item for run, item in started.items() if run not in ended}
    configs = {run: item.event.config for run, item in started.items()}
    return _Records(ended, going_on, configs)


def run_view(told: Told, now: float) -> RunView:
    """One run, for a picture."""
    begin, end = told.begin, told.end
    return RunView(
        told.run,
        told.name,
        told.host,
        begin.event.command if begin else "",
        begin.event.config if begin else {},
        told.started,
        end.time if end else None,
        end.event.outcome if end else None,
        (end.event.reason if end else None) or "",
        told.heard if told.standing(now) == "silent" else None,
    )


_RUNS: Final[Memo[tuple[RunView, ...]]] = Memo(1)


def runs_of(state: State, now: float) -> tuple[RunView, ...]:
    """All runs that said they began or ended: those that are running first, then the newest.

    Made anew when a run begins or ends or has another curve, and else once a second: values come thousands of
    times as often.
    """
    versions = state.version(RunStarted), state.version(RunFinished)
    source = (state, versions, len(state.series(Metric)), int(now))
    return _RUNS.get("runs", source, lambda: _runs_of(state, now))


def _runs_of(state: State, now: float) -> tuple[RunView, ...]:
    records = _records(state)
    heard = _heard(state, records)
    told = [Told(run, begin, None, heard.get(run)) for run, begin in records.going_on.items()]
    views = sorted([run_view(one, now) for one in told], key=_newest_first)
    silent = [view for view in views if not view.running]
    others = sorted([*silent, *records.views], key=_newest_first) if silent else records.views
    return (*(view for view in views if view.running), *others)


def _newest_first(view: RunView) -> tuple[float, str]:
    return -(view.started or view.ended or 0.0), view.run


def _heard(state: State, records: _Records) -> dict[str, float]:
    """When each run that has not ended said anything last, as far as its words are at hand."""
    ended = records.ended.keys()
    heard = {run: begin.time for run, begin in records.going_on.items()}
    kept: list[Iterable[Stamped[Any]]] = [
        *(state.latest(cls).values() for cls in (Progress, HostStats)),
        state.last(LogLine).get((), ()),
    ]
    for items in kept:
        for item in items:
            if item.run not in ended and item.time > heard.get(item.run, -inf):
                heard[item.run] = item.time
    # The curve that grew last stands last: one curve of each run is enough.
    newest = {key[0]: key for key in state.series(Metric) if key[0] not in ended}
    for run, key in newest.items():
        views = state.curve_views(Metric, key)
        if views is not None:
            heard[run] = max(views.times.cast("B").cast("d")[-1], heard.get(run, -inf))
    return heard


def steps_of(state: State, runs: Sequence[RunView]) -> tuple[Step, ...]:
    """All progress, what is going on first, the newest of each first; a run that ended moves no more."""
    ended = {run.run for run in runs if not run.running}
    steps = [
        Step(item.run, item.event, item.time, item.run not in ended)
        for item in state.latest(Progress).values()
    ]
    return tuple(
        sorted(steps, key=lambda step: (step.over or not step.moving, -step.time, step.progress.name))
    )


def run_line(run: RunView, now: float, width: int) -> Row:
    """A run in one line: mark and name at the left, how it stands at the right."""
    mark, ink = _MARKS[run.outcome] if run.outcome else (glyphs.DOT, ACCENT)
    name = Row.of((f"{mark} ", ink), (clip(run.name or "unnamed run", max(1, width - 4)), HEADING))
    return spread(name, standing(run, now), width)


def standing(run: RunView, now: float) -> Row:
    """`running 2:13`, since when it is silent, or how and when it ended."""
    if run.outcome is None:
        if run.silent_since is not None:
            return Row.of((f"silent for {roughly(now - run.silent_since)}", WARNING))
        took = f"  {duration(now - run.started)}" if run.started is not None else ""
        return Row.of(("running", ACCENT), (took, TEXT))
    took = f" after {duration(run.ended - run.started)}" if run.started and run.ended else ""
    ended = f", {age(run.ended, now)}" if run.ended else ""
    return Row.of((run.outcome, _MARKS[run.outcome][1]), (took + ended, MUTED))


def step_line(step: Step, width: int, name_width: int) -> Row:
    """A progress in one line: name, bar, `12 of 40 epochs`, percentage."""
    progress = step.progress
    unit = f" {clip(progress.unit, 10)}" if progress.unit else ""
    name = Row.of((fill(progress.name, name_width - 2) + "  ", TEXT))
    if progress.total is None:
        return (name + Row.of((f"{compact(progress.done)}{unit} so far", MUTED))).fit(width)
    share = 1.0 if not progress.total else min(1.0, progress.done / progress.total)
    count = f"  {compact(progress.done)} of {compact(progress.total)}{unit}"
    tail = Row.of((count, MUTED), (fill_left(f"{int(share * 100)} %", 7), TEXT))
    room = width - name.width - tail.width
    if room < 6:
        return spread(name.cut(0, max(1, width - 8)), Row.of((f"{int(share * 100)} %", TEXT)), width)
    return name + meter(share, room, GOOD if step.over else ACCENT if step.moving else MUTED) + tail


def config_pairs(run: RunView) -> list[tuple[str, str]]:
    """The configuration as pairs of texts, in the run's own order."""
    return [(key, setting(value)) for key, value in run.config.items()]


def setting(value: Scalar) -> str:
    """A value of a configuration as a text."""
    return compact(value, 6) if isinstance(value, float) else shown_scalar(value)


def standing_mark(standing: Standing) -> tuple[str, Ink]:
    """A sign and a colour for how a run stands."""
    if standing in _MARKS:
        return _MARKS[standing]
    return (glyphs.DOT, ACCENT) if standing == "running" else (glyphs.UNKNOWN, WARNING)
