"""What the detector tells of a training: everything that a scene needs, and always an end."""

from dataclasses import replace
from pathlib import Path

import pytest

from dashctl.detector.episodes import META, TELEMETRY, write_episode
from dashctl.detector.train import Training
from dashctl.detector.train_config import TrainConfig
from dashctl.errors import InvalidData
from dashctl.events import (
    AttackProfile,
    Episode,
    Event,
    LogLine,
    Metric,
    ModelMetric,
    ModelPerf,
    PointCloud,
    Prediction,
    Progress,
    RunFinished,
    RunStarted,
    Snapshot,
    SourceCode,
)
from dashctl.validation import LONGEST_TEXT
from dashctl_producers import detector
from tests.core.detector.recordings import recorded_set

SMALL = TrainConfig(
    epochs=3, batch=8, hidden=8, train_stride=5.0, cloud_stride=5.0, held_out=0.34, validation=0.4
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("episodes")
    for made in recorded_set(3):
        write_episode(root, made)
    return root


@pytest.fixture(scope="module")
def told(folder: Path) -> tuple[list[Event], Training]:
    events: list[Event] = []
    return events, detector.run(events.append, folder=folder, config=SMALL, command="dashctl train detector")


def test_a_run_begins_with_its_configuration_and_ends(told: tuple[list[Event], Training]) -> None:
    first, last = told[0][0], told[0][-1]
    assert isinstance(first, RunStarted)
    assert first.config["epochs"] == 3
    assert first.command == "dashctl train detector"
    assert first.host
    assert last == RunFinished("finished")


def test_a_command_line_that_is_too_long_for_an_event_is_cut(tmp_path: Path) -> None:
    events: list[Event] = []
    with pytest.raises(InvalidData):
        detector.run(events.append, folder=tmp_path, command="x" * 100_000)
    started = events[0]
    assert isinstance(started, RunStarted)
    assert started.command == "x" * (LONGEST_TEXT - 1) + "…"


def test_the_curves_have_a_point_per_epoch_and_per_batch(told: tuple[list[Event], Training]) -> None:
    metrics = [event for event in told[0] if isinstance(event, Metric)]
    steps = {name: [m.step for m in metrics if m.name == name] for name in {m.name for m in metrics}}
    for name in ("train_loss", "val_loss", "train_accuracy", "val_accuracy"):
        assert steps[f"lstm/{name}"] == [0, 1, 2]
    progress = [event for event in told[0] if isinstance(event, Progress)]
    assert steps["lstm/batch_loss"] == [event.done for event in progress[:-1]]


def test_progress_says_which_epoch_it_is(told: tuple[list[Event], Training]) -> None:
    notes = [event.note for event in told[0] if isinstance(event, Progress) and event.note]
    assert list(dict.fromkeys(notes)) == ["epoch 1 of 3", "epoch 2 of 3", "epoch 3 of 3"]


def test_the_training_loop_is_told_before_it_runs(told: tuple[list[Event], Training]) -> None:
    events = told[0]
    (code,) = [event for event in events if isinstance(event, SourceCode)]
    lines = Path(code.path).read_text().splitlines()
    assert code.text.splitlines() == lines[code.first_line - 1 :][: len(code.text.splitlines())]
    assert code.loop is not None
    assert lines[code.loop - 1].strip() == "for epoch in range(config.epochs):"
    kinds = [type(event) for event in events]
    assert kinds.index(SourceCode) < kinds.index(Metric)


def test_a_training_that_stops_early_is_done_all_the_same(tmp_path: Path) -> None:
    for one in recorded_set(4):
        write_episode(tmp_path, one)
    events: list[Event] = []
    detector.run(events.append, folder=tmp_path, config=replace(SMALL, epochs=9, patience=0), command="")
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[0].total is not None
    assert progress[-1].done == progress[-1].total < progress[0].total


def test_results_are_those_of_the_training(told: tuple[list[Event], Training]) -> None:
    events, training = told
    expected = {result.model: result.accuracy for result in training.results}
    assert {e.model: e.accuracy for e in events if isinstance(e, ModelMetric)} == expected
    assert {e.model: e.accuracy for e in events if isinstance(e, ModelPerf)} == expected
    assert all(e.latency_us > 0 for e in events if isinstance(e, ModelPerf))


def test_predictions_name_known_episodes_and_agree_with_their_labels(
    told: tuple[list[Event], Training],
) -> None:
    episodes = {event.episode_id: event for event in told[0] if isinstance(event, Episode)}
    predictions = [event for event in told[0] if isinstance(event, Prediction)]
    assert len(episodes) == 15
    assert {said.model for said in predictions} == {"knn", "lstm"}
    assert {said.window_idx for said in predictions} == set(range(6))
    for said in predictions:
        phases = episodes[said.episode_id].phases
        assert phases is not None
        assert said.actual == phases[said.window_idx]


def test_the_cloud_is_coloured_three_ways(told: tuple[list[Event], Training]) -> None:
    (cloud,) = [event for event in told[0] if isinstance(event, PointCloud)]
    assert len(cloud) == 15 * 11
    assert set(cloud.colourings) == {"phase", "predicted", "cluster"}


def test_what_it_is_trained_on_is_told_first(told: tuple[list[Event], Training]) -> None:
    events = told[0]
    (snapshot,) = [event for event in events if isinstance(event, Snapshot)]
    assert (snapshot.episodes, snapshot.windows) == (15, 90)
    last_curves = {event.name: event for event in events if isinstance(event, AttackProfile)}
    assert len(last_curves) == 5
    assert all(len(event.curve) >= 60 for event in last_curves.values())


def test_a_set_that_cannot_be_read_ends_the_run_as_failed(folder: Path, tmp_path: Path) -> None:
    write_episode(tmp_path, recorded_set(1)[0])
    (next(tmp_path.iterdir()) / META).write_text("{}")
    events: list[Event] = []
    with pytest.raises(InvalidData, match="version"):
        detector.run(events.append, folder=tmp_path)
    assert isinstance(events[0], RunStarted)
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.outcome == "failed"
    assert "version" in (last.reason or "")


def test_a_broken_episode_is_named_and_the_others_are_trained_on(tmp_path: Path) -> None:
    made = recorded_set(2)
    for one in made:
        write_episode(tmp_path, one)
    broken = tmp_path / made[3].meta.episode
    (broken / TELEMETRY).write_bytes(b"cut")
    events: list[Event] = []
    warned: list[str] = []
    training = detector.run(events.append, folder=tmp_path, config=SMALL, warn=warned.append)
    assert training.finished
    (warning,) = [event for event in events if isinstance(event, LogLine) and event.level == "warning"]
    assert warned == [warning.message]
    assert str(broken / TELEMETRY) in warning.message
    told = {event.episode_id for event in events if isinstance(event, Episode)}
    assert told == {one.meta.episode for one in made} - {broken.name}
    assert events[-1] == RunFinished("finished")


def test_an_interruption_ends_the_run_as_interrupted(folder: Path) -> None:
    events: list[Event] = []

    def log(event: Event) -> None:
        events.append(event)
        if isinstance(event, Metric):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        detector.run(log, folder=folder, config=SMALL)
    assert events[-1] == RunFinished("interrupted")


def test_stopped_it_gives_what_it_has_and_says_so(folder: Path) -> None:
    events: list[Event] = []
    training = detector.run(events.append, folder=folder, config=SMALL, stopped=lambda: True)
    assert [result.model for result in training.results] == ["knn"]
    assert events[-1] == RunFinished("interrupted")
