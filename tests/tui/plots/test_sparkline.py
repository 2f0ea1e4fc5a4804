"""Sparklines: scaled to their own peak, no peak lost, nothing hidden."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl_tui.plots.canvas import to_text
from dashctl_tui.plots.palette import ACCENT, ALERT
from dashctl_tui.plots.sparkline import draw_sparkline


@pytest.mark.parametrize(
    ("values", "width", "expected"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8], 8, "▁▂▃▄▅▆▇█"),
        ([0, 0, 0], 3, "▁▁▁"),
        ([0.001, 0.002], 2, "▄█"),
        ([5], 3, "███"),
        ([0, 1], 6, "▁▁▁███"),
        ([-1, 0, 1], 3, "▁▄█"),
        ([-2, -1], 2, "▁▄"),
        ([1, nan, inf, -inf, 1], 5, "█✕▲▼█"),
        ([nan, nan], 2, "✕✕"),
        ([0, 0, 9, 0, 0, 0, 0, 0], 2, "█▁"),
        ([1e308, -1e308], 2, "█▁"),
        ([], 3, "   "),
    ],
)
def test_a_row_of_blocks(values: list[float], width: int, expected: str) -> None:
    assert draw_sparkline(values, width, 1)[0].text == expected


def test_a_running_history_stands_at_the_right_end() -> None:
    assert draw_sparkline([4, 8], 5, 1, stretch=False)[0].text == "   ▄█"


def test_several_rows_resolve_finer() -> None:
    assert to_text(draw_sparkline([1, 8, 12, 16], 4, 2)) == "  ▄█\n▁███"


def test_marks_stand_out_in_the_bottom_row() -> None:
    rows = draw_sparkline([1, nan], 2, 2, ACCENT)
    assert rows[1].runs == (("█", ACCENT), ("✕", ALERT))


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=300), st.integers(1, 50), st.data())
def test_a_peak_survives_however_narrow_the_picture(
    values: list[float], width: int, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(values) - 1))
    values[at] = 2e6
    shown = draw_sparkline(values, width, 1)[0].text
    column = next(
        cell for cell in range(width) if (cell + 1) * len(values) // width > at or cell == width - 1
    )
    assert shown[column] == "█"


@given(st.lists(st.floats(), max_size=100), st.integers(1, 40))
def test_every_value_that_is_not_finite_is_marked(values: list[float], width: int) -> None:
    shown = draw_sparkline(values, width, 1)[0].text
    assert any(mark in shown for mark in "✕▲▼") == bool(len(values) and not np.all(np.isfinite(values)))
