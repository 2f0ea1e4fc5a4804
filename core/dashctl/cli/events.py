"""`dashctl events`: the vocabulary, as the event classes declare it.

Rule: everything here is read from the classes; there is no second list of fields to keep up to date.
"""

import inspect
import json
from argparse import Namespace
from collections.abc import Iterator
from typing import Final

import msgspec

from dashctl.cli.parsing import Parser
from dashctl.errors import UsageError
from dashctl.events import BY_NAME, EVENT_TYPES, AnyEvent, Event
from dashctl.retention import Last, Latest, Retention, Series, Trace, Transient, Window
from dashctl.validation import checks_of

DESCRIPTION: Final = (
    "List every event type: what it is for, which scene shows it, its fields and what they allow, and\n"
    "what is remembered of it. Fields with a * must be given."
)
EXAMPLES: Final = (
    "dashctl events",
    "dashctl events model_metric",
    "dashctl events --schema > events.schema.json",
)


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("type", nargs="?", metavar="TYPE", help="only this one, with all that is said of it")
    parser.add_argument("--schema", action="store_true", help="print JSON Schema instead")


def run(arguments: Namespace) -> int:
    """Print the table, one type, or the schema."""
    chosen = _chosen(arguments.type)
    if arguments.schema:
        print(json.dumps(msgspec.json.schema(AnyEvent if chosen is None else chosen), indent=2))
    elif chosen is not None:
        print("\n".join([chosen.type_name(), *_documentation(chosen), *_details(chosen)]))
    else:
        print("\n\n".join("\n".join([_heading(cls), *_details(cls)]) for cls in EVENT_TYPES))
    return 0


def _chosen(name: str | None) -> type[Event] | None:
    if name is None:
        return None
    if name not in BY_NAME:
        raise UsageError(f"{name!r} is not an event type; expected one of {', '.join(sorted(BY_NAME))}")
    return BY_NAME[name]


def _heading(cls: type[Event]) -> str:
    first = inspect.cleandoc(cls.__doc__ or "").partition("\n\n")[0]
    return f"{cls.type_name()}: {' '.join(first.split())}"


def _documentation(cls: type[Event]) -> list[str]:
    return [f"  {line}".rstrip() for line in inspect.cleandoc(cls.__doc__ or "").splitlines()]


def _details(cls: type[Event]) -> Iterator[str]:
    required = len(cls.__struct_fields__) - len(cls.__struct_defaults__)
    width = max(len(name) for name in cls.__struct_fields__)
    for place, check in enumerate(checks_of(cls)):
        star = "*" if place < required else " "
        yield f"  {star} {check.name:<{width}}  {check.allowed}{_default(cls, place - required)}"
    yield f"  {kept(cls.retention)}"


def _default(cls: type[Event], place: int) -> str:
    if place < 0:
        return ""
    value = cls.__struct_defaults__[place]
    says_something = isinstance(value, (str, bool, int, float)) and value != ""
    return f" (default: {json.dumps(value)})" if says_something else ""


def kept(retention: Retention) -> str:
    """What is remembered, in words."""
    match retention:
        case Latest(key=()):
            return "kept: the newest"
        case Latest(key=key, keys=keys, merge=merge):
            merged = "; fields left out keep their last value" if merge else ""
            return f"kept: the newest per {_and(key)}, for {keys:,} at most{merged}"
        case Window(seconds=seconds, key=key):
            return f"kept: how many per {_and(key)} in the last {seconds} s"
        case Series(points=points, key=key):
            return f"kept: a curve per {_and(key)} in at most {points:,} points, peaks and NaN included"
        case Last(count=count, key=(), characters=characters):
            return f"kept: the last {count:,}" + (
                f", {characters:,} characters at most" if characters else ""
            )
        case Last(count=count, key=key):
            return f"kept: the last {count:,} per {_and(key)}"
        case Trace(count=count, key=key, keys=keys):
            return f"kept: the newest per {_and(key)}, for {keys:,} at most, and the last {count:,} numbers"
        case Transient():
            return "kept: nothing"


def _and(names: tuple[str, ...]) -> str:
    return " and ".join(names)
