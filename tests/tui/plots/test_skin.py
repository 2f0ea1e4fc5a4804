"""Skins: what an ink and a text come to at the edge."""

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from dashctl_tui.plots import glyphs, palette
from dashctl_tui.plots.ansi import sgr, to_ansi
from dashctl_tui.plots.canvas import PLAIN, Ink, Row
from dashctl_tui.plots.palette import ALERT, CHOSEN_LINE, GOOD, TRACK, cluster_ink, filled, hidden_in, shades
from dashctl_tui.plots.skin import DEPTHS, Depth, Paint, Skin
from dashctl_tui.plots.spelling import in_ascii
from dashctl_tui.plots.strips import to_strip
from dashctl_tui.plots.text import inert
from dashctl_tui.plots.themes import THEMES
from dashctl_tui.scenes import DECK
from dashctl_tui.scenes.scene import Scene
from tests.tui.sample import NOW, full_state, looked_at

EVERY_DEPTH = pytest.mark.parametrize("depth", DEPTHS)


def test_an_ink_comes_to_what_its_role_is_in_the_theme() -> None:
    assert Skin("dark").paint(GOOD) == Paint("#5fd7af")
    assert Skin("light").paint(GOOD).colour == THEMES["light"].colours["good"]
    assert Skin("dark", "256").paint(GOOD) == Paint(79)
    assert Skin("dark", "16").paint(GOOD) == Paint(2)
    assert Skin("dark", "none").paint(GOOD) == Paint()


def test_without_colours_what_is_bold_or_underlined_stays_so() -> None:
    skin = Skin("dark", "none")
    assert skin.paint(ALERT) == Paint(bold=True)
    assert skin.paint(Ink("accent", "track", underline=True)) == Paint(underline=True)


@pytest.mark.parametrize("depth", ["16", "none"])
def test_a_filled_cell_is_turned_round_where_the_background_is_the_terminal_s_own(depth: Depth) -> None:
    paint = Skin("dark", depth).paint(filled(GOOD))
    assert (paint.background, paint.reverse, paint.bold) == (None, True, True)


def test_what_is_hidden_is_seen_where_there_is_no_colour() -> None:
    assert Skin("dark", "none").paint(hidden_in(GOOD)) == Paint()
    hidden = Skin("dark", "16").paint(hidden_in(GOOD))
    assert hidden.colour == hidden.background


@EVERY_DEPTH
def test_the_line_that_is_chosen_shows_in_every_depth(depth: Depth) -> None:
    skin = Skin("dark", depth)
    assert skin.paint(Ink("text", CHOSEN_LINE)) not in (skin.paint(Ink("text")), skin.ground)


@EVERY_DEPTH
@pytest.mark.parametrize("theme", THEMES)
def test_nothing_else_is_hidden(theme: str, depth: Depth) -> None:
    for role in THEMES[theme].colours.keys() - {"track", "on", "background"}:
        paint = Skin(theme, depth).paint(Ink(role, TRACK))
        assert paint.colour is None or paint.colour != paint.background, role


def test_depths_are_one_with_sixteen_colours() -> None:
    one = shades(cluster_ink(4))
    skin = Skin("dark", "16")
    assert skin.paint(one.near) == skin.paint(one.middle) == skin.paint(one.far) == skin.paint(cluster_ink(4))


@EVERY_DEPTH
@pytest.mark.parametrize("theme", THEMES)
def test_every_ink_comes_to_something(theme: str, depth: Depth) -> None:
    skin = Skin(theme, depth)
    inks = [value for value in vars(palette).values() if isinstance(value, Ink)]
    assert len(inks) > 8
    for ink in [*inks, PLAIN, Ink("#123456", TRACK), *(cluster_ink(number) for number in range(12))]:
        for drawn in (ink, filled(ink), hidden_in(ink)) if ink.colour else (ink,):
            assert skin.paint(drawn) is skin.paint(drawn)


def test_a_role_that_no_theme_knows_is_an_error() -> None:
    with pytest.raises(KeyError):
        Skin().paint(Ink("mauve"))


def test_codes_are_those_of_the_depth() -> None:
    ink = Ink("good", "alert")
    assert sgr(ink, Skin("dark")) == "\x1b[38;2;95;215;175;48;2;255;95;95m"
    assert sgr(ink, Skin("dark", "256")) == "\x1b[38;5;79;48;5;203m"
    assert sgr(ink, Skin("dark", "16")) == "\x1b[32;101m"
    assert sgr(ink, Skin("dark", "none")) == ""


def test_runs_that_look_the_same_are_sent_as_one() -> None:
    one = shades(cluster_ink(0))
    row = Row.of(("a", one.near), ("b", one.middle), ("c", one.far), ("d", GOOD))
    assert [segment.text for segment in to_strip(row, Skin("dark"))] == ["a", "b", "c", "d"]
    assert [segment.text for segment in to_strip(row, Skin("dark", "16"))] == ["abc", "d"]
    assert [segment.text for segment in to_strip(row, Skin("dark", "none"))] == ["abcd"]
    assert to_ansi([row], Skin("dark", "16")) == "\x1b[36mabc\x1b[0m\x1b[32md\x1b[0m"


# Characters of a picture


def test_the_scale_of_a_column_and_of_a_bar_differs_step_by_step() -> None:
    for blocks in (glyphs.BLOCKS_UP, glyphs.BLOCKS_RIGHT):
        spelled = in_ascii(blocks)
        assert len(set(spelled)) == len(blocks)
        assert all(one != another for one, another in pairwise(spelled))


def test_what_marks_a_value_keeps_apart() -> None:
    marks = (
        glyphs.NOT_A_NUMBER,
        glyphs.PLUS_INFINITY,
        glyphs.MINUS_INFINITY,
        glyphs.BELOW_SCALE,
        glyphs.DOT,
        glyphs.SHARED_DOT,
        glyphs.UNKNOWN,
        glyphs.MATCH,
    )
    assert len({in_ascii(mark) for mark in marks}) == len(marks)
    assert in_ascii(glyphs.MATCH) != in_ascii(glyphs.MISMATCH)


def test_dots_become_shapes() -> None:
    assert in_ascii("⠀⠁⠉⡇⢸⣀⣿⠤⢀") == " '\"||_#-."
    assert all(in_ascii(chr(0x2800 + pattern)) != " " for pattern in range(1, 256))


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("naïve café", "naive cafe"),
        ("模型", "????"),
        ("🚀 run", "?? run"),
        ("a\u0301b", "ab"),
        ("ｈalf", "??alf"),
        ("ok", "ok"),
    ],
)
def test_a_name_is_spelled_as_far_as_it_can_be(name: str, spelled: str) -> None:
    assert in_ascii(name) == spelled


@given(st.text(max_size=40))
def test_any_text_is_spelled_in_as_many_cells(text: str) -> None:
    # What is drawn has no control characters, which have no width.
    shown = inert(text)
    spelled = in_ascii(shown)
    assert spelled.isascii()
    assert len(spelled) == cell_len(shown)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("scene", DECK, ids=lambda scene: scene.name)
def test_every_scene_is_spelled_in_ascii(scene: Scene[Any], size: tuple[int, int]) -> None:
    """All that the drawings use is in the table, so that no question mark comes from them."""
    picture = _drawn(scene, size)
    skin = Skin("dark", "16", ascii=True)
    for row in picture:
        strip = to_strip(row, skin)
        assert strip.text.isascii()
        assert len(strip.text) == row.width
        assert strip.text.count("?") == sum(len(in_ascii(each)) for each in row.text if each in "?漢字🚀")


@EVERY_DEPTH
def test_a_picture_of_every_scene_has_the_codes_of_its_depth_alone(depth: Depth) -> None:
    allowed = {
        "truecolor": "(38|48);2;",
        "256": "(38|48);5;",
        "16": "(3|4|9|10)[0-7](;|m)",
        "none": "[147](;|m)",
    }
    other = {
        "truecolor": r"[34]8;5;",
        "256": r"[34]8;2;",
        "16": r"[34]8;[25];",
        "none": r"\x1b\[([0-9;]*;)?(3|4|9|10)[0-7](;|m)|[34]8;[25];",
    }
    text = "".join(to_ansi(_drawn(scene, (120, 40)), Skin("dark", depth)) for scene in DECK)
    assert re.search(allowed[depth], text)
    assert not re.search(other[depth], text)


def _drawn(scene: Scene[Any], size: tuple[int, int]) -> list[Row]:
    viewport = looked_at(scene, *size, NOW)
    return list(scene.paint(scene.select(full_state(), viewport), viewport).rows)


def test_a_skin_is_a_value() -> None:
    assert Skin() == Skin("dark", "truecolor")
    assert replace(Skin(), ascii=True) != Skin()
