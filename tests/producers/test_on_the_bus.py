"""Producer, publisher, broker, snapshot: what a monitor that joins late is told of a recording and a run."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashctl.bus import Address, Broker, Publisher
from dashctl.bus.control import ask_snapshot
from dashctl.detector.episodes import write_episode
from dashctl.detector.train_config import TrainConfig
from dashctl.events import Episode, HostStats, Metric, ModelMetric, PointCloud, Prediction, RunFinished
from dashctl_producers import collector, detector
from tests.core.detector.recordings import recorded_set

SMALL = TrainConfig(epochs=2, batch=8, hidden=8, train_stride=5.0, held_out=0.34, validation=0.4)


@pytest.fixture
def address() -> Iterator[Address]:
    # Not tmp_path: a Unix socket's path is short.
    with tempfile.TemporaryDirectory(prefix="dc") as folder:
        address = Address(Path(folder) / "bus")
        with Broker(address) as broker:
            broker.start()
            yield address


def test_a_recording_is_remembered(address: Address, tmp_path: Path) -> None:
    with Publisher(address, run="rec") as publisher:
        (folder,) = collector.run(
            publisher.log, tmp_path, episodes=1, profiles=("slow-exfil",), host="box", seconds=2.0
        )
    state = ask_snapshot(address)
    assert [told.event.episode_id for told in state.latest(Episode).values()] == [folder.name]
    traced = state.trace(HostStats, ("box",))
    assert traced is not None
    assert len(traced.times) in (1, 2)


def test_a_training_is_remembered_with_its_run(address: Address, tmp_path: Path) -> None:
    for made in recorded_set(3):
        write_episode(tmp_path, made)
    with Publisher(address, run="train-1") as publisher:
        training = detector.run(publisher.log, folder=tmp_path, config=SMALL)
    state = ask_snapshot(address)
    accuracies = {told.event.model: told.event.accuracy for told in state.latest(ModelMetric).values()}
    assert accuracies == {result.model: result.accuracy for result in training.results}
    assert len(state.latest(Prediction)) == 2 * 5 * 6
    curve = state.curve(Metric, ("train-1", "lstm/val_loss"))
    assert curve is not None
    assert curve.total == 2
    (cloud,) = state.latest(PointCloud).values()
    assert len(cloud.event) == 15 * 51
    (finished,) = state.latest(RunFinished).values()
    assert (finished.run, finished.event.outcome) == ("train-1", "finished")
