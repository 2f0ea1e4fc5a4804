"""All rules over all series of a bus: what begins to fire, and what is over.

Rules: it does no I/O and knows no clock; what it is told of are a state to begin with, events as they come,
and the time; a run that is over has nothing that fires; what fired before it began, by the bus's own word, is
not told again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from dashctl.alerts.baseline import BaselineCurve, Baselines
from dashctl.alerts.evaluation import Memory, believed, skipped, taken, ticked
from dashctl.alerts.hosts import host_values
from dashctl.alerts.remembering import remembered
from dashctl.alerts.rules import Rule, Stalled
from dashctl.alerts.runs import UNKNOWN, RunFacts, runs_in
from dashctl.alerts.standing import Key, Standing, standing_of
from dashctl.alerts.wording import over, words
from dashctl.events import Alert, Event, HostStats, Metric, RunFinished, RunStarted, Stamped
from dashctl.metric_columns import MetricColumns, MixedEvents
from dashctl.state import State

MOST_SERIES: Final = 50_000
"""Series that are watched at once; what comes beyond is not watched, which `crowded` says."""
ABANDONED: Final = 86_400.0
"""Seconds of silence after which what was found at the beginning is left alone."""


class Change(NamedTuple):
    """An alert that begins, or ends, and the run that it is in."""

    run: str
    alert: Alert


class Series:
    """One series with its rules and what is remembered for each; a field of a host, if `field` is not ""."""

    __slots__ = ("baseline", "field", "host", "memories", "metric", "rules", "run")

    def __init__(self, run: str, metric: str, field: str = "", host: str = "") -> None:
        self.run, self.metric, self.field, self.host = run, metric, field, host
        self.rules: tuple[Rule, ...] = ()
        self.memories: list[Memory] = []
        self.baseline: BaselineCurve | None = None
        """Itself, where others are compared with it."""

    def adopt(self, rules: tuple[Rule, ...]) -> None:
        """Be watched by these rules; what is remembered for those that it had stays."""
        kept = dict(zip(self.rules, self.memories, strict=True))
        self.rules = rules
        self.memories = [kept.get(rule, Memory()) for rule in rules]


SeriesKey = tuple[str, str, str]
"""Run, metric, field."""


class Watch:
    """Evaluates rules. `begin` comes first, and whenever events were missed."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.crowded = False
        self._runs: dict[str, RunFacts] = {}
        self._baselines = Baselines(self.rules, self._runs)
        self._series: dict[SeriesKey, Series | None] = {}
        self._listening = 0.0

    def firing(self) -> list[tuple[str, Rule, str, Memory]]:
        """What fires: run, rule, metric, and what is remembered of it."""
        return [
            (series.run, rule, series.metric, memory)
            for series in self._watched()
            for rule, memory in zip(series.rules, series.memories, strict=True)
            if memory.firing
        ]

    def begin(self, state: State, now: float, *, forgotten: bool = False) -> list[Change]:
        """Begin with a state. forgotten: the bus may have lost what fires, and is told again."""
        former = {key: series for key, series in self._series.items() if series is not None}
        bus = {each.key: each for each in standing_of(state)}
        self._listening = now
        self._series, self._runs = {}, runs_in(state)
        self.crowded = False
        self._baselines = Baselines(self.rules, self._runs)
        self._baselines.load(state)
        changes: list[Change] = []
        for series in self._found_in(state):
            changes += self._recall(series, state, former.get((series.run, series.metric, series.field)), bus)
            if forgotten:
                changes += self._told_again(series, bus)
        return [*changes, *self.tick(now), *self._orphans(bus)]

    def take(self, batch: Sequence[Stamped[Event]], now: float) -> list[Change]:
        """Events that came, in their order, at this moment."""
        changes: list[Change] = []
        if isinstance(batch, MixedEvents):
            for part in _in_order(batch):
                changes += self.take(part, now)
            return changes
        if isinstance(batch, MetricColumns):
            self._columns(batch, now, changes)
            return changes
        for item in batch:
            match item.event:
                case Metric(name=name, step=step, value=value):
                    self._metric(item.run, name, (now, step), value, changes)
                case HostStats() as stats:
                    self._host(item.run, stats, now, changes)
                case RunStarted() as event:
                    self._started(Stamped(item.time, item.run, event))
                case RunFinished(outcome=outcome):
                    changes += self._finished(item.run, item.time, outcome)
        return changes

    def tick(self, now: float) -> list[Change]:
        """What the time alone changes."""
        changes: list[Change] = []
        for series in self._watched():
            for place, (rule, memory) in enumerate(zip(series.rules, series.memories, strict=True)):
                if (
                    memory.turning is None
                    and not rule.follows_clock
                    and memory.verdict is not (not memory.firing)
                ):
                    continue
                if isinstance(rule.cause, Stalled) and not self._goes_on(series):
                    continue
                after = ticked(rule, memory, now, self._listening)
                self._settle(series, place, after, changes)
        return changes

    # Runs

    def _started(self, item: Stamped[RunStarted]) -> None:
        self._runs[item.run] = RunFacts(item.event.name or "", item.event.config, item.time)
        self._baselines.look_again()
        # Which rules a run has that spoke before it said with which configuration is open again.
        for key in [key for key in self._series if key[0] == item.run]:
            former = self._series.pop(key)
            series = self._find(*key[:3], former.host if former is not None else "")
            if series is not None and former is not None:
                rules, series.rules, series.memories = series.rules, former.rules, former.memories
                series.adopt(rules)

    def _finished(self, run: str, time: float, outcome: str) -> list[Change]:
        facts = self._runs.get(run, UNKNOWN)
        if facts.started is not None and time < facts.started:
            return []
        self._runs[run] = facts._replace(over=True)
        changes: list[Change] = []
        for key in [key for key in self._series if key[0] == run]:
            series = self._series.pop(key)
            if series is not None:
                changes += [
                    Change(run, over(rule, series.metric, memory.value, f"its run {outcome}"))
                    for rule, memory in zip(series.rules, series.memories, strict=True)
                    if memory.firing
                ]
        self.crowded = False
        return changes

    def _goes_on(self, series: Series) -> bool:
        """Whether values are to be expected: a run that never said that it began may have ended."""
        facts = self._runs.get(series.run, UNKNOWN)
        return not facts.over and (facts.started is not None or bool(series.field))

    # Series

    def _watched(self) -> Iterator[Series]:
        return (series for series in self._series.values() if series is not None)

    def _find(self, run: str, metric: str, field: str = "", host: str = "") -> Series | None:
        key = (run, metric, field)
        if key in self._series:
            return self._series[key]
        if len(self._series) >= MOST_SERIES and not self._makes_room():
            return None
        facts = self._runs.get(run, UNKNOWN)
        series: Series | None = None
        if not facts.over:
            made = Series(run, metric, field, host)
            made.adopt(tuple(rule for rule in self.rules if _is_about(rule, made, facts)))
            made.baseline = self._baselines.own(run, facts.name, metric) if not field else None
            series = made if made.rules or made.baseline is not None else None
        self._series[key] = series
        return series

    def _makes_room(self) -> bool:
        """Forget what is about no rule; whether that helped."""
        if not self.crowded:
            self._series = {key: series for key, series in self._series.items() if series is not None}
            self.crowded = len(self._series) >= MOST_SERIES
        return not self.crowded

    # Values

    def _columns(self, batch: MetricColumns, now: float, changes: list[Change]) -> None:
        found = [self._find(batch.run, name) for name in batch.names]
        if not any(found):
            return
        places: dict[int, list[int]] = {}
        for place, code in enumerate(batch.codes):
            if found[code] is not None:
                places.setdefault(code, []).append(place)
        all_steps, all_values = batch.steps, batch.values
        for code, own in places.items():
            series = found[code]
            assert series is not None
            steps, values = [all_steps[place] for place in own], [all_values[place] for place in own]
            self._values(series, now, steps, values, changes)

    def _metric(
        self, run: str, name: str, at: tuple[float, int], value: float, changes: list[Change]
    ) -> None:
        series = self._find(run, name)
        if series is not None:
            self._value(series, at, value, changes)

    def _host(self, run: str, stats: HostStats, now: float, changes: list[Change]) -> None:
        for field, name, value in host_values(stats):
            series = self._find(run, name, field, stats.host)
            if series is not None:
                self._value(series, (now, 0), value, changes)

    def _values(
        self,
        series: Series,
        now: float,
        steps: list[int],
        values: list[float],
        changes: list[Change],
    ) -> None:
        """Several values of one series: at once as far as only the last of them matters."""
        for place, rule in enumerate(series.rules):
            before = skipped(rule, series.memories[place], now, steps, values)
            if before is not None:
                self._settle(series, place, taken(rule, before, (now, steps[-1]), values[-1]), changes)
                continue
            for step, value in zip(steps, values, strict=True):
                there = self._baselines.there(rule, series.run, series.metric, step)
                self._settle(
                    series, place, taken(rule, series.memories[place], (now, step), value, there), changes
                )
        if series.baseline is not None:
            for step, value in zip(steps, values, strict=True):
                series.baseline.append(step, now, value)

    def _value(self, series: Series, at: tuple[float, int], value: float, changes: list[Change]) -> None:
        for place, rule in enumerate(series.rules):
            there = self._baselines.there(rule, series.run, series.metric, at[1])
            self._settle(series, place, taken(rule, series.memories[place], at, value, there), changes)
        if series.baseline is not None:
            series.baseline.append(at[1], at[0], value)

    def _settle(self, series: Series, place: int, after: Memory, changes: list[Change]) -> None:
        before, series.memories[place] = series.memories[place], after
        if after.firing is before.firing:
            return
        rule = series.rules[place]
        if after.firing:
            changes.append(Change(series.run, self._alert(series, rule, after)))
        else:
            changes.append(Change(series.run, over(rule, series.metric, after.value)))

    def _alert(self, series: Series, rule: Rule, memory: Memory) -> Alert:
        run = self._runs.get(series.run, UNKNOWN).name or series.run
        there = self._baselines.there(rule, series.run, series.metric, memory.newest.step)
        return words(rule, memory, metric=series.metric, run=run, host=series.host, there=there)

    # Beginning

    def _found_in(self, state: State) -> Iterator[Series]:
        """All series that rules are about."""
        for run, metric in state.series(Metric):
            series = self._find(run, metric)
            if series is not None:
                yield series
        for newest in state.latest(HostStats).values():
            for field, name, _ in host_values(newest.event):
                series = self._find(newest.run, name, field, newest.event.host)
                if series is not None:
                    yield series

    def _recall(
        self, series: Series, state: State, former: Series | None, bus: Mapping[Key, Standing]
    ) -> Iterator[Change]:
        """Remember as if it had been watched all along; what has begun meanwhile is told."""
        kept = {} if former is None else dict(zip(former.rules, former.memories, strict=True))
        for place, rule in enumerate(series.rules):
            memory = self._memory(rule, series, state)
            own, told = kept.get(rule), bus.get((series.run, rule.alert_name(series.metric)))
            firing = own.firing if own is not None else told is not None and told.fires
            since = own.since if own is not None else told.since if told is not None else 0.0
            if firing:
                memory = memory if memory.firing else believed(memory, firing=True, since=since)
            elif self._listening - memory.newest.time > ABANDONED:
                memory = Memory()
            elif memory.firing and memory.verdict is True:
                yield Change(series.run, self._alert(series, rule, memory))
            elif memory.firing:
                memory = believed(memory, firing=False, since=since)
            series.memories[place] = memory

    def _memory(self, rule: Rule, series: Series, state: State) -> Memory:
        if not series.field:
            columns = state.curve(Metric, (series.run, series.metric))
            return (
                Memory()
                if columns is None
                else remembered(rule, columns, self._baselines.curve(rule, series.run, series.metric))
            )
        newest = state.latest(HostStats).get((series.host,))
        values = {} if newest is None else {name: value for _, name, value in host_values(newest.event)}
        if newest is None or series.metric not in values:
            return Memory()
        return taken(rule, Memory(), (newest.time, 0), values[series.metric])

    def _told_again(self, series: Series, bus: Mapping[Key, Standing]) -> Iterator[Change]:
        for rule, memory in zip(series.rules, series.memories, strict=True):
            told = bus.get((series.run, rule.alert_name(series.metric)))
            if memory.firing and (told is None or not told.fires):
                yield Change(series.run, self._alert(series, rule, memory))

    def _orphans(self, bus: Mapping[Key, Standing]) -> Iterator[Change]:
        """What a watcher said once, and no rule says any more of a run that goes on."""
        watched: set[Key] = {
            (series.run, rule.alert_name(series.metric))
            for series in self._watched()
            for rule in series.rules
        }
        for standing in _told_by_watchers(bus.values()):
            if standing.key in watched:
                continue
            facts = self._runs.get(standing.run, UNKNOWN)
            why = "its run ended" if facts.over else "no rule is about it any more"
            alert = standing.alert
            ended = Alert(alert.name, f"over: {why}", alert.severity, True, alert.metric, None, alert.rule)
            yield Change(standing.run, ended)


def _in_order(batch: MixedEvents) -> Iterator[Sequence[Stamped[Event]]]:
    """Its parts, with what a run says of its beginning and its end at its place among the metrics."""
    metrics, others = 0, 0
    for place, (item, before) in enumerate(zip(batch.others, batch.before, strict=True)):
        if isinstance(item.event, RunStarted | RunFinished):
            yield batch.others[others:place]
            yield batch.metrics[metrics:before]
            yield [item]
            metrics, others = before, place + 1
    yield batch.others[others:]
    yield batch.metrics[metrics:]


def _is_about(rule: Rule, series: Series, facts: RunFacts) -> bool:
    about = rule.about
    if about.field != series.field or not about.run.matches(series.run, facts.name):
        return False
    if not all(condition.holds(facts.config) for condition in about.config):
        return False
    if about.host is not None:
        return about.host.matches(series.host)
    return about.metric.matches(series.metric)


def _told_by_watchers(standings: Iterable[Standing]) -> Iterator[Standing]:
    """Those that fire and look as a watcher writes them; other programs' alerts are theirs to resolve."""
    for standing in standings:
        alert = standing.alert
        if standing.fires and alert.rule and alert.metric and alert.name.endswith(f": {alert.metric}"):
            yield standing
