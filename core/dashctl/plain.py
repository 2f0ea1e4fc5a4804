"""Events from plain dicts: what a program that knows no classes sends, and parsed JSON.

Rules: a field that does not exist, one that is missing and one that is illegal are three messages, and
each says what is expected; nothing is guessed beyond what JSON cannot say (packed arrays, NaN).
"""

import math
from collections.abc import Mapping
from typing import Any

from dashctl.errors import InvalidEvent
from dashctl.events import BY_NAME, BusStats, Colouring, Event, Metric, PointCloud
from dashctl.packing import packed
from dashctl.validation import checks_of, shown


def from_dict(plain: Mapping[str, Any]) -> Event:
    """The event that a plain dict describes: the counterpart of `to_event()`, also for parsed JSON.

    Packed arrays may be bytes, base64 text or lists of numbers; NaN and infinities may be the texts
    "nan", "inf" and "-inf" where they are legal. Raises InvalidEvent naming the field, the value and
    what is allowed.
    """
    if not isinstance(plain, Mapping):
        raise InvalidEvent(
            f"event: {shown(plain)} is not allowed; expected an event, or a mapping with a type"
        )
    name = plain.get("type")
    cls = BY_NAME.get(name) if isinstance(name, str) else None
    if cls is None:
        raise InvalidEvent(
            f"type: {shown(name)} is not an event type; expected one of {', '.join(sorted(BY_NAME))}"
        )
    given = {key: value for key, value in plain.items() if key != "type"}
    for key in given:
        if key not in cls.__struct_fields__:
            raise InvalidEvent(f"{name}.{key}: no such field; expected {', '.join(cls.__struct_fields__)}")
    required = cls.__struct_fields__[: len(cls.__struct_fields__) - len(cls.__struct_defaults__)]
    for key, check in zip(required, checks_of(cls), strict=False):
        if key not in given:
            raise InvalidEvent(f"{name}.{key}: missing; expected {check.allowed}")
    return cls(**_unpacked(cls, given))


def as_event(given: Event | Mapping[str, Any]) -> Event:
    """What a program publishes: an event as it is, or the one that a plain dict describes.

    Raises InvalidEvent, also for what is the broker's alone to tell.
    """
    event = given if isinstance(given, Event) else from_dict(given)
    if isinstance(event, BusStats):
        raise InvalidEvent("bus_stats: only the broker tells how it is doing; expected any other event")
    return event


def _unpacked(cls: type[Event], given: dict[str, Any]) -> dict[str, Any]:
    if cls is Metric and given.get("value") in ("nan", "inf", "-inf"):
        return given | {"value": float(given["value"])}
    if cls is not PointCloud:
        return given
    axes = {axis: packed(axis, given[axis], "f") for axis in ("x", "y", "z") if given.get(axis) is not None}
    unpacked = given | axes
    colourings, values = given.get("colourings"), given.get("values")
    if isinstance(colourings, Mapping):
        unpacked["colourings"] = {key: _colouring(key, value) for key, value in colourings.items()}
    if isinstance(values, Mapping):
        unpacked["values"] = {
            key: packed(f"values.{key}", _numbers(value), "f") for key, value in values.items()
        }
    return unpacked


def _numbers(values: Any) -> Any:
    """A list as JSON has it: NaN, which JSON cannot say, may be null or a text."""
    if not isinstance(values, list):
        return values
    return [math.nan if value is None or value == "nan" else value for value in values]


def _colouring(key: str, value: Any) -> Colouring:
    if isinstance(value, Colouring):
        return value
    if not isinstance(value, Mapping) or set(value) != {"names", "codes"}:
        raise InvalidEvent(
            f"point_cloud.colourings.{key}: {shown(value)} is not allowed; expected names and codes"
        )
    return Colouring(value["names"], packed(f"colourings.{key}.codes", value["codes"], "B"))
