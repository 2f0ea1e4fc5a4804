"""Events and arguments as people write them on a command line or in a line of text.

Rules: what a text means is decided by the field that it is for: a text field takes it as it stands,
any other reads it as JSON, and `nan` and `inf` count as numbers; whether the value is legal is for
the event to say.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from dashctl.errors import InvalidEvent, UsageError
from dashctl.events import BY_NAME, Event
from dashctl.json_text import parsed
from dashctl.plain import from_dict
from dashctl.validation import Check, checks_of, shown


def event_of(name: str, words: Sequence[str]) -> Event:
    """The event that a type and words of the form key=value describe. Raises InvalidEvent or UsageError."""
    cls = BY_NAME.get(name)
    checks = {} if cls is None else {check.name: check for check in checks_of(cls)}
    fields: dict[str, Any] = {"type": name}
    for key, text in pairs(words):
        if key in fields:
            raise UsageError(f"{name}.{key}: is given twice")
        fields[key] = meant(checks.get(key), text)
    return from_dict(fields)


def pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Words of the form key=value, taken apart. Raises UsageError."""
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not key:
            raise UsageError(f"{word!r} is not allowed; expected key=value, as in accuracy=0.928")
        yield key, text


def event_of_json(text: str | bytes) -> Event:
    """The event that one JSON object describes. Raises InvalidEvent."""
    plain = parsed(text)
    if not isinstance(plain, dict):
        raise InvalidEvent(f'{shown(plain)} is not allowed; expected an object, as {{"type": …}}')
    return from_dict(plain)


def meant(check: Check | None, text: str) -> object:
    """What a text stands for in a field; an unknown field has no check."""
    if check is not None and _is_legal(check, text):
        return text
    return read(text)


def read(text: str) -> object:
    """What a text stands for where it need not be one: JSON, `nan` and `inf`, or else itself."""
    try:
        return float(text) if text.lower() in ("nan", "inf", "-inf", "+inf") else json.loads(text)
    except (ValueError, RecursionError):
        return text


def _is_legal(check: Check, text: str) -> bool:
    try:
        check.legal(text)
    except (TypeError, ValueError, OverflowError):
        return False
    return True
