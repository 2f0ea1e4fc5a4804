"""What a watcher would remember that had been there all along, from the curve that the bus has kept.

Rules: where several values share a bucket, a cause counts as there only if it held for all of them; peaks and
NaN are as good as values.
"""

from collections.abc import Iterator
from math import inf, isfinite, nan
from typing import Final

from dashctl.alerts.baseline import BaselineCurve
from dashctl.alerts.evaluation import Best, Memory, taken
from dashctl.alerts.rules import Moment, Plateau, Rule
from dashctl.curve import MINUS_INF, NAN, PLUS_INF, Columns

_TAIL: Final = 100
"""Buckets that are gone through value by value."""

Sample = tuple[float, int, float]
"""Time, step, value."""


def remembered(rule: Rule, columns: Columns, baseline: BaselineCurve | None) -> Memory:
    """The memory after all values of a curve."""
    memory = Memory()
    if isinstance(rule.cause, Plateau):
        memory = Memory(best=_best(rule.cause, columns))
    # Only what has to last asks for more than the newest value.
    samples = list(_samples(columns, _TAIL if rule.hold.amount else 1))
    before = columns.total - len(samples)
    memory = Memory(newest=Moment(0.0, 0, max(0, before)), best=memory.best)
    for time, step, value in samples:
        there = None if baseline is None else baseline.at(step)
        memory = taken(rule, memory, (time, step), value, there)
    return memory


def _samples(columns: Columns, tail: int) -> Iterator[Sample]:
    """The last buckets as values, lowest and highest, and the very last one as it was."""
    steps, times = memoryview(columns.steps).cast("q"), memoryview(columns.times).cast("d")
    low, high = memoryview(columns.low).cast("d"), memoryview(columns.high).cast("d")
    for at in range(max(0, len(steps) - tail), len(steps)):
        marks = columns.marks[at]
        newest = at == len(steps) - 1
        odd = [value for bit, value in ((NAN, nan), (PLUS_INF, inf), (MINUS_INF, -inf)) if marks & bit]
        for value in odd:
            yield times[at], steps[at], value
        if isfinite(low[at]) and not (newest and columns.filled == 1):
            yield times[at], steps[at], low[at]
            if high[at] != low[at]:
                yield times[at], steps[at], high[at]
        if newest and not (odd and columns.filled == 1):
            yield times[at], steps[at], columns.last


def _best(cause: Plateau, columns: Columns) -> Best | None:
    steps, times = memoryview(columns.steps).cast("q"), memoryview(columns.times).cast("d")
    values = memoryview(columns.low if cause.mode == "min" else columns.high).cast("d")
    best: Best | None = None
    for at, value in enumerate(values):
        if isfinite(value) and (best is None or cause.improves(value, best.value)):
            place = min(columns.total, (at + 1) * columns.width)
            best = Best(value, Moment(times[at], steps[at], place))
    return best
