"""Training end to end on a small set read back from disk: it learns, and it is honest about it."""

import time
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from dashctl.detector.episodes import Episode, read_episodes, write_episode
from dashctl.detector.evaluate import Result, confusion, evaluate, format_results
from dashctl.detector.features import Scaling, features, fit_scaling
from dashctl.detector.knn import KNN
from dashctl.detector.projection import Cloud, project
from dashctl.detector.train import (
    BatchDone,
    EpochEnded,
    TrainCallbacks,
    Training,
    WindowPredicted,
    prepare,
    train,
)
from dashctl.detector.train_config import TrainConfig
from dashctl.detector.windows import Floats, Ints, Windows, cut
from dashctl.errors import InvalidData
from dashctl.phases import PHASES
from tests.core.detector.recordings import recorded_set

SMALL = TrainConfig(
    epochs=12, batch=8, hidden=16, train_stride=5.0, cloud_stride=5.0, held_out=0.34, validation=0.4
)


@dataclass
class Heard:
    """Everything that a training told."""

    log: list[str] = field(default_factory=list)
    batches: list[BatchDone] = field(default_factory=list)
    epochs: list[EpochEnded] = field(default_factory=list)
    predictions: list[WindowPredicted] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    clouds: list[Cloud] = field(default_factory=list)

    def callbacks(self) -> TrainCallbacks:
        return TrainCallbacks(
            self.log.append,
            self.batches.append,
            self.epochs.append,
            self.predictions.append,
            self.results.append,
            self.clouds.append,
        )


@pytest.fixture(scope="module")
def episodes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Episode, ...]:
    root = tmp_path_factory.mktemp("episodes")
    for made in recorded_set(3):
        write_episode(root, made)
    sound, _ = read_episodes(root)
    return tuple(sound.values())


@pytest.fixture(scope="module")
def trained(episodes: tuple[Episode, ...]) -> tuple[Training, Heard]:
    heard = Heard()
    return train(episodes, SMALL, heard.callbacks()), heard


def test_both_models_learn_far_more_than_the_commonest_phase(trained: tuple[Training, Heard]) -> None:
    training, _ = trained
    assert training.finished
    assert [result.model for result in training.results] == ["knn", "lstm"]
    for result in training.results:
        assert result.accuracy > result.baseline + 0.25
        assert result.windows == 5 * 6
        assert result.latency_us > 0


def test_the_loss_falls(trained: tuple[Training, Heard]) -> None:
    epochs = trained[1].epochs
    assert [ended.epoch for ended in epochs] == list(range(len(epochs)))
    assert epochs[-1].train_loss < epochs[0].train_loss
    assert epochs[-1].train_accuracy > epochs[0].train_accuracy


def test_predictions_are_of_held_out_windows_only_and_come_while_it_trains(
    trained: tuple[Training, Heard], episodes: tuple[Episode, ...]
) -> None:
    heard = trained[1]
    data = prepare(episodes, SMALL)
    held_out = {data.names[i] for i in data.held_out.episode}
    assert {said.episode for said in heard.predictions} == held_out
    assert {said.window for said in heard.predictions} == set(range(6))
    rounds = sum(said.model == "lstm" for said in heard.predictions) // len(data.held_out)
    assert rounds > 2


def test_the_last_predictions_are_those_of_the_result(trained: tuple[Training, Heard]) -> None:
    training, heard = trained
    for result in training.results:
        of_model = [said for said in heard.predictions if said.model == result.model]
        last = of_model[-result.windows :]
        right = sum(said.predicted == said.actual for said in last)
        assert right / result.windows == pytest.approx(result.accuracy)


def test_progress_never_exceeds_its_total(trained: tuple[Training, Heard]) -> None:
    done = [batch.done for batch in trained[1].batches]
    assert done == list(range(1, len(done) + 1))
    assert done[-1] <= trained[1].batches[0].total


def test_the_cloud_has_every_window_in_the_unit_cube(trained: tuple[Training, Heard]) -> None:
    (cloud,) = trained[1].clouds
    assert cloud.points.shape == (15 * 11, 3)
    assert cloud.points.min(axis=0).tolist() == [0, 0, 0]
    assert cloud.points.max(axis=0).tolist() == [1, 1, 1]
    for codes in (cloud.phase, cloud.predicted, cloud.cluster):
        assert codes.shape == (165,)
        assert set(codes.tolist()) <= set(range(len(PHASES)))
    assert (cloud.phase == cloud.predicted).mean() > 0.5


def test_no_episode_is_used_twice(episodes: tuple[Episode, ...]) -> None:
    data = prepare(episodes, SMALL)
    fit, validation, held_out = (set(w.episode.tolist()) for w in (data.fit, data.validation, data.held_out))
    assert not fit & validation
    assert not (fit | validation) & held_out
    assert fit | validation == set(data.train.episode.tolist())


def test_scaling_knows_the_training_windows_only(episodes: tuple[Episode, ...]) -> None:
    data = prepare(episodes, SMALL)
    expected: Scaling = fit_scaling(features(data.train.sequences))
    fitted = KNN.fit(data.train, k=3).scaling
    np.testing.assert_array_equal(fitted.mean, expected.mean)
    np.testing.assert_array_equal(fitted.std, expected.std)
    assert not np.allclose(fitted.mean, fit_scaling(features(data.everything.sequences)).mean, rtol=1e-6)


def test_held_out_episodes_change_nothing_that_is_learnt(
    episodes: tuple[Episode, ...], trained: tuple[Training, Heard]
) -> None:
    held_out = set(prepare(episodes, SMALL).held_out.episode.tolist())
    changed = [
        replace(made, telemetry=made.telemetry * 3 + 1) if i in held_out else made
        for i, made in enumerate(episodes)
    ]
    heard = Heard()
    train(changed, replace(SMALL, epochs=2, patience=1), heard.callbacks())
    again = Heard()
    train(episodes, replace(SMALL, epochs=2, patience=1), again.callbacks())
    assert heard.epochs == again.epochs


def test_a_seed_decides_everything(episodes: tuple[Episode, ...]) -> None:
    config = replace(SMALL, epochs=2)
    heard = [Heard(), Heard(), Heard()]
    for one, seed in zip(heard, (1, 1, 2), strict=True):
        train(episodes, replace(config, seed=seed), one.callbacks())
    assert heard[0].epochs == heard[1].epochs != heard[2].epochs
    assert heard[0].predictions == heard[1].predictions


def test_it_stops_when_told_to_and_gives_what_it_has(episodes: tuple[Episode, ...]) -> None:
    heard = Heard()
    training = train(episodes, SMALL, heard.callbacks(), stopped=lambda: len(heard.batches) >= 3)
    assert not training.finished
    assert [result.model for result in training.results] == ["knn"]
    assert len(heard.batches) == 3


def test_a_set_of_no_two_episodes_alike_is_refused() -> None:
    with pytest.raises(InvalidData, match="5 episodes of 5 profiles are too few"):
        train(recorded_set(1), SMALL)


def test_two_episodes_of_each_profile_are_enough() -> None:
    training = train(recorded_set(2), replace(SMALL, epochs=2))
    assert training.finished
    assert [result.windows for result in training.results] == [5 * 6, 5 * 6]


def test_three_episodes_of_a_single_window_are_enough_whatever_the_shares() -> None:
    whole = recorded_set(3, ("disk-churn",))
    short = [replace(one, meta=replace(one.meta, seconds=10.0), labels=one.labels[:1]) for one in whole]
    training = train(short, replace(SMALL, held_out=0.9, validation=0.9, epochs=1))
    assert [result.windows for result in training.results] == [1, 1]


def test_episodes_shorter_than_a_window_are_left_out(episodes: tuple[Episode, ...]) -> None:
    short = [replace(one, meta=replace(one.meta, seconds=9.0, profile="other")) for one in episodes[:4]]
    heard = Heard()
    train([*short, *episodes], replace(SMALL, epochs=1), heard.callbacks())
    assert heard.log[1].startswith("4 shorter than a window of 10 s")
    assert prepare([*short, *episodes], SMALL).names == prepare(episodes, SMALL).names
    with pytest.raises(InvalidData, match="no episode lasts 10 seconds"):
        prepare(short, SMALL)


def test_a_feature_that_is_the_same_throughout_each_phase_breaks_no_distance() -> None:
    windows = windows_with([0, 0, 1, 1])
    windows.sequences[:] = 1.0
    windows.sequences[2:, :, 0] = 2.0
    knn = KNN.fit(windows, k=1)
    assert np.isfinite(knn.weights).all()
    assert knn.predict(windows.sequences).tolist() == [0, 0, 1, 1]


def test_clusters_are_sought_without_phases(episodes: tuple[Episode, ...]) -> None:
    data = prepare(episodes, SMALL)
    relabelled = replace(data.train, phases=np.random.default_rng(0).permutation(data.train.phases))
    told, misled = (KNN.fit(windows, k=3) for windows in (data.train, relabelled))
    assert not np.allclose(told.weights, misled.weights)
    first, second = (project(data.everything, knn, k=3, seed=0) for knn in (told, misled))
    np.testing.assert_array_equal(first.cluster, second.cluster)
    assert len(set(first.cluster.tolist())) == len(PHASES)


class AlwaysClean:
    name = "clean"

    def predict(self, sequences: Floats) -> Ints:
        return np.zeros(len(sequences), dtype=np.int64)


class Waiting(AlwaysClean):
    """What waits for others, as a model does on a machine that is busy."""

    def predict(self, sequences: Floats) -> Ints:
        time.sleep(0.002)
        return super().predict(sequences)


class Counting(AlwaysClean):
    def __init__(self) -> None:
        self.threads: list[int] = []

    def predict(self, sequences: Floats) -> Ints:
        self.threads = [pool["num_threads"] for pool in threadpool_info()]
        return super().predict(sequences)


def windows_with(phases: list[int]) -> Windows:
    windows = cut(recorded_set(1))
    return replace(windows[np.arange(len(phases))], phases=np.array(phases))


def test_a_result_counts_what_was_said_of_what_was() -> None:
    result = evaluate(AlwaysClean(), windows_with([0, 0, 0, 1, 3]))
    assert result.accuracy == result.baseline == 0.6
    assert result.confusion[0] == (3, 0, 0, 0, 0)
    assert result.confusion[1] == (1, 0, 0, 0, 0)
    assert result.recall == {"clean": 1.0, "armed": 0.0, "infected_running": 0.0}


def test_latency_is_what_a_model_computes_not_what_it_waits() -> None:
    assert 0 < evaluate(Waiting(), windows_with([0])).latency_us < 2000


def test_latency_is_measured_on_one_thread() -> None:
    model = Counting()
    with threadpool_limits(limits=2):
        evaluate(model, windows_with([0]))
    assert set(model.threads) == {1}


def test_confusion_has_actual_phases_as_rows() -> None:
    table = confusion(np.array([0, 4, 4]), np.array([1, 4, 2]))
    assert table[0] == (0, 1, 0, 0, 0)
    assert table[4] == (0, 0, 1, 0, 1)


def test_results_are_printed_best_first_with_their_baseline() -> None:
    table = ((9, 1, 0, 0, 0), (0, 5, 0, 0, 0), (0,) * 5, (0,) * 5, (0, 0, 0, 0, 5))
    text = format_results([Result("knn", 0.8, 0.5, 310.4, table), Result("lstm", 0.95, 0.5, 99.0, table)])
    lines = text.splitlines()
    assert lines[0].split() == ["model", "accuracy", "majority", "windows", "latency"]
    assert lines[1].split() == ["lstm", "95.0%", "50.0%", "20", "99", "us"]
    assert lines[2].split() == ["knn", "80.0%", "50.0%", "20", "310", "us"]
    rows = {line.split()[0]: line.split()[1:] for line in lines[6:11]}
    assert lines[5].split() == ["clean", "armed", "infecting", "running", "dormant", "recall"]
    assert rows["clean"] == ["9", "1", "0", "0", "0", "90%"]
    assert rows["infecting"] == ["0", "0", "0", "0", "0", "-"]
    assert max(map(len, lines)) <= 80


def test_no_results_are_said_in_words() -> None:
    assert format_results([]) == "no model was trained to its end"
