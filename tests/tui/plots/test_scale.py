"""Scales: where a value falls, and the round values beside it."""

import time
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl_tui.plots.scale import Scale, Unit

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
        (Scale(0, 4, unit="count"), 9, ["0", "1", "2", "3", "4"]),
        (Scale(0, 90, unit="seconds"), 4, ["0", "30 s", "1:00", "1:30"]),
        (Scale(0, 7300, unit="seconds"), 5, ["0", "30:00", "1:00:00", "1:30:00", "2:00:00"]),
        (Scale(0, 0.02, unit="seconds"), 4, ["0", "0.01 s", "0.02 s"]),
        (Scale(0, 9e5, unit="seconds"), 6, ["0", "2d", "4d", "6d", "8d", "10d"]),
        (Scale(-60, 60, unit="seconds"), 3, ["-1:00", "0", "1:00"]),
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


@pytest.mark.parametrize("step", [0.0, 7.0, 41_000.0])
def test_a_single_step_has_no_fractions_beside_it(step: float) -> None:
    scale = Scale.around([step], unit="count")
    assert [tick.value for tick in scale.ticks(5)] == [step]
    assert scale.place_one(step) == pytest.approx(0.5)


def test_times_of_day_are_round_where_one_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        noon = 1_700_029_800.0
        assert labels(Scale(noon - 100, noon + 3700, unit="moment"), 4) == ["12:00", "12:30", "13:00"]
        assert labels(Scale(noon, noon + 40, unit="moment"), 3) == ["12:00:00", "12:00:15", "12:00:30"]
        assert labels(Scale(noon, noon + 3 * 86_400, unit="moment"), 4) == ["16 Nov", "17 Nov", "18 Nov"]
        assert Scale(noon, noon + 40, unit="moment").label(noon + 1) == "12:00:01"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_single_value_is_written_in_full() -> None:
    assert Scale(0, 1e6, unit="count").label(123_456.0) == "123,456"
    assert Scale(0, 1e4, unit="seconds").label(125.0) == "2:05"
    assert Scale(0, 9, unit="seconds").label(1.25) == "1.25 s"
    assert Scale(0, 1).label(0.12345) == "0.123"


@given(finite, finite, st.sampled_from(["count", "seconds", "moment"]), st.integers(1, 20))
def test_any_unit_has_ticks_on_its_scale(a: float, b: float, unit: Unit, most: int) -> None:
    scale = Scale.around([a, b], unit=unit)
    placed = scale.place([tick.value for tick in scale.ticks(most)])
    assert len(placed) <= most
    assert np.all((placed > -1e-3) & (placed < 1 + 1e-3))
    assert scale.label(a)


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
