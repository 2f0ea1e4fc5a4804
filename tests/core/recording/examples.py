"""Events of every type, and recordings made of them."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from dashctl.events import (
    Alert,
    AlertAcknowledged,
    AttackProfile,
    BusStats,
    Embedding,
    Episode,
    Event,
    HostStats,
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
from dashctl.recording.recorder import RecordingWriter, open_new
from dashctl.state import State

EVERY: Sequence[Event] = (
    Snapshot(episodes=3, hosts={"a": 1}, phases={"clean": 2}),
    Episode("e1", phases=("clean", "armed"), duration=60.0, started=1.5),
    PhaseEvent("armed"),
    AttackProfile("burst", (0.0, 1.0)),
    Prediction("e1", 3, predicted="clean"),
    ModelMetric("lstm", 0.9),
    Embedding(1.0, 2.0, cluster=3),
    ModelPerf("lstm", 12.5, 0.9),
    RunStarted({"lr": 3e-4, "name": "ü", "deep": True, "none": None, "n": 3}, name="x"),
    RunFinished("failed", "it broke"),
    Metric("loss", 2**62, 0.1),
    Metric("loss", 1, math.nan),
    Metric("loss", 2, math.inf),
    Metric("loss", 3, -math.inf),
    Progress("epoch", 1.0, 3.0),
    LogLine('"quoted"\n\\ ü 日本 😀 \u2028', "error", "a"),
    Alert("hot", severity="critical", resolved=True),
    HostStats("h", cpu=3.5, cores=(1.0, 2.0), memory_bytes=2**40),
    PointCloud.pack("pca", [1.0, 2.5], [3.0, -4.0], [0.0, 1e30], phase=["clean", "armed"]),
    PointCloud.pack("sure", [1.0, 2.5], [3.0, -4.0], values={"certainty": [0.5, math.nan]}),
    PointCloud.pack("flat", [1.0], [2.0]),
    AlertAcknowledged("disk full", by="me"),
    SourceCode("loop.py", "for step in range(9):\n\tpass\n", 12),
    BusStats(1.0, by_producer=(ProducerStats("ab", "r", 1, 0, 1.0, 0.1),), queues={"a": 1}),
)
"""At least one of each, with what is hard to write down."""


def stamped(events: Sequence[Event] = EVERY, run: str = "r ü") -> list[Stamped[Event]]:
    return [Stamped(1_750_000_000.123456 + at, run, event) for at, event in enumerate(events)]


def record(path: Path, items: Sequence[Stamped[Event]], state: State | None = None) -> Path:
    """A recording of these."""
    with RecordingWriter(path, open_new(path, force=True)) as writer:
        writer.begin(state or State())
        writer.add(items)
    return path


def remembered(state: State) -> dict[str, bytes]:
    """What a state remembers by event type, without how the broker did, which is each broker's own.

    The time of the newest event is left out for that: it is nearly always the broker's.
    """
    _, stores = msgspec.msgpack.decode(state.encode(), type=tuple[float, dict[str, Any]])
    del stores["bus_stats"]
    return stores
