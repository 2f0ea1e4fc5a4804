"""Numbers as short labels."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl_tui.plots.numbers import compact, percent, tick_labels


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1, "1"),
        (0.928, "0.928"),
        (0.03124, "0.0312"),
        (12.345, "12.3"),
        (1234, "1234"),
        (12345, "12.3k"),
        (3_400_000, "3.4M"),
        (-7.5e9, "-7.5G"),
        (2e12, "2T"),
        (1.2e-05, "1.2e-05"),
        (-3e-310, "-3e-310"),
        (1.7e308, "1.7e+308"),
        (nan, "NaN"),
        (inf, "+Inf"),
        (-inf, "-Inf"),
    ],
)
def test_a_number_is_short(value: float, label: str) -> None:
    assert compact(value) == label


@given(st.floats())
def test_every_number_has_a_short_label(value: float) -> None:
    assert 1 <= len(compact(value)) <= 9


def test_a_share_is_a_whole_percentage() -> None:
    assert [percent(share) for share in (0, 0.424, 1, nan)] == ["0 %", "42 %", "100 %", "NaN"]


@pytest.mark.parametrize(
    ("ticks", "step", "labels"),
    [
        ([0.0, 0.5, 1.0], 0.5, ["0", "0.5", "1.0"]),
        ([0.92, 0.94], 0.02, ["0.92", "0.94"]),
        ([0.0, 50.0, 100.0], 50, ["0", "50", "100"]),
        ([0.0, 20_000.0, 40_000.0], 20_000, ["0", "20k", "40k"]),
        ([1e6, 1.5e6], 5e5, ["1.0M", "1.5M"]),
        ([1e-5, 2e-5], 1e-5, ["1e-05", "2e-05"]),
        ([1.0e20, 1.5e20], 5e19, ["1e+20", "1.5e+20"]),
        ([], 1, []),
        ([3.0], 0, ["3"]),
    ],
)
def test_ticks_have_the_decimals_of_their_step(ticks: list[float], step: float, labels: list[str]) -> None:
    assert tick_labels(ticks, step) == labels
