"""One rule on one series: what is remembered, and whether it fires.

Rules: pure functions from a memory and what came to another memory; `firing` changes only after its cause has
been there, or away, for as long as the rule says, and a value between limit and clear limit changes nothing:
so it cannot flap. A series whose steps go back has begun again.
"""

from collections.abc import Sequence
from math import isfinite, nan
from operator import le
from typing import Final

import msgspec

from dashctl.alerts.rules import Behind, Moment, NotFinite, Plateau, Rule, Stalled, Threshold

NEVER: Final = Moment(0.0, 0, 0)


class Best(msgspec.Struct, frozen=True):
    """The best value so far, and when it came."""

    value: float
    at: Moment


class Memory(msgspec.Struct, frozen=True):
    """What is remembered of a series for one rule.

    verdict: whether the newest value is not as it has to be, None for neither. turning: since when that is
    the contrary of `firing`. best: of a plateau. since: when it began to fire, seconds since 1970.
    """

    newest: Moment = NEVER
    value: float = nan
    verdict: bool | None = None
    turning: Moment | None = None
    best: Best | None = None
    firing: bool = False
    since: float = 0.0


def taken(
    rule: Rule, memory: Memory, at: tuple[float, int], value: float, baseline: float | None = None
) -> Memory:
    """After one more value, `at` a time (of arrival) and a step. baseline: what stands there in its curve."""
    time, step = at
    cause, turning, best = rule.cause, memory.turning, memory.best
    if step < memory.newest.step:
        turning = best = None
    here = Moment(time, step, memory.newest.values + 1)
    match cause:
        case NotFinite():
            verdict: bool | None = not isfinite(value)
        case Stalled():
            verdict = False
        case Plateau(over=over):
            if isfinite(value) and (best is None or cause.improves(value, best.value)):
                best = Best(value, here)
            verdict = best is not None and over.passed(best.at, here)
        case Threshold():
            verdict = cause.judges(value)
        case Behind():
            verdict = None if baseline is None else cause.judges(value, baseline)
    if verdict is None and value != value:  # noqa: PLR0124 - NaN
        # No evidence of either, and no value in a row: what turns goes on turning with the time.
        verdict, here = memory.verdict, Moment(time, step, memory.newest.values)
    return _lived(rule, Memory(here, value, verdict, turning, best, memory.firing, memory.since), here)


def skipped(
    rule: Rule, memory: Memory, now: float, steps: Sequence[int], values: Sequence[float]
) -> Memory | None:
    """What is remembered before the last of several values, where those before it change nothing else.

    None where each has to be taken by itself.
    """
    count, cause, firing = len(values) - 1, rule.cause, memory.firing
    if memory.turning is not None or count < 1 or not isfinite(sum(values)):
        return None
    first = Moment(now, steps[0], memory.newest.values + 1)
    last = Moment(now, steps[-1], first.values + count)
    match cause:
        case Plateau(over=over) if memory.best is not None:
            best = memory.best
            grows = all(map(le, (memory.newest.step, *steps), steps))
            better = cause.improves(min(values) if cause.mode == "min" else max(values), best.value)
            unchanged = grows and not better and over.passed(best.at, first if firing else last) is firing
        case Threshold() if not firing:
            unchanged = max(values) <= cause.limit if cause.above else min(values) >= cause.limit
        case NotFinite() | Stalled():
            unchanged = not firing
        case _:
            unchanged = False
    if not unchanged:
        return None
    here = Moment(now, steps[-1], last.values - 1)
    return Memory(here, memory.value, memory.verdict, None, memory.best, firing, memory.since)


def ticked(rule: Rule, memory: Memory, now: float, listening: float) -> Memory:
    """After some time without a value. listening: since when nothing can have been missed."""
    here = Moment(now, memory.newest.step, memory.newest.values)
    match rule.cause:
        case Stalled(seconds=seconds):
            # Having missed nothing is asked of what begins alone: what fires is over with a value.
            heard = memory.newest.time if memory.firing else max(memory.newest.time, listening)
            verdict: bool | None = now - heard >= seconds
        case Plateau(over=over) if memory.best is not None:
            verdict = over.passed(memory.best.at, here)
        case _:
            verdict = memory.verdict
    if verdict is memory.verdict and memory.turning is None and verdict is memory.firing:
        return memory
    judged = Memory(
        memory.newest, memory.value, verdict, memory.turning, memory.best, memory.firing, memory.since
    )
    return _lived(rule, judged, here)


def believed(memory: Memory, *, firing: bool, since: float) -> Memory:
    """The same, firing or not as was told before."""
    return Memory(memory.newest, memory.value, memory.verdict, None, memory.best, firing, since)


def _lived(rule: Rule, memory: Memory, here: Moment) -> Memory:
    """With `firing` as it is after the verdict has been what it is until here."""
    turning, firing = memory.turning, memory.firing
    if memory.verdict is firing or memory.verdict is None:
        if turning is None:
            return memory
        turning = None
    else:
        turning = turning or here
        span = rule.clear if firing else rule.hold
        # The value that turned it is the first of those in a row.
        start = turning if span.unit != "values" else Moment(turning.time, turning.step, turning.values - 1)
        if span.passed(start, here):
            turning, firing = None, not firing
    since = here.time if firing and not memory.firing else memory.since
    return Memory(memory.newest, memory.value, memory.verdict, turning, memory.best, firing, since)
