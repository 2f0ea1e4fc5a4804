"""Smoothing: it does not lie at the start, on a constant, by the rate of samples, or about the infinite."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl.curve import CurveBuffer
from dashctl_tui.plots.smoothing import smoothed

reaches = st.floats(1e-3, 1e6)
whole = st.lists(st.integers(0, 1000), min_size=1, max_size=50).map(sorted)


def slow(x: list[float], y: list[float], reach: float) -> list[float]:
    """The definition, a sum for each sample: for samples of different x."""
    stretch = np.diff(x, prepend=2 * x[0] - x[1])
    weights = -np.expm1(-stretch / reach)
    means = []
    for last in range(len(x)):
        fading = weights[: last + 1] * np.exp(-(x[last] - np.array(x[: last + 1])) / reach)
        means.append(float(np.sum(fading * y[: last + 1]) / np.sum(fading)))
    return means


def noisy(samples: int) -> tuple[np.ndarray, np.ndarray]:
    """A falling curve with noise on it, along 0..1000, however many samples."""
    x = np.linspace(0, 1000, samples)
    return x, np.exp(-x / 300) + np.random.default_rng(1).normal(0, 0.1, samples)


@given(whole, st.floats(allow_nan=False, allow_infinity=False), reaches)
def test_a_constant_stays_exactly_what_it_is(x: list[int], value: float, reach: float) -> None:
    np.testing.assert_array_equal(smoothed(x, [value] * len(x), reach), [value] * len(x))


@given(st.lists(st.tuples(st.floats(0, 1e9), st.floats(-1e6, 1e6)), min_size=1, max_size=50), reaches)
def test_it_starts_at_the_first_value_and_stays_within_the_extremes(
    points: list[tuple[float, float]], reach: float
) -> None:
    x, y = zip(*sorted(points, key=lambda point: point[0]), strict=True)
    result = smoothed(x, y, reach)
    assert result[0] == y[0]
    assert np.all((result >= min(y)) & (result <= max(y)))


@pytest.mark.parametrize("reach", [0.01, 1.0, 7.0, 1e5])
def test_it_is_the_average_in_which_what_is_farther_back_on_x_weighs_less(reach: float) -> None:
    x = [0.0, 1.0, 1.5, 4.0, 20.0, 20.5, 900.0]
    y = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0]
    np.testing.assert_allclose(smoothed(x, y, reach), slow(x, y, reach))


@pytest.mark.parametrize("times", [2, 3, 10, 100])
def test_sampling_more_often_changes_nothing(times: int) -> None:
    x, y = noisy(500)
    finer = np.concatenate([np.linspace(a, b, times + 1)[1:] for a, b in zip(x - x[1], x, strict=True)])
    often = smoothed(finer, np.repeat(y, times), 30.0)
    np.testing.assert_allclose(often[times - 1 :: times], smoothed(x, y, 30.0), rtol=1e-9)


@pytest.mark.parametrize("samples", [2_000, 10_000, 100_000])
def test_a_thinned_curve_is_smoothed_as_the_whole_one_is(samples: int) -> None:
    x, y = noisy(samples)
    buffer = CurveBuffer(1_000)
    steps = range(samples)
    buffer.extend(steps, [0.0] * samples, y.tolist())
    columns = buffer.columns()
    assert columns.width > 1
    last, mean = np.frombuffer(columns.steps, dtype=np.int64), np.frombuffer(columns.mean)
    thinned = smoothed(x[last], mean, 50.0)
    whole = smoothed(x, y, 50.0)[last]
    settled = x[last] > 50
    assert np.abs(thinned - whole)[settled].max() < 0.01, "a tenth of the noise, and less"


@pytest.mark.parametrize("samples", [100, 1_000, 10_000, 100_000])
def test_a_weight_smooths_as_much_however_many_samples_there_are(samples: int) -> None:
    x = np.linspace(0, 1000, samples)
    step = smoothed(x, (x >= 500).astype(float), 50.0)
    risen = x[np.argmax(step > 1 - np.exp(-1))]
    assert risen == pytest.approx(550, abs=15), "a step is followed to 63 % after one reach"


def test_what_happens_at_one_place_counts_once() -> None:
    once = smoothed([0, 1, 2, 3], [1.0, 5.0, 2.0, 4.0], 2.0)
    twice = smoothed([0, 0, 1, 1, 2, 2, 3, 3], [1.0, 1.0, 5.0, 5.0, 2.0, 2.0, 4.0, 4.0], 2.0)
    np.testing.assert_allclose(twice[1::2], once)


def test_a_huge_start_is_forgotten() -> None:
    result = smoothed(np.arange(1000), np.array([1e300] + [0.125] * 999), 1.0)
    assert result[-1] == 0.125


def test_what_is_not_finite_stays_and_does_not_spread() -> None:
    result = smoothed(range(5), [1.0, np.nan, np.inf, 1.0, -np.inf], 9.0)
    np.testing.assert_array_equal(result, [1.0, np.nan, np.inf, 1.0, -np.inf])


@pytest.mark.parametrize("values", [[], [1.0, 2.0]])
@pytest.mark.parametrize("reach", [0.0, np.nan])
def test_no_reach_changes_nothing(values: list[float], reach: float) -> None:
    np.testing.assert_array_equal(smoothed(range(len(values)), values, reach), values)
