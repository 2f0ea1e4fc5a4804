"""The wire: what a frame is, byte for byte, and what becomes of one that is not."""

import struct
from array import array
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl.errors import UsageError
from dashctl.events import BusStats, Metric, ModelMetric, PhaseEvent, PointCloud, Stamped
from dashctl.metric_columns import MetricColumns
from dashctl.state import State, fold_all
from dashctl.wire import (
    BROKER,
    HEADER_SIZE,
    LAST_TIME,
    MAX_FRAME,
    STAMP_SIZE,
    BadFrame,
    Header,
    check_run,
    decode_header,
    encode_frame,
    open_frame,
    split_stamp,
    stamp,
)

PRODUCER = b"producer"
PHASE = {"type": "phase", "phase": "clean"}
GOOD = encode_frame(PRODUCER, 7, "run-1", [1.5, 2.5], [PhaseEvent("clean"), ModelMetric("lstm", 0.5)])


def body(times: list[float], events: list[Any]) -> bytes:
    return msgspec.msgpack.encode((array("d", times).tobytes(), events))


def column_body(
    times: Any = (1.0, 2.0),
    names: Any = ("a", "b"),
    codes: Any = (0, 1),
    steps: Any = (0, 1),
    values: Any = (0.5, 1.5),
) -> bytes:
    """A body of kind 2; what is no tuple of numbers stands as it is given."""
    columns = zip(["d", "H", "q", "d"], (times, codes, steps, values), strict=True)
    packed = [array(code, each).tobytes() if isinstance(each, tuple) else each for code, each in columns]
    return msgspec.msgpack.encode((packed[0], names, *packed[1:]))


def mixed_body(places: Any = (0, 2), others: Any = None, **columns: Any) -> bytes:
    """A body of kind 2 with two metrics and two phases."""
    packed = array("I", places).tobytes() if isinstance(places, tuple) else places
    others = ([1.0, 2.0], [PHASE, PHASE]) if others is None else others
    if isinstance(others, tuple):
        others = (array("d", others[0]).tobytes(), others[1])
    return msgspec.msgpack.encode((*msgspec.msgpack.decode(column_body(**columns)), packed, others))


def header(count: int, *, magic: bytes = b"DC", version: int = 2, kind: int = 1, run: bytes = b"") -> bytes:
    return struct.pack("<2sBBI8sQQ32sQ", magic, version, kind, count, PRODUCER, 7, 0, run, 0)


def test_a_frame_byte_for_byte() -> None:
    frame = encode_frame(b"\x01\x02\x03\x04\x05\x06\x07\x08", 258, "r", [1.0], [PhaseEvent("clean")])
    assert frame.hex() == "".join(
        (
            *("4443", "02", "01", "01000000", "0102030405060708", "0201000000000000"),
            *("00" * 8, "72" + "00" * 31, "00" * 8),
            *("92", "c408" + "000000000000f03f"),
            *("91", "82", "a474797065", "a57068617365", "a57068617365", "a5636c65616e"),
        )
    )


def test_a_frame_of_columns_byte_for_byte() -> None:
    metrics = [Metric("a", 1, 0.5), Metric("b", 2, -1.0), Metric("a", 258, float("inf"))]
    frame = encode_frame(PRODUCER, 7, "r", [1.0, 2.0, 1.0], metrics, dropped=3, logged=12)
    assert frame.hex() == "".join(
        (
            *("4443", "02", "02", "03000000", "70726f6475636572", "0700000000000000"),
            *("0300000000000000", "72" + "00" * 31, "0c00000000000000"),
            *("95", "c418", "000000000000f03f", "0000000000000040", "000000000000f03f"),
            *("92", "a161", "a162", "c406", "0000", "0100", "0000"),
            *("c418", "0100000000000000", "0200000000000000", "0201000000000000"),
            *("c418", "000000000000e03f", "000000000000f0bf", "000000000000f07f"),
        )
    )
    opened = open_frame(frame)
    assert isinstance(opened.events, MetricColumns)
    assert [item.event for item in opened.events] == metrics


def test_a_frame_of_json() -> None:
    text = (
        b'[[1.5, 2], [{"type": "phase", "phase": "clean"},'
        b' {"type": "metric", "name": "a", "step": 1, "value": "nan"}]]'
    )
    opened = open_frame(header(2, kind=3, run=b"r") + text)
    phase, metric = opened.events
    assert phase == Stamped(1.5, "r", PhaseEvent("clean"))
    assert (metric.time, repr(metric.event)) == (2.0, repr(Metric("a", 1, float("nan"))))


def test_a_header_is_read_without_opening_the_frame() -> None:
    assert decode_header(GOOD) == Header(PRODUCER, 7, 2, "run-1")
    told = encode_frame(PRODUCER, 7, "", [1.0], [Metric("a", 0, 0.5)], dropped=3, logged=9)
    assert decode_header(told) == Header(PRODUCER, 7, 1, "", dropped=3, logged=9, kind=2)


def test_events_come_back_with_time_and_run() -> None:
    opened = open_frame(GOOD)
    assert opened.rejected == {}
    assert opened.events == [
        Stamped(1.5, "run-1", PhaseEvent("clean")),
        Stamped(2.5, "run-1", ModelMetric("lstm", 0.5)),
    ]


def test_a_cloud_is_a_view_into_its_frame() -> None:
    cloud = PointCloud.pack("p", [1.0, 2.0], [3.0, 4.0], values={"certainty": [0.5, 0.25]})
    frame = encode_frame(PRODUCER, 0, "", [1.0], [cloud])
    event = open_frame(frame).events[0].event
    assert isinstance(event, PointCloud)
    assert event.x.obj is frame
    assert event.values is not None
    assert event.values["certainty"].obj is frame


def test_the_brokers_stamp() -> None:
    epoch, seq, frame = split_stamp(stamp(b"epoch--1", 9) + GOOD)
    assert (epoch, seq, bytes(frame)) == (b"epoch--1", 9, GOOD)
    assert len(split_stamp(stamp(b"epoch--1", 0))[2]) == 0
    with pytest.raises(BadFrame):
        split_stamp(bytes(STAMP_SIZE - 1))


BAD: list[tuple[str, bytes, int, dict[str, int]]] = [
    ("empty", b"", 0, {"malformed": 1}),
    ("cut off in the header", GOOD[: HEADER_SIZE - 1], 0, {"malformed": 1}),
    ("cut off in the body", GOOD[:-1], 0, {"malformed": 2}),
    ("something after the end", GOOD + b"\x00", 0, {"malformed": 2}),
    ("another magic", b"XX" + GOOD[2:], 0, {"malformed": 1}),
    ("another version", header(1, version=1) + body([1.0], [PHASE]), 0, {"version": 1}),
    ("another kind", header(1, kind=9) + body([1.0], [PHASE]), 0, {"version": 1}),
    ("a run that is no text", header(1, run=b"\xff") + body([1.0], [PHASE]), 0, {"malformed": 1}),
    ("no events", header(0) + body([], []), 0, {"malformed": 1}),
    ("fewer events than it says", header(2) + body([1.0], [PHASE]), 0, {"malformed": 2}),
    ("fewer times than events", header(2) + body([1.0], [PHASE, PHASE]), 0, {"malformed": 2}),
    ("a time that is none", header(1) + body([float("nan")], [PHASE]), 0, {"malformed": 1}),
    ("a time beyond all clocks", header(1) + body([LAST_TIME], [PHASE]), 0, {"malformed": 1}),
    ("a body that is no list", header(1) + msgspec.msgpack.encode({"a": 1}), 0, {"malformed": 1}),
    ("an unknown type", header(2) + body([1.0, 2.0], [PHASE, {"type": "telegram"}]), 1, {"unknown type": 1}),
    (
        "a value out of range",
        header(2) + body([1.0, 2.0], [{"type": "model_metric", "model": "a", "accuracy": 1.7}, PHASE]),
        1,
        {"illegal value": 1},
    ),
    (
        "a value that only our own check refuses",
        header(2) + body([1.0, 2.0], [{"type": "embedding", "x": float("nan"), "y": 0.0}, PHASE]),
        1,
        {"illegal value": 1},
    ),
    ("an event that is no mapping", header(2) + body([1.0, 2.0], [3, PHASE]), 1, {"malformed": 1}),
    (
        "the broker's own word from somebody else",
        header(2) + body([1.0, 2.0], [{"type": "bus_stats", "started": 1.0, "lost": 9}, PHASE]),
        1,
        {"illegal value": 1},
    ),
    ("columns", header(2, kind=2) + column_body(), 2, {}),
    ("columns, and something after the end", header(2, kind=2) + column_body() + b"\0", 0, {"malformed": 2}),
    ("more samples than it says", header(1, kind=2) + column_body(), 0, {"malformed": 1}),
    ("a code without a name", header(2, kind=2) + column_body(codes=(0, 2)), 0, {"malformed": 2}),
    ("no names", header(2, kind=2) + column_body(names=()), 0, {"malformed": 2}),
    ("a name that is empty", header(2, kind=2) + column_body(names=("a", "")), 0, {"illegal value": 2}),
    ("a name that is no text", header(2, kind=2) + column_body(names=("a", 1)), 0, {"malformed": 2}),
    ("too few codes", header(2, kind=2) + column_body(codes=(0,)), 0, {"malformed": 2}),
    ("too few steps", header(2, kind=2) + column_body(steps=(0,)), 0, {"malformed": 2}),
    ("too few values", header(2, kind=2) + column_body(values=(0.5,)), 0, {"malformed": 2}),
    ("half a value", header(2, kind=2) + column_body(values=bytes(15)), 0, {"malformed": 2}),
    ("a step below 0", header(2, kind=2) + column_body(steps=(0, -1)), 0, {"illegal value": 2}),
    ("values that are a list", header(2, kind=2) + column_body(values=[0.5, 1.5]), 0, {"malformed": 2}),
    *(
        (f"{at} as a time in columns", header(2, kind=2) + column_body(times=(1.0, at)), 0, {"malformed": 2})
        for at in (float("nan"), float("inf"), -1.0, LAST_TIME)
    ),
    ("times far ahead", header(2, kind=2) + column_body(times=(2.0**33, LAST_TIME - 1)), 2, {}),
    ("columns and others", header(4, kind=2) + mixed_body(), 4, {}),
    ("others behind the columns", header(4, kind=2) + mixed_body((2, 3)), 4, {}),
    ("others in one place", header(4, kind=2) + mixed_body((1, 1)), 0, {"malformed": 4}),
    ("others that go back", header(4, kind=2) + mixed_body((2, 0)), 0, {"malformed": 4}),
    ("others beyond the end", header(4, kind=2) + mixed_body((2, 4)), 0, {"malformed": 4}),
    ("half a place", header(4, kind=2) + mixed_body(bytes(7)), 0, {"malformed": 4}),
    ("places that are a list", header(4, kind=2) + mixed_body([0, 2]), 0, {"malformed": 4}),
    (
        "fewer others than places",
        header(4, kind=2) + mixed_body(others=([1.0], [PHASE])),
        0,
        {"malformed": 4},
    ),
    ("others that are none", header(4, kind=2) + mixed_body(others={"a": 1}), 0, {"malformed": 4}),
    (
        "places and no others",
        header(4, kind=2) + mixed_body()[: -len(msgspec.msgpack.encode(([], [])))],
        0,
        {"malformed": 4},
    ),
    ("too few metrics beside others", header(5, kind=2) + mixed_body(), 0, {"malformed": 5}),
    (
        "a time that is none among others",
        header(4, kind=2) + mixed_body(others=([1.0, -1.0], [PHASE, PHASE])),
        0,
        {"malformed": 4},
    ),
    (
        "a metric beside the columns",
        header(4, kind=2)
        + mixed_body(others=([1.0, 2.0], [PHASE, {"type": "metric", "name": "a", "step": 0, "value": 0.0}])),
        0,
        {"malformed": 4},
    ),
    (
        "an unknown type beside columns",
        header(4, kind=2) + mixed_body(others=([1.0, 2.0], [{"type": "telegram"}, PHASE])),
        3,
        {"unknown type": 1},
    ),
    (
        "the broker's own word beside columns",
        header(4, kind=2) + mixed_body(others=([1.0, 2.0], [PHASE, {"type": "bus_stats", "started": 1.0}])),
        3,
        {"illegal value": 1},
    ),
    ("a step below 0 beside others", header(4, kind=2) + mixed_body(steps=(0, -1)), 0, {"illegal value": 4}),
    ("JSON that is none", header(1, kind=3) + b"[[1.0], [{]]", 0, {"malformed": 1}),
    ("JSON that is no text", header(1, kind=3) + b"\xff", 0, {"malformed": 1}),
    (
        "JSON with too few times",
        header(2, kind=3) + b'[[1.0], [{"type": "phase", "phase": "clean"}]]',
        0,
        {"malformed": 2},
    ),
    (
        "JSON with a time that is none",
        header(1, kind=3) + b'[["now"], [{"type": "phase", "phase": "clean"}]]',
        0,
        {"malformed": 1},
    ),
    (
        "JSON with all kinds of wrong events",
        header(6, kind=3)
        + b'[[1, 1, 1, 1, 1, 1], [3, {"type": []}, {"type": "telegram"}, {"phase": 1, "type": "phase"},'
        + b'{"type": "phase", "phase": "clean"}, {"type": "bus_stats", "started": 1.0}]]',
        1,
        {"malformed": 2, "unknown type": 1, "illegal value": 2},
    ),
    ("JSON that nests without end", header(1, kind=3) + b"[[1.0], [" + b"[" * 100_000, 0, {"malformed": 1}),
    (
        "more logged than can be",
        GOOD[: HEADER_SIZE - 8] + b"\xff" * 8 + GOOD[HEADER_SIZE:],
        0,
        {"malformed": 1},
    ),
    ("too large", bytes(MAX_FRAME + 1), 0, {"oversized": 1}),
]


@pytest.mark.parametrize(
    ("frame", "kept", "rejected"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
def test_a_bad_frame_is_counted_by_reason(frame: bytes, kept: int, rejected: dict[str, int]) -> None:
    opened = open_frame(frame)
    assert len(opened.events) == kept
    assert opened.rejected == Counter(rejected)
    assert set(opened.why) == set(rejected)
    assert all(opened.why.values())


@pytest.mark.parametrize("kind", [1, 3])
def test_what_was_refused_is_named_with_its_field(kind: int) -> None:
    wrong = {"type": "model_metric", "model": "a", "accuracy": 1.7}
    packed = body([1.0], [wrong]) if kind == 1 else msgspec.json.encode(([1.0], [wrong]))
    assert open_frame(header(1, kind=kind) + packed).why == {
        "illegal value": "model_metric.accuracy: 1.7 is not allowed; expected a number from 0 to 1"
    }


def test_a_negative_step_is_named() -> None:
    why = open_frame(header(2, kind=2) + column_body(steps=(-3, 1))).why
    assert why == {"illegal value": "metric.step: -3 is not allowed; expected a whole number, 0 or more"}


def test_a_frame_from_the_broker_may_tell_how_it_is() -> None:
    frame = encode_frame(BROKER, 0, "", [1.0], [BusStats(5.0)])
    assert [item.event for item in open_frame(frame).events] == [BusStats(5.0)]


@given(st.binary(max_size=300))
def test_no_bytes_are_too_strange(junk: bytes) -> None:
    assert isinstance(open_frame(junk).rejected, Counter)
    for kind in (1, 2, 3):
        assert isinstance(open_frame(header(1, kind=kind) + junk).rejected, Counter)


COLUMNS = header(2, kind=2) + column_body()


@given(st.integers(HEADER_SIZE, len(COLUMNS) - 1), st.integers(0, 255))
def test_columns_with_one_wrong_byte_are_legal_events_or_none(at: int, byte: int) -> None:
    opened = open_frame(COLUMNS[:at] + bytes([byte]) + COLUMNS[at + 1 :])
    assert len(list(opened.events)) + opened.rejected.total() == 2
    fold_all(State(), opened.events)


def test_an_illegal_event_leaves_the_others_between_their_metrics() -> None:
    others = ([5.0, 6.0, 7.0], [PHASE, {"type": "phase", "phase": 1}, PHASE])
    opened = open_frame(header(5, kind=2) + mixed_body((0, 2, 3), others))
    assert [item.time for item in opened.events] == [5.0, 1.0, 7.0, 2.0]
    assert opened.rejected == {"illegal value": 1}
    assert opened.why["illegal value"].startswith("phase.phase: 1 is not allowed")


MIXED = header(4, kind=2) + mixed_body()


@given(st.integers(HEADER_SIZE, len(MIXED) - 1), st.integers(0, 255))
def test_a_mixture_with_one_wrong_byte_is_legal_events_or_none(at: int, byte: int) -> None:
    opened = open_frame(MIXED[:at] + bytes([byte]) + MIXED[at + 1 :])
    assert len(list(opened.events)) == len(opened.events)
    assert len(opened.events) + opened.rejected.total() == 4
    fold_all(State(), opened.events)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_one_wrong_byte_never_invents_an_event_type(at: int, byte: int) -> None:
    opened = open_frame(GOOD[:at] + bytes([byte]) + GOOD[at + 1 :])
    assert all(isinstance(item.event, (PhaseEvent, ModelMetric)) for item in opened.events)


@given(st.lists(st.tuples(st.floats(0, 1e10), st.integers(0, 2**62), st.floats()), min_size=1, max_size=20))
def test_any_metrics_come_back(samples: list[tuple[float, int, float]]) -> None:
    times = [at for at, _, _ in samples]
    events = [Metric("loss", step, value) for _, step, value in samples]
    opened = open_frame(encode_frame(PRODUCER, 0, "r", times, events))
    assert repr(list(opened.events)) == repr(
        [Stamped(at, "r", event) for at, event in zip(times, events, strict=True)]
    )


@pytest.mark.parametrize("run", ["x" * 33, "ü" * 17, "a\x00b", "\udcff"])
def test_a_run_must_fit_its_frame(run: str) -> None:
    with pytest.raises(UsageError, match="at most 32 bytes"):
        check_run(run)


def test_a_text_that_is_not_utf_8_takes_no_other_event_with_it() -> None:
    good = encode_frame(PRODUCER, 0, "", [1.0, 2.0], [PhaseEvent("clean"), ModelMetric("lstm", 0.5)])
    opened = open_frame(good.replace(b"lstm", b"l\xe2tm"))
    assert [item.event for item in opened.events] == [PhaseEvent("clean")]
    assert opened.rejected.total() == 1
