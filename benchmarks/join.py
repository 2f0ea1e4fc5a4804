"""How long a monitor that comes late takes until it has everything, while 200,000 events a second go on.

Ours is from constructing a Subscriber until it hands out the state, 200 curves of up to 1,000 points; the
peer connects a SUB socket to a PUB socket, and has its first message, and nothing of what was before.
"""

import statistics
import time

import zmq

from benchmarks.processes import broker, own_folder, python
from benchmarks.result import Result
from dashctl.bus import Address, Resynchronised, Subscriber
from dashctl.bus.control import ask_status
from dashctl.events import Metric

SERIES = 200
POINTS = 1_000
RATE = 200_000
JOINS = 100
WATCHED = 0.05
"""Seconds for which each stays, to see whether anything is missing."""

_PRODUCER = """
import sys, time
from itertools import count, cycle, islice
from dashctl import Metric, Publisher
series, filled, rate = map(int, sys.argv[2:])
names = [f"metric/{number:03}" for number in range(series)]
events = (Metric(name, step, 0.5) for step, name in zip(count(), cycle(names)))
with Publisher(sys.argv[1]) as publisher:
    log, statistics = publisher.log, publisher.statistics
    def log_some(some):
        for event in islice(events, some):
            log(event)
    for _ in range(filled // 5_000):
        log_some(5_000)
        while statistics().waiting > 30_000:
            time.sleep(0.001)
    publisher.publish(Metric("filled", 0, 0.5), 30)
    print("ready", flush=True)
    due = time.monotonic()
    while True:
        due += 0.005
        log_some(rate // 200)
        time.sleep(max(0.0, due - time.monotonic()))
"""

_PUB = """
import sys, time, zmq
with zmq.Context() as context, context.socket(zmq.PUB) as pub:
    pub.bind(sys.argv[1])
    print("ready", flush=True)
    rate, due = int(sys.argv[2]), time.monotonic()
    while True:
        due += 0.005
        for _ in range(rate // 200):
            pub.send(b"x" * 100)
        time.sleep(max(0.0, due - time.monotonic()))
"""


def join(address: Address) -> tuple[float, int]:
    """Milliseconds until everything is there, and how often something was missing afterwards."""
    started = time.monotonic()
    with Subscriber(address) as subscriber:
        while not isinstance(news := subscriber.receive(1.0), Resynchronised):
            pass
        taken = time.monotonic() - started
        assert len(news.state.series(Metric)) >= SERIES
        until = time.monotonic() + WATCHED
        while time.monotonic() < until:
            subscriber.receive(0.01)
        return taken * 1e3, subscriber.resyncs


def connect(endpoint: str) -> float:
    """Milliseconds until the first message."""
    started = time.monotonic()
    with zmq.Context() as context, context.socket(zmq.SUB) as sub:
        sub.subscribe(b"")
        sub.connect(endpoint)
        sub.recv()
        taken = time.monotonic() - started
    time.sleep(WATCHED)
    return taken * 1e3


def run() -> list[Result]:
    """A hundred of each, one after the other."""
    with broker() as address, python(_PRODUCER, address, SERIES, SERIES * POINTS, RATE):
        time.sleep(1.0)
        before, began = ask_status(address).events, time.monotonic()
        joins = [join(address) for _ in range(JOINS)]
        rate = (ask_status(address).events - before) / (time.monotonic() - began)
    with own_folder() as folder, python(_PUB, f"ipc://{folder}/raw", RATE):
        peers = [connect(f"ipc://{folder}/raw") for _ in range(JOINS)]
    ours, gaps = [taken for taken, _ in joins], sum(missing for _, missing in joins)
    note = f"{JOINS} joins under {rate:,.0f} events/s, {gaps} gaps"
    peer = "SUB connect + first message"
    return [
        Result("join, median", statistics.median(ours), statistics.median(peers), peer, "ms", note=note),
        Result("join, worst", max(ours), max(peers), peer, "ms"),
    ]
