"""Features against a plain reading of their definition, one window and one channel at a time."""

from itertools import pairwise

import numpy as np
import pytest

from dashctl.detector.features import channels, features, fit_scaling
from dashctl.detector.telemetry import COLUMNS
from dashctl.detector.windows import CHANNELS, cut
from tests.core.detector.recordings import recorded_set

FEATURES = 11
SEQUENCES = cut(recorded_set(1)).sequences[:7]


def plain_channel(values: np.ndarray, column: int) -> np.ndarray:
    scaled = values.astype(np.float64)
    if COLUMNS[column].unit != "%":
        scaled = np.log1p(scaled)
    if COLUMNS[column].kind == "level":
        scaled = scaled - scaled[0]
    return scaled


def plain_features(x: np.ndarray) -> list[float]:
    t = np.arange(len(x)) / 10
    return [
        x.mean(),
        x.std(),
        *(np.sort(x)[0], *np.percentile(x, [10, 25, 50, 75, 90]), np.sort(x)[-1]),
        np.polyfit(t, x, 1)[0],
        np.mean([abs(b - a) for a, b in pairwise(x)]),
    ]


@pytest.mark.parametrize("window", range(3))
def test_features_are_what_their_names_say(window: int) -> None:
    got = features(SEQUENCES)[window].reshape(CHANNELS, FEATURES)
    for column in range(CHANNELS):
        expected = plain_features(plain_channel(SEQUENCES[window, :, column], column))
        np.testing.assert_allclose(got[column], expected, rtol=1e-3, atol=1e-4)


def test_shapes_and_types() -> None:
    assert channels(SEQUENCES).shape == SEQUENCES.shape
    assert features(SEQUENCES).shape == (7, CHANNELS * FEATURES)
    assert channels(SEQUENCES).dtype == features(SEQUENCES).dtype == np.float32


def test_a_window_is_judged_alone() -> None:
    np.testing.assert_allclose(features(SEQUENCES)[4:5], features(SEQUENCES[4:5]), rtol=1e-5, atol=1e-5)


def test_levels_do_not_depend_on_how_big_the_machine_is() -> None:
    bigger = SEQUENCES.copy()
    percent = [i for i, column in enumerate(COLUMNS) if column.kind == "level" and column.unit == "%"]
    bigger[..., percent] += 40.0
    np.testing.assert_allclose(features(bigger), features(SEQUENCES), atol=1e-4)


def test_scaling_brings_what_it_was_fitted_on_to_zero_and_one() -> None:
    values = np.random.default_rng(1).normal(5.0, 3.0, (400, 6)).astype(np.float32)
    scaled = fit_scaling(values).apply(values)
    np.testing.assert_allclose(scaled.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=0), 1.0, atol=1e-4)


def test_scaling_survives_what_never_varies_and_bounds_what_never_was() -> None:
    scaling = fit_scaling(np.array([[1.0, 2.0], [1.0, 4.0]], dtype=np.float32))
    assert scaling.apply(np.array([[1.0, 3.0]], dtype=np.float32)).tolist() == [[0.0, 0.0]]
    assert scaling.apply(np.array([[99.0, -1e9]], dtype=np.float32)).tolist() == [[10.0, -10.0]]
