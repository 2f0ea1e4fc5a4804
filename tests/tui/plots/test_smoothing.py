"""Smoothing: it does not lie at the start, on a constant, or about what is not finite."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl_tui.plots.smoothing import smoothed

weights = st.floats(0, 0.999)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 50), weights)
def test_a_constant_stays_exactly_what_it_is(value: float, count: int, weight: float) -> None:
    np.testing.assert_array_equal(smoothed([value] * count, weight), [value] * count)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), weights)
def test_it_starts_at_the_first_value_and_stays_within_the_extremes(
    values: list[float], weight: float
) -> None:
    result = smoothed(values, weight)
    assert result[0] == values[0]
    assert np.all(result >= min(values) - 1e-6)
    assert np.all(result <= max(values) + 1e-6)


def test_it_is_the_debiased_exponential_average() -> None:
    values, weight = [3.0, 1.0, 4.0, 1.0, 5.0], 0.6
    averages = [
        sum(weight ** (last - at) * values[at] for at in range(last + 1))
        / sum(weight ** (last - at) for at in range(last + 1))
        for last in range(5)
    ]
    np.testing.assert_allclose(smoothed(values, weight), averages)


def test_what_is_not_finite_stays_and_does_not_spread() -> None:
    result = smoothed([1.0, np.nan, np.inf, 1.0, -np.inf], 0.9)
    np.testing.assert_array_equal(result, [1.0, np.nan, np.inf, 1.0, -np.inf])


@pytest.mark.parametrize("values", [[], [1.0, 2.0]])
def test_no_weight_changes_nothing(values: list[float]) -> None:
    np.testing.assert_array_equal(smoothed(values, 0), values)
