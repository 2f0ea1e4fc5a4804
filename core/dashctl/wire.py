"""Events <-> one frame. The authority on the bytes is this module; the version is `VERSION`.

Rules:
1. A message is one frame: a fixed header, then a msgpack body of many events.
2. A producer numbers its events; the broker puts its own stamp in front and never opens the frame
   to pass it on.
3. What cannot be read is named by a reason and counted; the events beside it in the frame live.

A frame, little-endian:

    2  magic       b"DC"
    1  version     1
    1  kind        1 = events
    4  count       events in the frame, 1 or more
    8  producer    random id, new per process and per fork; all zero: the broker itself
    8  first       the producer's number of the first event, from 0; the others follow without a gap
    8  dropped     how many events numbered before the first the producer dropped itself, unsent
    32 run         the run's name, UTF-8, filled up with zero bytes; all zero: in no run
    .. body        msgpack [times, events]: times is a bin of float64, seconds since 1970 (UTC)

What a monitor receives is `epoch (8 bytes) | seq (uint64)` before such a frame; without a frame it
is the welcome. Frames are numbered from 1 in an epoch.
"""

import struct
from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import repeat
from typing import Final, NamedTuple

import msgspec

from dashctl.errors import InvalidEvent, UsageError
from dashctl.events import BY_NAME, AnyEvent, BusStats, Event, Stamped

VERSION: Final = 1
MAGIC: Final = b"DC"
KIND_EVENTS: Final = 1
MAX_FRAME: Final = 32 * 1024 * 1024
MAX_RUN: Final = 32
BROKER: Final = bytes(8)
"""The producer that the broker is itself: it takes no frame of this name from anybody."""
LAST_TIME: Final = (
    253_402_300_800.0  # The year 10000: a clock beyond it is broken, and would close every window.
)

_HEADER: Final = struct.Struct("<2sBBI8sQQ32s")
_STAMP: Final = struct.Struct("<8sQ")
_STATS: Final = BusStats.type_name().encode()
HEADER_SIZE: Final = _HEADER.size
STAMP_SIZE: Final = _STAMP.size


class Header(NamedTuple):
    """What a frame says of itself without being opened."""

    producer: bytes
    first: int
    events: int
    run: str
    dropped: int = 0


class Opened(NamedTuple):
    """A frame's events, and how many were refused for which reason."""

    events: list[Stamped[Event]]
    rejected: Counter[str]


class BadFrame(UsageError):
    """A frame that cannot be read at all; `reason` is the word that it is counted under."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class _Body(msgspec.Struct, array_like=True, frozen=True):
    times: memoryview
    events: list[AnyEvent]


class _RawBody(msgspec.Struct, array_like=True, frozen=True):
    times: memoryview
    events: list[msgspec.Raw]


class _Typed(msgspec.Struct, frozen=True):
    type: str


_encoder: Final = msgspec.msgpack.Encoder()
_body_decoder: Final = msgspec.msgpack.Decoder(_Body)
_raw_decoder: Final = msgspec.msgpack.Decoder(_RawBody)
_event_decoder: Final = msgspec.msgpack.Decoder(AnyEvent)
_typed_decoder: Final = msgspec.msgpack.Decoder(_Typed)


def check_run(run: str) -> str:
    """The run's name, if it fits a frame. Raises UsageError."""
    try:
        fits = len(run.encode()) <= MAX_RUN and "\x00" not in run
    except UnicodeEncodeError:
        fits = False
    if not fits:
        raise UsageError(
            f"run: {run!r} is not allowed; expected at most {MAX_RUN} bytes of UTF-8 without NUL"
        )
    return run


def encode_frame(
    producer: bytes,
    first: int,
    run: str,
    times: Sequence[float],
    events: Sequence[Event],
    *,
    dropped: int = 0,
) -> bytes:
    """One frame of events numbered `first`, `first + 1` and so on. `run` is at most 32 bytes."""
    header = _HEADER.pack(MAGIC, VERSION, KIND_EVENTS, len(events), producer, first, dropped, run.encode())
    return header + _encoder.encode((array("d", times).tobytes(), events))


def decode_header(frame: bytes | memoryview) -> Header:
    """What the header says. Raises BadFrame: oversized, malformed or version."""
    if len(frame) > MAX_FRAME:
        raise BadFrame("oversized", f"frame: {len(frame)} bytes; at most {MAX_FRAME} are allowed")
    if len(frame) < HEADER_SIZE:
        raise BadFrame("malformed", f"frame: {len(frame)} bytes; a header has {HEADER_SIZE}")
    magic, version, kind, count, producer, first, dropped, run = _HEADER.unpack_from(frame)
    if magic != MAGIC:
        raise BadFrame("malformed", f"frame: starts with {magic!r}; expected {MAGIC!r}")
    if version != VERSION or kind != KIND_EVENTS:
        raise BadFrame(
            "version",
            f"frame: version {version}, kind {kind}; this reads version {VERSION}, kind {KIND_EVENTS}",
        )
    if not 0 < count <= len(frame) or first + count > 2**63 or dropped > first:
        raise BadFrame("malformed", f"frame: {count} events from number {first}, {dropped} dropped before")
    try:
        return Header(producer, first, count, run.rstrip(b"\x00").decode(), dropped)
    except UnicodeDecodeError:
        raise BadFrame("malformed", "frame: the run is not UTF-8") from None


def _without_forged(header: Header, opened: Opened, body: memoryview) -> Opened:
    """How the broker is doing is the broker's to tell."""
    # Searching bytes is far cheaper than looking at each event, and nearly always enough.
    if header.producer == BROKER or _STATS not in bytes(body):
        return opened
    kept = [item for item in opened.events if not isinstance(item.event, BusStats)]
    forged = len(opened.events) - len(kept)
    return Opened(kept, opened.rejected + Counter({"illegal value": forged})) if forged else opened


def open_frame(frame: bytes | memoryview) -> Opened:
    """The events of a frame; what cannot be read is counted by reason, never raised.

    Packed arrays in the events are views into the frame: it lives as long as they do.
    """
    try:
        header = decode_header(frame)
    except BadFrame as bad:
        return Opened([], Counter({bad.reason: 1}))
    body = memoryview(frame)[HEADER_SIZE:]
    try:
        times, events = _open_body(body)
    except (msgspec.ValidationError, InvalidEvent):
        return _without_forged(header, _salvage(header, body), body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return Opened([], Counter(malformed=header.events))
    if len(events) != header.events:
        return Opened([], Counter(malformed=header.events))
    opened = Opened(list(map(Stamped, times, repeat(header.run), events)), Counter())
    return _without_forged(header, opened, body)


def stamp(epoch: bytes, seq: int) -> bytes:
    """What the broker puts before a frame, and what it welcomes with."""
    return _STAMP.pack(epoch, seq)


def split_stamp(message: bytes) -> tuple[bytes, int, memoryview]:
    """Epoch, sequence number and frame (empty for a welcome). Raises BadFrame."""
    if len(message) < STAMP_SIZE:
        raise BadFrame("malformed", f"message: {len(message)} bytes; a stamp has {STAMP_SIZE}")
    epoch, seq = _STAMP.unpack_from(message)
    return epoch, seq, memoryview(message)[STAMP_SIZE:]


def _open_body(body: memoryview) -> "tuple[array[float], list[AnyEvent]]":
    opened = _body_decoder.decode(body)
    return _times(opened.times, len(opened.events)), opened.events


def _times(packed: memoryview, count: int) -> "array[float]":
    times = array("d", bytes(packed))
    if len(times) != count:
        raise ValueError(f"{len(times)} times for {count} events")
    if not all(0.0 <= at < LAST_TIME for at in times):
        raise ValueError("a time that is not one")
    return times


def _salvage(header: Header, body: memoryview) -> Opened:
    """Event by event: one that is illegal takes no other with it."""
    try:
        raw = _raw_decoder.decode(body)
        times = _times(raw.times, len(raw.events))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return Opened([], Counter(malformed=header.events))
    kept: list[Stamped[Event]] = []
    rejected: Counter[str] = Counter()
    for at, piece in zip(times, raw.events, strict=True):
        try:
            kept.append(Stamped(at, header.run, _event_decoder.decode(piece)))
        except (msgspec.DecodeError, RecursionError):
            rejected[_reason(piece)] += 1
    return Opened(kept, rejected)


def _reason(piece: msgspec.Raw) -> str:
    try:
        return "illegal value" if _typed_decoder.decode(piece).type in BY_NAME else "unknown type"
    except (msgspec.DecodeError, RecursionError):
        return "malformed"
