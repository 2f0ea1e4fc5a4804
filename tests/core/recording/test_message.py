"""An event as JSON, against its schema and back."""

import json
from typing import Any

import jsonschema
import pytest

from dashctl.events import EVENT_TYPES, Event, Metric, Stamped
from dashctl.recording.message import Unreadable, as_message, from_message
from dashctl.recording.schema import schema_of
from tests.core.recording.examples import EVERY, stamped


def test_the_examples_have_every_type() -> None:
    assert {type(event) for event in EVERY} == set(EVENT_TYPES)


@pytest.mark.parametrize("cls", EVENT_TYPES, ids=lambda cls: cls.type_name())
def test_a_schema_stands_alone_and_has_an_object_at_its_root(cls: type[Event]) -> None:
    schema = schema_of(cls)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    assert schema["properties"]["type"] == {"enum": [cls.type_name()]}
    assert {"type", "run", "time"} <= set(schema["required"])
    assert set(cls.__struct_fields__) & {"run", "time", "type"} == set()
    for reference in references(schema):
        assert reference.removeprefix("#/$defs/") in schema["$defs"]


@pytest.mark.parametrize("item", stamped(), ids=lambda item: item.event.type_name())
def test_a_message_obeys_its_schema_and_is_the_event(item: Stamped[Event]) -> None:
    text = as_message(item)
    parsed = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    jsonschema.Draft202012Validator(schema_of(type(item.event))).validate(parsed)
    assert (parsed["run"], parsed["time"]) == (item.run, item.time)
    again = from_message(text)
    assert as_message(again) == text
    assert (again.time, again.run, type(again.event)) == (item.time, item.run, type(item.event))
    assert repr(again.event.to_event()) == repr(item.event.to_event())


def test_a_message_is_what_to_event_gives_with_run_and_time() -> None:
    assert json.loads(as_message(Stamped(1.5, "a", Metric("loss", 3, 0.25)))) == {
        "type": "metric",
        "name": "loss",
        "step": 3,
        "value": 0.25,
        "run": "a",
        "time": 1.5,
    }


def test_a_field_of_a_newer_version_is_passed_over() -> None:
    text = b'{"type":"metric","name":"a","step":1,"value":"nan","added":[1],"run":"","time":1}'
    assert isinstance(from_message(text).event, Metric)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "malformed"),
        (b"[]", "malformed"),
        (b'{"type":"metric"}', "malformed"),
        (b'{"type":"later","run":"","time":1}', "unknown type"),
        (b'{"type":"phase","phase":"wild","run":"","time":1}', "illegal value"),
        (b'{"type":"phase","phase":"armed","run":"","time":1e300}', "illegal value"),
        (b'{"type":"phase","phase":"armed","run":"' + b"x" * 33 + b'","time":1}', "illegal value"),
        (b'{"type":"point_cloud","name":"a","x":"AAA","y":"","run":"","time":1}', "illegal value"),
    ],
)
def test_what_is_no_event_is_refused_by_reason(text: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        from_message(text)
    assert refused.value.reason == reason


def references(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        own = [schema["$ref"]] if "$ref" in schema else []
        return own + [each for value in schema.values() for each in references(value)]
    return [each for value in schema for each in references(value)] if isinstance(schema, list) else []
