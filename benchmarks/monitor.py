"""The monitor in a terminal whose bytes are counted: what it sends, what it takes, how soon it answers.

Each figure stands against what is aimed at, or, where there is one, against a program that does as little as
can be done: importing what a screen cannot do without.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.processes import broker, python
from benchmarks.pseudo_terminal import ASKED, PseudoTerminal, monitor
from benchmarks.result import Result
from dashctl.bus import Address, Publisher
from dashctl.events import Metric, ModelMetric

_KEYS = 60
_SERIES = 5_000
_FLOOD = 100_000
_SLOW_LINE = 250_000.0
_ROUND_TRIP = 0.05
_AIM = "the aim"

_FLOODING = """
import sys, time
from dashctl.bus import Publisher
from dashctl.events import Metric
address, rate = sys.argv[1], int(sys.argv[2])
with Publisher(address, run="flood") as publisher:
    print("ready", flush=True)
    names, step, begun = [f"layer{i}/loss" for i in range(200)], 0, time.monotonic()
    while True:
        while step < (time.monotonic() - begun) * rate:
            publisher.log(Metric(names[step % 200], step // 200, step % 997 / 997))
            step += 1
        time.sleep(0.005)
"""
_SHARES = """
import sys, time, random
from dashctl.bus import Publisher
from dashctl.events import PointCloud
address, points = sys.argv[1], int(sys.argv[2])
chance = random.Random(7)
centres = [[chance.uniform(-2, 2) for _ in range(3)] for _ in range(10)]
x, y, z = ([centres[i % 10][axis] + chance.gauss(0, 0.35) for i in range(points)] for axis in range(3))
with Publisher(address, run="cloud") as publisher:
    clusters = [f"cluster {i % 10}" for i in range(points)]
    publisher.publish(PointCloud.pack("windows", x, y, z, cluster=clusters))
print("ready", flush=True)
sys.stdin.readline()
"""


def worst_of_hundred(values: list[float]) -> float:
    """The value that one in a hundred exceeds."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def answer(screen: PseudoTerminal, key: bytes, patience: float = 5.0) -> float:
    """Seconds from a key until the first byte of what it changed has come."""
    mark, pressed = screen.mark(), screen.type(key)
    while screen.mark() == mark and time.monotonic() - pressed < patience:
        time.sleep(0.0005)
    return (screen.received[mark][0] if screen.mark() > mark else time.monotonic()) - pressed


def first_picture() -> Result:
    """Processor time from the command to its first picture, with a broker already there."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def imported() -> float:
        command = [sys.executable, "-c", "import numpy, textual.app, textual.widgets, zmq, msgspec"]
        process = subprocess.Popen(command, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return used.ru_utime + used.ru_stime

    def drawn(address: Address) -> float:
        with monitor(address) as screen:
            return screen.cpu()

    with broker() as address:
        rounds = [(drawn(address), imported()) for _ in range(7)]
    ours, peer = (statistics.median(each) * 1e3 for each in zip(*rounds, strict=True))
    return Result("first picture", ours, peer, "importing numpy, textual, zmq, msgspec", "ms CPU")


def idle() -> list[Result]:
    """Ten seconds in which nothing happens, at a scene that shows no time of day."""
    with broker() as address, monitor(address, "--scene", "baseline") as screen:
        screen.quiet(2.0)
        mark, spent = screen.mark(), _nanoseconds(screen)
        time.sleep(10)
        share = (_nanoseconds(screen) - spent) / 10e9 * 100
        note = f"{screen.bytes_since(mark)} bytes sent"
    return [Result("idle", share, 0.5, _AIM, "% of a core", note=note)]


def _nanoseconds(screen: PseudoTerminal) -> int:
    """Processor time of all threads: finer than the ticks that are told of a process."""
    threads = Path(f"/proc/{screen.process.pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads)


def flood() -> list[Result]:
    """Keys while 100,000 events a second arrive in 200 series."""
    with broker() as address, python(_FLOODING, address, _FLOOD), monitor(address) as screen:
        screen.type(b"T")
        time.sleep(3)
        mark, spent, begun = screen.mark(), screen.cpu(), time.monotonic()
        time.sleep(8)
        passed = time.monotonic() - begun
        frames = screen.sent_since(mark).count(ASKED) / passed
        share = (screen.cpu() - spent) / passed * 100
        waits = []
        for number in range(_KEYS):
            time.sleep(0.05)
            waits.append(_shown(screen, *((b"9", b"No model") if number % 2 == 0 else (b"T", b"layer"))))
    name = "100,000 events a second"
    note = f"median {statistics.median(waits) * 1e3:.0f} ms"
    return [
        Result(f"{name}, pictures a second", frames, 30, _AIM, "1/s", more_is_better=True),
        Result(f"{name}, processor time", share, 100, _AIM, "% of a core"),
        Result(f"{name}, key to picture, p99", worst_of_hundred(waits) * 1e3, 50, _AIM, "ms", note=note),
    ]


def switching() -> list[Result]:
    """From one scene to another while 5,000 series are known."""
    with broker() as address:
        with Publisher(address, run="run") as publisher:
            for step in range(20):
                for number in range(_SERIES):
                    publisher.log(Metric(f"layer{number}/norm", step, number + step / 7))
        with monitor(address) as screen:
            screen.quiet(1.0)
            waits = []
            for key in b"T1B9T4T8TR" * 4:
                waits.append(answer(screen, bytes([key])))
                screen.quiet(0.1)
    note = f"the worst of {len(waits)}: {max(waits) * 1e3:.0f} ms"
    median = statistics.median(waits) * 1e3
    return [Result("another scene, 5,000 series, median", median, 50, _AIM, "ms", note=note)]


def event_to_picture() -> list[Result]:
    """From `log` in another program's queue to the first byte on the terminal, 20 events a second."""
    waits = []
    with (
        broker() as address,
        monitor(address, "--scene", "models") as screen,
        Publisher(address, run="run") as publisher,
    ):
        publisher.publish(ModelMetric("lstm", 0.5))
        screen.quiet(0.5)
        for number in range(200):
            mark, logged = screen.mark(), time.monotonic()
            publisher.log(ModelMetric("lstm", (number % 997 + 1) / 1000))
            while screen.mark() == mark and time.monotonic() - logged < 2:
                time.sleep(0.0005)
            waits.append(screen.received[mark][0] - logged)
            time.sleep(0.04 + number % 7 / 200)
    return [
        Result("event to picture, median", statistics.median(waits) * 1e3, 60, _AIM, "ms"),
        Result("event to picture, p99", worst_of_hundred(waits) * 1e3, 60, _AIM, "ms"),
    ]


def slow_line() -> list[Result]:
    """A cloud that spins over a line of 250 KB/s and 50 ms there and back; keys change the scene."""
    with (
        broker() as address,
        python(_SHARES, address, 60_000),
        monitor(address, "--scene", "knn", bytes_a_second=_SLOW_LINE, round_trip=_ROUND_TRIP) as screen,
    ):
        screen.quiet(1.0)
        screen.type(b"s")
        time.sleep(4)
        mark = screen.mark()
        time.sleep(5)
        sent = screen.sent_since(mark)
        frames = max(1, sent.count(ASKED))
        said = b"slow line" in screen.sent_since(0)
        waits = []
        for key, words in ((b"9", b"No model"), (b"K", b"points")) * 5:
            waits.append(_shown(screen, key, words))
            time.sleep(0.3)
    frame = len(sent) / frames / _SLOW_LINE
    # A frame may be on its way when the key is pressed; then comes the one that answers it.
    aim = (_ROUND_TRIP + 2 * frame) * 1e3
    note = f"{frames / 5:.1f} pictures a second of {len(sent) / frames / 1e3:.1f} kB"
    note += ", and it says so" if said else ", and it does NOT say so"
    return [
        Result(
            "slow line, key to picture, worst",
            max(waits) * 1e3,
            aim,
            "a frame waited for, RTT, its own",
            "ms",
            note=note,
        )
    ]


def _shown(screen: PseudoTerminal, key: bytes, words: bytes) -> float:
    """Seconds from a key until these words have come."""
    mark, pressed = screen.mark(), time.monotonic()
    screen.type(key)
    return screen.wait_for(words, mark, 10.0) - pressed


def spinning() -> list[Result]:
    """A cloud of a million points that turns by itself."""
    with (
        broker() as address,
        python(_SHARES, address, 1_000_000),
        monitor(address, "--scene", "knn") as screen,
    ):
        screen.wait_for(b"points")
        screen.quiet(1.0)
        screen.type(b"s")
        time.sleep(2)
        mark, spent, begun = screen.mark(), screen.cpu(), time.monotonic()
        time.sleep(6)
        passed = time.monotonic() - begun
        share = (screen.cpu() - spent) / passed * 100
        sent = screen.sent_since(mark)
        frames = max(1, sent.count(ASKED))
    return [
        Result(
            "a million points spinning, pictures a second",
            frames / passed,
            30,
            _AIM,
            "1/s",
            more_is_better=True,
        ),
        Result("a million points spinning, processor time", share, 25, _AIM, "% of a core"),
        Result("a million points spinning, a frame", len(sent) / frames / 1e3, 20, _AIM, "kB"),
    ]


PARTS: tuple[Callable[[], Result | list[Result]], ...] = (
    first_picture,
    idle,
    event_to_picture,
    flood,
    switching,
    slow_line,
    spinning,
)


def run() -> list[Result]:
    """All of them, one after the other."""
    results: list[Result] = []
    for part in PARTS:
        found = part()
        results += found if isinstance(found, list) else [found]
    return results
