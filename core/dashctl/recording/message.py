"""An event as one JSON text, and back.

Rules: a message is what `to_event()` gives with `run` and `time` added; what JSON has no word for is
a text ("nan", "inf", "-inf"; base64 for packed arrays); a message of a newer dashctl is read as far as
it is understood.
"""

from functools import lru_cache
from typing import Any, Final

import msgspec

from dashctl.errors import InvalidEvent, UsageError
from dashctl.events import BY_NAME, AnyEvent, Event, Metric, Stamped
from dashctl.plain import from_dict
from dashctl.state_json import plain
from dashctl.wire import LAST_TIME, check_run

_encode: Final = msgspec.json.Encoder().encode


class Unreadable(InvalidEvent):
    """A message that is none of ours; `reason` is the word that it is counted under."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class _Envelope(msgspec.Struct):
    type: str
    run: str
    time: float


_envelope_decoder: Final = msgspec.json.Decoder(_Envelope)
_event_decoder: Final = msgspec.json.Decoder(AnyEvent)
_plain_decoder: Final = msgspec.json.Decoder(dict[str, Any])


def as_message(item: Stamped[Event]) -> bytes:
    """The event as JSON, with its run and its time."""
    event = item.event
    if type(event) is Metric and event.value - event.value == 0.0:
        # The one that there are millions of: nothing in it is left out, and nothing needs other words.
        text = _encode(event)
    else:
        text = _encode(plain(event.to_event()))
    return b'%b,"run":%b,"time":%b}' % (text[:-1], _run_text(item.run), _encode(item.time))


def from_message(text: bytes | memoryview) -> Stamped[Event]:
    """The event that a message holds. Raises Unreadable."""
    try:
        envelope = _envelope_decoder.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable("malformed", f"message: {error}") from None
    if envelope.type not in BY_NAME:
        raise Unreadable("unknown type", f"message: {envelope.type!r} is no event type of this version")
    if not 0.0 <= envelope.time < LAST_TIME:
        raise Unreadable("illegal value", f"message: {envelope.time!r} is not a time")
    try:
        return Stamped(envelope.time, check_run(envelope.run), _event_of(text))
    except (msgspec.DecodeError, UsageError, RecursionError) as error:
        raise Unreadable("illegal value", f"message: {error}") from None


def _event_of(text: bytes | memoryview) -> Event:
    try:
        event: Event = _event_decoder.decode(text)
    except msgspec.ValidationError:
        # A value that JSON has no number for, or a field that this version does not know.
        given = _plain_decoder.decode(text)
        fields = BY_NAME[given["type"]].__struct_fields__
        return from_dict({key: value for key, value in given.items() if key in (*fields, "type")})
    return event


@lru_cache(maxsize=4_096)
def _run_text(run: str) -> bytes:
    return _encode(run)
