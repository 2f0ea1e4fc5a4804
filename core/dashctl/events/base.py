"""What every event is: a frozen value that checks itself, and one as it happened."""

import re
from typing import Any, ClassVar, Generic, Literal, TypeVar

import msgspec

from dashctl.retention import Retention
from dashctl.validation import (
    Text,
    Whole,
    make_legal,
)

Scalar = Text | Whole | float | bool | None
Level = Literal["debug", "info", "warning", "error", "critical"]
Severity = Literal["info", "warning", "critical"]
Outcome = Literal["finished", "failed", "interrupted"]


def _tag(class_name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", class_name).lower()


class Event(msgspec.Struct, frozen=True, tag_field="type", tag=_tag, omit_defaults=True):
    """Base of all events."""

    retention: ClassVar[Retention]

    def __post_init__(self) -> None:
        make_legal(self)

    @classmethod
    def type_name(cls) -> str:
        """The name that stands in `type` on the wire."""
        tag = cls.__struct_config__.tag
        assert isinstance(tag, str)
        return tag

    def to_event(self) -> dict[str, Any]:
        """The event as a plain dict: None left out, tuples as lists, packed arrays as bytes."""
        fields = {name: _plain(getattr(self, name)) for name in self.__struct_fields__}
        return {"type": self.type_name()} | {
            name: value for name, value in fields.items() if value is not None
        }


E = TypeVar("E", bound=Event)


class Stamped(msgspec.Struct, Generic[E], array_like=True, frozen=True):
    """An event as it happened: when (seconds since 1970, UTC) and in which run ("" for none)."""

    time: float
    run: str
    event: E


def _plain(value: Any) -> Any:
    match value:
        case tuple():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case memoryview():
            return bytes(value)
        case msgspec.Struct():
            return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    return value
