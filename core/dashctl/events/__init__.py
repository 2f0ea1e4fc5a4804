"""The vocabulary: every event that can cross the bus, one class each.

Rules:
1. An event is a frozen value that checks itself: an illegal one cannot be constructed.
2. A field that may be missing defaults to None and stays off the wire.
3. Each class declares its retention (what a newcomer is told of it) and, in its docstring, the
   scene that it drives.
4. Fields are only ever added, with a default and at the end: old producers stay valid.
"""

from collections.abc import Mapping
from typing import Final, get_args

from dashctl.events.alerts import Alert, AlertAcknowledged
from dashctl.events.base import E, Event, Level, Outcome, Scalar, Severity, Stamped
from dashctl.events.bus import BusStats, DoorStats, JournalStats, ProducerStats
from dashctl.events.clouds import Colouring, Embedding, PointCloud
from dashctl.events.detector import (
    AttackProfile,
    Episode,
    ModelMetric,
    ModelPerf,
    PhaseEvent,
    Prediction,
    Snapshot,
)
from dashctl.events.hosts import Gpu, GpuProcess, HostStats
from dashctl.events.runs import LogLine, Metric, Progress, RunFinished, RunStarted, SourceCode

__all__ = [
    "BY_NAME",
    "EVENT_TYPES",
    "Alert",
    "AlertAcknowledged",
    "AnyEvent",
    "AttackProfile",
    "BusStats",
    "Colouring",
    "DoorStats",
    "E",
    "Embedding",
    "Episode",
    "Event",
    "Gpu",
    "GpuProcess",
    "HostStats",
    "JournalStats",
    "Level",
    "LogLine",
    "Metric",
    "ModelMetric",
    "ModelPerf",
    "Outcome",
    "PhaseEvent",
    "PointCloud",
    "Prediction",
    "ProducerStats",
    "Progress",
    "RunFinished",
    "RunStarted",
    "Scalar",
    "Severity",
    "Snapshot",
    "SourceCode",
    "Stamped",
]

AnyEvent = (
    Snapshot
    | Episode
    | PhaseEvent
    | AttackProfile
    | Prediction
    | ModelMetric
    | Embedding
    | ModelPerf
    | RunStarted
    | RunFinished
    | Metric
    | Progress
    | LogLine
    | Alert
    | AlertAcknowledged
    | SourceCode
    | HostStats
    | PointCloud
    | BusStats
)

EVENT_TYPES: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
BY_NAME: Final[Mapping[str, type[Event]]] = {cls.type_name(): cls for cls in EVENT_TYPES}
