"""What scene Code shows of the training loop that is running."""

import subprocess
import sys
from typing import Any

from dashctl.events import Metric, Progress, RunFinished, RunStarted, SourceCode
from dashctl.state import State, fold
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.plots.palette import ACCENT, GOOD, HEADING, MUTED, TEXT, WARNING
from dashctl_tui.scenes import Picture, scene_named
from dashctl_tui.scenes.acts import At
from dashctl_tui.scenes.highlight import code_rows
from tests.tui.sample import LOOP, NOW, full_state, looked_at, state_of

LONG = "".join(f"x{number} = {number}\n" for number in range(300))


def training(text: str = LOOP, loop: int | None = 14) -> State:
    state = State()
    fold(state, RunStarted(name="mnist"), NOW - 100, "r")
    fold(state, SourceCode("/home/ada/train.py", text, 12, loop=loop), NOW - 99, "r")
    fold(state, Progress("steps", 7, 8, "steps"), NOW - 1, "r")
    fold(state, Progress("model", 300, 400, "batches", "epoch 3 of 4"), NOW - 2, "r")
    fold(state, Metric("loss", 7, 0.25), NOW - 1, "r")
    fold(state, Metric("loss", 1, 99.0), NOW - 1, "other")
    return state


def picture_of(state: State, width: int = 120, height: int = 38, **chosen: Any) -> Any:
    scene = scene_named("code")
    viewport = looked_at(scene, width, height, NOW, **chosen)
    return scene.paint(scene.select(state, viewport), viewport)


def text_of(state: State, width: int = 120, height: int = 38, **chosen: Any) -> str:
    return to_text(picture_of(state, width, height, **chosen).rows)


def line_with(text: str, word: str) -> str:
    return next(line for line in text.splitlines() if word in line)


def test_lines_have_the_numbers_that_they_have_in_their_file() -> None:
    text = text_of(training())
    assert "/home/ada/train.py:12" in text
    assert "12" in line_with(text, "def train(config):")
    assert "18" in line_with(text, "return model")


def test_above_it_stands_the_run_with_its_progress_and_its_newest_values() -> None:
    above = text_of(training()).split("╭")[0]
    assert "● mnist" in above
    assert "running  1:40" in above
    assert "300 of 400 batches" in above
    assert "loss 0.25" in above
    assert "99" not in above


def test_the_line_of_the_loop_says_how_far_it_is() -> None:
    text = text_of(training())
    line = line_with(text, "for epoch in range")
    assert "14 ▶" in line
    # The loop counts epochs, and so does that progress, though another one is newer.
    assert "epoch 3 of 4" in line
    assert "75 %" in line
    assert "│ " in line_with(text, "report(epoch, loss)")[2:]
    assert "▶" not in line_with(text, "return model")


def test_code_without_a_loop_has_no_mark() -> None:
    assert "▶" not in text_of(training(loop=None))
    assert "▶" not in text_of(training(loop=9_999))


def test_the_progress_of_a_run_that_is_over_stands_still() -> None:
    state = training()
    fold(state, RunFinished(), NOW, "r")
    assert "✓ mnist" in text_of(state)
    assert "finished" in text_of(state)


def test_the_loop_is_in_view_until_somebody_scrolls_and_again_when_asked() -> None:
    state = training(LONG + LOOP, loop=12 + 302)
    scene = scene_named("code")
    viewport = looked_at(scene, 80, 22)
    view = scene.select(state, viewport)
    picture: Picture = scene.paint(view, viewport)
    assert "for epoch" in to_text(picture.rows)
    at = At(view, viewport, picture.scrollable)
    away = scene.acts["top"](at)
    assert away.scroll == 0
    assert not away.follows
    assert "x0 = 0" in text_of(state, 80, 22, scroll=away.scroll, follows=away.follows)
    one_up = scene.acts["up"](at)
    shown = to_text(picture.rows).splitlines()
    moved = text_of(state, 80, 22, scroll=one_up.scroll, follows=one_up.follows).splitlines()
    assert moved[6] == shown[5]
    assert scene.acts["back"](at).follows


def test_it_can_be_moved_aside() -> None:
    text = "def f():\n    return '" + "a" * 200 + "END'\n"
    state = training(text, loop=None)
    assert "END" not in text_of(state, 80, 22)
    assert "…" in line_with(text_of(state, 80, 22), "return")
    assert "END" in text_of(state, 80, 22, left=160)


def test_code_is_coloured_by_what_it_is() -> None:
    rows = code_rows('def f(x):\n    """Words."""\n    return "text" + 12  # why\n', "python", 3)
    inks = {text.strip(): ink for row in rows for text, ink in row.runs}
    assert inks["def"] == inks["return"] == ACCENT
    assert inks["f"] == HEADING
    assert inks['"text"'] == GOOD
    assert inks["12"] == WARNING
    assert inks["# why"] == MUTED
    assert inks["x"] == TEXT


def test_what_colours_code_is_loaded_aside() -> None:
    code = (
        "import sys; from dashctl_tui.scenes.highlight import prepare; before = set(sys.modules); prepare();"
        "print('pygments.lexer' in before, 'pygments.lexers.python' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "True"]


def test_a_language_that_nobody_knows_stays_plain_and_what_is_no_text_stays_inert() -> None:
    rows = code_rows("one \x1b[31m\ttwo\n\nthree", "no such language", 9)
    assert [row.text.rstrip() for row in rows] == ["one ␛[31m   two", "", "three"]


def test_a_long_text_is_read_as_far_as_it_is_shown() -> None:
    assert len(code_rows(LONG, "python", 10)) == 200
    assert [row.text for row in code_rows(LONG, "python", 250)] == LONG.splitlines()


def test_several_runs_are_shown_one_after_the_other_the_running_one_first() -> None:
    state = training()
    fold(state, RunStarted(name="older"), NOW - 900, "o")
    fold(state, RunFinished(), NOW - 800, "o")
    fold(state, SourceCode("/tmp/older.py", "pass\n"), NOW - 1, "o")
    assert "train.py" in text_of(state)
    assert "1 of 2 runs, n: next" in text_of(state)
    assert "older.py" in text_of(state, item=1)
    assert "train.py" in text_of(state, item=2)
    assert "older.py" in text_of(state, wanted="older")


def test_it_can_be_exported() -> None:
    scene = scene_named("code")
    viewport = looked_at(scene, 120, 38)
    assert scene.table is not None
    heading, *rows = scene.table(scene.select(full_state(), viewport), viewport)
    assert heading == ("line", "code", "loop")
    assert [row[0] for row in rows if row[2]] == [14]
    assert [row[1] for row in rows] == LOOP.splitlines()


def test_code_alone_is_enough() -> None:
    assert "pass" in text_of(state_of(SourceCode("x.py", "pass\n")))


def test_the_filter_asks_for_settings_too() -> None:
    state = training()
    fold(state, RunStarted({"lr": 0.5}, name="fast"), NOW - 50, "f")
    fold(state, SourceCode("/tmp/fast.py", "pass\n"), NOW - 49, "f")
    assert "fast.py" in text_of(state, wanted="lr>=0.1")
    assert "train.py" not in text_of(state, wanted="lr>=0.1")
