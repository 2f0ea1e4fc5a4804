"""What scene Runs says of runs, in which order, and what its keys do."""

import math
from dataclasses import replace
from typing import Any

import pytest

from dashctl.errors import UsageError
from dashctl.events import Event, HostStats, Metric, Progress, RunFinished, RunStarted, Stamped
from dashctl.state import State, fold_all
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.scenes import scene_named
from dashctl_tui.scenes.acts import Ask, At, Gesture, Say, Taken
from dashctl_tui.scenes.run_metrics import lower_is_better, metrics_by_runs
from dashctl_tui.scenes.runs.look import Runs, RunsLook
from dashctl_tui.scenes.viewport import Shared, Viewport
from tests.tui.sample import NOW

RUNS = scene_named("runs")


def a_run(
    run: str,
    began: float,
    *,
    config: dict[str, Any] | None = None,
    losses: tuple[float, ...] = (),
    ended: RunFinished | None = None,
    lasted: float = 50.0,
    name: str | None = None,
    host: str = "bramble",
) -> list[Stamped[Event]]:
    """What a run of its own says; losses one a second, and half of that as an accuracy."""
    told: list[Stamped[Event]] = [
        Stamped(began, run, RunStarted(config or {}, host, f"train.py --run {run}", name or run))
    ]
    for step, loss in enumerate(losses):
        told.append(Stamped(began + step, run, Metric("val_loss", step, loss)))
        told.append(Stamped(began + step, run, Metric("val_accuracy", step, 1 - loss / 2)))
    if ended is not None:
        told.append(Stamped(began + lasted, run, ended))
    return told


def state_with(*runs: list[Stamped[Event]]) -> State:
    state = State()
    fold_all(state, sorted((item for run in runs for item in run), key=lambda item: item.time))
    return state


def three() -> State:
    return state_with(
        a_run("apple", NOW - 300, config={"lr": 0.1, "seed": 1}, losses=(0.9, 0.5, 0.7), ended=RunFinished()),
        a_run(
            "pear",
            NOW - 200,
            config={"lr": 0.01, "seed": 1, "drop": 0.5},
            losses=(0.8, math.nan),
            ended=RunFinished("failed", "CUDA out of memory"),
            lasted=20.0,
            host="gpu-07",
        ),
        a_run("quince", NOW - 40, config={"lr": 0.1, "seed": 1}, losses=(0.6, 0.3)),
    )


def viewport_of(
    width: int = 120, height: int = 30, shared: Shared | None = None, now: float = NOW, **look: Any
) -> Viewport[RunsLook]:
    return Viewport(width, height, RunsLook(**look), now, shared or Shared())


def text_of(state: State, viewport: Viewport[RunsLook] | None = None) -> str:
    viewport = viewport or viewport_of()
    return to_text(RUNS.paint(RUNS.select(state, viewport), viewport).rows)


def seen(state: State, viewport: Viewport[RunsLook]) -> Runs:
    view = RUNS.select(state, viewport)
    assert isinstance(view, Runs)
    return view


def order(state: State, **look: Any) -> list[str]:
    return [one.run for one in seen(state, viewport_of(**look)).order]


class Person:
    """Presses keys without waiting for a picture, as long as nobody asks to look."""

    def __init__(self, state: State, viewport: Viewport[RunsLook]) -> None:
        self.state, self.viewport = state, viewport
        self.effects: list[Any] = []
        self.wait()

    def wait(self) -> None:
        """Until the picture is there."""
        self.view: Any = RUNS.select(self.state, self.viewport)
        self.picture = RUNS.paint(self.view, self.viewport)

    def press(self, *names: str) -> "Person":
        acts = dict(RUNS.acts) | {action.name: action.act for action in RUNS.actions}
        for name in names:
            self._take(acts[name](At(self.view, self.viewport, self.picture.scrollable)))
        return self

    def point(self, gesture: Gesture) -> None:
        self._take(RUNS.mouse(At(self.view, self.viewport, self.picture.scrollable), gesture))
        self.wait()

    def _take(self, outcome: Any) -> None:
        taken = outcome if isinstance(outcome, Taken) else Taken(look=outcome)
        self.effects += taken.effects
        self.viewport = replace(
            self.viewport,
            look=taken.look or self.viewport.look,
            shared=taken.shared or self.viewport.shared,
        )

    @property
    def text(self) -> str:
        self.wait()
        return to_text(self.picture.rows)


def test_a_run_is_a_line_with_its_state_and_its_last_and_best_value() -> None:
    lines = {
        line.split()[3]: line for line in text_of(three()).splitlines() if "mm" not in line and "✓" in line
    }
    assert lines["apple"].split()[1:] == [
        "✓", "finished", "apple", "apple", "bramble", "22:08:20", "50", "s", "0.7", "0.5", "0.1", "·", "│",
    ]  # fmt: skip
    text = text_of(three())
    assert "1 running · 1 failed · 1 finished · val_loss, the lowest is best" in text
    failed = next(line for line in text.splitlines() if "pear" in line)
    assert "✗ failed" in failed
    assert "NaN" in failed
    assert "0.8" in failed


def test_a_run_that_was_killed_is_silent_and_no_longer_grows_older() -> None:
    state = state_with(a_run("gone", NOW - 500, losses=(0.5,) * 30))
    line = next(line for line in text_of(state).splitlines() if "gone" in line)
    assert "silent" in line
    assert "29 s" in line


def test_a_run_that_never_said_it_began_is_there_too() -> None:
    state = State()
    fold_all(state, [Stamped(NOW - 3, "nameless", Progress("epochs", 3))])
    fold_all(state, [Stamped(NOW - 3, "", HostStats("bramble", cpu=3.0))])
    assert order(state) == ["nameless"]
    assert "running" in text_of(state)


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        ({}, ["quince", "pear", "apple"]),
        ({"inverted": True}, ["apple", "pear", "quince"]),
        ({"sort": "name"}, ["apple", "pear", "quince"]),
        ({"sort": "host"}, ["quince", "apple", "pear"]),
        ({"sort": "duration"}, ["apple", "quince", "pear"]),
        ({"sort": "state"}, ["quince", "pear", "apple"]),
        ({"sort": "best"}, ["quince", "apple", "pear"]),
        ({"sort": "best", "inverted": True}, ["pear", "apple", "quince"]),
        ({"sort": "best", "flipped": ("val_loss",)}, ["apple", "pear", "quince"]),
        ({"sort": "best", "metric": "val_accuracy"}, ["quince", "apple", "pear"]),
        # What is not a number stands last, whichever way round.
        ({"sort": "last"}, ["quince", "apple", "pear"]),
        ({"sort": "last", "inverted": True}, ["apple", "quince", "pear"]),
        ({"sort": "last", "metric": "nothing"}, ["quince", "pear", "apple"]),
    ],
)
def test_runs_are_sorted_by_any_column(look: dict[str, Any], expected: list[str]) -> None:
    assert order(three(), **look) == expected


@pytest.mark.parametrize(
    "name", ["loss", "val/loss", "trainLoss", "hinge_loss", "val_error", "RMSE", "wer", "step_time"]
)
def test_little_is_wanted_of_losses_and_what_something_costs(name: str) -> None:
    assert lower_is_better(name)


@pytest.mark.parametrize(
    "name", ["accuracy", "val_acc", "f1", "reward", "lossless", "lr", "timesteps", "r2", "AUROC"]
)
def test_much_is_wanted_of_everything_else(name: str) -> None:
    assert not lower_is_better(name)


def test_the_metric_that_most_runs_have_is_shown_first() -> None:
    state = state_with(
        a_run("a", NOW - 9, losses=(1.0,)),
        [Stamped(NOW, "b", Metric(name, 0, 1.0)) for name in ("z", "val_loss")],
    )
    assert metrics_by_runs(state) == ["val_loss", "val_accuracy", "z"]


def test_the_filter_looks_at_names_hosts_and_configurations() -> None:
    for wanted, expected in (
        ("pear", ["pear"]),
        ("gpu-*", ["pear"]),
        ("lr>=0.1", ["quince", "apple"]),
        ("lr>=0.1 !quince", ["apple"]),
        ("drop:0.5", ["pear"]),
    ):
        assert [one.run for one in seen(three(), viewport_of(shared=Shared(wanted))).order] == expected
    assert RUNS.select(three(), viewport_of(shared=Shared("lr>5"))) is None


def test_the_cursor_stays_on_its_run_when_others_come_or_the_order_changes() -> None:
    person = Person(three(), viewport_of()).press("down")
    assert person.viewport.look.cursor == "pear"
    fold_all(person.state, a_run("newest", NOW - 1))
    person.wait()
    assert person.view.cursor.run == "pear"
    person.press("sort", "invert")
    person.wait()
    assert person.view.cursor.run == "pear"


def test_keys_that_come_faster_than_pictures_are_all_obeyed() -> None:
    state = state_with(*(a_run(f"run-{number:03}", NOW - 900 + number) for number in range(100)))
    person = Person(state, viewport_of(height=20)).press(
        *["down"] * 30, "mark", *["down"] * 5, "mark", "baseline"
    )
    assert person.viewport.shared == Shared("", ("run-069", "run-064"), "run-064")
    person.wait()
    assert person.view.first <= 35 < person.view.first + person.view.fitting
    person.press("top", "down", "up", "up")
    assert person.viewport.look.cursor == "run-099"
    person.press("bottom", "page_up", "down")
    assert person.viewport.look.cursor == f"run-{person.view.fitting - 1:03}"


def test_marks_and_the_baseline_are_seen_without_colour_and_taken_away_again() -> None:
    person = Person(three(), viewport_of()).press("mark", "down", "mark", "baseline")
    lines = person.text.splitlines()
    assert next(line for line in lines if "quince" in line)[2:5] == " 1 "
    assert next(line for line in lines if "pear" in line)[2:5] == "›2B"
    assert "2 marked, B baseline" in person.text
    assert Say("the baseline is pear") in person.effects
    person.press("mark", "baseline")
    assert person.viewport.shared == Shared("", ("quince",))
    person.press("unmark")
    assert person.viewport.shared == Shared()


def test_metrics_are_chosen_in_turn_or_typed_and_flipped() -> None:
    person = Person(three(), viewport_of()).press("metric")
    assert "val_accuracy, the highest is best" in person.text
    assert "val_accuracy, the lowest is best" in person.press("flip").text
    assert "val_loss, the lowest is best" in person.press("former_metric").text
    assert "val_accuracy, the highest is best" in person.press("metric", "flip").text
    person.press("name_metric")
    (ask,) = (effect for effect in person.effects if isinstance(effect, Ask))
    at = At(person.view, person.viewport)
    assert ask.then(at, "*_loss").metric == "val_loss"
    with pytest.raises(UsageError, match="no run has 'nonsense'; there are val_loss, val_accuracy"):
        ask.then(at, "nonsense")


def test_a_run_opens_with_all_that_is_known_of_it() -> None:
    person = Person(three(), viewport_of()).press("down", "open")
    for words in (
        "train.py --run pear",
        "CUDA out of memory",
        "gpu-07",
        "failed",
        "drop",
        "0.5",
        "val_accuracy",
    ):
        assert words in person.text, words
    assert "2 of 3" in person.text
    assert "train.py --run apple" in person.press("right").text
    assert "train.py --run quince" in person.press("left", "left", "left").text
    assert "1 running" in person.press("back").text
    assert person.viewport.look.cursor == "quince"


def test_a_long_page_of_a_run_scrolls_to_its_end() -> None:
    config = {f"key-{number:03}": "long " * 40 for number in range(50)}
    state = state_with(a_run("big", NOW - 9, config=config, losses=(1.0,)))
    for width, last in ((80, "val_loss"), (120, "key-049")):
        person = Person(state, viewport_of(width, 20)).press("open")
        assert "key-049" not in person.text
        assert last in person.press("bottom").text
        assert person.picture.scrollable == person.viewport.look.scroll


def test_only_what_differs_is_compared() -> None:
    text = text_of(three(), viewport_of(page="compare"))
    assert "What differs among 3 runs" in text
    rows = {
        line.split()[1]: line.split()[2:5]
        for line in text.splitlines()
        if line.split()[1:2] in (["lr"], ["drop"])
    }
    assert rows == {"lr": ["0.1", "0.01", "0.1"], "drop": ["·", "0.5", "·"]}
    assert " seed " not in text
    assert "1 more are the same in all" in text


def test_marked_runs_are_compared_behind_the_baseline() -> None:
    shared = Shared("", ("apple", "quince"), "pear")
    text = text_of(three(), viewport_of(shared=shared, page="compare"))
    heading = next(line for line in text.splitlines() if "B pear" in line)
    assert heading.split()[1:7] == ["B", "pear", "1", "apple", "2", "quince"]
    assert "B is the baseline" in text
    same = Shared("", ("apple", "quince"))
    assert "nothing differs" in text_of(three(), viewport_of(shared=same, page="compare"))


def test_many_runs_are_compared_sideways() -> None:
    state = state_with(
        *(a_run(f"run-{n:02}", NOW - 99 + n, config={"seed": n}, losses=(1.0,)) for n in range(30))
    )
    person = Person(state, viewport_of()).press("compare")
    assert "runs 1–" in person.text
    assert "22 runs without a curve here" in person.text
    person.press(*["right"] * 60)
    assert "–30 of 30" in person.text
    assert "seed" in person.text


def test_a_click_chooses_a_run_and_another_opens_it() -> None:
    person = Person(three(), viewport_of())
    person.point(Gesture("release", 10, 4))
    assert (person.viewport.look.cursor, person.viewport.look.page) == ("apple", "table")
    person.point(Gesture("release", 10, 4))
    assert person.viewport.look.page == "run"
    person.point(Gesture("release", 10, 4))
    person.press("back")
    person.point(Gesture("release", 10, 20))
    assert (person.viewport.look.cursor, person.viewport.look.page) == ("apple", "table")


def test_the_wheel_scrolls_and_keeps_the_cursor_on_the_screen() -> None:
    state = state_with(*(a_run(f"run-{number:03}", NOW - 900 + number) for number in range(100)))
    person = Person(state, viewport_of(height=20))
    for _ in range(4):
        person.point(Gesture("wheel", 10, 10, steps=1))
    assert person.view.first == 12
    assert person.view.cursor.run == "run-087"


def test_the_data_behind_the_table_has_every_run_and_setting() -> None:
    viewport = viewport_of()
    assert RUNS.table is not None
    heading, *lines = RUNS.table(seen(three(), viewport), viewport)
    assert list(heading) == [
        "run", "name", "state", "host", "started", "duration", "last val_loss", "lowest val_loss",
        "config lr", "config seed", "config drop",
    ]  # fmt: skip
    assert list(lines[2]) == [
        "apple",
        "apple",
        "finished",
        "bramble",
        NOW - 300,
        50.0,
        0.7,
        0.5,
        0.1,
        1,
        None,
    ]
    assert len(lines) == 3


def test_ten_thousand_runs_are_kept_and_those_on_the_screen_have_their_numbers() -> None:
    state = State()
    for number in range(10_000):
        fold_all(
            state,
            a_run(f"run-{number:05}", NOW - 20_000 + number, losses=(1 / (number + 1),), ended=RunFinished()),
        )
    viewport = viewport_of(cursor="run-05000")
    view = seen(state, viewport)
    assert len(view.order) == 10_000
    text = text_of(state, viewport)
    assert "10,000 finished" in text
    assert "run-05000" in text
    # Of two metrics a run, the curves of the older half made room for the newer ones.
    assert len(state.series(Metric)) == 10_000
    assert view.readings["run-05000"] is not None
    assert order(state, sort="best")[0] == "run-09999"
