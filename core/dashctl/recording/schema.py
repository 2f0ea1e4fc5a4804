"""Each event type as a JSON Schema that stands alone.

Rules: a schema is derived from the event's class, never written by hand; it describes exactly what
`message.as_message` writes: NaN and infinities as texts where they are legal, packed arrays as base64.
The dialect is JSON Schema 2020-12.
"""

from functools import cache
from typing import Any, Final

import msgspec
from msgspec import inspect

from dashctl.events import Event

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
NOT_FINITE: Final = ("nan", "inf", "-inf")
OWN: Final = {
    "run": {"type": "string", "description": "the run that it happened in, empty for none"},
    "time": {"type": "number", "description": "when it happened, seconds since 1970 (UTC)"},
}
"""What a message has beside the fields of its event."""


@cache
def schema_of(cls: type[Event]) -> dict[str, Any]:
    """The schema of the messages that hold events of a class: an object at its root."""
    (root,), definitions = msgspec.json.schema_components([cls], ref_template="#/$defs/{name}")
    schema = dict(definitions.pop(root["$ref"].rpartition("/")[2]))
    fields = schema["properties"] | OWN
    for name in _fields_beyond_finite(cls):
        fields[name] = _or_text(fields[name])
    return {
        "$schema": DIALECT,
        **schema,
        "properties": fields,
        "required": [*schema["required"], *OWN],
        "$defs": definitions,
    }


def name_of(cls: type[Event]) -> str:
    """What the schema is called in a recording."""
    return f"dashctl.{cls.__name__}"


def topic_of(cls: type[Event]) -> str:
    """The topic that events of a class are recorded under."""
    return f"/{cls.type_name()}"


def _fields_beyond_finite(cls: type[Event]) -> list[str]:
    """The fields that may be NaN or infinite: the numbers whose annotation has words of its own for it."""
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return [
        field.name
        for field in info.fields
        if isinstance(field.type, inspect.Metadata) and isinstance(field.type.type, inspect.FloatType)
    ]


def _or_text(number: dict[str, Any]) -> dict[str, Any]:
    described = {key: value for key, value in number.items() if key != "type"}
    return described | {"anyOf": [{"type": "number"}, {"enum": list(NOT_FINITE)}]}
