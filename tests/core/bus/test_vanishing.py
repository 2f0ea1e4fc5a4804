"""Producers that end without a farewell: who is missed, who is not, and what is said of them."""

import signal
import time
from dataclasses import dataclass, field

import pytest

from dashctl.bus import Address, Broker, Publisher, vanishing
from dashctl.bus.control import ask_status
from dashctl.bus.door import Peer
from dashctl.bus.ledger import Ledger
from dashctl.bus.messages import Farewell, Hello, Reply
from dashctl.bus.vanishing import IDLE, PEERS, RETURN, SELDOM, SILENT, Vanishing
from dashctl.events import LogLine, Metric
from dashctl.wire import Header
from tests.core.bus.processes import PATIENCE, quiet_state, said, script, until


@dataclass(frozen=True)
class Somebody(Peer):
    """At the other end of a connection, or not any more."""

    door: None = None  # type: ignore[assignment]
    identity: bytes = b""
    there: list[bool] = field(default_factory=lambda: [True])
    probes: list[Reply] = field(default_factory=list)

    def reply(self, reply: Reply) -> bool:
        self.probes.append(reply)
        return self.there[0]


def heard(ledger: Ledger, producer: bytes = b"p", logged: int = 30) -> None:
    ledger.enter(Header(producer, 0, 10, "mnist", 0, logged), 0.0)


def test_who_is_silent_and_still_there_has_not_vanished() -> None:
    ledger, peer = Ledger(), Somebody()
    watch = Vanishing(ledger, b"epoch", 0.0)
    watch.greet(peer, Hello(0, b"p", 5))
    heard(ledger)
    assert not list(watch.look(SILENT / 2))
    assert not peer.probes
    assert not [line for second in range(3, 60) for line in watch.look(float(second))]
    assert ledger.vanished == 0
    assert len(peer.probes) < IDLE + 60 / SELDOM


def test_who_is_not_there_any_more_is_said_to_have_vanished_once_and_with_what_is_missing() -> None:
    ledger, peer = Ledger(), Somebody()
    watch = Vanishing(ledger, b"epoch", 0.0)
    watch.greet(peer, Hello(0, b"p", 5))
    heard(ledger)
    peer.there[0] = False
    (line,) = [line for second in range(1, 60) for line in watch.look(float(second))]
    assert line == LogLine(
        "producer 70 of run 'mnist' vanished without a farewell: 20 events that it had logged never came",
        "warning",
        "broker",
    )
    assert (ledger.lost, ledger.vanished) == (20, 1)


def test_a_farewell_is_the_end_of_it_and_what_is_missing_is_said() -> None:
    ledger, peer = Ledger(), Somebody()
    watch = Vanishing(ledger, b"epoch", 0.0)
    for producer, logged in ((b"p", 10), (b"q", 12)):
        watch.greet(peer, Hello(0, producer, 5))
        heard(ledger, producer, 10)
        watch.part(Farewell(0, producer, logged))
    (line,) = watch.look(SILENT + 1.0)
    assert line.message == "producer 71 of run 'mnist' ended: 2 events that it had logged never came"
    assert (ledger.lost, ledger.vanished, peer.probes) == (2, 0, [])


def test_who_never_greeted_cannot_be_missed() -> None:
    ledger = Ledger()
    heard(ledger)
    assert not list(Vanishing(ledger, b"epoch", 0.0).look(1_000.0))


def test_who_greeted_the_broker_before_this_one_has_time_to_come_back() -> None:
    ledger = Ledger()
    heard(ledger)
    ledger.greet(b"p", 30)
    later = Vanishing(Ledger.load(ledger.dump(0.0), 0.0), b"epoch", 100.0)
    assert not list(later.look(100.0 + RETURN))
    assert len(list(later.look(101.0 + RETURN))) == 1


def test_only_so_many_are_remembered() -> None:
    ledger, gone = Ledger(), Somebody(there=[False])
    watch = Vanishing(ledger, b"epoch", 0.0)
    for number in range(PEERS + 1):
        watch.greet(gone, Hello(0, number.to_bytes(8, "big"), 0))
    heard(ledger, bytes(7) + b"\0")
    heard(ledger, bytes(7) + b"\1")
    assert len(list(watch.look(SILENT + 1.0))) == 1


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is noticed sooner."""
    monkeypatch.setattr(vanishing, "SILENT", 0.2)


LOG_AND_WAIT = """
import sys, time
from dashctl import Metric, Publisher
publisher = Publisher(sys.argv[1], run="mnist")
publisher.publish(Metric("loss", 0, 0.5), 30)
print("ready", flush=True)
time.sleep(60)
"""


def test_a_producer_that_is_killed_is_missed_and_an_idle_one_is_not(
    impatient: None, broker: Broker, address: Address
) -> None:
    with Publisher(address) as idle, script(LOG_AND_WAIT, address) as process:
        idle.publish(Metric("idle", 0, 0.5), PATIENCE)
        assert said(process) == "ready"
        time.sleep(0.5)
        process.send_signal(signal.SIGKILL)
        until(lambda: ask_status(address).vanished == 1)
        (lines,) = quiet_state(address).last(LogLine).values()
        assert [line.event.message.partition(" of run ")[2] for line in lines] == [
            "'mnist' vanished without a farewell; all that it had said to have logged has come"
        ]
    # Two more of the broker's ticks, at which whoever is missed is found.
    time.sleep(2.0)
    assert (ask_status(address).vanished, ask_status(address).lost) == (1, 0)
