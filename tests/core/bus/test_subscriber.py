"""Listening: whoever comes late, or was away, has seen the same as who was always there."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashctl import wire
from dashctl.bus import Address, Arrived, Broker, Follower, Publisher, Resynchronised, Subscriber, messages
from dashctl.bus.control import ask_status
from dashctl.errors import Closed
from dashctl.events import BusStats, Event, Metric, ModelMetric, PhaseEvent, PointCloud, Stamped
from dashctl.metric_columns import MetricColumns
from dashctl.state import State, fold_all
from tests.core.bus.processes import PATIENCE, quiet_state, until

EPOCH = b"epoch--1"


class Listening:
    """A state kept up to date by hand, with everything that the subscriber said of itself."""

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.state = State()
        self.reasons: list[str] = []
        self.seq = 0

    def hear(self, timeout: float = 0.05) -> bool:
        news = self.subscriber.receive(timeout)
        match news:
            case Resynchronised(state=state, seq=seq, reason=reason):
                self.state, self.seq = state, seq
                self.reasons.append(reason)
            case Arrived(events=events, seq=seq):
                assert seq > self.seq
                self.seq = seq
                fold_all(self.state, events)
        return news is not None

    def hear_out(self, version: int) -> State:
        until(lambda: (self.hear(), self.state.version(Metric) >= version)[1])
        return self.state


@contextmanager
def listening(address: Address) -> Iterator[Listening]:
    with Subscriber(address) as subscriber:
        made = Listening(subscriber)
        until(made.hear)
        yield made


class Impostor:
    """The monitors' two ends of a broker, in the hands of a test."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], address: Address) -> None:
        address.guard()
        self.pub = context.socket(zmq.XPUB)
        self.calls = context.socket(zmq.ROUTER)
        self.calls.rcvtimeo = self.pub.rcvtimeo = int(PATIENCE * 1000)
        self.pub.bind(address.outbox)
        self.calls.bind(address.calls)
        self.seq = 0
        self.told: list[str] = []
        """Why it was asked for snapshots."""

    def welcome(self, epoch: bytes = EPOCH) -> None:
        assert self.pub.recv() == b"\x01"
        self.pub.send(wire.stamp(epoch, 0))

    def send(self, name: str, skip: int = 0, epoch: bytes = EPOCH) -> None:
        self.seq += 1 + skip
        frame = wire.encode_frame(b"producer", self.seq, "", [1.0], [ModelMetric(name, 0.5)])
        self.pub.send(wire.stamp(epoch, self.seq) + frame)

    def answer(self, state: State, seq: int, epoch: bytes = EPOCH) -> None:
        asker, request = self.calls.recv_multipart()
        asked = messages.decode_request(request)
        assert isinstance(asked, messages.AskSnapshot)
        self.told.append(asked.reason)
        reply = messages.SnapshotReply(asked.id, epoch, seq, memoryview(state.encode()))
        self.calls.send_multipart([asker, messages.encode(reply)])


def synchronised(impostor: Impostor, subscriber: Subscriber, seq: int = 0) -> Listening:
    """One who has heard the welcome and got an empty snapshot as of frame `seq`."""
    listener = Listening(subscriber)
    impostor.welcome()
    assert not listener.hear()
    impostor.answer(State(), seq)
    until(listener.hear)
    return listener


@pytest.fixture
def impostor(address: Address) -> Iterator[Impostor]:
    with zmq.Context() as context:
        made = Impostor(context, address)
        yield made
        made.pub.close(linger=0)
        made.calls.close(linger=0)


def names(listener: Listening) -> set[str]:
    return {name for (name,) in listener.state.latest(ModelMetric)}


def test_it_begins_with_a_snapshot_and_goes_on_with_what_happens(broker: Broker, address: Address) -> None:
    broker.publish(ModelMetric("before", 0.5))
    with listening(address) as listener:
        assert listener.reasons == ["connected"]
        assert names(listener) == {"before"}
        broker.publish(ModelMetric("after", 0.5))
        until(lambda: (listener.hear(), names(listener) == {"before", "after"})[1])
        assert listener.reasons == ["connected"]
        assert listener.subscriber.resyncs == 0


def test_a_latecomer_has_the_same_state_as_one_who_was_there_from_the_start(
    broker: Broker, address: Address
) -> None:
    """Under load, in several places of the stream, compared byte for byte."""
    count, going = 20_000, threading.Event()

    def produce() -> None:
        with Publisher(address, run="r") as publisher:
            for step in range(count):
                publisher.log(Metric(f"m{step % 7}", step, float(step % 101)))
                if step % 500 == 0:
                    publisher.publish(ModelMetric("lstm", (step % 1000) / 1000), PATIENCE)
                    publisher.log(PhaseEvent("armed"))
                    going.set()

    producer = threading.Thread(target=produce)
    with listening(address) as early:
        producer.start()
        going.wait()
        states = []
        for _ in range(5):
            with listening(address) as late:
                states.append(late.hear_out(count))
                assert late.reasons == ["connected"]
        producer.join()
        early.hear_out(count)
        until(lambda: (early.hear(0.01), encoded(early.state) == encoded(quiet_state(address)))[1])
    assert all(encoded(state) == encoded(early.state) for state in states)


def encoded(state: State) -> bytes:
    """The state without the broker's own tick, which goes on."""
    _, stores = msgspec.msgpack.decode(state.encode(), type=tuple[float, dict[str, msgspec.Raw]])
    del stores[BusStats.type_name()]
    return msgspec.msgpack.encode(stores)


def test_on_a_hole_it_starts_again_from_a_snapshot(impostor: Impostor, address: Address) -> None:
    with Subscriber(address) as subscriber:
        listener = synchronised(impostor, subscriber)
        impostor.send("one")
        until(listener.hear)
        impostor.send("three", skip=1)
        impostor.send("four")
        assert not listener.hear()
        complete = State()
        fold_all(complete, [])
        impostor.answer(complete, 3)
        until(listener.hear)
        assert listener.reasons == impostor.told == ["connected", "gap"]
        assert (listener.seq, subscriber.resyncs) == (3, 1)
        until(listener.hear)
        assert names(listener) == {"four"}


def test_what_came_before_the_snapshot_is_dropped_and_what_came_twice_too(
    impostor: Impostor, address: Address
) -> None:
    with Subscriber(address) as subscriber:
        listener = Listening(subscriber)
        impostor.welcome()
        for name in ("one", "two", "three"):
            impostor.send(name)
        assert not listener.hear()
        impostor.answer(State(), 2)
        until(listener.hear)
        until(listener.hear)
        assert names(listener) == {"three"}
        impostor.seq = 1
        impostor.send("two again")
        impostor.send("three again")
        impostor.send("four")
        until(listener.hear)
        assert names(listener) == {"three", "four"}
        assert listener.reasons == ["connected"]


def test_a_new_epoch_starts_again_from_a_snapshot(impostor: Impostor, address: Address) -> None:
    with Subscriber(address) as subscriber:
        listener = synchronised(impostor, subscriber, seq=50)
        impostor.send("one", epoch=b"epoch--2")
        assert not listener.hear()
        impostor.answer(State(), 0, b"epoch--2")
        until(listener.hear)
        until(listener.hear)
        assert listener.reasons == impostor.told == ["connected", "new epoch"]
        assert names(listener) == {"one"}


def test_an_answer_from_an_epoch_not_yet_heard_of_counts(impostor: Impostor, address: Address) -> None:
    with Subscriber(address) as subscriber:
        listener = Listening(subscriber)
        impostor.welcome()
        assert not listener.hear()
        impostor.answer(State(), 0, b"epoch--2")
        until(listener.hear)
        impostor.send("one", epoch=b"epoch--2")
        until(listener.hear)
        assert names(listener) == {"one"}


def test_a_snapshot_that_cannot_be_read_is_counted_and_asked_for_again(
    impostor: Impostor, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashctl.bus.subscriber.ASK_AGAIN", 0.1)
    with Subscriber(address) as subscriber:
        listener = Listening(subscriber)
        impostor.welcome()
        assert not listener.hear()
        asker, request = impostor.calls.recv_multipart()
        broken = messages.SnapshotReply(messages.decode_request(request).id, EPOCH, 1, memoryview(b"broken"))
        impostor.calls.send_multipart([asker, messages.encode(broken)])
        impostor.calls.send_multipart([asker, b"\xff\xff"])
        until(lambda: (listener.hear(), subscriber.rejected["bad snapshot"] == 2)[1])
        assert not listener.hear(0.2)
        impostor.answer(State(), 0)
        until(listener.hear)
        assert listener.reasons == ["connected"]


@pytest.mark.parametrize(("bound", "most"), [("KEPT", 2), ("KEPT_BYTES", 200)])
def test_what_is_kept_while_a_snapshot_is_on_its_way_is_bounded(
    impostor: Impostor, address: Address, monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    monkeypatch.setattr(f"dashctl.bus.subscriber.{bound}", most)
    with Subscriber(address) as subscriber:
        listener = Listening(subscriber)
        impostor.welcome()
        assert not listener.hear()
        for number in range(4):
            impostor.send(f"m{number}")
        impostor.pub.send(b"the last")
        until(lambda: (listener.hear(), subscriber.rejected["malformed"])[1])
        impostor.answer(State(), 0)
        until(listener.hear)
        impostor.send("one more")

        def resynchronised() -> bool:
            listener.hear()
            if impostor.calls.poll(10):
                impostor.answer(State(), 5)
            return listener.seq == 5

        until(resynchronised)
        assert listener.reasons == ["connected", "gap"]


def test_what_is_no_frame_is_counted_and_the_rest_goes_on(impostor: Impostor, address: Address) -> None:
    with Subscriber(address) as subscriber:
        listener = synchronised(impostor, subscriber)
        impostor.pub.send(b"short")
        impostor.pub.send(wire.stamp(EPOCH, 1) + b"no frame")
        impostor.seq = 1
        impostor.send("one")
        until(lambda: (listener.hear(), names(listener) == {"one"})[1])
        assert subscriber.rejected == {"malformed": 2}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=120) | st.binary(max_size=40).map(wire.stamp(EPOCH, 1).__add__)))
def test_no_bytes_whatsoever_end_it(impostor: Impostor, address: Address, noise: list[bytes]) -> None:
    with Subscriber(address) as subscriber:
        impostor.welcome()
        for message in noise:
            impostor.pub.send(message)
        subscriber.receive(0.01)
        impostor.pub.send(wire.stamp(EPOCH, 0))
        until(lambda: (subscriber.receive(0.01), subscriber.is_connected())[1])
    assert impostor.pub.recv() == b"\x00"


def test_a_cloud_arrives_whole(broker: Broker, address: Address) -> None:
    points = PointCloud.pack("p", [0.5] * 60_000, [1.5] * 60_000, [2.5] * 60_000, phase=["clean"] * 60_000)
    with listening(address) as listener:
        broker.publish(points)
        until(lambda: (listener.hear(), listener.state.version(PointCloud))[1])
        (arrived,) = listener.state.latest(PointCloud).values()
        assert arrived.event == points
    assert ask_status(address).rejected == {}


def test_metrics_arrive_as_columns_and_are_events_when_asked_for(broker: Broker, address: Address) -> None:
    with Subscriber(address) as subscriber, Publisher(address, run="r") as publisher:
        until(lambda: isinstance(subscriber.receive(0.05), Resynchronised))
        metrics = [Metric("loss", step, float(step)) for step in range(100)]
        for metric in metrics:
            publisher.log(metric)
        arrived: list[Arrived] = []

        def heard() -> list[Stamped[Event]]:
            news = subscriber.receive(0.05)
            arrived.extend([news] if isinstance(news, Arrived) else [])
            events = [item for each in arrived for item in each.events]
            return [item for item in events if isinstance(item.event, Metric)]

        until(lambda: len(heard()) == 100)
        assert [item.event for item in heard()] == metrics
        assert {item.run for item in heard()} == {"r"}
        assert any(isinstance(batch, MetricColumns) for each in arrived for batch in each.batches)


def test_without_a_broker_it_waits(address: Address) -> None:
    with Subscriber(address) as subscriber:
        assert subscriber.receive(0.05) is None
        assert not subscriber.is_connected()
        with Broker(address) as broker:
            broker.start()
            assert until(lambda: isinstance(subscriber.receive(0.05), Resynchronised))
            assert subscriber.is_connected()


def test_after_closing_it_is_an_error(address: Address) -> None:
    with Subscriber(address) as subscriber:
        pass
    with pytest.raises(Closed):
        subscriber.receive(0.0)


def test_one_that_is_dropped_unclosed_warns(address: Address) -> None:
    subscribers = [Subscriber(address)]
    with pytest.warns(ResourceWarning, match="unclosed <Subscriber to ipc://"):
        subscribers.clear()


def test_a_follower_keeps_its_state_up_to_date(broker: Broker, address: Address) -> None:
    with Follower(address) as follower, Publisher(address) as publisher:
        for step in range(5_000):
            publisher.log(Metric("loss", step, 0.5))

        def complete() -> bool:
            with follower.lock:
                return follower.state.version(Metric) == 5_000

        until(complete)
        until(lambda: follower.connection().connected)
        connection = follower.connection()
        assert (connection.lost, connection.resyncs, dict(connection.rejected)) == (0, 0, {})
        assert connection.epoch == ask_status(address).epoch
        until(lambda: follower.connection().rate > 0)


def test_a_follower_says_since_when_there_is_no_broker(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashctl.bus.subscriber.SILENCE", 1.5)
    with Follower(address) as follower:
        assert not follower.connection().connected
        with Broker(address) as broker:
            broker.start()
            broker.publish(ModelMetric("kept", 0.5))
            up = until(lambda: c if (c := follower.connection()).connected else None)
        down = until(lambda: None if (c := follower.connection()).connected else c)
        assert down.since > up.since
        with follower.lock:
            assert set(follower.state.latest(ModelMetric)) == {("kept",)}
        with Broker(address) as broker:
            broker.start()
            back = until(lambda: c if (c := follower.connection()).connected else None)
            until(lambda: follower.connection().epoch != up.epoch)
            until(lambda: follower.connection().resyncs == 1)
    assert back.since > down.since


def test_a_follower_sees_what_producers_lost_and_what_was_refused(broker: Broker, address: Address) -> None:
    with Follower(address) as follower, zmq.Context() as context, context.socket(zmq.PUSH) as push:
        push.connect(address.inbox)
        push.send(b"noise")
        for first in (0, 5):
            push.send(wire.encode_frame(b"producer", first, "", [1.0], [PhaseEvent("clean")]))
        until(lambda: follower.connection().lost == 4)
        until(lambda: follower.connection().rejected == {"malformed": 1})


def test_a_follower_that_was_started_twice_follows_once(broker: Broker, address: Address) -> None:
    with Follower(address) as follower:
        follower.start()
        until(lambda: follower.connection().connected)
        assert [thread.name for thread in threading.enumerate()].count("dashctl-follower") == 1
        assert ask_status(address).monitors == 1


def test_a_follower_that_was_stopped_stays_so(broker: Broker, address: Address) -> None:
    with Follower(address) as follower:
        until(lambda: follower.connection().connected)
    follower.stop()
    with pytest.raises(Closed):
        follower.start()
