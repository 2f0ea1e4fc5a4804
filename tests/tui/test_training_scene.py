"""Training: many curves of many runs, compared and looked at closely."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from dashctl.curve import CurveBuffer
from dashctl.events import Metric, Progress, RunFinished, RunStarted, Stamped
from dashctl.state import State, fold, fold_all
from dashctl_tui.plots.canvas import Row, to_text
from dashctl_tui.plots.palette import cluster_ink, name_ink
from dashctl_tui.scenes.acts import At, Gesture, Taken
from dashctl_tui.scenes.training import SCENE, TrainingLook, curve_of
from dashctl_tui.scenes.training.curves import run_ink
from dashctl_tui.scenes.training.names import labels_of, split_name
from dashctl_tui.scenes.viewport import Shared, Viewport
from tests.tui.sample import NOW, full_state, state_of


class Somebody:
    """Looks at a state and does things."""

    def __init__(
        self, state: State, width: int = 100, height: int = 30, shared: Shared | None = None, now: float = NOW
    ) -> None:
        self.state = state
        self.viewport: Viewport[TrainingLook] = Viewport(width, height, SCENE.look, now, shared or Shared())

    @property
    def look(self) -> TrainingLook:
        return self.viewport.look

    @property
    def rows(self) -> list[Row]:
        return list(SCENE.paint(SCENE.select(self.state, self.viewport), self.viewport).rows)

    @property
    def text(self) -> str:
        return to_text(self.rows)

    def does(self, *names: str) -> "Somebody":
        """Do what these keys stand for, one after the other."""
        acts = dict(SCENE.acts) | {action.name: action.act for action in SCENE.actions}
        for name in names:
            self._take(acts[name](self._at()))
        return self

    def points(self, gesture: Gesture) -> "Somebody":
        self._take(SCENE.mouse(self._at(), gesture))
        return self

    def _at(self) -> At[Any, Any]:
        view = SCENE.select(self.state, self.viewport)
        return At(view, self.viewport, SCENE.paint(view, self.viewport).scrollable)

    def _take(self, outcome: Any) -> None:
        taken = outcome if isinstance(outcome, Taken) else Taken(outcome)
        self.viewport = replace(
            self.viewport,
            look=taken.look or self.look,
            shared=taken.shared or self.viewport.shared,
        )


def curves(
    runs: Iterable[str], metrics: Iterable[str] = ("loss",), samples: int = 11, named: str = "name of {}"
) -> State:
    """Runs that began ten seconds apart; number n measures n + 1 + step / 10, a second a step."""
    state = State()
    for number, run in enumerate(runs):
        begun = NOW - 1000 + 10 * number
        if named:
            fold(state, RunStarted({"lr": 10.0**-number, "seed": 7}, name=named.format(run)), begun, run)
        for metric in metrics:
            fold_all(
                state,
                [
                    Stamped(begun + step, run, Metric(metric, step, number + 1 + step / 10))
                    for step in range(samples)
                ],
            )
    return state


def line_with(text: str, *words: str) -> str:
    """The one line that has all of these."""
    (line,) = [line for line in text.splitlines() if all(word in line for word in words)]
    return line


def colours(rows: Iterable[Row]) -> set[str]:
    return {ink.colour for row in rows for _, ink in row.runs}


# Charts


@pytest.mark.parametrize(
    ("name", "chart", "part"),
    [
        ("lstm/train_loss", "lstm/loss", "train"),
        ("lstm/val_loss", "lstm/loss", "val"),
        ("train/loss", "loss", "train"),
        ("Validation.Accuracy", "Accuracy", "val"),
        ("loss/test", "loss", "test"),
        ("loss", "loss", ""),
        ("train", "train", ""),
        ("retrained_loss", "retrained_loss", ""),
    ],
)
def test_metrics_that_differ_in_the_split_alone_share_a_chart(name: str, chart: str, part: str) -> None:
    assert split_name(name) == (chart, part)


def test_charts_progress_and_what_is_not_finite_are_shown() -> None:
    text = Somebody(full_state(), 120, 38).text
    assert "lstm/loss" in text
    assert "1 NaN" in line_with(text, "train", "val")
    assert "312 of 480 batches" in text


def test_charts_that_do_not_fit_scroll() -> None:
    one = Somebody(state_of(*(Metric(f"metric-{number:02}", 1, 2.0) for number in range(40))), 80, 30)
    assert "1–6 of 40" in one.text
    assert "metric-39" in one.does("bottom").text
    assert "33–38 of 40" in one.does("page_up").text
    assert "1–6 of 40" in one.does("top").text
    assert "1–6 of 40" in one.does("down", "down").text, "the chosen chart is still on the screen"
    assert "3–8 of 40" in one.does("down").text
    assert "7–12 of 40" in one.points(Gesture("wheel", 3, 9, steps=1)).text


def test_the_chosen_chart_is_marked_and_opened_and_closed() -> None:
    one = Somebody(curves(["a"], ["m-0", "m-1", "m-2", "m-3"]), 120, 30)
    assert "▶ m-0" in one.text
    assert "▶ m-1" in one.does("next_chart").text
    assert "▶ m-3" in one.does("down").text
    assert "▶ m-1" in one.does("up").text
    large = one.does("open").text
    assert "m-1  2 of 4" in large
    assert "m-0" not in large
    assert "m-2  3 of 4" in one.does("down").text, "in the large chart, the next one"
    assert "▶ m-2" in one.does("back").text
    assert one.look == replace(SCENE.look, chart="m-2")


def test_a_look_survives_being_written_down() -> None:
    look = Somebody(curves(["a"])).does("axis", "smooth", "log_scale", "zoom_in", "left").look
    assert look.window is not None
    assert look.crosshair is not None
    assert msgspec.json.decode(msgspec.json.encode(look), type=TrainingLook) == look


def test_progress_without_a_total_claims_no_share() -> None:
    text = Somebody(state_of(Progress("files", 12, unit="files"))).text
    assert "12 files so far" in text
    assert "%" not in text


def test_a_single_step_has_no_fractions() -> None:
    text = Somebody(state_of(Metric("loss", 7, 2.0)), 80, 24).text
    assert text.splitlines()[-2].split() == ["│", "7", "step", "│"]


# Runs


def test_runs_with_the_same_metric_share_a_chart_and_the_others_are_counted() -> None:
    text = Somebody(curves([f"run-{number}x" for number in range(8)], named=""), 160, 11).text
    assert " 7x " in text, "what all names begin with is left out"
    assert " 3x " in text
    assert " 2x " not in text
    assert "+3 runs" in text


def test_runs_of_one_name_are_told_apart_by_what_differs_in_their_configuration() -> None:
    text = Somebody(curves(["a", "b", "c"], ["loss", "speed"], named="same"), 120, 30).text
    assert "a lr=1.0  b lr=0.1  c lr=0.01" in text
    assert "seed" not in text
    pairs: list[dict[str, Any]] = [{"m.lr": lr, "net": net} for lr in (1, 2) for net in ("rnn", "lstm")]
    runs = [(str(number), "same", config) for number, config in enumerate(pairs)]
    assert list(labels_of(runs).values())[:2] == ["lr=1 net=rnn", "lr=1 net=lstm"]
    again = [("x-1", "same", pairs[0]), ("x-2", "same", pairs[0])]
    assert list(labels_of(again).values()) == ["1", "2"]


def test_runs_that_go_on_together_keep_their_places() -> None:
    state = State()
    for number, run in enumerate(("a-1", "a-2")):
        fold(state, RunStarted(), NOW + number, run)
        fold(state, Metric("loss", 1, 0.5), NOW + 2, run)
    one = Somebody(state)
    before = one.text
    assert [line[2:5] for line in before.splitlines() if "0.5 " in line] == ["b  ", "a  "], "the newest first"
    fold(state, Metric("loss", 1, 0.5), NOW + 3, "a-1")
    assert one.text == before


def test_runs_that_go_on_stand_before_those_that_ended_later() -> None:
    state = curves([f"r-{number}" for number in range(9)])
    for number in range(1, 9):
        fold(state, RunFinished(), NOW - 100 + number, f"r-{number}")
    fold(state, Metric("loss", 11, 1.0), NOW - 1, "r-0")
    fold(state, Metric("loss", 12, 1.0), NOW - 1, "r-0")
    view = SCENE.select(state, Somebody(state, 160, 10).viewport)
    assert view is not None
    assert view.charts[0].runs == ["r-0", "r-8", "r-7", "r-6", "r-5"]


def test_marked_runs_stand_for_all_whatever_their_number() -> None:
    state = curves([f"r-{number:02}x" for number in range(40)], named="")
    some = tuple(f"r-{number:02}x" for number in range(5, 35))
    one = Somebody(state, 120, 60, Shared(marked=some))
    assert "more" not in one.text
    assert "+" not in one.text
    for run in range(40):
        assert (f" {run:02}x " in one.text) == (5 <= run < 35)


def test_marks_of_runs_that_are_gone_hide_nothing() -> None:
    assert "loss" in Somebody(curves(["a"]), shared=Shared(marked=("gone",))).text


def test_a_run_keeps_its_colour_in_every_chart() -> None:
    state = curves(["a", "b"], ["loss", "speed"])
    fold(state, Metric("alone", 1, 1.0), NOW, "b")
    assert {name_ink("a").colour, name_ink("b").colour} <= colours(Somebody(state, 120, 30).rows)
    alone = Somebody(state, 120, 30, Shared(marked=("b", "a"))).rows
    assert {cluster_ink(0).colour, cluster_ink(1).colour} <= colours(alone)


def test_runs_of_one_chart_have_colours_of_their_own() -> None:
    runs = [f"run-{number}" for number in range(8)]
    looked = Somebody(curves(runs), 120, 40)
    view = SCENE.select(looked.state, looked.viewport)
    assert view is not None
    assert len({run_ink(run, view) for run in runs}) == len(runs)


def test_the_filter_looks_at_runs_metrics_and_configurations() -> None:
    state = curves(["a-run", "b-run"], ["loss", "speed"])
    assert "speed" not in Somebody(state, shared=Shared("loss")).text
    assert "b-run" not in Somebody(state, shared=Shared("name of a-run")).text
    view = SCENE.select(state, Somebody(state, shared=Shared("lr<0.5 speed")).viewport)
    assert view is not None
    assert [(chart.title, chart.runs) for chart in view.charts] == [("speed", ["b-run"])]


def test_a_baseline_is_shown_beside_whatever_is_shown() -> None:
    state = curves([f"r-{number}" for number in range(3)])
    chosen = Shared(marked=("r-2",), baseline="r-0")
    text = Somebody(state, 120, 30, chosen).text
    row = line_with(text, " b  2 ")
    assert row.split("│")[-2].split()[-4:] == ["4", "+2", "+100", "%"]
    assert "against 0" in text


def test_equal_runs_are_told_apart_by_the_ends_of_their_ids() -> None:
    runs = [("a-1121-32b4", "a", {"lr": 1}), ("a-1121-17f0", "a", {"lr": 1}), ("b-1121-9433", "b", {"lr": 2})]
    assert list(labels_of(runs).values()) == ["a 32b4", "a 17f0", "b"]


def test_names_of_runs_stay_whole_beside_their_differences() -> None:
    state = State()
    for lr, model, value in ((0.001, "mnist", 0.5), (0.0003, "mnist", 0.1), (0.1, "big", 0.424)):
        fold(state, RunStarted({"lr": lr}, name=model), NOW - 9, f"{model}-{lr}")
        for metric in ("train_loss", "val_loss"):
            fold(state, Metric(metric, 1, value), NOW - 8, f"{model}-{lr}")
    rows = Somebody(state, 120, 30, Shared(baseline="mnist-0.0003")).text
    assert line_with(rows, "mnist lr=0.001", "train").rstrip("│ ").endswith("+400 %")
    assert line_with(rows, "big lr=0.1", "val").rstrip("│ ").endswith("+324 %")


def test_a_key_pins_one_run_after_the_other_and_then_none() -> None:
    one = Somebody(curves(["a", "b"]), 120, 30)
    pinned = [one.does("baseline").viewport.shared.baseline for _ in range(3)]
    assert pinned == ["a", "b", ""]


# The axis


def test_steps_time_since_the_start_and_time_take_turns() -> None:
    state = curves(["a", "b"], samples=101)
    one = Somebody(state, 100, 20)
    assert "step" in one.text
    relative = one.does("axis").text
    assert "x since start" in relative
    assert "1:30" in relative
    both = SCENE.select(state, one.viewport)
    assert both is not None
    assert "x time" in one.does("axis").text
    assert one.does("axis").look == SCENE.look


def test_runs_begin_together_on_a_relative_axis_and_one_after_the_other_in_time() -> None:
    state = curves(["a", "b"])
    for run, begin in (("a", 0.0), ("b", 10.0)):
        columns = state.curve(Metric, (run, "loss"))
        assert columns is not None
        relative = curve_of("", columns, axis="relative", started=NOW - 1000 + begin)
        assert relative.x.tolist() == [float(second) for second in range(11)]
        assert curve_of("", columns, axis="time").x[0] == NOW - 1000 + begin


def test_the_crosshair_reads_every_curve_in_every_chart_at_one_place() -> None:
    one = Somebody(curves(["a", "b"], ["loss", "speed"]), 120, 30)
    one.does("right", "right", "right", "right")
    assert one.look.crosshair == 3.0, "where points are far apart it goes from one to the next"
    assert one.text.count("1.3") == one.text.count("2.3") == 2
    assert one.does("left").look.crosshair == 2.0
    assert one.does("back").look.crosshair is None


def test_the_crosshair_reads_nothing_where_a_curve_has_nothing() -> None:
    state = curves(["a"], samples=101)
    fold(state, Metric("loss", 0, 7.0), NOW, "b")
    fold(state, Metric("loss", 10, 8.0), NOW, "b")
    one = Somebody(state, 120, 30).does("left")
    assert one.look.crosshair == 100.0
    assert line_with(one.text, " a  b ").split("│")[-2].split() == ["a", "b", "-"]
    assert line_with(one.text, " b  name of a ").split("│")[-2].split()[-1] == "11"


def test_zooming_keeps_the_place_under_the_crosshair_and_stops_at_the_ends() -> None:
    one = Somebody(curves(["a"], ["loss", "speed"], samples=1000), 120, 30)
    one.points(Gesture("press", 30, 10))
    there = one.look.crosshair
    assert there is not None
    assert one.look.chart == "loss"
    one.does("zoom_in", "zoom_in")
    low, high = one.look.window or (0.0, 0.0)
    assert high - low == pytest.approx(999 / 1.6**2)
    assert (there - low) / (high - low) == pytest.approx(there / 999)
    for _ in range(60):
        one.does("zoom_in")
    low, high = one.look.window or (0.0, 0.0)
    assert low < there < high
    for _ in range(60):
        one.does("zoom_out")
    assert one.look.window is None


def test_a_window_is_the_same_in_all_charts_and_is_panned_within_what_was_measured() -> None:
    one = Somebody(curves(["a"], ["loss", "speed"], samples=1000), 120, 30).does("zoom_in", "zoom_in")
    assert "zoomed" in one.text
    for _ in range(9):
        one.does("pan_left")
    low, high = one.look.window or (1.0, 1.0)
    assert low == 0.0
    assert high == pytest.approx(999 / 1.6**2)
    for _ in range(9):
        one.does("pan_right")
    assert one.look.window == pytest.approx((999 - high, 999.0))
    assert one.does("back").look.window is None


def test_a_crosshair_that_leaves_the_window_takes_it_along() -> None:
    one = Somebody(curves(["a"], samples=1000), 120, 30).does("zoom_in", "zoom_in", "left")
    before = one.look.window or (0.0, 0.0)
    after = one.does("right", "right").look.window or (0.0, 0.0)
    assert after > before
    assert after[0] < (one.look.crosshair or 0.0) < after[1]


def test_a_drag_moves_the_crosshair_and_with_shift_the_window() -> None:
    one = Somebody(curves(["a"], samples=1000), 120, 30)
    first = one.points(Gesture("press", 20, 10)).look.crosshair or 0.0
    later = one.points(Gesture("drag", 40, 10, across=20)).look.crosshair or 0.0
    assert later > first
    window = one.does("zoom_in").look.window or (0.0, 0.0)
    dragged = one.points(Gesture("drag", 30, 10, across=-10, shift=True)).look.window or (0.0, 0.0)
    assert dragged > window


def test_the_wheel_zooms_in_the_large_chart_around_the_mouse() -> None:
    one = Somebody(curves(["a"], ["loss", "speed"], samples=1000), 120, 30).does("open")
    one.points(Gesture("wheel", 12, 10, steps=-1))
    low, high = one.look.window or (9.0, 9.0)
    assert low < 50
    assert high == pytest.approx(low + 999 / 1.6, rel=0.01)


# Curves


def test_smoothing_goes_from_light_to_strong_to_none() -> None:
    one = Somebody(curves(["a"], samples=100))
    assert [one.does("smooth").look.smoothing for _ in range(4)] == [0.01, 0.03, 0.1, 0.0]
    assert "smoothed over 1 %" in one.does("smooth").text


def test_a_curve_ends_at_its_newest_value_and_marks_what_is_not_finite() -> None:
    buffer = CurveBuffer(4)
    for step, value in enumerate(
        [1.0, 2.0, 3.0, 4.0, math.nan, 6.0, 7.0, math.inf, -math.inf, -math.inf, 8.0, 9.0]
    ):
        buffer.append(step, NOW, value)
    curve = curve_of("x", buffer.columns())
    assert curve.y[-1] == 9.0
    assert curve.means is not None
    assert curve.means[-1] == 8.5, "smoothing goes on from the mean"
    assert curve.low is not None
    assert curve.high is not None
    assert np.nanmax(curve.high) == 9.0
    kinds = {mark.kind for mark in curve.marks} | {"-inf" for value in curve.y if value == -math.inf}
    assert kinds == {"nan", "+inf", "-inf"}


def test_a_point_with_nothing_finite_is_its_own_mark() -> None:
    buffer = CurveBuffer(10)
    for step, value in enumerate([1.0, math.nan, math.inf, -math.inf]):
        buffer.append(step, NOW, value)
    curve = curve_of("x", buffer.columns())
    assert curve.marks == ()
    assert math.isnan(curve.y[1])
    assert curve.y[2:].tolist() == [math.inf, -math.inf]


def test_a_run_that_began_again_ends_at_its_newest_value() -> None:
    state = state_of(*(Metric("loss", step, float(step)) for step in (5, 6, 7, 2, 3)))
    assert line_with(Somebody(state, 120, 30).text, "loss", " 3 ")


def test_steps_of_several_that_log_at_once_are_drawn_in_order() -> None:
    buffer = CurveBuffer(100)
    for step in range(40):
        buffer.append(step ^ 1, NOW, float(step))
    assert curve_of("x", buffer.columns()).x.tolist() == list(range(40))


def test_what_is_not_finite_is_counted_exactly_however_long_a_curve_is() -> None:
    one_kind = [Metric("a", step, math.nan if step % 3 else 1.0) for step in range(6000)]
    two_kinds = [Metric("b", step, (1.0, math.nan, math.inf)[step % 3]) for step in range(6000)]
    text = Somebody(state_of(*one_kind, *two_kinds), 120, 38).text
    assert "4,000 NaN" in text
    assert "4,000 not finite" in text


def test_a_run_that_diverged_leaves_room_for_the_others() -> None:
    state = curves(["a", "b"], samples=500)
    for step in range(5):
        fold(state, Metric("loss", step, 10.0 ** (6 * step)), NOW, "c")
    one = Somebody(state, 120, 30)
    assert "50┤" not in one.text
    typical = one.does("typical").text
    assert "50┤" in typical
    assert "▲" in typical
    assert "typical range" in typical


# The data behind the picture


def test_the_table_has_every_point_of_the_curves_on_the_screen() -> None:
    state = curves(["a", "b"], ["loss", "speed"], samples=3)
    one = Somebody(state, 120, 30).does("open")
    assert SCENE.table is not None
    view = SCENE.select(state, one.viewport)
    assert view is not None
    heading, *lines = SCENE.table(view, one.viewport)
    assert list(heading) == ["run", "metric", "step", "time", "mean", "low", "high"]
    assert {(line[0], line[1]) for line in lines} == {("a", "loss"), ("b", "loss")}
    assert list(lines[-1]) == ["a", "loss", 2, NOW - 998, 1.2, 1.2, 1.2]
