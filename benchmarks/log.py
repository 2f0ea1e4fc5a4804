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
from dashctl import Run
from dashctl.bus import Publisher, PublisherStatistics
from dashctl.events import Metric

BURST = 20_000
BURSTS = 15


def microseconds(burst: Callable[[], object], settle: Callable[[], object]) -> float:
    """Of one of BURST times round a loop, in the best of several: other work only ever adds to it."""
    best = float("inf")
    for _ in range(BURSTS):
        started = time.thread_time()
        burst()
        best = min(best, (time.thread_time() - started) / BURST)
        settle()
    return best * 1e6


def with_publisher() -> float:
    """Our own: construct the event and log it; a broker takes it."""
    with broker() as address, Publisher(address) as publisher:
        log = publisher.log

        def burst() -> None:
            for step in range(BURST):
                log(Metric("loss", step, 0.5))

        return _settled(burst, publisher.statistics)


def with_run(values: dict[str, float]) -> float:
    """A training run, which is one line: its log() checks each value and gives it a name."""
    with broker() as address, Run("benchmark", address=address) as opened:
        log = opened.log

        def burst() -> None:
            for step in range(BURST // len(values)):
                log(step, **values)

        return _settled(burst, opened.statistics)


def _settled(burst: Callable[[], object], statistics: Callable[[], PublisherStatistics]) -> float:
    def settle() -> None:
        while statistics().waiting:
            time.sleep(0.01)

    spent = microseconds(burst, settle)
    assert statistics().dropped == 0
    return spent


def with_summary_writer() -> float:
    """torch's SummaryWriter, to a file on disk."""
    with own_folder() as folder, SummaryWriter(str(folder)) as writer:
        add = writer.add_scalar

        def burst() -> None:
            for step in range(BURST):
                add("loss", 0.5, step)

        return microseconds(burst, writer.flush)


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

        def burst() -> None:
            for step in range(BURST):
                send(encode(Metric("loss", step, 0.5)))

        def settle() -> None:
            while sub.poll(100):
                sub.recv()

        return microseconds(burst, settle)


def run() -> list[Result]:
    """Our log() against the peers."""
    ours, of_run = with_publisher(), with_run({"loss": 0.5})
    writer, socket = with_summary_writer(), with_socket()
    return [
        Result("log a scalar", ours, writer, "SummaryWriter.add_scalar", "µs"),
        Result("log a scalar", ours, socket, "msgspec + pyzmq PUB send", "µs"),
        Result("Run.log of a scalar", of_run, writer, "SummaryWriter.add_scalar", "µs"),
    ]
