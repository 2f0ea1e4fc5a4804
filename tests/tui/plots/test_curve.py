"""Curves: no peak clipped, nothing dropped, told apart without colour."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl_tui.plots.canvas import Ink, Row, to_text
from dashctl_tui.plots.curve import Curve, CurveStyle, Mark, draw_curves
from dashctl_tui.plots.palette import ALERT, shades

INK = Ink("#ff0000")
STRAIGHT = """\
━ loss 4
4┤⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⢀⣀⠤⠔⠒⠉
 │                 ⣀⡠⠔⠒⠉⠁
2┤⠄ ⠄ ⠄ ⠄ ⠄ ⠄⢀⣀⠤⠔⠊⠉ ⠄ ⠄ ⠄ ⠄ ⠄
 │     ⢀⣀⠤⠔⠒⠉⠁
0┤⣀⠤⠔⠒⠉⠁⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀
 └┬─────────────┬──────── step
  0             2            4"""


def curve(y: list[float], name: str = "loss", **rest: object) -> Curve:
    values = np.array(y, dtype=np.float64)
    return Curve(name, np.arange(len(y), dtype=np.float64), values, ink=INK, **rest)  # type: ignore[arg-type]


def inks(rows: list[Row]) -> set[Ink]:
    return {ink for row in rows for _, ink in row.runs}


def test_a_curve_stands_in_axes_under_its_legend() -> None:
    rows = draw_curves([curve([0, 1, 2, 3, 4])], 30, 8)
    assert to_text(rows) == STRAIGHT


def test_a_lone_value_is_a_dot_in_the_middle() -> None:
    text = to_text(draw_curves([curve([5.0])], 30, 8))
    assert text.count("●") == 1


def test_nothing_to_draw_says_so() -> None:
    assert "no data yet" in to_text(draw_curves([], 30, 8))
    assert "no data yet" in to_text(draw_curves([curve([])], 30, 8))


def test_values_that_are_not_finite_are_marked_where_they_are_and_counted() -> None:
    rows = draw_curves([curve([1, nan, nan, inf, 1, -inf, 1])], 40, 9)
    lines = to_text(rows).split("\n")
    assert "2 NaN · 1 +Inf · 1 -Inf" in lines[0]
    plane = [line.partition("┤")[2] or line.partition("│")[2] for line in lines[1:-2]]
    assert plane[0].strip(" ⠁⠂⠄⡀") == "▲"
    assert [plane[-1].count(mark) for mark in "✕▼"] == [2, 1]
    assert ALERT in inks(rows)


def test_marks_that_came_without_a_value_are_drawn_too() -> None:
    rows = draw_curves([curve([1, 2], marks=[Mark(0.5, "nan"), Mark(1.0, "+inf")])], 40, 8)
    text = to_text(rows)
    assert text.count("✕") == text.count("▲") == 1
    assert "1 NaN · 1 +Inf" in text


def test_only_marks_are_still_a_picture() -> None:
    assert to_text(draw_curves([curve([nan, nan])], 40, 8)).count("✕") == 2


def test_what_a_logarithm_cannot_show_is_marked_and_counted() -> None:
    text = to_text(draw_curves([curve([1, 0.1, 0, -3, 0.001])], 40, 9, CurveStyle(log_y=True)))
    assert "2 ≤ 0" in text
    assert text.count("▼") == 2
    assert "0.001┤" in text


def test_a_logarithm_says_that_some_of_what_a_point_stands_for_has_no_place() -> None:
    low = np.array([1.0, -1.0, 1.0])
    text = to_text(
        draw_curves([curve([1, 5, 9], low=low, high=low + 9, not_finite=0)], 40, 9, CurveStyle(log_y=True))
    )
    assert "some ≤ 0" in text
    assert text.count("▼") == 1


def test_a_line_ends_where_steps_go_back() -> None:
    x = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 1.0, 2.0, 3.0, 4.0])
    y = np.array([9.0] * 5 + [0.0] * 5)
    rows = draw_curves([Curve("loss", x, y, ink=INK, last=0.0)], 40, 12)
    assert rows[0].text.strip() == "━ loss 0"
    middle = [text for row in rows[4:7] for text, ink in row.runs if ink == INK]
    assert not middle, "nothing was ever measured there"


def test_an_envelope_reaches_to_its_extremes() -> None:
    y = np.ones(50)
    low, high = y.copy(), y.copy()
    high[20] = 9.0
    low[30] = -7.0
    rows = draw_curves([curve(y.tolist(), low=low, high=high)], 40, 12)
    plane = rows[1:-2]
    for row in (plane[0], plane[-1]):
        assert any(text.strip() for text, ink in row.runs if ink == shades(INK).far)


@given(st.integers(2, 3000), st.data(), st.integers(16, 60))
def test_a_single_peak_is_drawn_however_many_points_there_are(
    count: int, data: st.DataObject, width: int
) -> None:
    y = np.zeros(count)
    y[data.draw(st.integers(0, count - 1))] = 1.0
    rows = draw_curves([curve(y.tolist())], width, 8)
    assert any(ink == INK and text.strip() for text, ink in rows[1].runs)


def test_a_smoothed_curve_lies_over_the_dimmed_raw_one() -> None:
    noisy = [1.0, -1.0] * 60
    rows = draw_curves([curve(noisy)], 40, 10, CurveStyle(smoothing=0.95))
    assert {INK, shades(INK).far} <= inks(rows)
    assert shades(INK).far not in inks(draw_curves([curve(noisy)], 40, 10))


def test_several_curves_carry_their_letters_in_the_order_in_which_they_end() -> None:
    both = [curve([0, 5], "run/loss"), curve([0, 1], "run/accuracy"), curve([0, 3], "run/lag")]
    lines = to_text(draw_curves(both, 50, 12)).split("\n")
    assert lines[0].startswith("l run/loss 5  a run/accuracy 1  r run/lag 3")
    ends = "".join(line[-1] for line in lines[1:-2] if len(line) == 50)
    assert ends == "lra"


def test_letters_are_unique() -> None:
    same = [curve([0, index], "loss") for index in range(5)]
    lines = to_text(draw_curves(same, 60, 14)).split("\n")
    ends = [line[-1] for line in lines if len(line) == 60]
    assert len(set(ends)) == 5


def test_curves_without_a_colour_of_their_own_get_different_ones() -> None:
    x = np.array([0.0, 1.0])
    rows = draw_curves([Curve("loss", x, x), Curve("loss", x, x + 1)], 40, 10)
    bold = [ink.colour for _, ink in rows[0].runs if ink.bold]
    assert len(set(bold)) == 2


@pytest.mark.parametrize(
    ("y", "label"),
    [([0, 3.4e6], "2M┤"), ([0, 2e-5], "1e-05┤"), ([1e300, 3e300], "2e+300┤"), ([1e16, 1e16 + 8], "┤")],
)
def test_huge_and_tiny_values_have_short_labels(y: list[float], label: str) -> None:
    assert label in to_text(draw_curves([curve(y)], 40, 10))


def test_a_name_cannot_reach_the_terminal() -> None:
    assert "\x1b" not in to_text(
        draw_curves([curve([1, 2], "\x1b[2Jx")], 40, 8, CurveStyle(x_label="\x1b[m"))
    )


def test_what_most_points_are_fills_the_chart_and_what_lies_beyond_is_marked() -> None:
    y = [*np.sin(np.arange(300) / 9).tolist(), 1e30, *np.sin(np.arange(300) / 9).tolist(), -1e9]
    text = to_text(draw_curves([curve(y)], 60, 12, CurveStyle(typical=True)))
    assert " 1┤" in text
    assert text.count("▲") == text.count("▼") == 1
    assert " 1┤" not in to_text(draw_curves([curve(y)], 60, 12))


def test_a_stretch_of_marks_hides_no_curve() -> None:
    flat, broken = curve([0.0, 1.0, *[0.0] * 298]), curve([0.5, *[nan] * 299])
    plane = to_text(draw_curves([flat, broken], 70, 9)).split("\n")[1:-2]
    assert plane[-1].count("✕") == 1


def test_a_crosshair_is_drawn_beside_curves_and_written_below() -> None:
    rows = draw_curves([curve([0, 1, 2, 3, 4])], 30, 8, CurveStyle(crosshair=1.0, x_unit="count"))
    lines = to_text(rows).split("\n")
    assert [line.count("│") for line in lines[1:6]] == [1, 2, 1, 1, 1], "not where the curve is"
    assert lines[-1].split() == ["0", "1", "2", "4"]


def test_a_window_shows_a_part_on_a_scale_of_its_own() -> None:
    text = to_text(
        draw_curves([curve(list(range(1000)))], 40, 9, CurveStyle(window=(100, 110), x_unit="count"))
    )
    assert "110┤" in text
    assert "1000" not in text


def test_a_dashed_curve_has_gaps() -> None:
    def dots(**rest: bool) -> int:
        rows = draw_curves([curve([1.0] * 100, **rest)], 40, 8)
        return sum(
            (ord(char) & 0xFF).bit_count()
            for row in rows
            for text, ink in row.runs
            if ink == INK
            for char in text
        )

    assert 0 < dots(dashed=True) < dots() * 0.7
