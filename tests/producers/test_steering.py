"""A training run that is steered from outside."""

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashctl.bus import Address, Broker, ask_services, call
from dashctl.detector.episodes import write_episode
from dashctl.detector.train_config import TrainConfig
from dashctl.events import Event, Metric, RunFinished
from dashctl_producers import detector
from dashctl_producers.steering import steered
from tests.core.detector.recordings import recorded_set

MANY = TrainConfig(
    epochs=10_000, patience=10_000, batch=8, hidden=8, train_stride=5.0, held_out=0.34, validation=0.4
)


@pytest.fixture
def address() -> Iterator[Address]:
    with tempfile.TemporaryDirectory(prefix="dc") as folder:
        address = Address(Path(folder) / "bus")
        with Broker(address) as broker:
            broker.start()
            yield address


def test_who_says_stop_gets_a_run_that_was_tested_and_ends_well(address: Address, tmp_path: Path) -> None:
    for made in recorded_set(3):
        write_episode(tmp_path, made)
    events: list[Event] = []
    learning = threading.Event()

    def log(event: Event) -> None:
        events.append(event)
        if isinstance(event, Metric) and event.name == "lstm/val_loss":
            learning.set()

    told: list[object] = []

    def person() -> None:
        learning.wait(60)
        told.append(call(address, "detector", "status", timeout=60))
        told.append(call(address, "detector", "stop", timeout=60))

    visitor = threading.Thread(target=person)
    visitor.start()
    with steered("run-1", log, address, pytest.fail) as steering:
        training = detector.run(steering.log, folder=tmp_path, config=MANY, enough=steering.enough)
        visitor.join()
    assert training.finished
    assert [result.model for result in training.results] == ["knn", "lstm"]
    assert events[-1] == RunFinished("finished")
    status, stopped = told
    assert isinstance(status, dict)
    assert (status["run"], status["stopping"]) == ("run-1", False)
    assert status["progress"]["lstm"].endswith("batches")
    assert status["metrics"]["lstm/val_loss"] > 0
    assert stopped == "run-1 ends after this epoch"
    assert ask_services(address) == ()


def test_a_second_run_trains_although_it_cannot_be_steered(address: Address) -> None:
    warned: list[str] = []
    with (
        steered("run-1", lambda _: None, address, pytest.fail),
        steered("run-2", lambda _: None, address, warned.append) as second,
    ):
        assert call(address, "detector", "status")["run"] == "run-1"
        assert not second.enough()
    assert len(warned) == 1
    assert warned[0].startswith("this run cannot be steered: the service 'detector' is offered already, by ")
