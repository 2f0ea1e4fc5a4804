"""Hosts: what telling of one costs, what remembering hundreds takes, and how long their picture takes.

Peers: psutil's own calls for the same readings; the events kept as they came, for as many moments; a table of
rich with one line for each host, at the same width.
"""

import io
import random
import tracemalloc
from collections import deque
from collections.abc import Callable
from time import process_time
from typing import Any

import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.result import Result
from dashctl.events import AnyEvent, Gpu, HostStats
from dashctl.state import State, fold
from dashctl_producers.host import Machine
from dashctl_tui.plots.ansi import to_ansi
from dashctl_tui.plots.skin import Skin
from dashctl_tui.scenes import scene_named

HOSTS, REMEMBERED, MOMENTS, GPUS, CORES = 500, 50, 300, 8, 64
WIDTH, HEIGHT = 120, 40
_NOW = 1.7e9
_SCENE = scene_named("hosts")


def word_of(number: int, chance: random.Random) -> HostStats:
    """What a busy machine says, as it comes off the wire."""
    gpus = tuple(
        Gpu("NVIDIA H100", 100 * chance.random(), int(8e10 * chance.random()), 10**11, 60.0, 650.0, 700.0)
        for _ in range(GPUS)
    )
    told = HostStats(
        f"node-{number:03}",
        cpu=100 * chance.random(),
        cores=tuple(100 * chance.random() for _ in range(CORES)),
        load=chance.random(),
        memory=100 * chance.random(),
        net_in=1e9 * chance.random(),
        net_out=1e9 * chance.random(),
        disk=60.0,
        gpus=gpus,
    )
    word: HostStats = msgspec.msgpack.decode(msgspec.msgpack.encode(told), type=AnyEvent)
    return word


def megabytes_kept(keep: Callable[[float, HostStats], object]) -> float:
    """What is allocated after every host told of every moment."""
    chance = random.Random(7)
    tracemalloc.start()
    for moment in range(MOMENTS):
        for number in range(REMEMBERED):
            keep(_NOW + moment, word_of(number, chance))
    size = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    return size


def in_columns() -> float:
    state = State()
    return megabytes_kept(lambda time, word: fold(state, word, time))


def as_they_came() -> float:
    kept: dict[str, deque[tuple[float, HostStats]]] = {}

    def keep(time: float, word: HostStats) -> None:
        kept.setdefault(word.host, deque(maxlen=MOMENTS)).append((time, word))

    return megabytes_kept(keep)


def milliseconds(call: Callable[[], object], times: int) -> float:
    """Processor time of one call: the best of several batches, since other work only ever adds to it."""
    call()
    batches = []
    for _ in range(5):
        started = process_time()
        for _ in range(times):
            call()
        batches.append((process_time() - started) / times * 1e3)
    return min(batches)


def psutil_reading() -> list[Any]:
    """The same readings, each by the call that psutil has for it."""
    return [
        psutil.cpu_percent(),
        psutil.cpu_percent(percpu=True),
        psutil.virtual_memory(),
        psutil.swap_memory(),
        psutil.getloadavg(),
        psutil.disk_usage("/"),
        psutil.disk_io_counters(),
        psutil.net_io_counters(pernic=True),
        len(psutil.pids()),
    ]


def our_picture(state: State) -> str:
    """From the state to a string for the terminal."""
    viewport = _SCENE.viewport(WIDTH, HEIGHT, _NOW)
    return to_ansi(_SCENE.paint(_SCENE.select(state, viewport), viewport).rows, Skin(depth="256"))


def rich_picture(state: State) -> str:
    """A line for each host."""
    table = Table("host", "cpu")
    for item in state.latest(HostStats).values():
        table.add_row(item.event.host, f"{item.event.cpu:.0f}")
    console = Console(file=io.StringIO(), width=WIDTH, force_terminal=True, color_system="256")
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def run() -> list[Result]:
    """One machine's word, the memory of many, and a picture of 500."""
    machine, chance, state = Machine("box"), random.Random(7), State()
    for number in range(HOSTS):
        fold(state, word_of(number, chance), _NOW)
    told, read = milliseconds(machine.stats, 100), milliseconds(psutil_reading, 100)
    ours, peer = milliseconds(lambda: our_picture(state), 10), milliseconds(lambda: rich_picture(state), 2)
    many = f"{REMEMBERED} hosts of {GPUS} GPUs, {MOMENTS} moments"
    bytes_of = f"{len(our_picture(state).encode()) / 1e3:.0f} kB a picture, all hosts in it"
    share = f"{told / 10:.2f} % of a core at one a second"
    return [
        Result("telling how a machine is doing", told, read, "psutil's calls alone", "ms CPU", note=share),
        Result(many, in_columns(), as_they_came(), "the events as they came", "MB"),
        Result(
            f"{HOSTS} hosts at {WIDTH}×{HEIGHT}",
            ours,
            peer,
            "rich, a table of two columns",
            "ms CPU",
            note=bytes_of,
        ),
    ]
