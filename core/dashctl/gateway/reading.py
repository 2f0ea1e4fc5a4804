"""What is posted, as events.

Rules: one event or many, as plain dicts of the form that `to_event` gives; beside its fields an event may
have `run` and `time`; of many, those that are right are taken whatever the others are.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from dashctl.errors import InvalidEvent, UsageError
from dashctl.events import Event
from dashctl.json_text import parsed
from dashctl.plain import as_event
from dashctl.validation import shown
from dashctl.wire import LAST_TIME, check_run

MOST_EVENTS: Final = 10_000
"""Events in one request."""


class Given(NamedTuple):
    """An event that was posted, in which run it happened and when (seconds since 1970)."""

    run: str
    time: float
    event: Event


class Wrong(NamedTuple):
    """An event that is not one: its place in the array or its line, from 0, and what is wrong."""

    place: int
    message: str


class TooMany(UsageError):
    """More events in one request than are allowed."""


def read_event(plain: Any, run: str, now: float) -> Given:
    """The event that a plain dict describes. Raises InvalidEvent."""
    if not isinstance(plain, Mapping):
        raise InvalidEvent(f'{shown(plain)} is not allowed; expected an object, as {{"type": …}}')
    fields = dict(plain)
    run = _run(fields.pop("run", run))
    at = _time(fields.pop("time", now))
    return Given(run, at, as_event(fields))


def read_batch(body: bytes, run: str, now: float, *, lines: bool) -> tuple[list[Given], list[Wrong]]:
    """The events of a JSON array, or one in each of many lines, and those that are none.

    Raises InvalidEvent if the whole is not JSON or no array, and TooMany.
    """
    good: list[Given] = []
    wrong: list[Wrong] = []
    for index, piece in _pieces(body, lines=lines):
        if len(good) + len(wrong) >= MOST_EVENTS:
            raise TooMany(f"body: more than {MOST_EVENTS:,} events; send them in several requests")
        try:
            good.append(read_event(parsed(piece) if isinstance(piece, bytes) else piece, run, now))
        except InvalidEvent as error:
            wrong.append(Wrong(index, str(error)))
    return good, wrong


def _pieces(body: bytes, *, lines: bool) -> Iterator[tuple[int, Any]]:
    if lines:
        return ((index, line) for index, line in enumerate(body.split(b"\n")) if line.strip())
    items = parsed(body)
    if not isinstance(items, list):
        raise InvalidEvent(f"body: {shown(items)} is not allowed; expected an array of events")
    return iter(enumerate(items))


def _run(given: Any) -> str:
    if not isinstance(given, str):
        raise InvalidEvent(f"run: {shown(given)} is not allowed; expected a text")
    try:
        return check_run(given)
    except UsageError as error:
        raise InvalidEvent(str(error)) from None


def _time(given: Any) -> float:
    number = isinstance(given, (int, float)) and not isinstance(given, bool)
    if not number or not 0 <= given < LAST_TIME:
        raise InvalidEvent(
            f"time: {shown(given)} is not allowed; expected seconds since 1970, below {LAST_TIME:.0f}"
        )
    return float(given)
