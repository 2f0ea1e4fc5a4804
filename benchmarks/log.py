"""What logging one scalar costs the thread that trains, in a burst.

Processor time of the calling thread alone, which is what the training loop loses: all of them write
from a thread of their own, but for the socket, which has none.
"""

import time
from collections.abc import Callable

import msgspec
import zmq
from torch.utils.tensorboard import SummaryWriter

from benchmarks.processes import broker, own_folder
from benchmarks.result import Result
from dashctl.bus import Publisher
from dashctl.events import Metric

BURST = 20_000
BURSTS = 7


def microseconds(log: Callable[[int], object], settle: Callable[[], object]) -> float:
    """Of one call, in the best of several bursts: other work only ever adds to it."""
    best = float("inf")
    for _ in range(BURSTS):
        started = time.thread_time()
        for step in range(BURST):
            log(step)
        best = min(best, (time.thread_time() - started) / BURST)
        settle()
    return best * 1e6


def with_publisher() -> float:
    """Our own: construct the event and log it; a broker takes it."""
    with broker() as address, Publisher(address) as publisher:
        log = publisher.log

        def settle() -> None:
            while publisher.statistics().waiting:
                time.sleep(0.01)

        spent = microseconds(lambda step: log(Metric("loss", step, 0.5)), settle)
        assert publisher.statistics().dropped == 0
        return spent


def with_summary_writer() -> float:
    """torch's SummaryWriter, to a file on disk."""
    with own_folder() as folder, SummaryWriter(str(folder)) as writer:
        add = writer.add_scalar
        return microseconds(lambda step: add("loss", 0.5, step), writer.flush)


def with_socket() -> float:
    """msgspec and a pyzmq PUB socket, in the calling thread, with a subscriber."""
    with (
        own_folder() as folder,
        zmq.Context() as context,
        context.socket(zmq.PUB) as pub,
        context.socket(zmq.SUB) as sub,
    ):
        pub.sndhwm = sub.rcvhwm = 2 * BURST
        pub.bind(f"ipc://{folder}/pub")
        sub.subscribe(b"")
        sub.connect(f"ipc://{folder}/pub")
        encode, send = msgspec.msgpack.Encoder().encode, pub.send
        while not sub.poll(10):
            send(b"")

        def settle() -> None:
            while sub.poll(100):
                sub.recv()

        return microseconds(lambda step: send(encode(Metric("loss", step, 0.5))), settle)


def run() -> list[Result]:
    """Our log() against the peers."""
    ours = with_publisher()
    return [
        Result("log a scalar", ours, with_summary_writer(), "SummaryWriter.add_scalar", "µs"),
        Result("log a scalar", ours, with_socket(), "msgspec + pyzmq PUB send", "µs"),
    ]
