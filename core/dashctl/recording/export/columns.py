"""The columns of an event type's table: `time`, `run`, `arrived`, and the fields of its class.

Rules: the class's annotations decide, no event type has code here; a packed array in an event is of
float32, one in a part of an event of uint8, and both become lists of numbers; a value that may be of
several types becomes a JSON text.
"""

from array import array
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import inspect

from dashctl.events import Event
from dashctl.state_json import plain

OWN: Final = ("time", "run", "arrived")
"""Of every table: when it happened and when it arrived, seconds since 1970, and in which run."""


class Column(NamedTuple):
    """A field of an event class, its type without descriptions and without None."""

    name: str
    type: inspect.Type


def columns_of(cls: type[Event]) -> tuple[Column, ...]:
    """The fields of a class, in order."""
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return tuple(Column(field.name, bare(field.type)) for field in info.fields)


def bare(kind: inspect.Type) -> inspect.Type:
    """A type without its description, and without None beside it."""
    if isinstance(kind, inspect.Metadata):
        return bare(kind.type)
    if isinstance(kind, inspect.UnionType):
        kinds = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
        if len(kinds) == 1:
            return bare(kinds[0])
    return kind


def numbers(packed: memoryview, *, in_event: bool) -> Sequence[float]:
    """What a packed array holds."""
    return array("f" if in_event else "B", bytes(packed)).tolist()


def json_text(value: Any) -> str:
    """A value as standard JSON, NaN and infinities as texts."""
    return msgspec.json.encode(plain(value)).decode()
