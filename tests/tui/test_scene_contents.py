"""What each scene says: the numbers, and what must not be said."""

from typing import Any

import pytest

from dashctl.events import (
    Alert,
    AttackProfile,
    Embedding,
    Episode,
    Event,
    LogLine,
    Metric,
    ModelMetric,
    PhaseEvent,
    PointCloud,
    Prediction,
    RunFinished,
    RunStarted,
    Snapshot,
)
from dashctl.phases import PHASES
from dashctl.state import State, fold
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.plots.palette import phase_ink
from dashctl_tui.scenes import scene_named
from tests.tui.sample import NOW, full_state, looked_at, state_of


def text_of(
    name: str, state: State, width: int = 100, height: int = 30, now: float = NOW, **chosen: Any
) -> str:
    scene = scene_named(name)
    viewport = looked_at(scene, width, height, now, **chosen)
    return to_text(scene.paint(scene.select(state, viewport), viewport).rows)


def line_with(text: str, *words: str) -> str:
    """The one line that has all of these."""
    (line,) = [line for line in text.splitlines() if all(word in line for word in words)]
    return line


# Overview


def test_the_overview_tells_of_the_run_that_goes_on_and_then_of_the_others() -> None:
    text = text_of("overview", full_state(), 120, 38)
    assert text.index("● detector") < text.index("✗ mnist")
    assert "running  2:13" in text
    assert "failed after 8:20" in text
    assert "seed=0  hidden=48" in text
    assert "312 of 480 batches" in line_with(text, "lstm", "65 %")


def test_a_run_that_was_started_again_is_running() -> None:
    state = State()
    fold(state, RunStarted(name="again"), NOW - 60, "r")
    fold(state, RunFinished("failed"), NOW - 50, "r")
    assert "failed after 10 s" in text_of("overview", state)
    fold(state, RunStarted(name="again"), NOW - 20, "r")
    assert "running  20 s" in text_of("overview", state)


@pytest.mark.parametrize("scene", ["overview", "training"])
def test_a_run_of_which_nothing_was_heard_says_for_how_long(scene: str) -> None:
    state = State()
    fold(state, RunStarted(name="killed"), NOW - 400, "r")
    for step in range(3000):
        fold(state, Metric("loss", step, 1.0), NOW - 240 + step / 100, "r")
    assert "running  3:30" in text_of(scene, state, now=NOW - 190)
    silent = text_of(scene, state)
    assert "silent for 3 min" in silent
    assert "running  " not in silent
    fold(state, Metric("accuracy", 1, 1.0), NOW - 1, "r")
    assert "running  6:40" in text_of(scene, state)


def test_a_run_that_is_silent_leaves_the_front_to_one_that_goes_on_or_came_later() -> None:
    state = State()
    fold(state, RunStarted(name="killed"), NOW - 9000, "killed")
    fold(state, RunStarted(name="later"), NOW - 300, "later")
    fold(state, RunFinished(), NOW - 200, "later")
    text = text_of("overview", state)
    assert text.index("later") < text.index("killed")


def test_totals_are_those_of_the_run_that_goes_on_whoever_else_speaks() -> None:
    state = State()
    fold(state, RunStarted(name="detector"), NOW - 9, "front")
    fold(state, Snapshot(episodes=11), NOW - 8, "front")
    fold(state, Snapshot(episodes=22), NOW - 7, "other")
    assert "11" in line_with(text_of("overview", state, 120, 38), "│ episodes")
    fold(state, RunFinished(), NOW - 6, "front")
    assert "22" in line_with(text_of("overview", state, 120, 38), "│ episodes")


def test_an_alert_is_open_until_it_is_resolved() -> None:
    told = [Alert("disk full", "91 %"), Alert("too hot", "99 °C", "critical")]
    assert "2 open: too hot, disk full" in text_of("overview", state_of(*told))
    resolved = text_of("overview", state_of(*told, Alert("disk full", resolved=True)))
    assert "1 open: too hot" in resolved
    assert "resolved" in resolved


def test_log_lines_and_alerts_stand_in_order_of_time() -> None:
    state = State()
    fold(state, LogLine("first"), NOW - 3)
    fold(state, LogLine("third"), NOW - 1)
    fold(state, Alert("second"), NOW - 2)
    text = text_of("overview", state)
    assert text.index("first") < text.rindex("second") < text.index("third")
    assert "22:13:17" in line_with(text, "first")


def test_the_overview_filters_lines_models_and_runs() -> None:
    text = text_of("overview", full_state(), 120, 38, wanted="EPOCH 7")
    assert "epoch 7" in text
    assert "epoch 8" not in text
    assert "mnist" not in text


# Baseline


def test_the_mix_is_of_the_last_five_minutes() -> None:
    state = State()
    for second in range(100):
        fold(state, PhaseEvent("clean" if second < 75 else "armed"), NOW + second)
    text = text_of("baseline", state, now=NOW + 100)
    assert "75 %" in line_with(text, "clean    ", "75")
    assert "25 %" in line_with(text, "armed    ", "25")
    assert "100 seen" in text
    assert scene_named("baseline").empty in text_of("baseline", state, now=NOW + 500)


def test_a_clock_that_runs_ahead_hides_nobody_else() -> None:
    state = State()
    fold(state, PhaseEvent("clean"), NOW - 1)
    fold(state, PhaseEvent("armed"), NOW + 3600)
    assert "2 seen" in text_of("baseline", state)


# Attacks


def test_every_profile_is_scaled_to_its_own_peak() -> None:
    state = state_of(AttackProfile("small", (0.0, 0.001), "a trickle"), AttackProfile("large", (0.0, 1e6)))
    text = text_of("attacks", state)
    assert text.count("█") % 2 == 0
    assert "peak 0.001" in text
    assert "peak 1M" in text
    assert "a trickle" in text


def test_many_profiles_scroll() -> None:
    state = state_of(*(AttackProfile(f"profile-{number:03}", (1.0, 2.0)) for number in range(100)))
    assert "1–9 of 100" in text_of("attacks", state)
    assert "92–100 of 100" in text_of("attacks", state, scroll=999)


# Chunking


def test_predictions_stand_over_what_was_the_case() -> None:
    told = [Prediction("ep-1", index, "clean", actual, "lstm") for index, actual in enumerate(PHASES)]
    text = text_of("chunking", state_of(*told))
    assert "1 of 5 right" in line_with(text, "ep-1", "lstm")
    assert line_with(text, "predicted").count("clean") == 5
    assert line_with(text, "predicted").count("✗") == 4
    assert line_with(text, "actual").count("armed") == 1


def test_what_was_the_case_may_come_with_the_episode_or_on_its_own() -> None:
    with_episode = state_of(Prediction("a", 0, "clean", None, "lstm"), Episode("a", phases=("clean",)))
    on_its_own = state_of(Prediction("a", 0, "clean", None, "lstm"), Prediction("a", 0, None, "clean"))
    for state in (with_episode, on_its_own):
        assert "1 of 1 right" in text_of("chunking", state)


def test_a_timeline_says_what_it_leaves_out_and_counts_what_it_shows() -> None:
    wrong = [Prediction("ep", index, "clean", "armed", "lstm") for index in (-1, 6, 99)]
    right = Prediction("ep", 5, "armed", "armed", "lstm")
    assert "1 of 1 shown right, +2 windows not shown" in text_of("chunking", state_of(*wrong, right))
    long = Episode("ep", phases=("clean",) * 7)
    assert "not predicted yet, +1 window not shown" in text_of("chunking", state_of(long))


def test_each_model_has_its_own_timeline_and_unpredicted_episodes_come_last() -> None:
    told: list[Event] = [
        Episode("a"),
        Prediction("b", 0, "clean", "clean", "lstm"),
        Prediction("b", 0, "armed", None, "knn"),
    ]
    lines = text_of("chunking", state_of(*told), 80).splitlines()
    heads = [line.split() for line in lines if line.startswith((" a ", " b "))]
    assert [head[:2] for head in heads] == [["b", "knn"], ["b", "lstm"], ["a", "not"]]


def test_a_timeline_is_of_the_run_that_spoke_last() -> None:
    state = State()
    fold(state, Prediction("ep", 0, "armed", "clean", "lstm"), NOW, "old")
    fold(state, Prediction("ep", 1, "armed", "clean", "lstm"), NOW, "old")
    fold(state, Prediction("ep", 0, "clean", "clean", "lstm"), NOW, "new")
    assert "1 of 1 right" in text_of("chunking", state)


# Models


def test_models_are_ranked_and_those_below_the_scale_flagged() -> None:
    state = state_of(ModelMetric("bert", 0.49), ModelMetric("lstm", 0.928), ModelMetric("knn", 0.861))
    lines = text_of("models", state).splitlines()
    order = [line.split()[1] for line in lines if "now" in line]
    assert order == ["lstm", "knn", "bert"]
    assert "◂ 0.490" in line_with("\n".join(lines), "bert")
    assert "◂" not in line_with("\n".join(lines), "knn")


def test_two_hundred_models_scroll_and_one_model_stands_alone() -> None:
    many = state_of(*(ModelMetric(f"model-{number}", number / 200) for number in range(200)))
    assert "1–27 of 200" in text_of("models", many)
    assert "174–200 of 200" in text_of("models", many, scroll=10_000)
    assert " of " not in text_of("models", state_of(ModelMetric("lstm", 0.9)))


def test_a_confusion_counts_windows_by_phase() -> None:
    told = [
        Prediction(f"e{number}", 0, "armed" if number < 3 else "clean", "clean", "lstm")
        for number in range(8)
    ]
    text = text_of("models", state_of(ModelMetric("lstm", 0.6), *told))
    assert line_with(text, "clean  ").split()[2:4] == ["5", "3"]
    assert "5 of 8 windows right" in text


def test_a_confusion_is_of_the_run_that_told_the_accuracy() -> None:
    state = State()
    for run, episode, predicted in (("old", "ep-1", "armed"), ("new", "ep-2", "clean")):
        for window in range(6):
            fold(state, Prediction(episode, window, predicted, "clean", "lstm"), NOW, run)
        fold(state, ModelMetric("lstm", float(run == "new")), NOW, run)
    assert "6 of 6 windows right" in text_of("models", state)


# KNN


def test_the_legend_counts_every_class() -> None:
    cloud = PointCloud.pack("pca", [0.0] * 5, [0.0] * 5, phase=["clean"] * 3 + ["armed"] * 2)
    text = text_of("knn", state_of(cloud))
    assert line_with(text, "clean").rstrip(" │").endswith("3")
    assert "5 points" in text


def test_a_colouring_is_kept_by_its_name_and_the_first_is_the_phase() -> None:
    cloud = PointCloud.pack(
        "pca", [0.0, 1.0], [0.0, 1.0], zone=["a", "b"], cluster=["7", "8"], phase=["clean"] * 2
    )
    state = state_of(cloud)
    shown = [text_of("knn", state, by=name) for name in ("", "cluster", "zone", "gone")]
    assert ["by phase" in text for text in shown] == [True, False, False, True]
    assert "by cluster" in shown[1]
    assert "by zone" in shown[2]


def test_clouds_stand_by_name_and_single_points_are_one_more() -> None:
    state = State()
    fold(state, PointCloud.pack("old", [0.0], [0.0]), NOW - 5)
    fold(state, PointCloud.pack("new", [0.0], [0.0]), NOW)
    fold(state, Embedding(1.0, 2.0, cluster=3), NOW - 9)
    titles = [text_of("knn", state, cloud=name).splitlines()[0] for name in ("new", "old", "", "gone")]
    assert "new  1 of 3" in titles[0]
    assert "old  2 of 3" in titles[1]
    assert "embeddings  3 of 3" in titles[2]
    assert titles[3] == titles[0]


def test_points_keep_the_colour_of_their_phase_wherever_it_is_named() -> None:
    cloud = PointCloud.pack("pca", [0.0, 1.0], [0.0, 1.0], guess=["armed", "other"])
    scene = scene_named("knn")
    viewport = looked_at(scene, 120, 30, NOW)
    rows = scene.paint(scene.select(state_of(cloud), viewport), viewport).rows
    inks = {ink.colour for row in rows for text, ink in row.runs if text.strip() == "A"}
    assert inks == {phase_ink("armed").colour}


@pytest.mark.parametrize(
    ("names", "letters"),
    [(("clean", "armed"), "CA"), (("zone 1", "zone 2"), "12"), (("cat", "rat"), "ab"), (("é", "漢"), "ab")],
)
def test_classes_can_be_told_apart_without_colour(names: tuple[str, ...], letters: str) -> None:
    cloud = PointCloud.pack("pca", [-1.0, 1.0], [-1.0, 1.0], by=names)
    lines = text_of("knn", state_of(cloud), 62, 22).splitlines()
    for name, letter in zip(names, letters, strict=True):
        assert f"{letter} {name} 1" in lines[-1]
        assert f" {letter} " in "\n".join(lines[1:-2])


# Perf


def test_every_dot_is_named_and_listed() -> None:
    text = text_of("perf", full_state(), 120, 38)
    assert text.count("lstm") == 2
    assert "812" in line_with(text, "lstm", "0.928")
