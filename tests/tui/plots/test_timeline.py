"""The timeline: six windows, predicted over actual."""

import pytest

from dashctl_tui.plots.canvas import to_text
from dashctl_tui.plots.palette import ALERT, filled, phase_ink
from dashctl_tui.plots.timeline import Window, draw_timeline

EPISODE = [
    Window(0, "clean", "clean"),
    Window(1, "clean", "armed"),
    Window(2, "infecting", None),
    Window(3, None, "infected_running"),
    Window(4, "dormant", "dormant"),
]


def text(width: int, height: int, windows: list[Window] = EPISODE) -> list[str]:
    return to_text(draw_timeline(windows, width, height)).split("\n")


def test_predicted_stands_over_actual_with_the_numbers_above() -> None:
    assert text(58, 3) == [
        "            0       1       2       3       4       5",
        "predicted clean   clean ✗   I       ·       D       ·",
        "actual    clean   armed     ·       R       D       ·",
    ]


def test_wide_cells_spell_the_phase_out() -> None:
    (line,) = [line for line in text(130, 3) if line.startswith("actual")]
    assert "infected_running" in line


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (29, ["pred  C   C✗  I   ·   D   ·", "act   C   A   ·   R   D   ·"]),
        (26, ["P  C   C✗  I   ·   D   ·", "A  C   A   ·   R   D   ·"]),
        (12, ["C C✗I · D ·", "C A · R D ·"]),
        (6, ["C✗I·D·", "CA·RD·"]),
        (3, ["C✗I", "CA·"]),
    ],
)
def test_narrow_cells_keep_a_letter_and_the_mark(width: int, lines: list[str]) -> None:
    assert text(width, 2) == lines


def test_two_mismatches_beside_each_other_do_not_touch() -> None:
    wrong = [Window(index, "clean", "armed") for index in range(6)]
    for width in range(24, 90):
        predicted = draw_timeline(wrong, width, 2)[0]
        marks = [run for run, ink in predicted.runs if ink == ALERT and "✗" in run]
        assert all(run.endswith(" ") for run in marks), width
        assert predicted.text.count("✗") == 6


def test_a_mismatch_is_marked_in_alert_colour() -> None:
    predicted = draw_timeline(EPISODE, 58, 2)[0]
    assert any("✗" in run and ink == ALERT for run, ink in predicted.runs)
    assert any("clean" in run and ink == filled(phase_ink("clean")) for run, ink in predicted.runs)


@pytest.mark.parametrize("index", [-1, 6, 10**9])
def test_an_index_outside_the_episode_is_ignored(index: int) -> None:
    assert text(58, 3, [*EPISODE, Window(index, "armed", "armed")]) == text(58, 3)


def test_a_later_window_replaces_an_earlier_one() -> None:
    assert text(6, 1, [Window(0, "clean"), Window(0, "armed")]) == ["A·····"]


def test_a_phase_of_another_vocabulary_is_named_and_inert() -> None:
    assert text(120, 1, [Window(0, "x\x1b[m")])[0].startswith("predicted       x␛[m ")


def test_high_cells_are_named_in_their_middle() -> None:
    lines = text(58, 8)
    assert [line[:9].strip() for line in lines] == ["", "", "predicted", "", "", "", "actual", ""]
