"""Several processes: what happens when one of them is killed, stopped, forked or leaves in a hurry."""

import signal
from functools import partial

import zmq

from dashctl.bus import Address, Broker, Follower, Publisher, door, subscriber
from dashctl.bus.address import make_private
from dashctl.bus.control import ask_snapshot, ask_status
from dashctl.events import Metric, ModelMetric
from dashctl.wire import encode_frame
from tests.core.bus.processes import (
    PATIENCE,
    broker_process,
    events_in,
    finished,
    is_gone,
    quiet_state,
    said,
    script,
    until,
)

LOG_FOR_EVER = """
import sys, time
from dashctl import Metric, Publisher
with Publisher(sys.argv[1]) as publisher:
    step = 0
    while True:
        for _ in range(int(sys.argv[2])):
            publisher.log(Metric("loss", step, 0.5))
            step += 1
        time.sleep(0.002)
"""

FOLLOW = """
import sys, time
from dashctl.bus import Follower
from dashctl.events import Metric
with Follower(sys.argv[1]) as follower:
    while not follower.connection().connected:
        time.sleep(0.01)
    print("connected", flush=True)
    sys.stdin.readline()
    wanted = int(sys.stdin.readline())
    while True:
        with follower.lock:
            if follower.state.version(Metric) >= wanted:
                break
        time.sleep(0.01)
    print(follower.connection().resyncs, follower.connection().lost, flush=True)
"""


def steps_seen(address: Address) -> int:
    return quiet_state(address).version(Metric)


def has_events(address: Address, count: int) -> bool:
    return events_in(address) > count


def test_a_killed_broker_comes_back_and_all_find_it_again(address: Address) -> None:
    with script(LOG_FOR_EVER, address, 5), Follower(address) as follower:
        with broker_process(address) as broker:
            until(lambda: events_in(address) and steps_seen(address) > 100)
            first = until(lambda: c.epoch if (c := follower.connection()).connected else None)
            broker.kill()
            broker.wait()
        assert address.has_sockets()
        with broker_process(address):
            until(lambda: steps_seen(address) > 100)
            until(lambda: follower.connection().epoch not in {"", first})
            assert follower.connection().resyncs == 1
            assert ask_status(address).lost == 0


def test_a_producer_that_is_killed_in_a_burst_harms_nobody(broker: Broker, address: Address) -> None:
    for _ in range(3):
        enough = events_in(address) + 20_000
        with script(LOG_FOR_EVER, address, 2_000) as producer:
            until(partial(has_events, address, enough))
            producer.kill()
    with Publisher(address) as publisher:
        assert publisher.publish(ModelMetric("after", 0.5), PATIENCE) == {"delivered": 0, "durable": False}
    assert ask_status(address).rejected == {}


def test_a_producer_that_ends_while_there_is_no_room_for_its_frames_harms_nobody(address: Address) -> None:
    code = """
import sys, time, zmq
from dashctl.bus import Address
from dashctl.bus.door import TAKEN_IN, Door
address = Address.parse(sys.argv[1])
with zmq.Context() as context, zmq.Context() as theirs:
    door = Door(context, address, b"an epoch")
    with theirs.socket(zmq.PUSH) as producer:
        producer.linger = 200
        producer.connect(address.inbox)
        for _ in range(5 * TAKEN_IN):
            producer.send(bytes(100))
        assert door.inbox.poll(10_000)
    time.sleep(3)
    door.close(0)
"""
    assert address.folder is not None
    make_private(address.folder)
    with script(code, address) as process:
        assert process.communicate(timeout=PATIENCE) == ("", "")
        assert process.returncode == 0


def test_a_killed_monitor_is_counted_out_and_its_successor_sees_everything(
    broker: Broker, address: Address
) -> None:
    with Publisher(address) as publisher:
        publisher.publish(Metric("loss", 0, 0.5), PATIENCE)
        for step in (1, 2):
            with script(FOLLOW, address) as monitor:
                assert said(monitor) == "connected"
                assert publisher.publish(Metric("loss", step, 0.5), PATIENCE) == {
                    "delivered": 1,
                    "durable": False,
                }
                monitor.kill()
            until(lambda: ask_status(address).monitors == 0)
        with script(FOLLOW, address) as monitor:
            assert said(monitor) == "connected"
            output, errors = monitor.communicate("\n3\n", timeout=PATIENCE)
        assert (output, errors) == ("0 0\n", "")


def test_a_stopped_monitor_slows_nobody_down_and_resynchronises(broker: Broker, address: Address) -> None:
    """Far more frames than are kept for one monitor, one event in each."""
    count = 2 * (door.QUEUED + subscriber.QUEUED)
    with script(FOLLOW, address) as monitor:
        assert said(monitor) == "connected"
        monitor.send_signal(signal.SIGSTOP)
        with zmq.Context() as context, context.socket(zmq.PUSH) as push:
            push.connect(address.inbox)
            for step in range(count):
                push.send(encode_frame(b"producer", step, "", [1.0], [Metric("x" * 200, step, 0.5)]))
            until(lambda: events_in(address) >= count)
        monitor.send_signal(signal.SIGCONT)
        output, errors = monitor.communicate(f"\n{count}\n", timeout=PATIENCE)
    assert (output, errors) == ("1 0\n", "")
    assert ask_status(address).lost == 0


def test_both_sides_of_a_fork_publish(broker: Broker, address: Address) -> None:
    code = """
import os, sys
from dashctl import Metric, Publisher
publisher = Publisher(sys.argv[1])
publisher.publish(Metric("before", 0, 0.5), 30)
for step in range(1_000):
    publisher.log(Metric("parent", step, 0.5))
child = os.fork()
for step in range(1_000):
    publisher.log(Metric("child" if child == 0 else "parent", 1_000 + step, 0.5))
publisher.publish(Metric("after", 0, 0.5), 30)
left = publisher.close(30)
if child:
    assert os.waitpid(child, 0)[1] == 0
sys.exit(left)
"""
    with script(code, address) as process:
        finished(process)
    state = quiet_state(address)
    assert {name for _, name in state.series(Metric)} == {"before", "parent", "child", "after"}
    assert state.version(Metric) == 1 + 2_000 + 1_000 + 2
    status = ask_status(address)
    assert (status.lost, status.duplicates) == (0, 0)


def test_children_of_multiprocessing_need_not_close(broker: Broker, address: Address) -> None:
    code = """
import multiprocessing, sys
from dashctl import Metric, Publisher
def log(name):
    for step in range(100):
        publisher.log(Metric(name, step, 0.5))
with Publisher(sys.argv[1]) as publisher:
    publisher.publish(Metric("parent", 0, 0.5), 30)
    children = [multiprocessing.get_context("fork").Process(target=log, args=(f"c{n}",)) for n in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
"""
    with script(code, address) as process:
        finished(process)
    assert quiet_state(address).version(Metric) == 301
    assert ask_status(address).lost == 0


def test_a_process_that_ends_without_closing_has_delivered(broker: Broker, address: Address) -> None:
    code = """
import sys, dashctl
publisher = dashctl.Publisher(sys.argv[1])
for step in range(5_000):
    publisher.log(dashctl.Metric("loss", step, 0.5))
"""
    with script(code, address) as process:
        finished(process)
    assert steps_seen(address) == 5_000


def test_nor_is_it_held_up_where_there_is_no_broker(address: Address) -> None:
    code = """
import sys, dashctl
publisher = dashctl.Publisher(sys.argv[1])
for step in range(5_000):
    publisher.log(dashctl.Metric("loss", step, 0.5))
"""
    with script(code, address) as process:
        finished(process)


def test_a_host_that_ends_without_stopping_its_broker_ends(address: Address) -> None:
    code = """
import sys
from dashctl import PhaseEvent
from dashctl.bus import Broker, Follower, Publisher
broker = Broker(sys.argv[1])
broker.start()
broker.publish(PhaseEvent("clean"))
follower = Follower(sys.argv[1])
follower.start()
publisher = Publisher(sys.argv[1])
publisher.publish(PhaseEvent("clean"), 30)
"""
    with script(code, address) as process:
        finished(process)
    assert is_gone(address)
    with Broker(address) as broker:
        broker.start()
        assert ask_status(address).events >= 0


def test_a_fork_of_a_host_does_not_touch_its_broker(address: Address) -> None:
    code = """
import os, sys
from dashctl import PhaseEvent
from dashctl.bus import Broker
from dashctl.errors import Closed
with Broker(sys.argv[1]) as broker:
    broker.start()
    child = os.fork()
    if child == 0:
        try:
            broker.publish(PhaseEvent("clean"))
        except Closed:
            sys.exit(0)
        sys.exit(1)
    assert os.waitpid(child, 0)[1] == 0
    from dashctl.bus.control import ask_status
    assert ask_status(sys.argv[1]).pid == os.getpid()
"""
    with script(code, address) as process:
        finished(process)


def test_a_terminated_broker_ends_cleanly(address: Address) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with broker_process(address) as broker:
            broker.send_signal(number)
            assert finished(broker) == ""
        assert is_gone(address)
        assert not address.has_sockets()


def test_sockets_left_behind_by_a_killed_broker_are_replaced(address: Address) -> None:
    with broker_process(address) as broker:
        broker.kill()
        broker.wait()
    assert address.has_sockets()
    assert is_gone(address)
    with broker_process(address):
        assert ask_status(address, PATIENCE).monitors == 0


def test_a_broker_that_was_stopped_for_a_while_goes_on(address: Address) -> None:
    with broker_process(address) as broker, Publisher(address) as publisher:
        publisher.publish(Metric("loss", 0, 0.5), PATIENCE)
        broker.send_signal(signal.SIGSTOP)
        for step in range(1, 60_000):
            publisher.log(Metric("loss", step, 0.5))
        until(lambda: publisher.statistics().sent > 1)
        assert publisher.statistics().waiting > 0
        broker.send_signal(signal.SIGCONT)
        until(lambda: ask_snapshot(address, PATIENCE).version(Metric) == 60_000)
        assert ask_status(address).lost == 0
