"""Names from anywhere are safe to print and know their width in cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from dashctl_tui.plots.text import clip, fill, fill_left, inert, split


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("lstm", "lstm"),
        ("\x1b[31mred", "␛[31mred"),
        ("two\nlines\tand a tab", "two␊lines␉and a tab"),
        ("\x7f\x9b2J", "␡�2J"),
        ("right\u202eleft", "right�left"),
        ("fami\u200dly\ufe0f", "family"),
        ("e\u0301", "é"),
        ("\ud800", "�"),
        ("漢字", "漢字"),
    ],
)
def test_control_characters_become_visible(written: str, shown: str) -> None:
    assert inert(written) == shown


@given(st.text())
def test_inert_text_has_no_control_characters_and_a_width_that_adds_up(text: str) -> None:
    shown = inert(text)
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in shown)
    assert cell_len(shown) == sum(map(cell_len, shown))
    shown.encode()


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("accuracy", 8, "accuracy"),
        ("accuracy", 5, "accu…"),
        ("accuracy", 1, "…"),
        ("accuracy", 0, ""),
        ("漢字漢字", 5, "漢字…"),
        ("漢字漢字", 4, "漢…"),
        ("train loss", 7, "train…"),
    ],
)
def test_what_is_cut_off_is_shown_by_an_ellipsis(text: str, width: int, shown: str) -> None:
    assert clip(text, width) == shown


@given(st.text(), st.integers(0, 30))
def test_filled_text_is_exactly_as_wide_as_asked(text: str, width: int) -> None:
    assert cell_len(fill(text, width)) == width
    assert cell_len(fill_left(text, width)) == width
    assert cell_len(clip(text, width)) <= width


def test_half_a_wide_character_becomes_a_space() -> None:
    assert split("a漢b", 2) == ("a ", " b")
    assert split("漢", 5) == ("漢", "")
    assert split("漢", 0) == ("", "漢")
