"""Publishing: what waits, what is acknowledged, what is lost and said to be."""

import logging
import os
import threading
import time
from typing import Any

import pytest
import zmq

from dashctl import wire
from dashctl.bus import Address, Broker, Publisher, Subscriber, publish, try_publish
from dashctl.bus.bulk import LARGEST_WAITING
from dashctl.bus.control import ask_snapshot, ask_status
from dashctl.bus.flusher import Flusher
from dashctl.bus.framing import EVENTS_PER_FRAME, METRICS_PER_FRAME, Unsendable, encoded, grouped
from dashctl.bus.publisher import _publishers, default_publisher
from dashctl.bus.receipts import Receipt, Receipts
from dashctl.errors import Closed, InvalidEvent, NoBroker, TimedOut, UsageError
from dashctl.events import Metric, ModelMetric, PhaseEvent, PointCloud, RunStarted
from dashctl.state import State
from tests.core.bus.processes import PATIENCE, broker_process, quiet_state, until

CLOUD_BYTES = 8 * 1024 * 1024


def cloud(name: str) -> PointCloud:
    axis = memoryview(bytes(CLOUD_BYTES // 2))
    return PointCloud(name, axis, axis)


TOO_LARGE = PointCloud("too large", *[memoryview(bytes(wire.MAX_FRAME // 2))] * 2)


def has_metrics(address: Address, count: int) -> State:
    return until(lambda: state if (state := quiet_state(address)).version(Metric) == count else None)


def test_what_is_logged_arrives_in_order_with_its_run_and_time(broker: Broker, address: Address) -> None:
    before = time.time()
    with Publisher(address, run="mnist-1") as publisher:
        for step in range(2 * EVENTS_PER_FRAME):
            publisher.log(Metric("loss", step, 1.0 / (step + 1)))
        publisher.log({"type": "model_metric", "model": "lstm", "accuracy": 0.5})
        assert publisher.close() == 0
    state = quiet_state(address)
    (metric,) = state.latest(ModelMetric).values()
    assert (metric.run, metric.event) == ("mnist-1", ModelMetric("lstm", 0.5))
    assert before <= metric.time <= time.time()
    assert state.series(Metric) == [("mnist-1", "loss")]
    assert state.version(Metric) == 2 * EVENTS_PER_FRAME
    assert ask_status(address).lost == 0


def test_publishing_waits_until_the_broker_has_it(broker: Broker, address: Address) -> None:
    with Publisher(address) as publisher:
        for number in range(20):
            assert publisher.publish(ModelMetric(f"m{number}", 0.5)) == {"delivered": 0, "durable": False}
            assert (f"m{number}",) in ask_snapshot(address).latest(ModelMetric)
        assert publisher.publish({"type": "phase", "phase": "clean"}) == {"delivered": 0, "durable": False}


def test_from_many_threads_every_event_counts_once(broker: Broker, address: Address) -> None:
    with Publisher(address) as publisher:

        def log(name: str) -> None:
            for step in range(1_000):
                publisher.log(Metric(name, step, 0.5))
            publisher.publish(PhaseEvent("clean"), PATIENCE)

        threads = [threading.Thread(target=log, args=(f"t{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert publisher.close(PATIENCE) == 0
        assert publisher.statistics().sent == 4_004
    assert quiet_state(address).version(Metric) == 4_000
    status = ask_status(address)
    assert (status.lost, status.duplicates) == (0, 0)


def test_without_a_broker_events_wait_and_arrive_when_there_is_one(address: Address) -> None:
    with Publisher(address) as publisher:
        for step in range(1_000):
            publisher.log(Metric("loss", step, 0.5))
        assert publisher.statistics().waiting == 1_000
        with Broker(address) as broker:
            broker.start()
            has_metrics(address, 1_000)
            assert ask_status(address).lost == 0
        assert publisher.statistics().sent == 1_000


def test_the_oldest_are_dropped_when_too_many_wait_and_all_can_see_it(address: Address) -> None:
    with Publisher(address, capacity=100) as publisher:
        for step in range(1_000):
            publisher.log(Metric("loss", step, float(step)))
        until(lambda: publisher.statistics().waiting == 100)
        statistics = publisher.statistics()
        assert (statistics.logged, statistics.sent, statistics.dropped) == (1_000, 0, 900)
        with Broker(address) as broker:
            broker.start()
            curve = has_metrics(address, 100).curve(Metric, ("", "loss"))
            assert curve is not None
            assert ask_status(address).lost == 900


def test_large_events_that_wait_are_bounded_by_bytes(address: Address) -> None:
    count = 2 * LARGEST_WAITING // CLOUD_BYTES
    with Publisher(address) as publisher:
        for number in range(count):
            publisher.log(cloud(f"c{number}"))
        publisher.log(PhaseEvent("clean"))
        with Broker(address) as broker:
            broker.start()
            state = until(lambda: state if (state := quiet_state(address)).version(PhaseEvent) else None)
            kept = [name for (name,) in state.latest(PointCloud)]
            assert kept == [f"c{number}" for number in range(count // 2, count)]
            assert ask_status(address).lost == count // 2


def test_without_a_broker_publishing_is_an_error_and_the_event_does_not_come_later(address: Address) -> None:
    with Publisher(address) as publisher:
        publisher.log(ModelMetric("logged", 0.5))
        with pytest.raises(NoBroker, match=r"no broker at ipc://.* within 0\.1 s"):
            publisher.publish(ModelMetric("published", 0.5), 0.1)
        publisher.log(ModelMetric("logged too", 0.5))
        with Broker(address) as broker:
            broker.start()
            state = until(lambda: s if len((s := quiet_state(address)).latest(ModelMetric)) == 2 else None)
            assert set(state.latest(ModelMetric)) == {("logged",), ("logged too",)}
            assert publisher.publish(PhaseEvent("clean"), PATIENCE) == {"delivered": 0, "durable": False}
            assert set(quiet_state(address).latest(ModelMetric)) == {("logged",), ("logged too",)}


def test_without_a_broker_a_full_queue_makes_no_other_error_of_it(address: Address) -> None:
    tried = threading.Event()
    with Publisher(address, capacity=10) as publisher:

        def log() -> None:
            while not tried.is_set():
                publisher.log(Metric("loss", 0, 0.5))

        other = threading.Thread(target=log)
        other.start()
        try:
            with pytest.raises(NoBroker):
                publisher.publish(PhaseEvent("clean"), 0.2)
        finally:
            tried.set()
            other.join()


def test_a_cloud_that_was_not_published_takes_no_room(address: Address) -> None:
    with Publisher(address) as publisher:
        publisher.log(cloud("first"))
        for number in range(LARGEST_WAITING // CLOUD_BYTES):
            with pytest.raises(NoBroker):
                publisher.publish(cloud(f"c{number}"), 0.0)
        publisher.log(cloud("second"))
        with Broker(address) as broker:
            broker.start()
            until(lambda: set(quiet_state(address).latest(PointCloud)) == {("first",), ("second",)})


def test_what_is_withdrawn_leaves_no_hole_and_what_is_being_encoded_goes_out(
    broker: Broker, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, withdrawn = threading.Event(), threading.Event()

    def encoded_slowly(*arguments: Any, **named: Any) -> Any:
        begun.set()
        withdrawn.wait(PATIENCE)
        return encoded(*arguments, **named)

    monkeypatch.setattr("dashctl.bus.flusher.encoded", encoded_slowly)
    flusher = Flusher(address, "", 10)
    in_hand = flusher.submit(ModelMetric("in hand", 0.5))
    assert begun.wait(PATIENCE)
    queued = flusher.submit(ModelMetric("queued", 0.5))
    sent = flusher.submit(ModelMetric("sent", 0.5))
    assert flusher.withdraw(queued)
    assert not flusher.withdraw(in_hand)
    withdrawn.set()
    assert sent.done.wait(PATIENCE)
    assert not flusher.withdraw(sent)
    assert flusher.close(PATIENCE) == 0
    assert (flusher.sent, flusher.backlog.dropped, flusher.logged()) == (2, 0, 2)
    assert set(quiet_state(address).latest(ModelMetric)) == {("in hand",), ("sent",)}
    assert ask_status(address).lost == 0


def test_a_broker_that_does_not_answer_is_another_error(address: Address) -> None:
    with broker_process(address) as broker, Publisher(address) as publisher:
        publisher.publish(PhaseEvent("clean"), PATIENCE)
        broker.send_signal(19)
        with pytest.raises(TimedOut, match=r"did not answer within 0\.2 s"):
            publisher.publish(PhaseEvent("clean"), 0.2)
        assert publisher.try_publish(PhaseEvent("clean")) == 0
        began = time.monotonic()
        assert publisher.close(0.2) == 2
        assert time.monotonic() - began < PATIENCE


def test_trying_to_publish_never_raises_and_does_not_wait_twice(address: Address) -> None:
    with Publisher(address) as publisher:
        began = time.monotonic()
        outcomes = [publisher.try_publish(ModelMetric("m", 0.5)) for _ in range(2_000)]
        assert time.monotonic() - began < PATIENCE
        assert outcomes == [0] * 2_000
        assert publisher.statistics().waiting == 0
        assert publisher.try_publish({"type": "no such type"}) == 0
        publisher.close()
        assert publisher.try_publish(PhaseEvent("clean")) == 0


def test_trying_to_publish_says_how_many_monitors_got_it(broker: Broker, address: Address) -> None:
    with Publisher(address) as publisher, Subscriber(address) as subscriber:
        until(lambda: subscriber.receive(0.05))
        assert until(lambda: publisher.try_publish(PhaseEvent("clean"))) == 1


def test_what_is_no_event_is_an_error_where_it_is_logged(address: Address) -> None:
    with Publisher(address) as publisher:
        for call in (publisher.log, publisher.publish):
            with pytest.raises(InvalidEvent, match=r"model_metric\.accuracy: 1\.7 is not allowed"):
                call({"type": "model_metric", "model": "m", "accuracy": 1.7})
        assert publisher.statistics().logged == 0


def test_what_fits_no_frame_is_an_error_where_it_is_published(broker: Broker, address: Address) -> None:
    with Publisher(address) as publisher:
        with pytest.raises(Unsendable, match="at most 33554432"):
            publisher.publish(TOO_LARGE, PATIENCE)
        assert publisher.publish(PhaseEvent("clean"), PATIENCE) == {"delivered": 0, "durable": False}


def test_also_when_it_is_taken_up_at_once(
    broker: Broker, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Publisher(address) as publisher:
        expect = Receipts.expect

        def expect_late(receipts: Receipts, receipt: Receipt) -> None:
            publisher.log(PhaseEvent("clean"))
            until(lambda: publisher.statistics().waiting == 0)
            expect(receipts, receipt)

        monkeypatch.setattr(Receipts, "expect", expect_late)
        with pytest.raises(Unsendable):
            publisher.publish(TOO_LARGE, 1.0)


def test_where_it_was_logged_it_is_counted_and_said_once_and_takes_no_other_with_it(
    broker: Broker, address: Address, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), Publisher(address) as publisher:
        for event in (TOO_LARGE, ModelMetric("beside", 0.5), TOO_LARGE, PhaseEvent("clean")):
            publisher.log(event)
        assert publisher.close() == 0
        assert publisher.statistics().dropped == 2
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["an event was not sent"]
    assert set(quiet_state(address).latest(ModelMetric)) == {("beside",)}


def test_what_cannot_be_encoded_at_all_is_refused_too() -> None:
    changed_since = RunStarted({"seed": 1})
    changed_since.config["seed"] = 2**70
    with pytest.raises(Unsendable, match=r"run_started: cannot be encoded \("):
        encoded(b"producer", "", 0, [(0.0, changed_since)])


def test_a_frame_is_cut_where_it_is_full_and_around_clouds() -> None:
    point, phase = PointCloud.pack("p", [0.0], [0.0]), PhaseEvent("clean")
    entries = [(0.0, event) for event in (phase, point, phase, phase, *[phase] * EVENTS_PER_FRAME)]
    assert [len(group) for group in grouped(entries)] == [1, 1, EVENTS_PER_FRAME, 2]
    assert [entry for group in grouped(entries) for entry in group] == entries


@pytest.mark.parametrize(
    ("kinds", "lengths"),
    [
        ("", []),
        ("mpm" * 100, [300]),
        ("m" * METRICS_PER_FRAME + "m", [METRICS_PER_FRAME, 1]),
        ("mp" * (EVENTS_PER_FRAME + 1), [2 * EVENTS_PER_FRAME + 1, 1]),
        ("mmpcmpm", [3, 1, 3]),
    ],
)
def test_metrics_and_others_share_frames(kinds: str, lengths: list[int]) -> None:
    point = PointCloud.pack("p", [0.0], [0.0])
    events = {"m": Metric("loss", 0, 0.5), "p": PhaseEvent("clean"), "c": point}
    entries = [(0.0, events[kind]) for kind in kinds]
    groups = list(grouped(entries))
    assert [len(group) for group in groups] == lengths
    assert [entry for group in groups for entry in group] == entries


def test_a_frame_that_is_too_large_is_sent_in_halves() -> None:
    half_megabyte = RunStarted({f"text {number}": "x" * 50_000 for number in range(10)})
    group = [(0.0, half_megabyte)] * 3
    assert encoded(b"producer", "", 0, group) == (group[:1], group[1:])
    assert isinstance(encoded(b"producer", "", 0, group[:1]), bytes)


def test_after_closing_it_is_an_error(broker: Broker, address: Address) -> None:
    publisher = Publisher(address)
    publisher.log(PhaseEvent("clean"))
    assert publisher.close() == 0
    assert publisher.close() == 0
    with pytest.raises(Closed):
        publisher.log(PhaseEvent("clean"))
    with pytest.raises(Closed):
        publisher.publish(PhaseEvent("clean"))
    assert publisher.statistics().logged == 1


def test_closing_says_how_many_never_left(address: Address) -> None:
    publisher = Publisher(address)
    for _ in range(7):
        publisher.log(PhaseEvent("clean"))
    assert publisher.close(timeout=PATIENCE) == 7
    assert publisher.statistics().dropped == 7


def test_one_that_is_dropped_unclosed_warns(address: Address) -> None:
    publishers = [Publisher(address)]
    publishers[0].log(PhaseEvent("clean"))
    with pytest.warns(ResourceWarning, match="unclosed <Publisher to ipc://"):
        publishers.clear()
    until(lambda: "dashctl-publisher" not in [thread.name for thread in threading.enumerate()])


@pytest.mark.parametrize("run", ["x" * 33, "ü" * 17, "a\x00b"])
def test_a_run_that_fits_no_frame_is_refused(address: Address, run: str) -> None:
    with pytest.raises(UsageError, match=r"^run: "):
        Publisher(address, run=run)


def test_no_thread_before_the_first_event(address: Address) -> None:
    with Publisher(address) as publisher:
        assert "dashctl-publisher" not in [thread.name for thread in threading.enumerate()]
        publisher.log(PhaseEvent("clean"))
        assert "dashctl-publisher" in [thread.name for thread in threading.enumerate()]


def test_many_publishers_leave_nothing_behind_for_a_fork(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered: list[object] = []
    monkeypatch.setattr(os, "register_at_fork", lambda **callbacks: registered.append(callbacks))
    for _ in range(3):
        Publisher(address).close()
    _publishers.cache_clear()
    assert len(registered) <= 1


def test_a_broker_that_is_replaced_gets_what_comes_after(address: Address) -> None:
    with Publisher(address) as publisher:
        for name in ("first", "second", "third"):
            with Broker(address) as broker:
                broker.start()
                publisher.publish(ModelMetric(name, 0.5), PATIENCE)
                assert set(quiet_state(address).latest(ModelMetric)) == {(name,)}
                assert ask_status(address).lost == 0


def test_the_modules_own_functions_share_one_publisher_at_the_default_address(
    folder: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    default_publisher.cache_clear()
    with Broker() as broker:
        broker.start()
        assert publish(ModelMetric("lstm", 0.5), PATIENCE) == {"delivered": 0, "durable": False}
        assert try_publish(PhaseEvent("clean")) == 0
        assert quiet_state(broker.address).version(PhaseEvent) == 1
        assert default_publisher() is default_publisher()
        default_publisher().close()
    default_publisher.cache_clear()
    monkeypatch.setenv("DASHCTL_BUS_ADDRESS", "tcp://example.org:1")
    assert try_publish(PhaseEvent("clean")) == 0
    with pytest.raises(UsageError):
        publish(PhaseEvent("clean"))


def test_an_idle_publisher_sleeps_until_it_is_woken(
    broker: Broker, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float | None] = []

    class Poller(zmq.Poller):
        def poll(self, timeout: float | None = None) -> list[tuple[Any, int]]:
            waits.append(timeout)
            return super().poll(timeout)

    flusher = Flusher(address, "", 10)
    monkeypatch.setattr("dashctl.bus.flusher.zmq.Poller", Poller)
    assert flusher.submit(PhaseEvent("clean")).done.wait(PATIENCE)
    until(lambda: waits[-1] == -1)
    assert flusher.close(PATIENCE) == 0
