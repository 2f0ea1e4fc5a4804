"""`dashctl watch`: real events of a real broker, as lines."""

import os
import subprocess
import sys

import pytest

from dashctl import Publisher
from dashctl.bus import Address, Broker
from dashctl.cli import main
from dashctl.events import Alert, Metric, ModelMetric, RunStarted


def test_events_come_as_lines_and_the_end_of_the_broker_is_told(broker: Broker, bus: Address) -> None:
    with Publisher(bus, run="r1") as publisher:
        publisher.publish(RunStarted(name="mnist"))
        command = [sys.executable, "-m", "dashctl", "watch", "--interval", "1", "--for", "30"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as watch:
            assert watch.stdout is not None
            assert watch.stdout.readline() == f"connected to {bus}\n"
            assert watch.stdout.readline() == "1 runs known, 1 running: mnist\n"
            publisher.publish(Alert("hot", "90 degrees"))
            publisher.publish(Metric("loss", 3, 0.5))
            publisher.publish(ModelMetric("lstm", 0.9))
            told = [watch.stdout.readline().partition(" ")[2].strip() for _ in range(3)]
            assert told == [
                "alert, warning, hot, mnist, 90 degrees",
                "model, lstm, accuracy 0.900",
                "mnist, step 3, loss 0.5",
            ]
            broker.stop()
            assert watch.stdout.readline() == f"no broker at {bus}\n"
            watch.terminate()


def test_it_ends_when_told_and_words_choose(
    broker: Broker, bus: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", "--for", "0.2", "loss"]) == 0
    assert "0 runs known" in capsys.readouterr().out


def test_a_kind_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--only", "run,fish"]) == 2
    assert capsys.readouterr().err.startswith("dashctl: --only: 'fish' is not allowed; expected some of run,")
