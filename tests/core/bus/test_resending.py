"""What was sent and not confirmed when the broker died or the line was cut comes all the same, once."""

import signal
import socket
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from dashctl.bus import Address, Broker, Publisher, unconfirmed
from dashctl.bus.control import ask_status
from dashctl.bus.messages import Ingested, Refused, StatusReply
from dashctl.bus.receipts import OVERDUE, Receipts
from dashctl.bus.unconfirmed import FRAMES, LARGEST, Frame, Unconfirmed
from dashctl.events import Metric, PhaseEvent
from tests.core.bus.processes import PATIENCE, broker_process, quiet_state, said, script, until

BROKER_WITH_JOURNAL = """
import sys
from pathlib import Path
from dashctl.bus import Broker
from dashctl.bus.journal.settings import JournalSettings
with Broker(sys.argv[1], journal=JournalSettings(Path(sys.argv[2]))) as broker:
    print("listening", flush=True)
    broker.run()
"""

LOG_UNTIL_TOLD = """
import select, sys
from dashctl import Metric, Publisher
publisher, step = Publisher(sys.argv[1]), 0
while not select.select([sys.stdin], [], [], 0.01)[0]:
    for step in range(step, step + 50):
        publisher.log(Metric("loss", step, float(step)))
    step += 1
print(step, publisher.close(30), publisher.statistics().dropped)
"""


def frame(first: int, size: int = 1) -> Frame:
    return Frame(first, first + 10, bytes(size))


def test_what_is_confirmed_is_forgotten_and_the_rest_is_sent_again_in_order() -> None:
    kept = Unconfirmed()
    for first in (0, 10, 20):
        kept.add(frame(first))
    assert (kept.next, kept.sent_to, len(kept)) == (frame(0), 0, 30)
    kept.mark_sent()
    kept.mark_sent()
    assert (kept.next, kept.sent_to) == (frame(20), 20)
    kept.confirm(10)
    assert (kept.next, kept.sent_to, len(kept)) == (frame(20), 20, 20)
    kept.rewind()
    assert (kept.next, kept.sent_to) == (frame(10), 0)
    kept.confirm(20)
    assert kept.next == frame(20)
    kept.confirm(30)
    assert kept.next is None
    assert not kept


def test_what_is_kept_is_bounded_by_bytes_and_by_number() -> None:
    heavy, many = Unconfirmed(), Unconfirmed()
    heavy.add(frame(0, LARGEST))
    assert heavy.is_full
    heavy.confirm(10)
    assert not heavy.is_full
    for number in range(FRAMES):
        assert not many.is_full
        many.add(frame(10 * number))
    assert many.is_full


class Asked:
    """In place of a socket: what was asked."""

    def __init__(self) -> None:
        self.times = 0

    def send(self, *_: object) -> None:
        self.times += 1


def test_an_answer_of_another_broker_confirms_nothing() -> None:
    receipts, calls = Receipts(b"producer"), Asked()
    receipts.ask(calls, 10, last=True)  # type: ignore[arg-type]
    assert receipts.take(StatusReply(99)) is None
    assert receipts.take(Ingested(1, b"first")) == 10
    receipts.ask(calls, 20, last=True)  # type: ignore[arg-type]
    assert receipts.take(Ingested(2, b"other")) == 0
    receipts.ask(calls, 20, last=True)  # type: ignore[arg-type]
    assert receipts.take(Ingested(3, b"other")) == 20
    assert calls.times == 3


def test_who_was_refused_an_answer_asks_again_and_an_overdue_one_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receipts, calls = Receipts(b"producer"), Asked()
    receipts.ask(calls, 10, last=True)  # type: ignore[arg-type]
    assert receipts.take(Refused(1, "too many")) is None
    receipts.ask(calls, 10, last=True)  # type: ignore[arg-type]
    assert (calls.times, receipts.is_overdue()) == (2, False)
    monkeypatch.setattr("dashctl.bus.receipts.OVERDUE", -OVERDUE)
    assert receipts.is_overdue()


def test_what_a_broker_took_and_did_not_read_before_it_was_killed_goes_to_the_next(address: Address) -> None:
    with Publisher(address) as publisher:
        with broker_process(address) as broker:
            publisher.publish(PhaseEvent("clean"), PATIENCE)
            broker.send_signal(signal.SIGSTOP)
            for step in range(1_000):
                publisher.log(Metric("loss", step, 0.5))
            until(lambda: publisher.statistics().sent == 1_001)
            assert publisher.statistics().unconfirmed == 1_000
            broker.kill()
            broker.wait()
        with broker_process(address):
            assert publisher.close(PATIENCE) == 0
            assert quiet_state(address).version(Metric) == 1_000
            status = ask_status(address)
            assert (status.lost, status.duplicates) == (0, 0)
        assert publisher.statistics().unconfirmed == 0


def test_while_too_much_is_unconfirmed_events_wait_and_the_oldest_are_dropped_and_counted(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unconfirmed, "LARGEST", 1)
    with broker_process(address) as broker, Publisher(address, capacity=100) as publisher:
        publisher.publish(PhaseEvent("clean"), PATIENCE)
        broker.send_signal(signal.SIGSTOP)
        publisher.log(Metric("sent", 0, 0.5))
        until(lambda: publisher.statistics().sent == 2)
        for step in range(1_000):
            publisher.log(Metric("loss", step, 0.5))
        until(lambda: publisher.statistics().waiting == 100)
        assert publisher.statistics().dropped == 900
        broker.send_signal(signal.SIGCONT)
        assert publisher.close(PATIENCE) == 0
        assert quiet_state(address).version(Metric) == 101
        assert ask_status(address).lost == 900


def test_a_broker_that_is_killed_again_and_again_loses_nothing_and_has_nothing_twice(
    address: Address, tmp_path: Path
) -> None:
    def has_come(count: int) -> bool:
        return quiet_state(address).version(Metric) > count

    with script(LOG_UNTIL_TOLD, address) as producer:
        for _ in range(3):
            with script(BROKER_WITH_JOURNAL, address, tmp_path / "journal") as broker:
                assert said(broker) == "listening"
                until(partial(has_come, quiet_state(address).version(Metric) + 500))
                broker.kill()
                broker.wait()
        with script(BROKER_WITH_JOURNAL, address, tmp_path / "journal") as broker:
            assert said(broker) == "listening"
            output, errors = producer.communicate("enough\n", timeout=PATIENCE)
            count, left, dropped = map(int, output.split())
            assert (left, dropped, errors) == (0, 0, "")
            state = quiet_state(address)
            curve = state.curve(Metric, ("", "loss"))
            assert curve is not None
            assert (state.version(Metric), curve.last) == (count, count - 1)
            assert ask_status(address).lost == 0


class Wire:
    """What lies between a producer and a broker, and can be cut."""

    def __init__(self, near: Address, far: Address) -> None:
        self._connections: list[socket.socket] = []
        self._listening: list[socket.socket] = []
        assert near.folder is not None
        assert far.folder is not None
        near.folder.mkdir(mode=0o700)
        for name in (Path(near.inbox).name, Path(near.calls).name):
            listening = socket.socket(socket.AF_UNIX)
            listening.bind(str(near.folder / name))
            listening.listen()
            self._listening.append(listening)
            threading.Thread(target=self._accept, args=(listening, far.folder / name), daemon=True).start()

    def cut(self) -> None:
        """End all connections, whatever is in them."""
        while self._connections:
            with suppress(OSError):
                self._connections.pop().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more."""
        for listening in self._listening:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
        self.cut()

    def _accept(self, listening: socket.socket, far: Path) -> None:
        with suppress(OSError):
            while True:
                here, there = listening.accept()[0], socket.socket(socket.AF_UNIX)
                there.connect(str(far))
                self._connections += [here, there]
                for ends in ((here, there), (there, here)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, target: socket.socket) -> None:
        # Slowly, so that there is always something on its way.
        with suppress(OSError), source, target:
            while part := source.recv(1_000):
                target.sendall(part)
                time.sleep(0.0005)


def test_a_connection_that_is_cut_again_and_again_loses_nothing_and_has_nothing_twice(
    broker: Broker, address: Address, folder: Path
) -> None:
    near = Address.parse(f"ipc://{folder}/near")
    wire = Wire(near, address)
    with Publisher(near) as publisher:
        for part in range(5):
            until(lambda: publisher.statistics().waiting < 1_000)
            for step in range(5_000 * part, 5_000 * (part + 1)):
                publisher.log(Metric("loss", step, float(step)))
            time.sleep(0.05)
            wire.cut()
        assert publisher.close(PATIENCE) == 0
    wire.close()
    assert quiet_state(address).version(Metric) == 25_000
    assert ask_status(address).lost == 0
