"""Metrics in columns are a sequence of events like any other."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl.events import Metric, PhaseEvent, Stamped
from dashctl.metric_columns import MetricColumns, MixedEvents, period_of

TIMES = [1.0, 2.0, 3.0]
METRICS = [Metric("loss", 0, 0.5), Metric("lr", 0, math.inf), Metric("loss", 1, -0.25)]
COLUMNS = MetricColumns.from_events("r", TIMES, METRICS)
EVENTS = [Stamped(at, "r", metric) for at, metric in zip(TIMES, METRICS, strict=True)]


def test_a_name_that_repeats_is_held_once() -> None:
    assert (COLUMNS.names, list(COLUMNS.codes)) == (("loss", "lr"), [0, 1, 0])


def test_its_items_are_the_events() -> None:
    assert list(COLUMNS) == EVENTS
    assert [COLUMNS[0], COLUMNS[-1], len(COLUMNS)] == [EVENTS[0], EVENTS[2], 3]
    assert list(COLUMNS.metrics()) == METRICS
    with pytest.raises(IndexError):
        COLUMNS[3]


def test_a_part_of_it_is_columns_again() -> None:
    part = COLUMNS[1:]
    assert isinstance(part, MetricColumns)
    assert list(part) == EVENTS[1:]
    assert list(COLUMNS[::-1]) == EVENTS[::-1]


@pytest.mark.parametrize("before", [[0, 0], [0, 3], [1, 2], [2, 2], [3, 3]])
def test_others_stand_between_the_metrics(before: list[int]) -> None:
    others = [Stamped(float(at), "r", PhaseEvent("clean")) for at in (8, 9)]
    mixed = MixedEvents(COLUMNS, others, before)
    first, second = before
    assert list(mixed) == [*EVENTS[:first], others[0], *EVENTS[first:second], others[1], *EVENTS[second:]]
    assert (mixed[-1], len(mixed)) == (list(mixed)[-1], 5)
    assert mixed[1:3] == list(mixed)[1:3]


@given(st.lists(st.sampled_from("abc"), max_size=12))
def test_any_names_come_back(names: list[str]) -> None:
    metrics = [Metric(name, step, 0.0) for step, name in enumerate(names)]
    assert list(MetricColumns.from_events("", [1.0] * len(names), metrics).metrics()) == metrics


@pytest.mark.parametrize(
    ("row", "period"),
    [
        ("", 0),
        ("a", 1),
        ("aaa", 1),
        ("ab", 2),
        ("ababa", 2),
        ("aab", 0),
        ("abca", 3),
        ("abac", 0),
        ("abbabb", 0),
    ],
)
def test_a_row_that_begins_again(row: str, period: int) -> None:
    assert period_of(list(row)) == period
