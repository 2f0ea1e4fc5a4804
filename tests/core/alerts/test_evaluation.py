"""One rule on one series: when it begins to fire, when it is over, and that it never flaps."""

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dashctl.alerts.evaluation import Memory, skipped, taken, ticked
from dashctl.alerts.rules import About, Behind, NotFinite, Plateau, Rule, Span, Stalled, Threshold

HIGH = Threshold(10.0, 8.0, above=True)


def rule_of(cause, hold: Span = Span(), clear: Span = Span()) -> Rule:  # noqa: B008
    return Rule("r", About(), cause, "warning", hold, clear)


def fires(rule: Rule, *values: float, baseline: float | None = None) -> list[bool]:
    """Whether it fires after each value, a second and a step apart."""
    memory, seen = Memory(), []
    for at, value in enumerate(values):
        memory = taken(rule, memory, (100.0 + at, at), value, baseline)
        seen.append(memory.firing)
    return seen


def test_a_threshold_fires_beyond_its_limit_and_is_over_behind_the_other() -> None:
    assert fires(rule_of(HIGH), 9, 11, 9, 10, 8.1, 8, 9) == [False, True, True, True, True, False, False]
    low = rule_of(Threshold(0.5, 0.6, above=False))
    assert fires(low, 0.5, 0.4, 0.55, 0.6) == [False, True, True, False]


def test_nan_is_no_evidence_for_a_threshold_and_infinity_is() -> None:
    assert fires(rule_of(HIGH), math.nan, 11, math.nan, 7) == [False, True, True, False]
    assert fires(rule_of(HIGH), math.inf, -math.inf) == [True, False]


def test_a_cause_has_to_last() -> None:
    for_values = rule_of(HIGH, Span(3, "values"), Span(2, "values"))
    assert fires(for_values, 11, 11, 9, 11, 11, 11, 7, 9, 7, 7) == [False] * 5 + [True] * 4 + [False]
    for_steps = rule_of(HIGH, Span(2, "steps"))
    assert fires(for_steps, 11, 11, 11, 7) == [False, False, True, False]
    for_seconds = rule_of(HIGH, Span(2.0), Span(3.0))
    assert fires(for_seconds, 11, 11, 11, 7, 7, 7, 7) == [False, False, True, True, True, True, False]


def test_time_passes_without_values() -> None:
    rule = rule_of(HIGH, Span(60.0))
    memory = taken(rule, Memory(), (100.0, 0), 11)
    assert not ticked(rule, memory, 159.0, 0.0).firing
    assert ticked(rule, memory, 160.0, 0.0).firing
    assert ticked(rule, memory, 160.0, 0.0).since == 160.0


def test_nan_and_infinities_fire_and_end_after_finite_values() -> None:
    rule = rule_of(NotFinite(), clear=Span(2, "values"))
    assert fires(rule, 1, math.nan, 1, math.inf, 1, 1) == [False, True, True, True, True, False]


def test_a_series_stalls_with_time_alone_and_ends_with_a_value() -> None:
    rule = rule_of(Stalled(10.0))
    memory = taken(rule, Memory(), (100.0, 0), 1.0)
    assert not ticked(rule, memory, 109.0, 0.0).firing
    stalled = ticked(rule, memory, 110.0, 0.0)
    assert stalled.firing
    assert not taken(rule, stalled, (111.0, 1), 1.0).firing


def test_who_has_not_listened_does_not_call_silence_what_it_missed() -> None:
    rule = rule_of(Stalled(10.0))
    memory = taken(rule, Memory(), (100.0, 0), 1.0)
    assert not ticked(rule, memory, 200.0, listening=195.0).firing
    assert ticked(rule, memory, 205.0, listening=195.0).firing
    fired = ticked(rule, memory, 110.0, 0.0)
    assert ticked(rule, fired, 200.0, listening=195.0).firing, "what fired goes on"


def test_a_plateau_asks_for_a_new_best_by_more_than_min_delta() -> None:
    rule = rule_of(Plateau(Span(3, "steps"), "min", 0.1))
    assert fires(rule, 1.0, 0.95, 0.92, 0.91, 0.5, 0.5) == [False, False, False, True, False, False]
    up = rule_of(Plateau(Span(2, "values"), "max", 0.0))
    assert fires(up, 1.0, 2.0, 2.0, math.nan, 3.0) == [False, False, False, True, False]


def test_a_slow_drift_is_no_plateau_once_it_adds_up() -> None:
    rule = rule_of(Plateau(Span(10, "steps"), "min", 0.1))
    assert not any(fires(rule, *(1 - 0.02 * step for step in range(40))))


def test_a_plateau_by_the_clock_needs_no_value() -> None:
    rule = rule_of(Plateau(Span(60.0), "min", 0.0))
    memory = taken(rule, Memory(), (100.0, 0), 1.0)
    assert not ticked(rule, memory, 150.0, 0.0).firing
    assert ticked(rule, memory, 160.0, 0.0).firing


def test_behind_is_worse_than_the_baseline_by_a_margin() -> None:
    rule = rule_of(Behind("best", "min", 0.2, 0.1))
    assert fires(rule, 1.1, 1.3, 1.15, 1.05, baseline=1.0) == [False, True, True, False]
    assert fires(rule, 9.0, 9.0, baseline=None) == [False, False]
    up = rule_of(Behind("best", "max", 0.2, 0.2))
    assert fires(up, 0.9, 0.7, 0.9, baseline=1.0) == [False, True, False]


def test_a_series_that_begins_again_has_nothing_to_turn() -> None:
    rule = rule_of(HIGH, Span(3, "steps"))
    memory = taken(rule, Memory(), (100.0, 50), 11)
    memory = taken(rule, memory, (101.0, 0), 11)
    assert not taken(rule, memory, (102.0, 2), 11).firing
    assert taken(rule, memory, (103.0, 3), 11).firing


VALUES = st.lists(st.floats(0, 20) | st.just(math.nan) | st.just(math.inf), max_size=60)
SPANS = st.builds(Span, st.integers(0, 5).map(float), st.sampled_from(["s", "steps", "values"]))


@given(VALUES, SPANS, SPANS)
def test_it_never_begins_below_its_limit_nor_ends_above_the_other(
    values: list[float], hold: Span, clear: Span
) -> None:
    rule = rule_of(HIGH, hold, clear)
    before = False
    evidence = math.nan
    for value, firing in zip(values, fires(rule, *values), strict=True):
        evidence = evidence if math.isnan(value) else value
        if firing and not before:
            assert evidence > HIGH.limit
        if before and not firing:
            assert evidence <= HIGH.clear
        before = firing


@given(st.lists(st.floats(8.0, 10.0, exclude_min=True), max_size=60), SPANS, SPANS, st.booleans())
def test_between_the_limits_nothing_ever_changes(
    values: list[float], hold: Span, clear: Span, firing: bool
) -> None:
    rule = rule_of(HIGH, hold, clear)
    memory = Memory(firing=firing)
    for at, value in enumerate(values):
        memory = taken(rule, memory, (100.0 + at, at), value)
        memory = ticked(rule, memory, 100.5 + at, 0.0)
        assert memory.firing is firing


@given(VALUES, st.integers(1, 5), st.integers(1, 5))
def test_it_changes_no_more_often_than_its_spans_allow(values: list[float], hold: int, clear: int) -> None:
    rule = rule_of(NotFinite(), Span(float(hold), "values"), Span(float(clear), "values"))
    seen = fires(rule, *values)
    changes = [at for at in range(1, len(seen)) if seen[at] is not seen[at - 1]]
    for first, second in pairwise(changes):
        assert second - first >= (clear if seen[first] else hold)


@given(VALUES, SPANS, SPANS, st.sampled_from([HIGH, NotFinite(), Plateau(Span(3, "steps"), "min", 0.5)]))
def test_looking_at_the_clock_in_between_makes_no_difference(
    values: list[float], hold: Span, clear: Span, cause
) -> None:
    rule = rule_of(cause, hold, clear)
    memory, seen = Memory(), []
    for at, value in enumerate(values):
        memory = taken(rule, memory, (100.0 + at, at), value)
        seen.append(memory.firing)
        memory = ticked(rule, memory, 100.0 + at, 0.0)
        assert memory.firing is seen[-1]
    assert seen == fires(rule, *values)


CAUSES = st.sampled_from(
    [
        HIGH,
        Threshold(10.0, 12.0, above=False),
        NotFinite(),
        Stalled(3.0),
        Behind("best", "min", 1.0, 1.0),
        *(Plateau(Span(3, unit), mode, 0.5) for unit in ("steps", "values", "s") for mode in ("min", "max")),
    ]
)
BATCHES = st.lists(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 20) | st.just(math.nan)), max_size=9))


@given(BATCHES, SPANS, SPANS, CAUSES, st.booleans())
def test_values_that_come_together_are_judged_as_one_by_one(
    batches: list[list[tuple[int, float]]], hold: Span, clear: Span, cause, growing: bool
) -> None:
    rule = rule_of(cause, hold, clear)
    single = together = Memory()
    for number, batch in enumerate(batches):
        now = 100.0 + number
        steps = [number * 31 * growing + step for step, _ in (sorted(batch) if growing else batch)]
        values = [value for _, value in (sorted(batch) if growing else batch)]
        for step, value in zip(steps, values, strict=True):
            single = taken(rule, single, (now, step), value, 5.0)
        before = skipped(rule, together, now, steps, values)
        if before is None:
            for step, value in zip(steps, values, strict=True):
                together = taken(rule, together, (now, step), value, 5.0)
        else:
            together = taken(rule, before, (now, steps[-1]), values[-1], 5.0)
        assert repr(together) == repr(single), "equal, where NaN is NaN"
