"""A state as plain values that standard JSON can hold.

Rules: what each event type keeps decides the form, no type has code here; nothing is rounded, and
nothing depends on the clock: a window ends with the newest event.
"""

import base64
import math
from array import array
from collections.abc import Mapping
from typing import Any, Final

from dashctl.curve import MINUS_INF, NAN, PLUS_INF, Columns
from dashctl.events import EVENT_TYPES, Event, Stamped
from dashctl.retention import Last, Latest, Series, Trace, Transient, Window
from dashctl.state import State

_MARKS: Final = {NAN: "nan", PLUS_INF: "inf", MINUS_INF: "-inf"}


def as_json(state: State) -> dict[str, Any]:
    """The whole state: the time of its newest event, how many came, and what is kept of each type."""
    return {
        "time": state.time,
        "counts": {cls.type_name(): state.version(cls) for cls in EVENT_TYPES},
        "events": {cls.type_name(): plain_store(state, cls) for cls in EVENT_TYPES},
    }


def plain_store(state: State, cls: type[Event]) -> list[dict[str, Any]]:
    """What is kept of one event type, the newest last.

    `Latest` and `Last`: events with `time` and `run`. `Trace`: the same, and in `trace` the columns of its
    numbers. `Window`: the key and `count`. `Series`: the key
    and the columns of the curve.
    """
    match cls.retention:
        case Latest():
            return [plain_event(stamped) for stamped in state.latest(cls).values()]
        case Last():
            kept = [stamped for group in state.last(cls).values() for stamped in group]
            return [plain_event(stamped) for stamped in sorted(kept, key=lambda stamped: stamped.time)]
        case Trace():
            return [
                {**plain_event(stamped), "trace": _trace_json(state, cls, key)}
                for key, stamped in state.latest(cls).items()
            ]
        case Window(key=names):
            counts = state.counts(cls, state.time)
            return [{**_key(names, key), "count": count} for key, count in counts.items()]
        case Series(key=names):
            return [{**_key(names, key), **curve_json(state.curve(cls, key))} for key in state.series(cls)]
        case Transient():
            return []


def plain_event(stamped: Stamped[Any]) -> dict[str, Any]:
    """One event with its time and its run."""
    fields = {name: plain(value) for name, value in stamped.event.to_event().items()}
    return {"time": stamped.time, "run": stamped.run, **fields}


def _key(names: tuple[str, ...], key: tuple[Any, ...]) -> dict[str, Any]:
    return {name: plain(value) for name, value in zip(names, key, strict=True)}


def _trace_json(state: State, cls: type[Event], key: tuple[Any, ...]) -> dict[str, Any]:
    """Times, and as many values of each number; null where none was told."""
    traced = state.trace(cls, key)
    if traced is None:
        return {}
    values = {
        name: [None if math.isnan(value) else value for value in column]
        for name, column in traced.values.items()
    }
    return {"times": traced.times.tolist(), **values}


def curve_json(columns: Columns | None) -> dict[str, Any]:
    """The columns of a curve as lists; nothing of none."""
    if columns is None:
        return {}
    floats = {"times": columns.times, "low": columns.low, "high": columns.high, "mean": columns.mean}
    marks = [[name for bit, name in _MARKS.items() if mark & bit] for mark in columns.marks]
    return {
        "total": columns.total,
        "last": plain(columns.last),
        "steps": array("q", columns.steps).tolist(),
        **{name: plain(array("d", packed).tolist()) for name, packed in floats.items()},
        "counts": array("Q", columns.counts).tolist(),
        "marks": marks,
    }


def plain(value: Any) -> Any:
    """The value, with texts in place of what JSON cannot hold."""
    match value:
        case str() | int():
            return value
        case float() if not math.isfinite(value):
            return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
        case bytes() | memoryview():
            return base64.b64encode(value).decode("ascii")
        case list() | tuple():
            return [plain(item) for item in value]
        case Mapping():
            return {name: plain(item) for name, item in value.items()}
    return value
