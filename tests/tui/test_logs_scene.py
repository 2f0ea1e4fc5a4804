"""What scene Logs shows of log lines, which it leaves out, and how it follows them."""

import random
from dataclasses import replace
from typing import Any

import pytest

from dashctl.events import Level, LogLine, RunStarted, Stamped
from dashctl.state import State, fold_all
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.scenes import scene_named
from dashctl_tui.scenes.acts import At, Gesture
from dashctl_tui.scenes.logs.look import LEVELS, LogsLook
from dashctl_tui.scenes.viewport import Shared, Viewport
from tests.tui.sample import NOW

LOGS = scene_named("logs")
TRACEBACK = 'Traceback (most recent call last):\n  File "train.py", line 3\nRuntimeError: out of memory\n'


def said(message: str, level: Level = "info", run: str = "a", source: str | None = None) -> Stamped[Any]:
    return Stamped(NOW - 60, run, LogLine(message, level, source))


def state_with(*lines: Stamped[Any]) -> State:
    state = State()
    fold_all(state, lines)
    return state


def numbered(count: int) -> list[Stamped[Any]]:
    return [said(f"line {number:05}") for number in range(count)]


def viewport_of(
    width: int = 100, height: int = 20, shared: Shared | None = None, **look: Any
) -> Viewport[LogsLook]:
    return Viewport(width, height, LogsLook(**look), NOW, shared or Shared())


class Person:
    """Looks at the log and presses keys."""

    def __init__(self, state: State, viewport: Viewport[LogsLook] | None = None) -> None:
        self.state, self.viewport = state, viewport or viewport_of()
        self.wait()

    def wait(self) -> None:
        """Until the picture is there."""
        self.view: Any = LOGS.select(self.state, self.viewport)
        self.picture = LOGS.paint(self.view, self.viewport)

    def press(self, *names: str) -> "Person":
        acts = dict(LOGS.acts) | {action.name: action.act for action in LOGS.actions}
        for name in names:
            self._take(acts[name](At(self.view, self.viewport, self.picture.scrollable)))
        self.wait()
        return self

    def point(self, gesture: Gesture) -> None:
        self._take(LOGS.mouse(At(self.view, self.viewport, self.picture.scrollable), gesture))
        self.wait()

    def _take(self, look: LogsLook) -> None:
        self.viewport = replace(self.viewport, look=look)

    @property
    def text(self) -> str:
        self.wait()
        return to_text(self.picture.rows)

    @property
    def lines(self) -> list[str]:
        """The numbers of the lines that are seen."""
        return [row.split("line ")[1][:5] for row in self.text.splitlines() if "line 0" in row]


def messages(state: State, wanted: str = "", marked: tuple[str, ...] = (), **look: Any) -> list[str]:
    view = LOGS.select(state, viewport_of(shared=Shared(wanted, marked), **look))
    return [] if view is None else [line.event.message for line in view.lines]


def test_a_line_has_its_time_level_source_and_message() -> None:
    text = Person(state_with(said("disk is full", "warning", source="io"))).text
    assert "22:12:20 W io disk is full" in text
    assert "1 lines" not in text.replace("1 lines · since 22:12:20", "")


def test_lines_of_several_runs_say_which_by_name_or_by_what_their_ids_differ() -> None:
    begun = [
        Stamped(NOW - 90, run, RunStarted(name=name))
        for run, name in (("mnist-1", "mnist"), ("mnist-2", "mnist"), ("x", "cifar"))
    ]
    told = state_with(*begun, said("one", run="mnist-1"), said("two", run="mnist-2"), said("three", run="x"))
    text = Person(told).text
    for words in ("I mnist 1 one", "I mnist 2 two", "I cifar   three"):
        assert words in text
    assert "mnist" not in Person(state_with(*begun, said("one", run="mnist-1"))).text


def test_at_least_the_chosen_level_is_shown() -> None:
    state = state_with(*(said(level, level) for level in LEVELS))
    person = Person(state)
    for number, level in enumerate(LEVELS):
        assert person.viewport.look.level == level
        assert messages(state, level=level) == list(LEVELS[number:])
        person.press("level")
    assert person.viewport.look.level == "debug"
    assert (
        "no line is error or above; v shows others"
        in Person(state_with(said("fine")), viewport_of(level="error")).text
    )


def test_lines_of_marked_runs_alone_are_shown_until_all_are_asked_for() -> None:
    state = state_with(said("one", run="a"), said("two", run="b"), said("three", run=""))
    assert messages(state, marked=("b", "c")) == ["two"]
    assert messages(state, marked=("b",), everyone=True) == ["one", "two", "three"]
    person = Person(state, viewport_of(shared=Shared("", ("b",))))
    assert "1 of 3 lines · 1 marked run only" in person.text
    assert "3 lines · all runs" in person.press("marked").text
    assert "no such line of a marked run" in Person(state, viewport_of(shared=Shared("", ("c",)))).text


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("LOSS", ["loss=nan at 7", "Loss fell"]),
        ("/^loss=(nan|inf)/", ["loss=nan at 7"]),
        ("loss=nan", ["loss=nan at 7"]),
        ("torch", ["out of memory"]),
        ("lr>=0.1", ["loss=nan at 7", "out of memory"]),
        ("lr<0.1", ["Loss fell"]),
        ("!loss", ["out of memory", "no run"]),
        ("mnist !/nan|memory/", []),
    ],
)
def test_the_filter_looks_at_messages_sources_runs_and_their_configurations(
    wanted: str, expected: list[str]
) -> None:
    state = state_with(
        Stamped(NOW - 90, "a", RunStarted({"lr": 0.1}, name="mnist")),
        Stamped(NOW - 90, "b", RunStarted({"lr": 0.01}, name="cifar")),
        said("loss=nan at 7", run="a"),
        said("out of memory", run="a", source="torch"),
        said("Loss fell", run="b"),
        said("no run", run=""),
    )
    assert messages(state, wanted) == expected


def test_the_newest_is_followed_until_somebody_goes_up() -> None:
    person = Person(state_with(*numbered(50)))
    assert person.lines[-1] == "00049"
    fold_all(person.state, [said("line 00050")])
    assert person.lines[-1] == "00050"
    before = person.press("up", "up").lines
    fold_all(person.state, [said(f"line {number:05}") for number in range(51, 60)])
    assert person.lines == before
    assert "9 new below, G follows" in person.text
    assert person.press("bottom").lines[-1] == "00059"
    assert "following" in person.text


def test_going_down_to_the_newest_follows_it_again() -> None:
    person = Person(state_with(*numbered(5))).press("up", "up", "down")
    assert person.viewport.look.cursor == 3
    assert person.press("down").viewport.look.cursor is None


def test_keys_that_come_faster_than_pictures_are_all_obeyed() -> None:
    person = Person(state_with(*numbered(100)))
    person.press(*["up"] * 40)
    assert person.viewport.look.cursor == 59
    assert "00059" in person.lines
    assert person.press("top").lines[0] == "00000"


def test_a_held_place_survives_that_the_oldest_lines_go() -> None:
    person = Person(state_with(*numbered(10_000))).press("top", *["down"] * 30)
    held = person.lines
    fold_all(person.state, [said("new")] * 7)
    assert person.lines == held
    fold_all(person.state, [said("new")] * 5_000)
    assert person.lines[0] == "05007"
    assert "5,007 new below" in person.text


def test_pages_overlap_by_a_line_and_reach_the_ends() -> None:
    person = Person(state_with(*numbered(100)))
    seen: set[str] = set()
    for _ in range(9):
        seen |= set(person.lines)
        person.press("page_up")
    assert len(seen) == 100
    assert person.lines[0] == "00000"


def test_a_line_of_several_lines_says_how_many_or_is_wrapped() -> None:
    state = state_with(said(TRACEBACK, "error"), said("word " * 60))
    cut = Person(state)
    assert "Traceback (most recent call last): +2 lines" in cut.text
    assert "…" in cut.text
    wrapped = cut.press("wrap").text
    assert '  File "train.py", line 3' in wrapped
    assert wrapped.count("word") == 60
    assert "…" not in wrapped


def test_wrapped_lines_end_with_the_newest_and_keep_the_cursor_in_sight() -> None:
    chance = random.Random(3)
    lines = [said(f"line {number:05} " + "word " * chance.randrange(80)) for number in range(200)]
    person = Person(state_with(*lines), viewport_of(60, 12, wraps=True))
    assert person.lines[-1] == "00199"
    for number in range(198, 100, -1):
        assert f"{number:05}" in person.press("up").lines
    for number in range(102, 150):
        assert f"{number:05}" in person.press("down").lines


def test_enter_shows_all_of_a_line_and_nothing_in_it_does_anything() -> None:
    message = "\x1b[31m\x1b]0;title\x07" + TRACEBACK + "x" * 10_000 + "the end"
    person = Person(state_with(said("before"), said(message, "critical", source="\x1b[2J"), said("after")))
    person.press("up", "open")
    assert "critical" in person.text
    assert "␛[31m␛]0;title␇Traceback" in person.text
    assert '  File "train.py", line 3' in person.text
    assert "\x1b" not in person.text
    assert "the end" in person.press("bottom").text
    assert "after" in person.press("right").text
    assert "Line 1 of 3" in person.press("left", "left", "left").text
    assert person.press("back").viewport.look.opened is False


def test_an_opened_line_stays_while_others_come() -> None:
    person = Person(state_with(*numbered(5))).press("open")
    fold_all(person.state, [said("new")])
    assert "line 00004" in person.text
    assert "Line 5 of 6" in person.text
    assert person.press("right", "back").viewport.look.cursor is None


def test_the_mouse_chooses_opens_and_scrolls() -> None:
    person = Person(state_with(*numbered(100)))
    top = int(person.lines[0])
    person.point(Gesture("release", 10, 3))
    assert person.viewport.look.cursor == top + 2
    person.point(Gesture("release", 10, 3))
    assert person.viewport.look.opened
    person.press("back")
    person.point(Gesture("wheel", 10, 3, steps=-1))
    assert int(person.lines[0]) == top - 3
    person.point(Gesture("wheel", 10, 3, steps=1))
    person.point(Gesture("wheel", 10, 3, steps=1))
    assert person.viewport.look.cursor is None


def test_the_data_behind_the_log_has_every_wanted_line() -> None:
    viewport = viewport_of(level="error")
    view: Any = LOGS.select(state_with(said("no"), said(TRACEBACK, "error", source="torch")), viewport)
    assert LOGS.table is not None
    assert list(LOGS.table(view, viewport)) == [
        ("time", "level", "run", "source", "message"),
        (NOW - 60, "error", "a", "torch", TRACEBACK),
    ]


def test_ten_thousand_lines_are_kept() -> None:
    state = state_with(*numbered(10_010))
    assert len(state.last(LogLine)[()]) == 10_000
    assert "10,000 lines" in Person(state).text


def test_lines_that_come_while_a_filter_holds_are_judged_as_if_it_were_typed_then() -> None:
    chance, state = random.Random(5), State()
    shared = Shared("!0 lr>=0.1")
    fold_all(state, [Stamped(NOW - 90, "a", RunStarted({"lr": 0.1}))])
    for round_number in range(12):
        several = [said(f"{chance.randrange(1000)}", run=chance.choice("ab")) for _ in range(1_000)]
        fold_all(state, several)
        if round_number == 6:
            fold_all(state, [Stamped(NOW - 90, "b", RunStarted({"lr": 0.2}))])
        now: Any = LOGS.select(state, viewport_of(shared=shared))
        if round_number % 3:
            continue
        anew: Any = LOGS.select(State.decode(state.encode()), viewport_of(shared=shared))
        assert list(now.numbers) == list(anew.numbers)
        assert list(now.lines) == list(anew.lines)
