"""Bars: exact to an eighth of a cell, and honest about what lies off the scale."""

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl_tui.plots.bars import ACCURACY, Bar, bar, draw_bars
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.plots.palette import TRACK, WARNING
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


def test_names_bars_and_numbers_line_up_over_the_scale() -> None:
    bars = [
        Bar("lstm", 0.928),
        Bar("漢字", 0.75),
        Bar("knn", 0.31),
        Bar("rnn", nan),
        Bar("x", 0.6, text="60 %"),
    ]
    assert to_text(draw_bars(bars, ACCURACY, 40, 6)).split("\n") == [
        "lstm ███████████████████████▏      0.928",
        "漢字 █████████████▌                0.750",
        "knn                              ◂ 0.310",
        "rnn                              ✕   NaN",
        "x    █████▍                         60 %",
        "     0.5        0.75           1",
    ]


def test_a_value_below_the_scale_is_flagged_in_colour_too() -> None:
    (row,) = draw_bars([Bar("knn", 0.31)], ACCURACY, 40, 1)
    assert row.runs[-1] == (" ◂ 0.310", WARNING)


def test_bars_are_parted_where_there_is_room() -> None:
    rows = draw_bars([Bar("a", 1.0), Bar("b", 1.0)], ACCURACY, 20, 5)
    assert [row.text.strip()[:1] for row in rows] == ["a", "", "b", "", "0"]


def test_how_many_do_not_fit_is_said() -> None:
    rows = draw_bars([Bar(str(index), 0.9) for index in range(9)], ACCURACY, 20, 3)
    assert rows[2].text.strip() == "… 7 more"


def test_names_give_way_before_bars_and_numbers() -> None:
    assert draw_bars([Bar("a_long_name", 1.0)], ACCURACY, 16, 1)[0].text == "a_… ████   1.000"
    assert draw_bars([Bar("a_long_name", 1.0)], ACCURACY, 6, 1)[0].text == "██████"
