"""A broker in this process: what it passes on, what it refuses, how it begins and ends."""

import os
import shutil
import socket
import threading
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dashctl import __version__, wire
from dashctl.bus import Address, Broker, BrokerRunning, Publisher, Subscriber
from dashctl.bus.control import ask_snapshot, ask_status, ask_stop
from dashctl.bus.door import LARGEST_MESSAGE
from dashctl.bus.exchange import BURST, Exchange
from dashctl.bus.framing import BYTES_PER_FRAME, EVENTS_PER_FRAME
from dashctl.errors import Closed, InvalidEvent, NoBroker, TimedOut, UsageError
from dashctl.events import BusStats, Metric, ModelMetric, PhaseEvent, PointCloud, Stamped
from tests.core.bus.processes import PATIENCE, is_gone, until

GOOD = wire.encode_frame(b"producer", 0, "run-1", [1.5], [ModelMetric("lstm", 0.9)])


@contextmanager
def raw(kind: int, endpoint: str) -> Iterator[zmq.Socket[bytes]]:
    """A socket as a stranger would have it."""
    with zmq.Context() as context, context.socket(kind) as made:
        made.linger = int(PATIENCE * 1000)
        made.rcvtimeo = made.sndtimeo = int(PATIENCE * 1000)
        made.connect(endpoint)
        yield made


def body(*events: dict[str, Any], times: int | None = None) -> bytes:
    stamps = array("d", [1.0] * (len(events) if times is None else times))
    return msgspec.msgpack.encode((stamps.tobytes(), events))


def head(count: int, first: int = 0, version: int = wire.VERSION) -> bytes:
    frame = wire.encode_frame(b"stranger", first, "", [1.0] * count, [PhaseEvent("clean")] * count)
    return frame[:2] + bytes([version]) + frame[3 : wire.HEADER_SIZE]


REFUSED = [
    ("nothing", b"", "malformed"),
    ("noise", b"\xff" * 300, "malformed"),
    ("only a header", head(1), "malformed"),
    ("cut off", head(1) + GOOD[wire.HEADER_SIZE : -3], "malformed"),
    ("another version", head(1, version=9) + body({"type": "phase", "phase": "clean"}), "version"),
    ("an unknown type", head(1) + body({"type": "telepathy"}), "unknown type"),
    (
        "out of range",
        head(1) + body({"type": "model_metric", "model": "m", "accuracy": 1.7}),
        "illegal value",
    ),
    ("a wrong field", head(1) + body({"type": "model_metric", "model": 3, "accuracy": 0.7}), "illegal value"),
    ("no event", head(1) + body(times=1), "malformed"),
    ("fewer times than events", head(1) + body({"type": "phase", "phase": "clean"}, times=0), "malformed"),
]


@pytest.mark.parametrize(
    ("frame", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_cannot_be_read_is_counted_by_reason_and_the_rest_goes_on(
    broker: Broker, address: Address, frame: bytes, reason: str
) -> None:
    with raw(zmq.PUSH, address.inbox) as push:
        push.send(frame)
        push.send(GOOD)
        until(lambda: ask_snapshot(address).latest(ModelMetric))
    status = ask_status(address)
    assert status.rejected == {reason: 1}
    assert [(each.reason, bool(each.detail)) for each in status.recent] == [(reason, True)]
    assert set(ask_snapshot(address).latest(ModelMetric)) == {("lstm",)}


def test_an_illegal_event_takes_no_other_with_it(broker: Broker, address: Address) -> None:
    bad = {"type": "model_metric", "model": "bad", "accuracy": -1.0}
    good = {"type": "model_metric", "model": "good", "accuracy": 0.5}
    with raw(zmq.PUSH, address.inbox) as push:
        push.send(head(2) + body(bad, good))
        until(lambda: ask_snapshot(address).latest(ModelMetric))
    assert set(ask_snapshot(address).latest(ModelMetric)) == {("good",)}
    status = ask_status(address)
    assert status.rejected == {"illegal value": 1}
    assert "model_metric.accuracy: -1.0 is not allowed" in status.recent[0].detail


def test_a_frame_that_is_too_large_is_counted_and_the_connection_lives(
    broker: Broker, address: Address
) -> None:
    with raw(zmq.PUSH, address.inbox) as push:
        push.send(GOOD[: wire.HEADER_SIZE] + bytes(wire.MAX_FRAME), copy=False)
        push.send(GOOD)
        until(lambda: ask_snapshot(address).latest(ModelMetric))
    assert ask_status(address).rejected == {"oversized": 1}


def test_one_that_is_larger_than_any_mistake_ends_its_connection_alone(
    broker: Broker, address: Address
) -> None:
    with raw(zmq.PUSH, address.inbox) as push, raw(zmq.PUSH, address.inbox) as other:
        push.send(GOOD[: wire.HEADER_SIZE] + bytes(LARGEST_MESSAGE), copy=False)
        other.send(GOOD)
        until(lambda: ask_snapshot(address).latest(ModelMetric))
    assert ask_status(address).rejected == {}


def test_a_value_that_would_nest_without_end_is_refused(broker: Broker, address: Address) -> None:
    deep = b"\x92\xc4\x08" + bytes(8) + b"\x91\x82\xa4type\xa4deep\xa1x" + b"\x91" * 100_000 + b"\xc0"
    with raw(zmq.PUSH, address.inbox) as push:
        push.send(head(1) + deep)
        push.send(GOOD)
        until(lambda: ask_snapshot(address).latest(ModelMetric))
    assert ask_status(address).rejected == {"malformed": 1}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=200) | st.binary(max_size=90).map(GOOD.__add__), max_size=20))
@example([GOOD[: wire.HEADER_SIZE]])
def test_no_bytes_whatsoever_end_it(broker: Broker, address: Address, frames: list[bytes]) -> None:
    with raw(zmq.PUSH, address.inbox) as push, raw(zmq.DEALER, address.calls) as calls:
        for frame in frames:
            push.send(frame)
            calls.send(frame)
        calls.send_multipart([b"several", *frames])
        with raw(zmq.XSUB, address.outbox) as sub:
            for frame in frames:
                sub.send(frame)
    assert ask_status(address).pid == os.getpid()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=300))
def test_nor_does_one_who_does_not_speak_the_protocol(broker: Broker, address: Address, noise: bytes) -> None:
    assert address.folder is not None
    for name in ("in", "out", "calls", "pub"):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(address.folder / name))
            stranger.sendall(noise)
    assert ask_status(address).pid == os.getpid()


def test_a_request_that_cannot_be_read_is_counted_and_harms_nobody(broker: Broker, address: Address) -> None:
    with raw(zmq.DEALER, address.calls) as calls:
        calls.send(b"\xff")
        calls.send(msgspec.msgpack.encode({"ask": "everything", "id": 3}))
        calls.send_multipart([b"two", b"parts"])
        calls.send(msgspec.msgpack.encode({"ask": "status", "id": 7, "of": "tomorrow"}))
        assert msgspec.msgpack.decode(calls.recv())["id"] == 7
    assert ask_status(address).rejected == {"malformed request": 3}


def test_frames_are_numbered_from_one_behind_a_welcome(broker: Broker, address: Address) -> None:
    with raw(zmq.SUB, address.outbox) as sub, raw(zmq.PUSH, address.inbox) as push:
        sub.subscribe(b"")
        epoch, seq, frame = wire.split_stamp(sub.recv())
        assert (seq, len(frame)) == (0, 0)
        until(lambda: ask_status(address).monitors == 1)
        push.send(GOOD)
        frames = [wire.split_stamp(sub.recv())]
        while bytes(frames[-1][2]) != GOOD:
            frames.append(wire.split_stamp(sub.recv()))
        assert {each[0] for each in frames} == {epoch}
        numbers = [each[1] for each in frames]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert ask_status(address).epoch == epoch.hex()


def test_large_frames_that_wait_for_a_monitor_are_bounded_by_bytes(
    broker: Broker, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashctl.bus.door.LARGE_QUEUED", 4 * BYTES_PER_FRAME)
    count, axis = 40, memoryview(bytes(BYTES_PER_FRAME))
    with zmq.Context() as context, context.socket(zmq.SUB) as slow:
        slow.rcvhwm = 1
        slow.rcvtimeo = int(PATIENCE * 1000)
        slow.subscribe(b"")
        slow.connect(address.outbox)
        until(lambda: ask_status(address).monitors == 1)
        for number in range(count):
            broker.publish(PointCloud(f"c{number}", axis, axis))
        broker.publish(PhaseEvent("clean"))
        until(lambda: ask_snapshot(address).version(PhaseEvent))
        last = ask_status(address).frames
        seqs = [0]
        while seqs[-1] < last:
            seqs.append(wire.split_stamp(slow.recv())[1])
        assert 0 < len(seqs) - 1 < count
        broker.publish(PointCloud("sent again", axis, axis))
        until(lambda: len(slow.recv()) > BYTES_PER_FRAME)
    assert ask_snapshot(address).version(PointCloud) == count + 1


def test_duplicates_are_dropped_and_holes_are_counted(broker: Broker, address: Address) -> None:
    def numbered(first: int) -> bytes:
        return wire.encode_frame(b"producer", first, "", [1.0], [ModelMetric(f"m{first}", 0.5)])

    with raw(zmq.PUSH, address.inbox) as push:
        for first in (0, 1, 1, 5):
            push.send(numbered(first))
        until(lambda: len(ask_snapshot(address).latest(ModelMetric)) == 3)
    status = ask_status(address)
    assert (status.lost, status.duplicates) == (3, 1)


def test_numbers_that_nobody_can_have_reached_do_no_harm(broker: Broker, address: Address) -> None:
    with raw(zmq.PUSH, address.inbox) as push:
        for producer in (b"liar---1", b"liar---2", b"liar---3"):
            for first in (0, 2**63 - 2):
                push.send(wire.encode_frame(producer, first, "", [1.0], [PhaseEvent("clean")]))
        until(lambda: ask_snapshot(address).version(PhaseEvent) == 6)
    assert ask_status(address).lost == 2**63 - 1
    until(lambda: (told := ask_snapshot(address).newest(BusStats)) and told.event.lost == 2**63 - 1)


def test_it_ticks_with_its_own_numbers(broker: Broker, address: Address) -> None:
    with Publisher(address) as publisher:
        publisher.log(ModelMetric("lstm", 0.5))

        def ticked() -> BusStats | None:
            stats = ask_snapshot(address).newest(BusStats)
            return stats.event if stats and stats.event.events == 1 and stats.event.producers else None

        stats = until(ticked)
    assert (stats.lost, stats.rejected, stats.monitors) == (0, {}, 0)
    assert abs(stats.started - time.time()) < PATIENCE


def test_the_status_says_who_and_how(broker: Broker, address: Address) -> None:
    with Publisher(address) as publisher, Subscriber(address) as subscriber:
        until(lambda: subscriber.receive(0.05))
        publisher.publish(PhaseEvent("clean"))
        status = ask_status(address)
        assert (status.pid, status.version, status.address) == (os.getpid(), __version__, str(address))
        assert (status.monitors, status.connections, status.idle_exit) == (1, 1, None)
        assert status.producers == 1
        assert status.events >= 1
    until(lambda: (ask_status(address).monitors, ask_status(address).connections) == (0, 0))


def test_a_hosting_program_publishes_without_a_socket(broker: Broker, address: Address) -> None:
    with Subscriber(address) as subscriber:
        until(lambda: subscriber.receive(0.05))
        assert broker.publish(ModelMetric("knn", 0.75)) == {"delivered": 1}
        assert broker.publish({"type": "phase", "phase": "armed"}) == {"delivered": 1}
        seen: list[Stamped[Any]] = []

        def arrived() -> bool:
            news = subscriber.receive(0.05)
            seen.extend(getattr(news, "events", []))
            return {type(each.event) for each in seen} >= {ModelMetric, PhaseEvent}

        until(arrived)
    with pytest.raises(InvalidEvent, match=r"phase\.phase"):
        broker.publish({"type": "phase", "phase": "asleep"})


def test_from_many_threads_too_and_none_is_lost(broker: Broker, address: Address) -> None:
    count = 3 * max(BURST, EVENTS_PER_FRAME)

    def publish(name: str) -> None:
        for step in range(count):
            broker.publish(Metric(name, step, 0.5))

    threads = [threading.Thread(target=publish, args=(f"t{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: ask_snapshot(address).version(Metric) == 4 * count)
    assert ask_status(address).lost == 0


def test_what_fits_no_frame_is_refused_by_the_host_too(broker: Broker, address: Address) -> None:
    half = bytes(wire.MAX_FRAME // 2)
    broker.publish({"type": "point_cloud", "name": "large", "x": half, "y": half})
    broker.publish(PhaseEvent("clean"))
    until(lambda: ask_snapshot(address).version(PhaseEvent))
    assert ask_status(address).rejected == {"unsendable": 1}


def test_publishing_at_a_broker_that_does_not_serve_is_an_error(address: Address) -> None:
    broker = Broker(address)
    with pytest.raises(Closed):
        broker.publish(PhaseEvent("clean"))
    with broker:
        broker.start()
    with pytest.raises(Closed):
        broker.publish(PhaseEvent("clean"))


def test_two_brokers_at_one_address_cannot_be(broker: Broker, address: Address) -> None:
    with pytest.raises(BrokerRunning, match=f"process {os.getpid()}"):
        Broker(address).start()
    assert ask_status(address).pid == os.getpid()


def test_one_ends_and_the_next_begins_at_once(address: Address) -> None:
    epochs = []
    for _ in range(3):
        with Broker(address) as broker:
            broker.start()
            epochs.append(ask_status(address).epoch)
    assert len(set(epochs)) == 3
    with pytest.raises(NoBroker):
        ask_status(address)


def test_one_that_was_stopped_can_begin_anew(address: Address) -> None:
    broker = Broker(address)
    broker.start()
    broker.stop()
    with broker:
        pass
    with broker:
        broker.start()
        assert ask_status(address).pid == os.getpid()
    assert is_gone(address)


def test_it_serves_in_one_thread_alone(broker: Broker, address: Address) -> None:
    for again in (broker.start, broker.run):
        with pytest.raises(BrokerRunning, match="is serving already"):
            again()
    assert ask_status(address).pid == os.getpid()


def test_who_stops_it_while_it_ends_waits_for_the_address_too(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing, order, close = threading.Event(), list[str](), Exchange.close

    def close_slowly(exchange: Exchange) -> None:
        closing.set()
        time.sleep(0.1)
        close(exchange)
        order.append("closed")

    monkeypatch.setattr(Exchange, "close", close_slowly)
    first = threading.Thread(target=broker.stop)
    first.start()
    closing.wait()
    broker.stop()
    order.append("stopped")
    first.join()
    assert order == ["closed", "stopped"]


def test_stopping_is_asked_for_over_the_bus(address: Address) -> None:
    with Broker(address) as broker:
        broker.start()
        ask_stop(address, PATIENCE)
        assert is_gone(address)
        broker.stop()
        broker.stop()


def test_it_serves_over_tcp_on_loopback(folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = Address.parse(f"tcp://127.0.0.1:{min(port, 65_533)}")
    with Broker(address) as broker, Publisher(address) as publisher:
        broker.start()
        assert publisher.publish(PhaseEvent("clean"), PATIENCE) == {"delivered": 0, "durable": False}
        with pytest.raises(BrokerRunning):
            Broker(address).start()
    assert is_gone(address)


def test_a_port_that_somebody_else_has_is_a_named_error(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot listen at tcp://127.0.0.1:{port}"):
            Broker(Address.parse(f"tcp://127.0.0.1:{port}")).start()


def test_a_folder_open_to_others_is_no_place(folder: Path) -> None:
    (folder / "open").mkdir()
    (folder / "open").chmod(0o755)
    with pytest.raises(UsageError, match="expected mode 700"):
        Broker(Address(folder / "open")).start()


def test_when_its_folder_is_swept_away_it_makes_a_new_one_and_forgets_nothing(
    broker: Broker, address: Address
) -> None:
    assert address.folder is not None
    broker.publish(ModelMetric("lstm", 0.9))
    epoch = ask_status(address).epoch
    shutil.rmtree(address.folder)
    until(address.has_sockets)
    assert ask_status(address).epoch == epoch
    assert set(ask_snapshot(address).latest(ModelMetric)) == {("lstm",)}
    with pytest.raises(BrokerRunning):
        Broker(address).start()


def test_when_another_has_taken_its_place_it_makes_room(broker: Broker, address: Address) -> None:
    assert address.folder is not None
    shutil.rmtree(address.folder)
    with Broker(address) as other:
        other.start()

        def made_room() -> bool:
            try:
                broker.publish(PhaseEvent("clean"))
            except Closed:
                return True
            return False

        until(made_room)
        until(address.has_sockets)
        assert other.publish(PhaseEvent("clean")) == {"delivered": 0}
        assert ask_status(address, PATIENCE).pid == os.getpid()


def test_nobody_connected_for_long_ends_it(address: Address) -> None:
    broker = Broker(address, idle_exit=0.3)
    broker.start()
    until(lambda: is_gone(address))
    broker.stop()


def test_a_producer_that_is_silent_keeps_it_up(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks it anything meanwhile, which would keep it up as well: its turns are counted."""
    turns, turn = list[float](), Exchange.turn

    def turn_counted(exchange: Exchange) -> None:
        turn(exchange)
        turns.append(time.monotonic())

    monkeypatch.setattr(Exchange, "turn", turn_counted)
    with Broker(address, idle_exit=0.3) as broker:
        broker.start()
        with Publisher(address) as publisher:
            publisher.publish(PhaseEvent("clean"), PATIENCE)
            published = time.monotonic()
            until(lambda: turns[-1] > published + 1.5)
            assert not is_gone(address)
        until(lambda: is_gone(address))


def test_somebody_there_who_does_not_answer_is_another_error_than_nobody(address: Address) -> None:
    address.guard()
    assert address.folder is not None
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(address.folder / "calls"))
        deaf.listen()
        with pytest.raises(TimedOut, match=r"did not answer within 0\.2 s"):
            ask_status(address, 0.2)
    with pytest.raises(NoBroker, match="no broker at ipc://"):
        ask_status(address, 0.2)
