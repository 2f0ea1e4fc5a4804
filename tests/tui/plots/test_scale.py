"""Scales: where a value falls, and the round values beside it."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl_tui.plots.scale import Scale

finite = st.floats(allow_nan=False, allow_infinity=False)


def labels(scale: Scale, most: int) -> list[str]:
    return [tick.label for tick in scale.ticks(most)]


@pytest.mark.parametrize(
    ("scale", "most", "expected"),
    [
        (Scale(0, 1), 6, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (Scale(0, 1), 3, ["0", "0.5", "1.0"]),
        (Scale(0.05, 2.4), 3, ["1", "2"]),
        (Scale(-3, 3), 4, ["-2", "0", "2"]),
        (Scale(0, 6000), 7, ["0", "1000", "2000", "3000", "4000", "5000", "6000"]),
        (Scale(1e-5, 1e-3, log=True), 5, ["1e-05", "0.0001", "0.001"]),
        (Scale(1, 1e9, log=True), 5, ["1", "100", "10k", "1M", "100M"]),
        (Scale(90, 600, log=True), 5, ["100", "200", "500"]),
        (Scale(0, 1), 0, []),
    ],
)
def test_ticks_are_round(scale: Scale, most: int, expected: list[str]) -> None:
    assert labels(scale, most) == expected


@given(finite, finite, st.integers(1, 20))
def test_ticks_lie_on_the_scale_ascend_and_are_no_more_than_asked(a: float, b: float, most: int) -> None:
    scale = Scale.around([a, b])
    values = [tick.value for tick in scale.ticks(most)]
    assert len(values) <= most
    assert values == sorted(values)
    placed = scale.place(values)
    assert np.all((placed > -1e-6) & (placed < 1 + 1e-6))


@given(st.lists(st.floats(), max_size=6), st.booleans())
def test_there_is_a_scale_around_anything_and_everything_usable_is_on_it(
    values: list[float], log: bool
) -> None:
    scale = Scale.around(values, log)
    usable = [value for value in values if np.isfinite(value) and (value > 1e-306 if log else True)]
    placed = scale.place(usable)
    assert np.all((placed > -1e-6) & (placed < 1 + 1e-6))
    assert len(scale.ticks(5)) <= 5


def test_a_single_value_stands_in_the_middle() -> None:
    assert Scale.around([5.0]).place_one(5.0) == pytest.approx(0.5)
    assert Scale.around([0.0, 0.0]) == Scale(-1, 1)
    assert Scale.around([100.0], log=True).place_one(100.0) == pytest.approx(0.5)


def test_without_a_value_there_is_still_a_scale() -> None:
    assert Scale.around([]) == Scale.around([nan, inf]) == Scale(0, 1)
    assert Scale.around([-1, 0], log=True) == Scale(0.1, 1, log=True)


def test_a_logarithmic_scale_places_by_powers_and_has_no_place_below_zero() -> None:
    placed = Scale(1, 100, log=True).place([1, 10, 100, 0, -5, nan])
    np.testing.assert_allclose(placed, [0, 0.5, 1, nan, nan, nan])


@pytest.mark.parametrize(
    ("low", "high", "log"), [(1, 1, False), (2, 1, False), (0, 1, True), (0, inf, False)]
)
def test_an_empty_scale_is_refused(low: float, high: float, log: bool) -> None:
    with pytest.raises(ValueError, match="allowed"):
        Scale(low, high, log)
