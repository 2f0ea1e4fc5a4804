"""The watcher on a real bus: what it publishes, its service, its receiver, and a second one."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dashctl.alerts.reading import read_text
from dashctl.alerts.standing import Standing, standing_of
from dashctl.alerts.watcher import AnotherWatcher, Watcher
from dashctl.bus import Address, Broker, Publisher, call
from dashctl.bus.control import ask_snapshot
from dashctl.errors import CallFailed
from dashctl.events import Alert, Metric, RunFinished, RunStarted
from tests.core.alerts.conftest import PATIENCE, receiver

HIGH = """
[[rule]]
name = "high"
kind = "threshold"
metric = "loss"
above = 10
clear_for = 0
severity = "critical"
"""


@contextmanager
def watching(address: Address, text: str = HIGH) -> Iterator[list[str]]:
    """A watcher in a thread; what it says."""
    over, said = threading.Event(), list[str]()
    with Watcher(address, read_text(text, "rules"), tell=said.append) as watcher:
        thread = threading.Thread(target=watcher.watch, args=(over.is_set,))
        thread.start()
        try:
            yield said
        finally:
            over.set()
            thread.join()


def awaited(address: Address, wanted: Callable[[tuple[Standing, ...]], bool]) -> tuple[Standing, ...]:
    """The alerts of the bus, once they are as wanted."""
    deadline = time.monotonic() + PATIENCE
    while not wanted(found := standing_of(ask_snapshot(address))):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def settled(address: Address) -> Any:
    """What fires by the watcher's word, once it knows the bus."""
    deadline = time.monotonic() + PATIENCE
    while not (found := call(address, "alerts", "firing")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def test_what_fires_stands_on_the_bus_in_its_run_until_it_is_over(broker: Broker) -> None:
    with watching(broker.address) as said, Publisher(broker.address, run="a") as run:
        run.log(RunStarted())
        run.log(Metric("loss", 3, 11.0))
        (one,) = awaited(broker.address, bool)
        assert (one.run, one.alert.name, one.alert.severity, one.alert.value) == (
            "a",
            "high: loss",
            "critical",
            11.0,
        )
        run.log(Metric("loss", 4, 9.0))
        (one,) = awaited(broker.address, lambda found: not found[0].fires)
    assert said == [
        "high: loss in a: critical: loss is 11 at step 3, above 10",
        "high: loss in a: over: loss is 9",
    ]


def test_a_watcher_that_is_started_again_tells_nothing_twice(broker: Broker) -> None:
    with Publisher(broker.address, run="a") as run:
        run.log(RunStarted())
        run.publish(Metric("loss", 3, 11.0))
        with watching(broker.address):
            awaited(broker.address, bool)
        with watching(broker.address) as said:
            assert settled(broker.address)[0]["name"] == "high: loss"
            run.publish(Metric("loss", 4, 12.0))
            run.publish(RunFinished())
            awaited(broker.address, lambda found: not found[0].fires)
    assert said == ["high: loss in a: over: its run finished"]
    events = ask_snapshot(broker.address).last(Alert)[()]
    assert [item.event.resolved for item in events] == [False, True]


def test_one_watcher_is_enough(broker: Broker) -> None:
    with watching(broker.address):
        with pytest.raises(AnotherWatcher) as caught, Watcher(broker.address, read_text(HIGH, "rules")):
            pass
        assert str(caught.value).startswith("this bus is watched already: the service 'alerts' is offered")
        assert "\n" not in str(caught.value)
    with watching(broker.address):
        pass


def test_its_service_tells_the_rules_and_acknowledges(broker: Broker) -> None:
    with watching(broker.address), Publisher(broker.address, run="a") as run:
        (rule,) = call(broker.address, "alerts", "rules")
        assert (rule["name"], rule["rule"]) == ("high", "loss above 10")
        run.publish(Metric("loss", 3, 11.0))
        awaited(broker.address, bool)
        with pytest.raises(CallFailed, match="no alert 'low' fires there; expected high: loss"):
            call(broker.address, "alerts", "acknowledge", {"name": "low"})
        arguments = {"name": "high: loss", "by": "ada"}
        assert call(broker.address, "alerts", "acknowledge", arguments) == "acknowledged high: loss in a"
        (one,) = awaited(broker.address, lambda found: found[0].seen is not None)
        assert one.seen is not None
        assert one.seen.event.by == "ada"


def test_a_receiver_hears_of_all_alerts_of_the_bus_but_not_of_old_ones(broker: Broker) -> None:
    with receiver(500) as there, Publisher(broker.address, run="a") as run:
        run.publish(Alert("old"))
        hook = f'[webhook]\nurl = "{there.url}"\nformat = "webhook"\n'
        with watching(broker.address, HIGH + hook) as said:
            settled(broker.address)
            run.publish(Alert("disk full", "of a program"))
            run.publish(Metric("loss", 3, 11.0))
            there.wait_for(1)
            deadline = time.monotonic() + PATIENCE
            while not any("takes alerts again" in line for line in said):
                assert time.monotonic() < deadline
                time.sleep(0.02)
    names = {alert["labels"]["alertname"] for _, _, body in there.posts for alert in body["alerts"]}
    assert names == {"disk full", "high"}
    assert f"{there.url} refused alerts with 500" in said
