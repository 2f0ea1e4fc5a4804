"""Events <-> one frame. The authority on the bytes is docs/protocol.md; the version is `VERSION`.

Rules:
1. A message is one frame: a fixed header, then a body of many events.
2. A producer numbers its events; the broker puts its own stamp in front and never opens the frame
   to pass it on.
3. What cannot be read is named by a reason and counted, and never raises.
4. One illegal event takes no other in its frame with it; columns stand or fall together, for whoever
   packs columns can check them.

A frame, little-endian:

    2  magic       b"DC"
    1  version     2
    1  kind        1 = events, 2 = metrics in columns, 3 = events as JSON
    4  count       events in the frame, 1 or more
    8  producer    random id, new per process and per fork; all zero: the broker itself
    8  first       the producer's number of the first event, from 0; the others follow without a gap
    8  dropped     how many events numbered before the first the producer dropped itself, unsent
    32 run         the run's name, UTF-8, filled up with zero bytes; all zero: in no run
    8  logged      how many events the producer had numbered when it sent this; 0: it does not say
    .. body        kind 1: msgpack [times, events]: times is a bin of float64, seconds since 1970 (UTC)
                   kind 2: msgpack [times, names, codes, steps, values]: bins of float64, uint16 (which
                   of the names), int64 and float64, names being a list of texts; with other events
                   between the metrics also places and others: a bin of uint32, where in the frame each
                   of the others stands, and the others as in kind 1
                   kind 3: JSON [times, events]: a list of numbers, and events as objects

What a monitor receives is `epoch (8 bytes) | seq (uint64)` before such a frame; without a frame it
is the welcome. Frames are numbered from 1 in an epoch.
"""

import struct
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, repeat
from operator import is_not, sub
from typing import Annotated, Any, Final, NamedTuple, cast

import msgspec

from dashctl.errors import InvalidEvent, UsageError
from dashctl.events import BY_NAME, AnyEvent, BusStats, Event, Metric, Stamped
from dashctl.metric_columns import MOST_NAMES, MetricColumns, MixedEvents, coded
from dashctl.plain import as_event
from dashctl.validation import LONGEST_NAME

VERSION: Final = 2
MAGIC: Final = b"DC"
KIND_EVENTS: Final = 1
KIND_COLUMNS: Final = 2
KIND_JSON: Final = 3
MAX_FRAME: Final = 32 * 1024 * 1024
MAX_RUN: Final = 32
BROKER: Final = bytes(8)
"""The producer that the broker is itself: it takes no frame of this name from anybody."""
LAST_TIME: Final = (
    253_402_300_800.0  # The year 10000: a clock beyond it is broken, and would close every window.
)

_HEADER: Final = struct.Struct("<2sBBI8sQQ32sQ")
_STAMP: Final = struct.Struct("<8sQ")
HEADER_SIZE: Final = _HEADER.size
STAMP_SIZE: Final = _STAMP.size
FEWEST_METRICS: Final = 16
"""So many metrics among other events are worth columns."""
_MOST_NUMBERS: Final = 2**63


class Header(NamedTuple):
    """What a frame says of itself without being opened."""

    producer: bytes
    first: int
    events: int
    run: str
    dropped: int = 0
    logged: int = 0
    """How many events the producer had numbered by then; 0: it does not say."""
    kind: int = KIND_EVENTS


class Opened(NamedTuple):
    """A frame's events, and how many were refused for which reason."""

    events: Sequence[Stamped[Event]]
    """`MetricColumns` or `MixedEvents` where the frame has columns."""
    rejected: Counter[str]
    why: Mapping[str, str] = {}
    """By reason, what was wrong with the first that was refused."""


class _Taken(NamedTuple):
    """What was in a body, with None in the place of what was refused."""

    events: list[Any]
    rejected: Counter[str]
    why: Mapping[str, str]


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


class _ColumnBody(msgspec.Struct, array_like=True, frozen=True):
    times: memoryview
    names: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=MOST_NAMES)]
    codes: memoryview
    steps: memoryview
    values: memoryview
    places: memoryview = memoryview(b"")
    others: msgspec.Raw = msgspec.Raw(b"")


class _JsonBody(msgspec.Struct, array_like=True, frozen=True):
    times: list[float]
    events: list[Any]


_encoder: Final = msgspec.msgpack.Encoder()
_body_decoder: Final = msgspec.msgpack.Decoder(_Body)
_raw_decoder: Final = msgspec.msgpack.Decoder(_RawBody)
_column_decoder: Final = msgspec.msgpack.Decoder(_ColumnBody)
_json_decoder: Final = msgspec.json.Decoder(_JsonBody)
_event_decoder: Final = msgspec.msgpack.Decoder(AnyEvent)


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
    logged: int = 0,
) -> bytes:
    """One frame of events numbered `first`, `first + 1` and so on. `run` is at most 32 bytes.

    Metrics travel as columns, but for a few among other events.
    """
    types = list(map(type, events))
    metrics = types.count(Metric)
    if metrics == len(events) <= MOST_NAMES:
        kind = KIND_COLUMNS
        body = _encoder.encode(_packed_columns(times, cast("Sequence[Metric]", events)))
    elif FEWEST_METRICS <= metrics <= MOST_NAMES:
        kind = KIND_COLUMNS
        body = _encoder.encode(_packed_mixture(times, events, types))
    else:
        kind = KIND_EVENTS
        body = _encoder.encode(_packed_events(times, events))
    head = _HEADER.pack(MAGIC, VERSION, kind, len(events), producer, first, dropped, run.encode(), logged)
    return head + body


def decode_header(frame: bytes | memoryview) -> Header:
    """What the header says. Raises BadFrame: oversized, malformed or version."""
    if len(frame) > MAX_FRAME:
        raise BadFrame("oversized", f"frame: {len(frame)} bytes; at most {MAX_FRAME} are allowed")
    if len(frame) < HEADER_SIZE:
        raise BadFrame("malformed", f"frame: {len(frame)} bytes; a header has {HEADER_SIZE}")
    magic, version, kind, count, producer, first, dropped, run, logged = _HEADER.unpack_from(frame)
    if magic != MAGIC:
        raise BadFrame("malformed", f"frame: starts with {magic!r}; expected {MAGIC!r}")
    if version != VERSION or kind not in {KIND_EVENTS, KIND_COLUMNS, KIND_JSON}:
        raise BadFrame(
            "version",
            f"frame: version {version}, kind {kind}; this reads version {VERSION}, kinds 1 to 3",
        )
    if not 0 < count <= len(frame) or max(first + count, logged) > _MOST_NUMBERS or dropped > first:
        raise BadFrame(
            "malformed",
            f"frame: {count} events from number {first}, {dropped} dropped before, {logged} logged",
        )
    try:
        return Header(producer, first, count, run.rstrip(b"\x00").decode(), dropped, logged, kind)
    except UnicodeDecodeError:
        raise BadFrame("malformed", "frame: the run is not UTF-8") from None


def open_frame(frame: bytes | memoryview) -> Opened:
    """The events of a frame; what cannot be read is counted by reason, never raised.

    Packed arrays in the events are views into the frame: it lives as long as they do.
    """
    try:
        header = decode_header(frame)
    except BadFrame as bad:
        return _refused(1, bad.reason, str(bad))
    body = memoryview(frame)[HEADER_SIZE:]
    try:
        if header.kind == KIND_COLUMNS:
            return _open_columns(header, body)
        taken = _taken_json(header, body) if header.kind == KIND_JSON else _taken(header, header.events, body)
    except InvalidEvent as error:
        return _refused(header.events, "illegal value", str(error))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return _refused(header.events, "malformed", f"body: {error}")
    return Opened([each for each in taken.events if each] if taken.rejected else taken.events, *taken[1:])


def stamp(epoch: bytes, seq: int) -> bytes:
    """What the broker puts before a frame, and what it welcomes with."""
    return _STAMP.pack(epoch, seq)


def split_stamp(message: bytes) -> tuple[bytes, int, memoryview]:
    """Epoch, sequence number and frame (empty for a welcome). Raises BadFrame."""
    if len(message) < STAMP_SIZE:
        raise BadFrame("malformed", f"message: {len(message)} bytes; a stamp has {STAMP_SIZE}")
    epoch, seq = _STAMP.unpack_from(message)
    return epoch, seq, memoryview(message)[STAMP_SIZE:]


def _packed_columns(times: Sequence[float], metrics: Sequence[Metric]) -> tuple[object, ...]:
    names, codes = coded([metric.name for metric in metrics])
    # Twice as fast as filling arrays, which take one number after the other.
    floats, integers = f"<{len(metrics)}d", f"<{len(metrics)}q"
    steps = struct.pack(integers, *[metric.step for metric in metrics])
    values = struct.pack(floats, *[metric.value for metric in metrics])
    return struct.pack(floats, *times), names, memoryview(codes), steps, values


def _packed_mixture(
    times: Sequence[float], events: Sequence[Event], types: Sequence[type]
) -> tuple[object, ...]:
    is_other = list(map(is_not, types, repeat(Metric)))
    is_metric = list(map(is_not, is_other, repeat(True)))
    metrics = cast("list[Metric]", list(compress(events, is_metric)))
    columns = _packed_columns(list(compress(times, is_metric)), metrics)
    places = memoryview(array("I", list(compress(range(len(types)), is_other))))
    return (*columns, places, _packed_events(compress(times, is_other), list(compress(events, is_other))))


def _packed_events(times: Iterable[float], events: Sequence[Event]) -> tuple[bytes, Sequence[Event]]:
    return array("d", times).tobytes(), events


def _refused(events: int, reason: str, why: str) -> Opened:
    return Opened([], Counter({reason: events}), {reason: why})


def _taken(header: Header, count: int, body: memoryview | msgspec.Raw) -> _Taken:
    """What a body of kind 1 has."""
    try:
        opened = _body_decoder.decode(body)
    except (msgspec.ValidationError, InvalidEvent, UnicodeDecodeError):
        return _salvaged(header, count, body)
    times = _times(opened.times, count)
    _check_length("events", len(opened.events), count)
    return _without_forged(header, list(map(Stamped, times, repeat(header.run), opened.events)))


def _open_columns(header: Header, body: memoryview) -> Opened:
    packed = _column_decoder.decode(body)
    if not packed.places:
        return Opened(_columns(header.run, header.events, packed), Counter())
    others = len(packed.places) // 4
    metrics = _columns(header.run, header.events - others, packed)
    before = list(map(sub, _column("places", "I", packed.places, others), range(others)))
    if before[0] < 0 or before[-1] > len(metrics) or sorted(before) != before:
        raise ValueError(f"places of {others} events among {len(metrics)} metrics")
    taken = _taken(header, others, packed.others)
    if any(each is not None and type(each.event) is Metric for each in taken.events):
        raise ValueError("a metric beside the columns")
    events = [each for each in taken.events if each]
    if taken.rejected:
        before = list(compress(before, taken.events))
    return Opened(MixedEvents(metrics, events, before), *taken[1:])


def _columns(run: str, count: int, packed: _ColumnBody) -> MetricColumns:
    """Raises ValueError or InvalidEvent where these are not so many metrics."""
    times = _times(packed.times, count)
    codes = _column("codes", "H", packed.codes, count)
    steps = _column("steps", "q", packed.steps, count)
    values = _column("values", "d", packed.values, count)
    if max(codes) >= len(packed.names):
        raise ValueError(f"code {max(codes)} for {len(packed.names)} names")
    lengths = list(map(len, packed.names))
    if min(lengths) < 1 or max(lengths) > LONGEST_NAME:
        raise InvalidEvent(f"metric.name: expected texts of 1 to {LONGEST_NAME} characters")
    # The sign is in the last byte of each.
    if not bytes(packed.steps)[7::8].isascii():
        raise InvalidEvent(f"metric.step: {min(steps)} is not allowed; expected a whole number, 0 or more")
    return MetricColumns(run, times, packed.names, codes=codes, steps=steps, values=values)


def _taken_json(header: Header, body: memoryview) -> _Taken:
    opened = _json_decoder.decode(body)
    _check_length("times", len(opened.times), header.events)
    _check_length("events", len(opened.events), header.events)
    _check_times(array("d", opened.times))
    kept: list[Stamped[Event] | None] = []
    rejected: Counter[str] = Counter()
    why: dict[str, str] = {}
    for at, plain in zip(opened.times, opened.events, strict=True):
        try:
            kept.append(Stamped(at, header.run, as_event(plain)))
        except InvalidEvent as error:
            reason = _reason(plain)
            kept.append(None)
            rejected[reason] += 1
            why.setdefault(reason, str(error))
    return _without_forged(header, kept, rejected, why)


def _salvaged(header: Header, count: int, body: memoryview | msgspec.Raw) -> _Taken:
    """Event by event: one that is illegal takes no other with it."""
    raw = _raw_decoder.decode(body)
    times = _times(raw.times, count)
    _check_length("events", len(raw.events), count)
    kept: list[Stamped[Event] | None] = []
    rejected: Counter[str] = Counter()
    why: dict[str, str] = {}
    for at, piece in zip(times, raw.events, strict=True):
        try:
            kept.append(Stamped(at, header.run, _event_decoder.decode(piece)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            reason, message = _explained(piece, str(error))
            kept.append(None)
            rejected[reason] += 1
            why.setdefault(reason, message)
    return _without_forged(header, kept, rejected, why)


def _explained(piece: msgspec.Raw, error: str) -> tuple[str, str]:
    """Under which reason an event that cannot be decoded is counted, and what is wrong with it."""
    try:
        plain = msgspec.msgpack.decode(piece)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "malformed", f"event: {error}"
    try:
        as_event(plain)
    except InvalidEvent as named:
        return _reason(plain), str(named)
    return _reason(plain), f"{plain['type']}: {error}"


def _reason(plain: object) -> str:
    if not isinstance(plain, Mapping) or not isinstance(plain.get("type"), str):
        return "malformed"
    return "illegal value" if plain["type"] in BY_NAME else "unknown type"


def _without_forged(
    header: Header,
    events: list[Any],
    rejected: Counter[str] | None = None,
    why: Mapping[str, str] | None = None,
) -> _Taken:
    """How the broker is doing is the broker's to tell."""
    rejected, why = rejected or Counter(), why or {}
    forged = [at for at, item in enumerate(events) if item and type(item.event) is BusStats]
    if header.producer == BROKER:
        forged = []
    if not forged:
        return _Taken(events, rejected, why)
    kept = list(events)
    for at in forged:
        kept[at] = None
    why = {"illegal value": "bus_stats: only the broker tells how it is doing", **why}
    return _Taken(kept, rejected + Counter({"illegal value": len(forged)}), why)


def _check_length(column: str, given: int, expected: int) -> None:
    if given != expected:
        raise ValueError(f"{given} {column} for {expected} events")


def _column(name: str, typecode: str, packed: memoryview, count: int) -> "array[Any]":
    column = array(typecode)
    _check_length(f"bytes of {name}", len(packed), column.itemsize * count)
    column.frombytes(packed)
    return column


def _times(packed: memoryview, count: int) -> "array[float]":
    times = _column("times", "d", packed, count)
    # Nearly always no time is beyond the year 2242: then the last bytes, of sign and exponent, tell.
    if bytes(packed)[7::8].translate(None, _EARLY):
        _check_times(times)
    return times


_EARLY: Final = bytes(range(0x42))
"""The last byte of every float64 from 0 to before 2 ** 33, and of no other."""


def _check_times(times: "array[float]") -> None:
    if not all(0.0 <= at < LAST_TIME for at in times):
        raise ValueError("a time that is none: expected seconds since 1970, before the year 10000")
