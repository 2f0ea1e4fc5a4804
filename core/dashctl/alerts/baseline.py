"""Curves of runs that others are compared with.

Rule: between two steps that it has, the curve is a straight line; beyond them it says nothing.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final

from dashctl.alerts.rules import Behind, Rule
from dashctl.alerts.runs import UNKNOWN, RunFacts
from dashctl.curve import Columns, CurveBuffer
from dashctl.events import Metric
from dashctl.retention import Series
from dashctl.state import State

_POINTS: Final = Metric.retention.points if isinstance(Metric.retention, Series) else 1_000
_NEWS: Final = 0.01
"""So large a part of the samples has to be new before the points are made anew."""


class BaselineCurve:
    """Takes samples and says what stands at a step."""

    def __init__(self, columns: Columns | None = None) -> None:
        self._buffer = CurveBuffer(_POINTS)
        if columns is not None:
            self._buffer = CurveBuffer.from_columns(_POINTS, columns)
        self._made = -1
        self._steps: list[int] = []
        self._values: list[float] = []

    def append(self, step: int, time: float, value: float) -> None:
        """Take one sample."""
        self._buffer.append(step, time, value)

    def at(self, step: int) -> float | None:
        """The value at a step, None where the curve does not reach."""
        if self._buffer.total > self._made * (1 + _NEWS):
            self._make()
        after = bisect_left(self._steps, step)
        if after == len(self._steps):
            return None
        if self._steps[after] == step:
            return self._values[after]
        if after == 0:
            return None
        left, right = self._steps[after - 1], self._steps[after]
        low, high = self._values[after - 1], self._values[after]
        return low + (high - low) * (step - left) / (right - left)

    def _make(self) -> None:
        columns = self._buffer.columns()
        steps, means = memoryview(columns.steps).cast("q"), memoryview(columns.mean).cast("d")
        # Of a run that began again the last pass counts.
        points = {step: mean for step, mean in zip(steps, means, strict=True) if isfinite(mean)}
        self._steps = sorted(points)
        self._values = [points[step] for step in self._steps]
        self._made = self._buffer.total


class Baselines:
    """The curves that rules compare with, and which of them is meant for a run."""

    def __init__(self, rules: Sequence[Rule], runs: Mapping[str, RunFacts]) -> None:
        self._rules = tuple(rule for rule in rules if isinstance(rule.cause, Behind))
        self._runs = runs
        self._curves: dict[tuple[str, str], BaselineCurve] = {}
        self._chosen: dict[tuple[str, str], str | None] = {}

    def load(self, state: State) -> None:
        """Take the curves as they are so far."""
        for run, metric in state.series(Metric) if self._rules else ():
            if self.own(run, self._runs.get(run, UNKNOWN).name, metric) is not None:
                self._curves[run, metric] = BaselineCurve(state.curve(Metric, (run, metric)))

    def look_again(self) -> None:
        """A run began: another one may be meant from now on."""
        self._chosen.clear()

    def own(self, run: str, name: str, metric: str) -> BaselineCurve | None:
        """A run's own curve, to be kept up to date, if others are compared with it."""
        meant = (rule for rule in self._rules if rule.baseline in {run, name})
        if not any(rule.about.metric.matches(metric) for rule in meant):
            return None
        return self._curves.setdefault((run, metric), BaselineCurve())

    def curve(self, rule: Rule, run: str, metric: str) -> BaselineCurve | None:
        """What a run's metric is compared with; None if there is nothing."""
        chosen = self._baseline_for(rule.baseline, run) if rule.baseline else None
        return None if chosen is None else self._curves.get((chosen, metric))

    def there(self, rule: Rule, run: str, metric: str, step: int) -> float | None:
        """The value that a run's metric is compared with at a step."""
        curve = self.curve(rule, run, metric)
        return None if curve is None else curve.at(step)

    def _baseline_for(self, wanted: str, run: str) -> str | None:
        """The run of this id; of several of that name the newest that began before this one."""
        key = (wanted, run)
        if key not in self._chosen:
            self._chosen[key] = wanted if wanted in self._runs else self._newest_before(wanted, run)
        chosen = self._chosen[key]
        return None if chosen == run else chosen

    def _newest_before(self, wanted: str, run: str) -> str | None:
        began = self._runs.get(run, UNKNOWN).started
        found = [
            (facts.started or 0.0, other)
            for other, facts in self._runs.items()
            if facts.name == wanted and other != run and (began is None or (facts.started or 0.0) <= began)
        ]
        return max(found)[1] if found else None
