"""How the broker is doing: every field is told, and true, by a broker with real sockets."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zmq

from dashctl import wire
from dashctl.bus import Address, Broker, Publisher, Subscriber, messages
from dashctl.bus.control import ask_snapshot, ask_status
from dashctl.bus.journal.settings import JournalSettings
from dashctl.bus.ledger import ACTIVE, REPORTED, Ledger
from dashctl.bus.service import Service
from dashctl.bus.statistics import Rates, Totals
from dashctl.events import BusStats, DoorStats, Metric, PhaseEvent, ProducerStats
from tests.core.bus.processes import PATIENCE, script, until

ENDS_ABRUPTLY = """
import os, sys
from dashctl.bus import Publisher
publisher = Publisher(sys.argv[1])
publisher.publish({"type": "phase", "phase": "armed"})
os._exit(0)
"""


def header(producer: bytes, first: int = 0, events: int = 1, run: str = "") -> wire.Header:
    frame = wire.encode_frame(producer, first, run, [1.0] * events, [PhaseEvent("clean")] * events)
    return wire.decode_header(frame)


def told(address: Address) -> BusStats | None:
    stats = ask_snapshot(address).newest(BusStats)
    return stats.event if stats else None


@contextmanager
def asking(address: Address) -> "Iterator[zmq.Socket[bytes]]":
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.connect(address.calls)
        yield dealer


def test_a_report_tells_of_each_producer_the_busiest_first() -> None:
    ledger = Ledger()
    ledger.enter(header(b"quiet---", run="a"), 0.0)
    ledger.enter(header(b"busy----", 5, 20, run="b"), 1.0)
    ledger.enter(header(b"busy----", 35, 20, run="b"), 2.0)
    assert ledger.report(2.5, 2.0) == [
        ProducerStats(b"busy----".hex(), "b", events=40, lost=10, rate=20.0, silent=0.5),
        ProducerStats(b"quiet---".hex(), "a", events=1, lost=0, rate=0.5, silent=2.5),
    ]
    assert {row.rate for row in ledger.report(3.5, 1.0)} == {0.0}


def test_a_report_says_who_left_and_who_vanished() -> None:
    ledger = Ledger()
    for producer in (b"left----", b"vanished", b"is here-"):
        ledger.enter(header(producer), 0.0, "ada")
    ledger.part(b"left----", 1)
    ((_, account),) = [each for each in ledger.silent(0.0) if each[0] == b"vanished"]
    ledger.settle(account)
    rows = ledger.report(1.0, 1.0)
    assert {bytes.fromhex(row.producer): row.ended for row in rows} == {
        b"left----": "left",
        b"vanished": "vanished",
        b"is here-": "",
    }
    assert {row.user for row in rows} == {"ada"}


def test_a_producer_is_what_it_says_it_is_whichever_comes_first() -> None:
    ledger = Ledger()
    ledger.greet(b"before--", 0, "alerts")
    for producer in (b"before--", b"after---", b"never---"):
        ledger.enter(header(producer), 0.0)
    ledger.greet(b"after---", 1, "monitor")
    for books in (ledger, Ledger.load(ledger.dump(0.0), 0.0)):
        assert {bytes.fromhex(row.producer): row.name for row in books.report(1.0, 1.0)} == {
            b"before--": "alerts",
            b"after---": "monitor",
            b"never---": "",
        }


def test_what_came_late_is_lost_no_longer_and_what_came_twice_counts_once() -> None:
    ledger = Ledger()
    for first in (0, 10, 5, 5):
        ledger.enter(header(b"p-------", first), 0.0)
    (row,) = ledger.report(0.0, 1.0)
    assert (row.events, row.lost) == (3, 8)


def test_a_report_has_the_last_ones_alone_and_never_the_broker() -> None:
    ledger = Ledger()
    for number in range(REPORTED + 10):
        ledger.enter(header(number.to_bytes(8, "big")), float(number))
    rows = ledger.report(REPORTED + ACTIVE, 1.0)
    assert len(rows) == REPORTED
    assert wire.BROKER.hex() not in {row.producer for row in rows}
    assert max(row.silent for row in rows) == REPORTED + ACTIVE - 10


def test_rates_are_over_the_time_between_two_ticks() -> None:
    rates, totals = Rates(ticked=0.0), Totals()
    rates.tick(1.0, totals)
    totals.events, totals.out = 100, 300
    totals.bytes, totals.bytes_out = 8_000, 24_000
    assert rates.tick(3.0, totals) == 2.0
    assert (rates.coming, rates.going) == (50.0, 150.0)
    assert (rates.bytes_coming, rates.bytes_going) == (4_000.0, 12_000.0)


def test_what_the_broker_tells_of_itself_is_no_traffic(broker: Broker, address: Address) -> None:
    broker.publish(PhaseEvent("clean"))

    def third() -> BusStats | None:
        known = ask_snapshot(address).last(BusStats).get((), ())
        return known[-1].event if len(known) > 2 else None

    with Subscriber(address) as subscriber:
        until(lambda: subscriber.receive(0.05))
        stats = until(third)
    status = ask_status(address)
    assert (stats.events, stats.frames) == (status.events, status.frames) == (1, 1)
    assert (stats.rate_out, status.rate_out) == (0.0, 0.0)


def test_it_tells_what_comes_in_and_what_goes_out(broker: Broker, address: Address) -> None:
    with Publisher(address, run="mnist") as publisher, Subscriber(address) as subscriber:
        until(lambda: subscriber.receive(0.05))

        def busy() -> BusStats | None:
            for step in range(100):
                publisher.log(Metric("loss", step, 0.5))
            stats = told(address)
            return stats if stats and stats.rate_out > 0 and stats.by_producer else None

        stats = until(busy)
        status = ask_status(address)
        (row,) = stats.by_producer
        assert row.run == "mnist"
        assert row.events > 0
        assert (row.lost, stats.lost, stats.duplicates, stats.slow) == (0, 0, 0, 0)
        assert stats.rate > 0
        assert (stats.monitors, stats.producers, stats.connections) == (1, 1, 1)
        assert stats.doors == (DoorStats(str(address), 1, 1),)
        assert stats.bytes_in > 0
        assert stats.bytes_out > 0
        assert stats.listening == status.listening == (str(address),)
        assert set(stats.queues) == set(status.queues) >= {"fold", "posted", "large frames bytes"}
        assert [each.producer for each in status.by_producer] == [row.producer]


def test_duplicates_and_losses_are_told_with_their_producer(broker: Broker, address: Address) -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as push:
        push.connect(address.inbox)
        for first in (0, 0, 8):
            push.send(wire.encode_frame(b"producer", first, "r", [1.0], [PhaseEvent("clean")]))
        push.send(b"nonsense")

        def complete() -> BusStats | None:
            stats = told(address)
            return stats if stats and stats.duplicates and stats.rejected and stats.by_producer else None

        stats = until(complete)
    assert (stats.duplicates, stats.lost, stats.rejected) == (1, 7, {"malformed": 1})
    (row,) = stats.by_producer
    assert (row.producer, row.run, row.events, row.lost) == (b"producer".hex(), "r", 2, 7)


@pytest.mark.parametrize(("reason", "slow"), [("gap", 1), ("connected", 0)])
def test_a_monitor_that_lost_frames_counts_as_slow(
    broker: Broker, address: Address, reason: str, slow: int
) -> None:
    with asking(address) as dealer:
        dealer.send(messages.encode(messages.AskSnapshot(1, reason)))
        assert dealer.poll(10_000)
        dealer.recv()
    assert ask_status(address).slow == slow


def test_a_broker_with_all_its_parts_tells_of_each(address: Address, tmp_path: Path) -> None:
    settings = JournalSettings(tmp_path / "journal")
    with Broker(address, journal=settings) as broker, Service("trainer", address):
        broker.start()
        with script(ENDS_ABRUPTLY, address) as process:
            assert process.wait(PATIENCE) == 0

        def complete() -> BusStats | None:
            stats = told(address)
            named = stats and stats.services and stats.journal and stats.journal.bytes
            return stats if stats and named and stats.vanished else None

        stats = until(complete)
        status = ask_status(address)
    assert stats.services == status.services == ("trainer",)
    assert stats.vanished == status.vanished == 1
    assert stats.journal is not None
    assert status.journal is not None
    assert stats.journal.durable
    assert status.journal.durable
    assert "journal bytes" in stats.queues
    assert status.journal.folder == str(settings.folder)
