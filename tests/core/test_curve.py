"""A curve keeps its peaks, its NaNs and its bounds, however long it gets and whenever one looks."""

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl.curve import MINUS_INF, NAN, PLUS_INF, Columns, CurveBuffer

VALUES = st.lists(st.floats(width=64, allow_nan=True, allow_infinity=True), max_size=200)


def numbers(packed: bytes, code: str = "d") -> list[float]:
    return list(array(code, packed))


def filled(values: list[float], points: int = 8) -> CurveBuffer:
    curve = CurveBuffer(points)
    for step, value in enumerate(values):
        curve.append(step, 1000.0 + step, value)
    return curve


def test_few_samples_are_kept_one_by_one() -> None:
    columns = filled([3.0, 1.0, 2.0]).columns()
    assert columns.width == 1
    assert numbers(columns.steps, "q") == [0, 1, 2]
    assert numbers(columns.times) == [1000.0, 1001.0, 1002.0]
    assert numbers(columns.low) == numbers(columns.high) == numbers(columns.mean) == [3.0, 1.0, 2.0]
    assert columns.last == 2.0


def test_neighbours_merge_when_the_buckets_are_full() -> None:
    columns = filled([float(value) for value in range(9)], points=4).columns()
    assert columns.width == 4
    assert numbers(columns.low) == [0.0, 4.0, 8.0]
    assert numbers(columns.high) == [3.0, 7.0, 8.0]
    assert numbers(columns.mean) == [1.5, 5.5, 8.0]
    assert numbers(columns.counts, "Q") == [4, 4, 1]
    assert columns.filled == 1


def test_an_odd_number_of_buckets_merges_too() -> None:
    columns = filled([float(value) for value in range(7)], points=3).columns()
    assert numbers(columns.low) == [0.0, 4.0]
    assert numbers(columns.high) == [3.0, 6.0]


def test_what_is_not_finite_is_marked_and_does_not_spoil_its_bucket() -> None:
    columns = filled([1.0, math.nan, math.inf, -math.inf, 5.0], points=2).columns()
    assert numbers(columns.marks, "B") == [NAN | PLUS_INF | MINUS_INF, 0]
    assert numbers(columns.low) == [1.0, 5.0]


def test_a_bucket_without_a_finite_value_is_nan() -> None:
    columns = filled([math.nan]).columns()
    assert all(math.isnan(numbers(column)[0]) for column in (columns.low, columns.high, columns.mean))


def test_huge_values_have_a_mean_inside_their_bounds() -> None:
    columns = filled([1.7e308, 1.7e308, 1.7e308], points=2).columns()
    assert numbers(columns.mean)[0] == 1.7e308


@given(VALUES, st.integers(1, 9))
def test_no_peak_and_no_mark_is_lost(values: list[float], points: int) -> None:
    columns = filled(values, points).columns()
    finite = [value for value in values if math.isfinite(value)]
    kept = [value for value in numbers(columns.low) + numbers(columns.high) if not math.isnan(value)]
    assert len(numbers(columns.steps, "q")) <= points
    assert sum(numbers(columns.counts, "Q")) == len(finite)
    assert any(mark & NAN for mark in columns.marks) == any(math.isnan(value) for value in values)
    if finite:
        assert (min(kept), max(kept)) == (min(finite), max(finite))


@given(VALUES, st.integers(1, 9), st.sets(st.integers(0, 200)))
def test_when_somebody_looks_makes_no_difference(values: list[float], points: int, looks: set[int]) -> None:
    looked_at = CurveBuffer(points)
    for step, value in enumerate(values):
        looked_at.append(step, 1000.0 + step, value)
        if step in looks:
            looked_at = CurveBuffer.from_columns(points, looked_at.columns())
    assert repr(looked_at.columns()) == repr(filled(values, points).columns())


def test_columns_that_disagree_are_refused() -> None:
    columns = Columns(1, 1, 1, 0.0, b"", bytes(8), bytes(8), bytes(8), bytes(8), bytes(8), b"\x00")
    with pytest.raises(ValueError, match="different lengths"):
        CurveBuffer.from_columns(8, columns)
