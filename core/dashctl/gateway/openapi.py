"""The gateway described for programs, in OpenAPI 3.1, from the classes that it really uses.

Rules: the events and the answers are the schemas that msgspec makes of their classes, so a field that is
added there is described here; the paths are listed here alone, and a test holds them against the
routes.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dashctl import __version__
from dashctl.events import EVENT_TYPES, AnyEvent
from dashctl.wire import VERSION

VERSION_OF_OPENAPI: Final = "3.1.0"


class Delivered(msgspec.Struct, frozen=True):
    """An event was taken in by the broker."""

    delivered: int
    """Monitors that it was passed on to."""
    durable: bool
    """Whether it is in the broker's journal, on disk."""


class RejectedEvent(msgspec.Struct, frozen=True):
    """An event of a batch that was not taken."""

    index: int
    """Its place in the array, or its line, from 0."""
    message: str
    """What is wrong: field, value and what is allowed."""


class BatchDelivered(msgspec.Struct, frozen=True):
    """What became of a batch; what was right is taken in whatever the rest is."""

    delivered: int
    durable: bool
    accepted: int
    rejected: tuple[RejectedEvent, ...]


class Health(msgspec.Struct, frozen=True):
    """Whether the gateway hears its broker."""

    status: str
    """"ok" or "no broker"."""
    version: str = __version__


class Problem(msgspec.Struct, frozen=True):
    """Why a request was not done."""

    error: str


_PROBLEMS: Final[Mapping[str, str]] = {
    "400": "The body is not JSON",
    "401": "The token is missing or not known",
    "403": "The token does not include this, or a web page asks",
    "413": "The body is too large",
    "422": "An event is not as it has to be",
    "429": "Too much waits for the broker already",
    "503": "There is no broker",
    "504": "The broker did not answer",
}
_RUN: Final = {
    "name": "run",
    "in": "query",
    "description": "The run of events that do not name theirs; the header Dashctl-Run does the same.",
    "schema": {"type": "string"},
}


def document() -> dict[str, Any]:
    """The whole of it, as plain values."""
    _, schemas = msgspec.json.schema_components(
        [AnyEvent, Delivered, BatchDelivered, Health, Problem], ref_template="#/components/schemas/{name}"
    )
    return {
        "openapi": VERSION_OF_OPENAPI,
        "info": {
            "title": "dashctl gateway",
            "version": __version__,
            "description": f"Events of dashctl's protocol {VERSION} over HTTP.",
        },
        "paths": {**_publishing(), **_watching(), **_about()},
        "components": {
            "schemas": {**schemas, "Event": _event()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _publishing() -> dict[str, Any]:
    event = {"$ref": "#/components/schemas/Event"}
    batch = {
        "application/json": {"schema": {"type": "array", "items": event}},
        "application/x-ndjson": {"schema": {"type": "string", "description": "One event in each line"}},
    }
    return {
        "/publish": {
            "post": _operation(
                "Publish one event and wait until the broker has it",
                _answers("Delivered", "400", "401", "403", "413", "422", "429", "503", "504"),
                body={"application/json": {"schema": event}},
                parameters=[_RUN],
            )
        },
        "/publish/batch": {
            "post": _operation(
                "Publish many events; what is right among them is kept",
                _answers("BatchDelivered", "400", "401", "403", "413", "422", "429", "503", "504"),
                body=batch,
                parameters=[_RUN],
            )
        },
    }


def _watching() -> dict[str, Any]:
    return {
        "/state": {
            "get": _operation(
                "Everything that the broker remembers",
                {
                    **_answers("", "401", "403", "503", "504"),
                    "200": {
                        "description": "The state, as `dashctl state --json` prints it",
                        "headers": {
                            "Dashctl-Position": {
                                "description": "The id after which /events goes on from this state",
                                "schema": {"type": "string"},
                            }
                        },
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    },
                },
            )
        },
        "/events": {
            "get": _operation(
                "Events as they happen, as server-sent events",
                {
                    **_answers("", "401", "403"),
                    "200": {
                        "description": "id: EPOCH-FRAME-INDEX, event: the type, data: the event; an event"
                        " `resync` where it cannot go on exactly",
                        "content": {"text/event-stream": {"schema": {"type": "string"}}},
                    },
                },
                parameters=[
                    _query(
                        "type", "Event types, all if none is given", [cls.type_name() for cls in EVENT_TYPES]
                    ),
                    _query("run", "Runs, all if none is given"),
                    {
                        "name": "Last-Event-ID",
                        "in": "header",
                        "description": "Go on after this event; ?after=ID does the same.",
                        "schema": {"type": "string"},
                    },
                ],
            )
        },
    }


def _about() -> dict[str, Any]:
    return {
        "/health": {"get": _operation("Whether the gateway hears its broker", _answers("Health", "503"))},
        "/schema/openapi.json": {
            "get": _operation(
                "This description",
                {"200": {"description": "OpenAPI", "content": {"application/json": {}}}},
            )
        },
    }


def _event() -> dict[str, Any]:
    """Every event type, told apart by its `type`."""
    references = {cls.type_name(): f"#/components/schemas/{cls.__name__}" for cls in EVENT_TYPES}
    return {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "type", "mapping": references},
        "description": "One event; beside its fields it may have `run` and `time` (seconds since 1970).",
    }


def _operation(summary: str, responses: dict[str, Any], **rest: Any) -> dict[str, Any]:
    body = rest.pop("body", None)
    request = {} if body is None else {"requestBody": {"required": True, "content": body}}
    return {"summary": summary, **rest, **request, "responses": responses}


def _answers(schema: str, *problems: str) -> dict[str, Any]:
    problem = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answers: dict[str, Any] = {
        status: {"description": _PROBLEMS[status], "content": problem} for status in problems
    }
    if schema:
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
        answers["200"] = {"description": "Done", "content": content}
    return answers


def _query(name: str, description: str, values: list[str] | None = None) -> dict[str, Any]:
    item = {"type": "string"} | ({} if values is None else {"enum": values})
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": {"type": "array", "items": item},
    }
