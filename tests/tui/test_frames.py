"""Frames written past Textual: they show, cell by cell, what Textual would have shown, in fewer bytes."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual.geometry import Region

from dashctl_tui.app import Monitor
from dashctl_tui.frames import Frame, Inkwell, Pen
from dashctl_tui.plots.canvas import Ink, Row
from dashctl_tui.plots.strips import to_strip
from dashctl_tui.scenes import DECK
from dashctl_tui.widgets.scene_view import SceneView
from tests.tui.cells import Cells
from tests.tui.sample import NOW, FixedSource, full_state, looked_at, monitor_of

SYSTEMS = {
    "truecolor": ColorSystem.TRUECOLOR,
    "256": ColorSystem.EIGHT_BIT,
    "standard": ColorSystem.STANDARD,
}


def from_textual(view: SceneView, console: Console) -> str:
    """What Textual would send for the whole widget."""
    lines = view.render_lines(Region(0, 0, *view.size))
    for style in (segment.style for line in lines for segment in line):
        # Rich remembers the codes of a style whatever number of colours they were made for.
        if style is not None:
            style._ansi = None
    at = view.region.offset
    return "".join(
        f"\x1b[{at.y + number + 1};{at.x + 1}H{line.render(console)}" for number, line in enumerate(lines)
    )


def pictures(size: tuple[int, int]) -> Sequence[list[Row]]:
    state = full_state()
    drawn = []
    for scene in DECK:
        viewport = looked_at(scene, *size, NOW)
        drawn.append(list(scene.paint(scene.select(state, viewport), viewport).rows))
    return drawn


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("no_colour", ["", "1"], ids=["colours", "NO_COLOR"])
async def test_a_frame_shows_what_textual_would_have_shown(
    monkeypatch: pytest.MonkeyPatch, system: Any, no_colour: str
) -> None:
    monkeypatch.setenv("NO_COLOR", no_colour)
    app: Monitor = monitor_of(FixedSource(full_state()))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause(0.1)
        app._clock.hurry = lambda: None  # type: ignore[method-assign]
        app.console = Console(color_system=system, force_terminal=True, legacy_windows=False)
        view = app.query_one(SceneView)
        scenes = pictures((view.size.width, view.size.height))
        view.show(scenes[-1])
        screen = Cells().feed(from_textual(view, app.console))
        sent = whole = 0
        for rows in scenes:
            frame = Frame()
            view.show(rows, frame)
            stock = from_textual(view, app.console)
            sent, whole = sent + len(frame.text.encode()), whole + len(stock.encode())
            assert screen.feed(frame.text).at == Cells().feed(stock).at
        assert sent < whole


def inkwell() -> Inkwell:
    return Inkwell(lambda style: style, ColorSystem.EIGHT_BIT)


def row(*parts: tuple[str, str]) -> Row:
    return Row.join((text, Ink(colour)) for text, colour in parts)


def change(was: Row, now: Row) -> str:
    frame = Frame()
    frame.line(0, 0, to_strip(was), to_strip(now), inkwell())
    return frame.text


def test_a_line_that_stays_sends_nothing() -> None:
    line = row(("abc", "#ff0000"), ("def", ""))
    assert change(line, line) == ""


def test_only_the_runs_that_differ_are_sent() -> None:
    before = row(("left ", "#ff0000"), ("12", "#00ff00"), (" middle ", "#ff0000"), ("34", "#00ff00"))
    after = row(("left ", "#ff0000"), ("56", "#00ff00"), (" middle ", "#ff0000"), ("78", "#00ff00"))
    sent = change(before, after)
    assert "middle" not in sent
    assert sent.startswith("\x1b[1;6H")
    assert Cells().feed(sent).at[15, 0][0] == "7"


def test_wide_letters_count_as_two_cells() -> None:
    sent = change(row(("日本", "#ff0000"), ("x", "#00ff00")), row(("日本", "#ff0000"), ("y", "#00ff00")))
    assert sent.startswith("\x1b[1;5H")


def test_a_colour_is_sent_once_for_neighbours_and_blanks_need_none() -> None:
    frame = Frame()
    lines = [row(("ab", "#ff0000"), ("  ", "#00ff00"), ("cd", "#ff0000"))] * 2
    for number, line in enumerate(lines):
        frame.line(0, number, to_strip(Row.blank(6)), to_strip(line), inkwell())
    assert frame.text.count("m") == 2, "one colour, and the default at the end"


@pytest.mark.parametrize("seed", range(20))
def test_a_pen_is_changed_to_what_was_meant_whatever_was_before(seed: int) -> None:
    chance = random.Random(seed)
    styles = [
        Style(
            color=chance.choice([None, "#ff0000", "color(7)", "default"]),
            bgcolor=chance.choice([None, "#0000ff", "color(12)", "default"]),
            bold=chance.choice([None, True, False]),
            underline=chance.choice([None, True]),
            reverse=chance.choice([None, True]),
        )
        for _ in range(40)
    ]
    system = chance.choice(list(SYSTEMS.values()))
    shortest, plain, pen = "", "", Pen()
    for style in styles:
        now = Pen.of(style, system)
        shortest += now.after(pen) + "x"
        plain += style.render("x", color_system=system)
        pen = now
    assert Cells().feed(shortest).at == Cells().feed(plain).at
