"""How long an event is on its way at 1,000 a second, apart from what a publisher waits for more.

Ours goes from a PUSH socket over the broker to a SUB socket, the peer from PUB straight to SUB: the same
frame from the same program to the same program, each sent for itself. The time of sending is its value.
"""

import statistics
import struct
import time

import zmq

from benchmarks.processes import broker, own_folder, python
from benchmarks.result import Result

EVENTS = 4_000
WARM = 200
"""Of them, that are not counted."""

_SENDER = """
import sys, time, zmq
from dashctl.events import Metric
from dashctl.wire import encode_frame, stamp
kind, endpoint, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with zmq.Context() as context, context.socket(getattr(zmq, kind)) as out:
    out.connect(endpoint) if kind == "PUSH" else out.bind(endpoint)
    print("ready", flush=True)
    sys.stdin.readline()
    front = b""
    if kind == "XPUB":
        out.recv()
        front = stamp(bytes(8), 1)
    due = time.monotonic()
    for step in range(count):
        due += 0.001
        time.sleep(max(0.0, due - time.monotonic()))
        sent = Metric("loss", step, float(time.monotonic_ns()))
        out.send(front + encode_frame(b"producer", step, "", [1.0], [sent]))
    sys.stdin.readline()
"""


def microseconds(kind: str, sent_to: str, heard_at: str) -> list[float]:
    """From sending to having it, of each event."""
    with (
        zmq.Context() as context,
        context.socket(zmq.SUB) as sub,
        python(_SENDER, kind, sent_to, EVENTS) as sender,
    ):
        sub.connect(heard_at)
        sub.subscribe(b"")
        time.sleep(0.3)
        assert sender.stdin is not None
        sender.stdin.write("go\n")
        sender.stdin.flush()
        taken: list[float] = []
        while len(taken) < EVENTS:
            message = sub.recv()
            now = time.monotonic_ns()
            # The broker's own word, once a second, is no metric.
            if b"loss" in message:
                taken.append((now - struct.unpack_from("<d", message, len(message) - 8)[0]) / 1e3)
        return sorted(taken[WARM:])


def run() -> list[Result]:
    """In turn, each twice; the better of each."""
    ours, peers = [], []
    for _ in range(2):
        with broker() as address:
            ours.append(microseconds("PUSH", address.inbox, address.outbox))
        with own_folder() as folder:
            peers.append(microseconds("XPUB", f"ipc://{folder}/raw", f"ipc://{folder}/raw"))
    mine, peer = min(ours, key=statistics.median), min(peers, key=statistics.median)
    late = len(mine) * 99 // 100
    return [
        Result("median latency", statistics.median(mine), statistics.median(peer), "PUB/SUB", "µs"),
        Result("latency of 99 in 100", mine[late], peer[late], "PUB/SUB", "µs"),
    ]
