"""The scatter: every dot is named, and no label covers anything."""

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl_tui.plots.canvas import to_text
from dashctl_tui.plots.palette import model_ink
from dashctl_tui.plots.scatter import Dot, draw_scatter

PERF = """\
accuracy
    │                                    bert ●
    │
0.94┤⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀
    │
    │                       ● lstm
    │
0.92┤⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂
    │
    │   ● knn
    └───┬─────────────────────┬───────────────────
       100                  1000        latency µs"""
MODELS = [Dot("knn", 95, 0.91), Dot("lstm", 820, 0.928), Dot("bert", 5400, 0.951)]


def test_dots_are_named_in_axes() -> None:
    rows = draw_scatter(MODELS, 50, 12, x_label="latency µs", y_label="accuracy")
    assert to_text(rows) == PERF


def test_a_name_has_the_colour_of_its_dot() -> None:
    rows = draw_scatter(MODELS, 50, 12)
    inks = {text: ink for row in rows for text, ink in row.runs}
    assert inks["lstm"] == model_ink("lstm")


@given(
    st.lists(st.tuples(st.floats(1, 1e6), st.floats(0, 1)), min_size=1, max_size=8),
    st.integers(40, 120),
    st.integers(12, 40),
)
def test_every_dot_is_named_exactly_once(places: list[tuple[float, float]], width: int, height: int) -> None:
    names = ["alpha", "bravo", "charl", "delta", "echos", "foxtr", "golfs", "hotel"]
    dots = [Dot(name, x, y) for name, (x, y) in zip(names, places, strict=False)]
    text = to_text(draw_scatter(dots, width, height))
    unnamed = [dot.name for dot in dots if text.count(dot.name) != 1]
    assert not unnamed or "+" in text


def test_dots_of_one_cell_are_shown_as_shared_and_both_named() -> None:
    text = to_text(draw_scatter([Dot("one", 10, 0.5), Dot("two", 10, 0.5), Dot("far", 99, 0.9)], 50, 12))
    assert text.count("◉") == 1
    assert "one" in text
    assert "two" in text


@pytest.mark.parametrize(
    "dot", [Dot("odd", nan, 0.5), Dot("odd", 5, nan), Dot("odd", 0, 0.5), Dot("odd", -1, 0.5)]
)
def test_what_has_no_place_is_listed_above(dot: Dot) -> None:
    lines = to_text(draw_scatter([*MODELS, dot], 60, 14)).split("\n")
    assert lines[0].startswith("● odd (")


def test_what_is_not_above_zero_has_a_place_on_an_even_scale() -> None:
    text = to_text(draw_scatter([Dot("zero", 0, 0.5), Dot("one", 1, 0.6)], 60, 14, log_x=False))
    assert "(" not in text


def test_nothing_to_draw_says_so() -> None:
    assert "no data yet" in to_text(draw_scatter([], 40, 10))
