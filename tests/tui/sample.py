"""A state that has something for every scene, the same on every machine, and a source that shows it."""

import math
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dashctl.bus import Connection
from dashctl.events import (
    Alert,
    AttackProfile,
    BusStats,
    Embedding,
    Episode,
    Event,
    Gpu,
    GpuProcess,
    HostStats,
    JournalStats,
    LogLine,
    Metric,
    ModelMetric,
    ModelPerf,
    PhaseEvent,
    PointCloud,
    Prediction,
    ProducerStats,
    Progress,
    RunFinished,
    RunStarted,
    Snapshot,
    SourceCode,
    Stamped,
)
from dashctl.phases import PHASES, Phase
from dashctl.state import State, fold_all
from dashctl_tui.app import Monitor
from dashctl_tui.calls import Calls
from dashctl_tui.chosen import Chosen
from dashctl_tui.scenes.scene import Scene, Shared, Viewport
from dashctl_tui.travel import OpenPast, Traveller
from tests.tui.past import no_past

NOW = 1_700_000_000.0
CONNECTED = Connection(connected=True, since=NOW - 100, rate=1240.0, epoch="e1")
GONE = Connection(connected=False, since=NOW - 30, epoch="e1")
NEVER = Connection(connected=False, since=NOW - 30)
PROFILES = ("bursty-c2", "cpu-saturate", "disk-churn")
LOOP = """def train(config):
    model = build(config)
    for epoch in range(config.epochs):
        for batch in batches:
            loss = step(model, batch)
        report(epoch, loss)  # what a person wants to know
    return model
"""
WALK: tuple[Phase, ...] = ("clean", "armed", "infecting", "infected_running", "infected_running", "dormant")


class FixedSource:
    """A source whose state changes only when a test says so."""

    def __init__(self, state: State, connection: Connection = CONNECTED) -> None:
        self.lock = threading.Lock()
        self.state = state
        self.told = connection

    def connection(self) -> Connection:
        return self.told


def monitor_of(
    source: FixedSource,
    *,
    past: OpenPast = no_past,
    scene: str = "overview",
    published: list[tuple[Event, str]] | None = None,
    **settings: Any,
) -> Monitor:
    """A monitor of a bus at which there is nobody to call; what it publishes is added to a list."""
    told = [] if published is None else published
    return Monitor(
        source,
        "ipc:///run/dashctl",
        traveller=Traveller(past),
        calls=Calls("ipc:///run/dashctl"),
        publish=lambda event, run: told.append((event, run)),
        chosen=Chosen(scene),
        **settings,
    )


def looked_at(
    scene: Scene[Any], width: int, height: int, now: float = NOW, *, wanted: str = "", **look: Any
) -> Viewport[Any]:
    """A viewport of a scene, with some of its look as named."""
    return Viewport(width, height, replace(scene.look, **look), now, Shared(wanted))


def state_of(*events: Event, time: float = NOW, run: str = "run-1") -> State:
    """A state that was told these events at one moment."""
    state = State()
    fold_all(state, [Stamped(time, run, event) for event in events])
    return state


def full_state() -> State:
    """A state with something for every scene."""
    state = State()
    fold_all(state, sorted(_all(random.Random(7)), key=lambda item: item.time))
    return state


def _all(chance: random.Random) -> Iterator[Stamped[Event]]:
    yield from _runs()
    yield from _recorded(chance)
    yield from _results(chance)
    yield from _curves(chance)
    yield from _machines()
    yield from _words()
    yield from _broker()


def _broker() -> Iterator[Stamped[Event]]:
    producers = tuple(
        ProducerStats(
            f"{7 * number + 3:x}" * 8, f"run-{number}", 90_000 // number, number // 7, 620 / number, 0.4
        )
        for number in range(1, 9)
    )
    silent = ProducerStats("ab" * 8, "run-0", 1_204, 0, 0.0, 3_500.0)
    for second in range(150):
        swing = math.sin(second / 9)
        yield Stamped(
            NOW - 150.5 + second,
            "",
            BusStats(
                NOW - 11_100,
                events=9_000_000 + second * 1_240,
                frames=120_000,
                monitors=2,
                producers=8,
                lost=3,
                rejected={"malformed": 3, "unknown type": 41, "version": 1},
                rate=1_240.0 + 400 * swing,
                rate_out=2_480.0 + 800 * swing,
                connections=9,
                duplicates=12,
                vanished=1,
                slow=1,
                queues={"fold": 1_204, "posted": 0, "large frames bytes": 1_440_000},
                by_producer=(*producers, silent),
                services=("trainer", "labels"),
                listening=("ipc:///run/user/1000/dashctl", "tcp://0.0.0.0:5570?key=" + "3f" * 32),
                journal=JournalStats(1_234_000_000, 12, 0.012, durable=True, oldest=NOW - 190_000),
            ),
        )


def _runs() -> Iterator[Stamped[Event]]:
    config = {"seed": 0, "hidden": 48, "dropout": 0.2, "learning_rate": 5e-3, "epochs": 40}
    begun = RunStarted(config, host="bramble", command="dashctl train detector", name="detector")
    yield Stamped(NOW - 133, "run-1", begun)
    yield Stamped(NOW - 4000, "run-0", RunStarted({"lr": 3e-4}, host="bramble", name="mnist"))
    yield Stamped(NOW - 3500, "run-0", RunFinished("failed", "CUDA out of memory"))
    yield Stamped(NOW - 2, "run-1", Progress("lstm", 312, 480, "batches"))
    yield Stamped(NOW - 90, "run-1", Progress("knn", 1, 1))
    yield Stamped(NOW - 120, "run-1", SourceCode("/home/ada/train.py", LOOP, first_line=12, loop=14))


def _recorded(chance: random.Random) -> Iterator[Stamped[Event]]:
    for number, profile in enumerate(PROFILES):
        curve = tuple(
            abs(math.sin(at / (3 + 2 * number))) * (number + 1) if 10 < at < 45 else 0.1 for at in range(60)
        )
        yield Stamped(NOW - 120, "run-1", AttackProfile(profile, curve, f"shape number {number}"))
    for number in range(6):
        profile = PROFILES[number % 3]
        episode = Episode(f"ep-{number:02}", "bramble", profile, WALK, 60.0, NOW - 9000 + number * 70)
        yield Stamped(NOW - 110, "run-1", episode)
        for model, skill in (("knn", 0.7), ("lstm", 0.95)) if number < 3 else ():
            for window, actual in enumerate(WALK):
                predicted = actual if chance.random() < skill else chance.choice(PHASES)
                said = Prediction(f"ep-{number:02}", window, predicted, actual, model)
                yield Stamped(NOW - 50, "run-1", said)
    phases: dict[Phase, int] = {"clean": 6, "armed": 6, "infecting": 6, "infected_running": 12, "dormant": 6}
    totals = Snapshot(6, 36, {"bramble": 6}, phases, dict.fromkeys(PROFILES, 2), 1_312_004)
    yield Stamped(NOW - 110, "run-1", totals)


def _results(chance: random.Random) -> Iterator[Stamped[Event]]:
    for model, accuracy, latency in (("knn", 0.861, 213.0), ("lstm", 0.928, 812.0), ("rnn", 0.49, 420.0)):
        yield Stamped(NOW - 70, "run-1", ModelMetric(model, accuracy))
        yield Stamped(NOW - 20, "run-1", ModelPerf(model, latency, accuracy))
    centres = ((-2, -1, 0), (0, 1.5, 1), (1.5, 0, -1.5), (2.5, 1, 2), (-1, -1.5, 2.5))
    codes = [number % 5 for number in range(300)]
    x, y, z = ([chance.gauss(centres[code][axis], 0.4) for code in codes] for axis in range(3))
    phases = [PHASES[code] for code in codes]
    clusters = [f"cluster {code % 3 + 1}" for code in codes]
    certainty = [1 / (1 + abs(value)) for value in x]
    cloud = PointCloud.pack(
        "windows", x, y, z, phase=phases, cluster=clusters, values={"certainty": certainty}
    )
    yield Stamped(NOW - 30, "run-1", cloud)
    for number in range(20):
        yield Stamped(NOW - 31, "run-1", Embedding(number / 10, math.sin(number), cluster=number % 2))


def _curves(chance: random.Random) -> Iterator[Stamped[Event]]:
    for step in range(30):
        loss = 1.6 * math.exp(-step / 9)
        at = NOW - 130 + step * 3
        yield Stamped(at, "run-1", Metric("lstm/train_loss", step, loss))
        held_out = math.nan if step == 20 else loss + 0.1 + chance.random() * 0.1
        yield Stamped(at, "run-1", Metric("lstm/val_loss", step, held_out))
        yield Stamped(at, "run-1", Metric("lstm/val_accuracy", step, 1 - loss / 2))
        yield Stamped(at, "run-1", Metric("lstm/lr", step, 5e-3 * math.sin(math.pi * step / 30)))


def _machines() -> Iterator[Stamped[Event]]:
    for second in range(120):
        at = NOW - 120 + second
        cpu = 50 + 30 * math.sin(second / 14)
        cores = tuple(max(0.0, min(100.0, cpu + 10 * core - 15)) for core in range(4))
        yield Stamped(
            at,
            "",
            HostStats(
                "bramble",
                cpu=cpu,
                cores=cores,
                load=2.0 + math.sin(second / 30),
                memory=43.0,
                memory_bytes=13_200_000_000,
                disk_read=2e6 * abs(math.sin(second)),
                disk_write=1e6,
                net_in=3e4 * abs(math.cos(second)),
                net_out=2e4,
                processes=312,
            ),
        )
        yield Stamped(at, "", PhaseEvent(PHASES[second // 30]))
        if second < 60:
            yield Stamped(at, "", _with_gpus(second))


def _with_gpus(second: int) -> HostStats:
    """A machine with two graphics processors, one of which is lost after a while."""
    name, swing = "NVIDIA H100 80GB HBM3", math.sin(second / 9)
    well = Gpu(name, 75 + 20 * swing, 61_000_000_000, 85_899_345_920, 64 + 6 * swing, 560 + 90 * swing, 700.0)
    lost = Gpu(name) if second > 40 else Gpu(name, 12.0, 2_000_000_000, 85_899_345_920, 41.0, 120.0, 700.0)
    return HostStats(
        "gpu-07.example",
        cpu=97.0,
        cores=tuple(90 + 9 * math.sin(core + second / 5) for core in range(32)),
        memory=71.0,
        memory_bytes=732_000_000_000,
        disk=88.0,
        swap=2.0,
        gpus=(well, lost),
        gpu_processes=(
            GpuProcess(0, 4_711, "python3", "mira", 58_000_000_000),
            GpuProcess(0, 4_802, "jupyter", "jonas", 2_400_000_000),
        ),
    )


def _words() -> Iterator[Stamped[Event]]:
    for number in range(12):
        level = "warning" if number % 5 == 4 else "info"
        line = LogLine(f"epoch {number}: train loss {1 / (number + 1):.3f}", level, source="detector")
        yield Stamped(NOW - 100 + number, "run-1", line)
    yield Stamped(NOW - 60, "run-1", Alert("disk full", "/var at 91 %"))
    not_finite = Alert(
        "nan in val_loss", "lstm, step 20", "critical", metric="lstm/val_loss", value=math.nan, rule="any NaN"
    )
    yield Stamped(NOW - 40, "run-1", not_finite)
    yield Stamped(NOW - 20, "run-1", Alert("disk full", "/var at 60 %", resolved=True))
