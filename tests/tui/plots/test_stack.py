"""The stacked bar: it fills its width exactly and its percentages add up to 100."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl_tui.plots.canvas import Ink, to_text
from dashctl_tui.plots.stack import Share, draw_stack, whole_parts

MIX = [
    Share("clean", 52, Ink("#00ff00"), "C"),
    Share("armed", 30, Ink("#ffff00"), "A"),
    Share("dormant", 18, Ink("#0000ff"), "D"),
]
amounts = st.lists(st.one_of(st.floats(), st.floats(0, 100)), max_size=8)


@pytest.mark.parametrize(
    ("sizes", "total", "parts"),
    [
        ([1, 1, 1], 100, [34, 33, 33]),
        ([47, 16, 15.8, 12, 6.1, 3.1], 10, [5, 2, 1, 1, 1, 0]),
        ([0, 0], 10, [0, 0]),
        ([nan, -3, inf, 1], 7, [0, 0, 0, 7]),
        ([1e308, 1e308], 4, [2, 2]),
        ([5e-324, 5e-324], 4, [2, 2]),
        ([], 5, []),
        ([1], 0, [0]),
    ],
)
def test_the_largest_remainders_get_what_is_left(sizes: list[float], total: int, parts: list[int]) -> None:
    assert whole_parts(sizes, total) == parts


@given(amounts, st.integers(0, 300))
def test_parts_add_up_and_are_within_one_of_their_share(sizes: list[float], total: int) -> None:
    parts = whole_parts(sizes, total)
    usable = [size if 0 < size < inf else 0.0 for size in sizes]
    assert sum(parts) == (total if any(usable) else 0)
    largest = max(usable, default=0.0) or 1.0
    whole = sum(size / largest for size in usable) or 1.0
    for size, part in zip(usable, parts, strict=True):
        assert abs(part - total * (size / largest) / whole) < 1 + 1e-6


@given(amounts, st.integers(1, 200))
def test_the_bar_fills_its_width_exactly(sizes: list[float], width: int) -> None:
    shares = [Share(chr(97 + index), size, Ink("#ffffff")) for index, size in enumerate(sizes)]
    (row,) = draw_stack(shares, width, 1)
    assert row.width == width
    assert all(ink.background or text.strip("·") == "" for text, ink in row.runs)


def test_plain_text_shows_the_same_bar_in_letters() -> None:
    assert to_text(draw_stack(MIX, 50, 2)).split("\n") == [
        "CCCCCCCCC clean CCCCCCCCCCAAAA armed AAAADDDDDDDDD",
        "C clean 52 %  A armed 30 %  D dormant 18 %",
    ]


def test_letters_vanish_in_their_own_colour_except_the_label() -> None:
    row = draw_stack(MIX, 50, 1)[0]
    hidden = [text for text, ink in row.runs if ink.colour == ink.background]
    assert hidden == ["CCCCCCCCC", "CCCCCCCCCC", "AAAA", "AAAA", "DDDD", "DDDD"]


def test_a_high_bar_is_labelled_once() -> None:
    assert to_text(draw_stack(MIX, 20, 5)).split("\n") == [
        "C clean CCAAAAAADDDD",
        "CCCCCCCCCCAAAAAADDDD",
        "C clean 52 %",
        "A armed 30 %",
        "D dormant 18 %",
    ]


def test_the_legend_adds_up_to_100() -> None:
    thirds = [Share(name, 1, Ink("#ffffff")) for name in "abc"]
    assert draw_stack(thirds, 40, 2)[1].text.strip() == "A a 34 %  B b 33 %  C c 33 %"


def test_nothing_known_is_a_row_of_dots() -> None:
    assert draw_stack([], 5, 1)[0].text == "·····"
    assert draw_stack([Share("clean", 0, Ink("#ffffff"))], 5, 1)[0].text == "·····"
