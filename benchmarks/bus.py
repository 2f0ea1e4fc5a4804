"""How many events a second come through, from one program over the broker to another.

Ours is typed from end to end: construct, number, queue, encode, pass on, remember, decode. The peer
does none of that: one frame of 100 bytes a message from a PUB socket straight into a SUB socket, which
is as fast as pyzmq goes without packing several into one. Each runs in processes of its own.
"""

from subprocess import Popen
from typing import NamedTuple

import psutil

from benchmarks.processes import broker, own_folder, python
from benchmarks.result import Result
from dashctl.bus.control import ask_status

EVENTS = 600_000
ROUNDS = 3

_PRODUCER = """
import sys, time
from dashctl import Metric, Publisher
count = int(sys.argv[2])
name = "x" * 53  # An event is then 100 bytes encoded.
with Publisher(sys.argv[1]) as publisher:
    publisher.publish(Metric("ready", 0, 0.5), 30)
    print("ready", flush=True)
    sys.stdin.readline()
    log, statistics = publisher.log, publisher.statistics
    for start in range(0, count, 5_000):
        for step in range(start, start + 5_000):
            log(Metric(name, step, 0.5))
        while statistics().waiting > 30_000:
            time.sleep(0.001)
    sys.stdin.readline()
"""

_SUBSCRIBER = """
import sys, time
from dashctl.bus import Arrived, Subscriber
from dashctl.events import Metric
count, seen, started = int(sys.argv[2]), 0, 0.0
with Subscriber(sys.argv[1]) as subscriber:
    while not subscriber.receive(0.1):
        pass
    print("ready", flush=True)
    while seen < count:
        match subscriber.receive(1.0):
            case Arrived(events=events):
                metrics = sum(type(each.event) is Metric for each in events)
                started = started or (metrics and time.perf_counter())
                seen += metrics
    print(seen / (time.perf_counter() - started), subscriber.resyncs, flush=True)
    sys.stdin.readline()
"""

_PUB = """
import sys, zmq
with zmq.Context() as context, context.socket(zmq.XPUB) as pub:
    pub.sndhwm = 0
    pub.bind(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    pub.recv()
    send, message = pub.send, b"x" * 100
    for _ in range(int(sys.argv[2])):
        send(message)
    sys.stdin.readline()
"""

_SUB = """
import sys, time, zmq
count = int(sys.argv[2])
with zmq.Context() as context, context.socket(zmq.SUB) as sub:
    sub.rcvhwm = 0
    sub.subscribe(b"")
    sub.connect(sys.argv[1])
    print("ready", flush=True)
    receive = sub.recv
    receive()
    started = time.perf_counter()
    for _ in range(count - 1):
        receive()
    print(count / (time.perf_counter() - started), 0, flush=True)
    sys.stdin.readline()
"""


class Measured(NamedTuple):
    """Events a second by the clock, and processor microseconds an event over all processes."""

    rate: float
    cost: float


def over_the_broker() -> Measured:
    """Typed, from publisher to subscriber."""
    with (
        broker() as address,
        python(_PRODUCER, address, EVENTS) as producer,
        python(_SUBSCRIBER, address, EVENTS) as subscriber,
    ):
        return _measured(producer, subscriber, ask_status(address).pid)


def socket_to_socket() -> Measured:
    """From one socket to the other."""
    with own_folder() as folder:
        endpoint = f"ipc://{folder}/raw"
        with python(_PUB, endpoint, EVENTS) as producer, python(_SUB, endpoint, EVENTS) as subscriber:
            return _measured(producer, subscriber)


def _measured(producer: "Popen[str]", subscriber: "Popen[str]", *others: int) -> Measured:
    assert producer.stdin is not None
    assert subscriber.stdout is not None
    processes = [psutil.Process(pid) for pid in (producer.pid, subscriber.pid, *others)]
    before = sum(map(_spent, processes))
    producer.stdin.write("go\n")
    producer.stdin.flush()
    rate, resyncs = subscriber.stdout.readline().split()
    assert resyncs == "0", "the subscriber was too slow and lost its place: the figure means nothing"
    return Measured(float(rate), (sum(map(_spent, processes)) - before) / EVENTS * 1e6)


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def run() -> list[Result]:
    """The best of several rounds of each, in turn."""
    rounds = [(over_the_broker(), socket_to_socket()) for _ in range(ROUNDS)]
    ours, peer = zip(*rounds, strict=True)
    best, peers_best = max(each.rate for each in ours), max(each.rate for each in peer)
    cost, peers_cost = min(each.cost for each in ours), min(each.cost for each in peer)
    note = "three processes against two: it depends on how many cores are free"
    return [
        Result("events a second", best, peers_best, "pyzmq PUB/SUB", "1/s", more_is_better=True, note=note),
        Result("processor time an event", cost, peers_cost, "pyzmq PUB/SUB", "µs"),
    ]
