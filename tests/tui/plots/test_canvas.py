"""Rows: runs of text and ink that know their width, and how they are joined."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from dashctl_tui.plots.ansi import to_ansi
from dashctl_tui.plots.canvas import PLAIN, Ink, Row, beside, fit, framed, to_text
from dashctl_tui.plots.skin import Skin
from dashctl_tui.plots.strips import styles_in, to_strip

RED, BLUE = Ink("#ff0000"), Ink("#0000ff", bold=True)
runs = st.lists(st.tuples(st.text("ab漢 é", max_size=5), st.sampled_from([PLAIN, RED, BLUE])), max_size=6)


def test_neighbouring_runs_of_equal_ink_are_merged() -> None:
    assert Row.of(("a", RED), ("b", RED), "", ("c", BLUE)).runs == (("ab", RED), ("c", BLUE))


@given(runs, st.integers(-3, 20), st.integers(-3, 20))
def test_a_row_always_knows_its_width(parts: list[tuple[str, Ink]], start: int, stop: int) -> None:
    row = Row.join(parts)
    for made in (row, row.cut(start, stop), row.fit(max(0, stop)), row.overlay(start, Row.of("漢x"))):
        assert made.width == cell_len(made.text)
    assert row.cut(start, stop).width == max(0, min(stop, row.width) - max(0, start))
    assert row.fit(max(0, stop)).width == max(0, stop)
    assert row.overlay(start, Row.of("漢x")).width == row.width


@given(runs, st.integers(0, 20))
def test_a_row_cut_in_two_and_joined_is_the_row_again_apart_from_split_wide_characters(
    parts: list[tuple[str, Ink]], at: int
) -> None:
    row = Row.join(parts)
    joined = row.cut(0, at) + row.cut(at, row.width)
    assert joined.width == row.width
    if "漢" not in row.text:
        assert joined == row


def test_an_overlay_keeps_what_it_does_not_cover() -> None:
    row = Row.of(("......", RED))
    assert row.overlay(2, Row.of(("ab", BLUE))).runs == (("..", RED), ("ab", BLUE), ("..", RED))
    assert row.overlay(-1, Row.of("ab")).text == "b....."
    assert row.overlay(5, Row.of("ab")).text == ".....a"
    assert row.overlay(9, Row.of("ab")) == row


def test_rows_are_fitted_to_a_size() -> None:
    assert to_text(fit([Row.of("abc"), Row.of("d")], 2, 3)) == "ab\nd\n"
    assert [row.width for row in fit([], 2, 3)] == [2, 2, 2]


def test_blocks_stand_beside_each_other() -> None:
    left, right = [Row.of("a"), Row.of("bb")], [Row.of("c")]
    assert to_text(beside(left, right, gap=1)) == "a  c\nbb"


def test_a_frame_has_its_title_in_the_upper_edge() -> None:
    rows = framed([Row.of("loss")], "train\x1b", 12, 3, line=PLAIN, heading=PLAIN)
    assert to_text(rows) == "╭─ train␛ ─╮\n│loss      │\n╰──────────╯"


def test_there_is_no_frame_where_there_is_no_room_for_one() -> None:
    assert to_text(framed([Row.of("loss")], "t", 2, 2, line=PLAIN, heading=PLAIN)) == "lo\n"
    assert to_text(framed([], "title", 4, 3, line=PLAIN, heading=PLAIN)) == "╭──╮\n│  │\n╰──╯"


def test_plain_text_has_no_escape_codes_and_no_trailing_blanks() -> None:
    assert to_text([Row.of(("ab", RED), "  "), Row.of("c")]) == "ab\nc"


def test_ansi_switches_ink_for_each_run_and_ends_in_the_terminals_own() -> None:
    row = Row.of(("a", RED), "b", ("c", Ink("#ff0000", "#00005f", underline=True, reverse=True)))
    assert to_ansi([row]) == "\x1b[38;2;255;0;0ma\x1b[0mb\x1b[4;7;38;2;255;0;0;48;2;0;0;95mc\x1b[0m"
    assert to_ansi([Row.of(("a", RED))], Skin(depth="256")) == "\x1b[38;5;196ma\x1b[0m"


def test_a_strip_carries_text_style_and_length() -> None:
    strip, styles = to_strip(Row.of(("漢", RED), "b")), styles_in(Skin())
    assert strip.text == "漢b"
    assert strip.cell_length == 3
    assert [segment.style for segment in strip] == [styles[RED], styles[PLAIN]]
    assert styles[BLUE].bold
    assert styles[RED].bold is None
