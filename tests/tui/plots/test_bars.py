"""Bars: exact to an eighth of a cell."""

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl_tui.plots.bars import ACCURACY, bar
from dashctl_tui.plots.palette import TRACK
from dashctl_tui.plots.scale import Scale


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.5, "          "),
        (0.75, "█████     "),
        (0.93, "████████▋ "),
        (1.0, "██████████"),
        (0.2, "          "),
        (3.0, "██████████"),
        (nan, "          "),
    ],
)
def test_a_bar_fills_its_share_of_the_scale(value: float, expected: str) -> None:
    row = bar(value, ACCURACY, 10)
    assert row.text == expected
    assert all(ink.background == TRACK for _, ink in row.runs)


@given(st.floats(0, 1), st.integers(1, 60))
def test_a_bar_is_exact_to_a_sixteenth_of_a_cell(value: float, width: int) -> None:
    text = bar(value, Scale(0, 1), width).text
    eighths = sum(8 if block == "█" else " ▏▎▍▌▋▊▉".index(block) for block in text)
    assert abs(eighths - value * width * 8) <= 0.5 + 1e-6
