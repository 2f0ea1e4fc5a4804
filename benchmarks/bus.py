"""How many events a second come through, from one program over the broker into the state of another.

Ours is typed from end to end: construct, number, queue, encode, pass on, remember, decode, fold; it ends
when the subscriber has folded the last event and the broker has, too. The peer does none of that: one
frame of 100 bytes a message from a PUB socket straight into a SUB socket, which is as fast as pyzmq goes
without packing several into one. Each runs in processes of its own.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from subprocess import Popen
from typing import NamedTuple

import psutil

from benchmarks.processes import broker, own_folder, python
from benchmarks.result import Result
from dashctl.bus import Address
from dashctl.bus.control import ask_status

EVENTS = 1_000_000
ROUNDS = 3

_PRODUCER = """
import sys, time
from itertools import cycle, islice
from dashctl import LogLine, Metric, Publisher
count, series, every = map(int, sys.argv[2:])
names = [f"{'x' * 50}{number:03}" for number in range(series)]  # An event is then 100 bytes encoded.
with Publisher(sys.argv[1]) as publisher:
    publisher.publish(Metric("ready", 0, 0.5), 30)
    print("ready", flush=True)
    sys.stdin.readline()
    log, statistics = publisher.log, publisher.statistics
    events = (Metric(name, step, 0.5) for step, name in enumerate(islice(cycle(names), count)))
    if every:
        events = (each if at % every else LogLine("somebody wrote it") for at, each in enumerate(events))
    for start in range(0, count, 5_000):
        for event in islice(events, 5_000):
            log(event)
        while statistics().waiting > 30_000:
            time.sleep(0.001)
    sys.stdin.readline()
"""

_SUBSCRIBER = """
import sys, time
from dashctl.bus import Arrived, Resynchronised, Subscriber
from dashctl.events import LogLine, Metric
from dashctl.state import State, fold_all
count, state, started = int(sys.argv[2]), State(), 0.0
with Subscriber(sys.argv[1]) as subscriber:
    while not isinstance(first := subscriber.receive(1.0), Resynchronised):
        pass
    state = first.state
    before = state.version(Metric) + state.version(LogLine)
    print("ready", flush=True)
    while (folded := state.version(Metric) + state.version(LogLine) - before) < count:
        match subscriber.receive(1.0):
            case Arrived(batches=batches):
                started = started or time.monotonic()
                for batch in batches:
                    fold_all(state, batch)
    state.series(Metric)  # Nothing may be left for later.
    print(started, time.monotonic(), subscriber.resyncs, flush=True)
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
    started = time.monotonic()
    for _ in range(count - 1):
        receive()
    print(started, time.monotonic(), 0, flush=True)
    sys.stdin.readline()
"""


class Workload(NamedTuple):
    """Metrics of so many series in turn; with `every`, one event in so many is a line of text."""

    name: str
    series: int
    every: int = 0


WORKLOADS = (
    Workload("1 series", 1),
    Workload("200 series", 200),
    Workload("200 series, 2 % lines", 200, every=50),
)


class Measured(NamedTuple):
    """Events a second by the clock, and processor microseconds an event over all processes."""

    rate: float
    cost: float
    parts: tuple[float, ...]
    """The same of each process: producer, subscriber, broker."""


def over_the_broker(
    workload: Workload, serving: Callable[[], AbstractContextManager[Address]] = broker
) -> Measured:
    """Typed, from publisher to the subscriber's state."""
    with (
        serving() as address,
        python(_PRODUCER, address, EVENTS, workload.series, workload.every) as producer,
        python(_SUBSCRIBER, address, EVENTS) as subscriber,
    ):
        return _measured(producer, subscriber, address)


def socket_to_socket() -> Measured:
    """From one socket to the other."""
    with own_folder() as folder:
        endpoint = f"ipc://{folder}/raw"
        with python(_PUB, endpoint, EVENTS) as producer, python(_SUB, endpoint, EVENTS) as subscriber:
            return _measured(producer, subscriber)


def _measured(producer: "Popen[str]", subscriber: "Popen[str]", address: Address | None = None) -> Measured:
    assert producer.stdin is not None
    assert subscriber.stdout is not None
    pids = [producer.pid, subscriber.pid, *([ask_status(address).pid] if address else [])]
    processes = [psutil.Process(pid) for pid in pids]
    before = [_spent(process) for process in processes]
    producer.stdin.write("go\n")
    producer.stdin.flush()
    started, ended, resyncs = subscriber.stdout.readline().split()
    assert resyncs == "0", "the subscriber was too slow and lost its place: the figure means nothing"
    end = float(ended)
    while address and ask_status(address).backlog:
        end = time.monotonic()
    spent = [(_spent(process) - past) / EVENTS * 1e6 for process, past in zip(processes, before, strict=True)]
    return Measured(EVENTS / (end - float(started)), sum(spent), tuple(spent))


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def compared(
    workload: Workload, serving: Callable[[], AbstractContextManager[Address]] = broker, note: str = ""
) -> list[Result]:
    """The best of several rounds of each, in turn."""
    rounds = [(over_the_broker(workload, serving), socket_to_socket()) for _ in range(ROUNDS)]
    ours, peer = zip(*rounds, strict=True)
    best, peers_best = max(each.rate for each in ours), max(each.rate for each in peer)
    least, peers_least = min(ours, key=lambda each: each.cost), min(each.cost for each in peer)
    parts = "producer {:.2f}, subscriber {:.2f}, broker {:.2f}".format(*least.parts)
    name = workload.name + note
    return [
        Result(f"events a second, {name}", best, peers_best, "pyzmq PUB/SUB", "1/s", more_is_better=True),
        Result(
            f"processor time an event, {name}", least.cost, peers_least, "pyzmq PUB/SUB", "µs", note=parts
        ),
    ]


def run() -> list[Result]:
    """Each workload against the peer."""
    return [result for workload in WORKLOADS for result in compared(workload)]
