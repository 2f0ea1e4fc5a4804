"""How long a cloud of 60,000 points takes from one program to another, constructed at one end and checked
at the other.

Ours goes over the broker, which remembers it; the peer goes from a PUB socket straight to the SUB socket,
as the same frame, made and opened by the same code.
"""

import statistics
import time

import zmq

from benchmarks.processes import broker, own_folder, python
from benchmarks.result import Result
from dashctl.events import PointCloud
from dashctl.wire import STAMP_SIZE, open_frame

POINTS = 60_000
CLOUDS = 60
ROUNDS = 3

_SENDER = """
import sys, time, zmq, random
from array import array
from dashctl.events import PointCloud
from dashctl.wire import encode_frame, stamp
kind, endpoint, count, points = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
x, y, z = (array("f", (random.gauss(0, 1) for _ in range(points))) for _ in range(3))
with zmq.Context() as context, context.socket(getattr(zmq, kind)) as out:
    out.connect(endpoint) if kind == "PUSH" else out.bind(endpoint)
    print("ready", flush=True)
    sys.stdin.readline()
    front = b""
    if kind == "XPUB":
        out.recv()
        front = stamp(bytes(8), 1)
    for number in range(count):
        time.sleep(0.03)
        sent = time.monotonic()
        frame = encode_frame(b"producer", number, "", [sent], [PointCloud("cloud", x, y, z)])
        out.send(front + frame if front else frame, copy=False)
    sys.stdin.readline()
"""


def milliseconds(kind: str, sent_to: str, heard_at: str) -> float:
    """Of one cloud, the median."""
    with (
        zmq.Context() as context,
        context.socket(zmq.SUB) as sub,
        python(_SENDER, kind, sent_to, CLOUDS, POINTS) as sender,
    ):
        sub.connect(heard_at)
        sub.subscribe(b"")
        time.sleep(0.3)
        assert sender.stdin is not None
        sender.stdin.write("go\n")
        sender.stdin.flush()
        taken: list[float] = []
        while len(taken) < CLOUDS:
            opened = open_frame(memoryview(sub.recv())[STAMP_SIZE:])
            now = time.monotonic()
            taken += [now - each.time for each in opened.events if isinstance(each.event, PointCloud)]
        return statistics.median(taken) * 1e3


def run() -> list[Result]:
    """In turn; the best of each."""
    ours, peers = [], []
    for _ in range(ROUNDS):
        with broker() as address:
            ours.append(milliseconds("PUSH", address.inbox, address.outbox))
        with own_folder() as folder:
            peers.append(milliseconds("XPUB", f"ipc://{folder}/raw", f"ipc://{folder}/raw"))
    return [Result("cloud of 60k points, end to end", min(ours), min(peers), "PUB/SUB", "ms")]
