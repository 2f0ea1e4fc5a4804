"""Watch and steer training in a terminal: what a training program needs to publish.

    import dashctl

    with dashctl.Run("mnist", lr=3e-4) as run:
        for step in range(1000):
            run.log(step, loss=train_one_step())

Rule: importing this costs next to nothing; every name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module

# Under this name checkers of types take it for true; typing takes most of a program's start to load.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from dashctl.bus.invocation import Invocation
    from dashctl.bus.publisher import Publisher, publish, try_publish
    from dashctl.bus.service import Service
    from dashctl.events import (
        Alert,
        AttackProfile,
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
        Progress,
        RunFinished,
        RunStarted,
        Snapshot,
    )
    from dashctl.plain import from_dict
    from dashctl.run import Run

__version__: Final = "0.1.0"

__all__ = [
    "Alert",
    "AttackProfile",
    "Embedding",
    "Episode",
    "Event",
    "HostStats",
    "Invocation",
    "LogLine",
    "Metric",
    "ModelMetric",
    "ModelPerf",
    "PhaseEvent",
    "PointCloud",
    "Prediction",
    "Progress",
    "Publisher",
    "Run",
    "RunFinished",
    "RunStarted",
    "Service",
    "Snapshot",
    "__version__",
    "from_dict",
    "publish",
    "try_publish",
]

_ELSEWHERE: Final = {
    "Invocation": "dashctl.bus.invocation",
    "Publisher": "dashctl.bus.publisher",
    "Run": "dashctl.run",
    "Service": "dashctl.bus.service",
    "from_dict": "dashctl.plain",
    "publish": "dashctl.bus.publisher",
    "try_publish": "dashctl.bus.publisher",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'dashctl' has no attribute {name!r}")
    value = getattr(import_module(_ELSEWHERE.get(name, "dashctl.events")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
