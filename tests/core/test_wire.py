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
from dashctl.events import Metric, ModelMetric, PhaseEvent, PointCloud, Stamped
from dashctl.wire import (
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
GOOD = encode_frame(PRODUCER, 7, "run-1", [1.5, 2.5], [PhaseEvent("clean"), ModelMetric("lstm", 0.5)])


def body(times: list[float], events: list[Any]) -> bytes:
    return msgspec.msgpack.encode((array("d", times).tobytes(), events))


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


def test_a_header_is_read_without_opening_the_frame() -> None:
    assert decode_header(GOOD) == Header(PRODUCER, 7, 2, "run-1")


def test_events_come_back_with_time_and_run() -> None:
    opened = open_frame(GOOD)
    assert opened.rejected == {}
    assert opened.events == [
        Stamped(1.5, "run-1", PhaseEvent("clean")),
        Stamped(2.5, "run-1", ModelMetric("lstm", 0.5)),
    ]


def test_a_cloud_is_a_view_into_its_frame() -> None:
    frame = encode_frame(PRODUCER, 0, "", [1.0], [PointCloud.pack("p", [1.0, 2.0], [3.0, 4.0])])
    event = open_frame(frame).events[0].event
    assert isinstance(event, PointCloud)
    assert event.x.obj is frame


def test_the_brokers_stamp() -> None:
    epoch, seq, frame = split_stamp(stamp(b"epoch--1", 9) + GOOD)
    assert (epoch, seq, bytes(frame)) == (b"epoch--1", 9, GOOD)
    assert len(split_stamp(stamp(b"epoch--1", 0))[2]) == 0
    with pytest.raises(BadFrame):
        split_stamp(bytes(STAMP_SIZE - 1))


PHASE = {"type": "phase", "phase": "clean"}
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
    ("too large", bytes(MAX_FRAME + 1), 0, {"oversized": 1}),
]


@pytest.mark.parametrize(
    ("frame", "kept", "rejected"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
def test_a_bad_frame_is_counted_by_reason(frame: bytes, kept: int, rejected: dict[str, int]) -> None:
    opened = open_frame(frame)
    assert len(opened.events) == kept
    assert opened.rejected == Counter(rejected)


@given(st.binary(max_size=300))
def test_no_bytes_are_too_strange(junk: bytes) -> None:
    assert isinstance(open_frame(junk).rejected, Counter)
    assert isinstance(open_frame(header(1) + junk).rejected, Counter)


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
