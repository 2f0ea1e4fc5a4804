"""Events: what may be constructed, what crosses the wire, and what an illegal value is told."""

import json
import math
import struct
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl.errors import InvalidEvent
from dashctl.events import (
    BY_NAME,
    EVENT_TYPES,
    Alert,
    AlertAcknowledged,
    AnyEvent,
    AttackProfile,
    BusStats,
    Colouring,
    Embedding,
    Episode,
    Event,
    HostStats,
    LogLine,
    Metric,
    ModelMetric,
    ModelPerf,
    PhaseEvent,
    PointCloud,
    Prediction,
    Progress,
    RunFinished,
    RunStarted,
    Snapshot,
    SourceCode,
)
from dashctl.phases import PHASES
from dashctl.plain import as_event, from_dict
from dashctl.retention import Retention

# One table drives construction, the plain dict, and both directions of the wire.
CASES: list[tuple[Event, dict[str, Any]]] = [
    (Snapshot(), {"type": "snapshot"}),
    (
        Snapshot(24, 144, {"box": 24}, {"clean": 40}, {"disk-churn": 5}, 1_000_000),
        {
            "type": "snapshot",
            "episodes": 24,
            "windows": 144,
            "hosts": {"box": 24},
            "phases": {"clean": 40},
            "profiles": {"disk-churn": 5},
            "bytes": 1_000_000,
        },
    ),
    (Episode("e1"), {"type": "episode", "episode_id": "e1"}),
    (
        Episode("e1", "box", "disk-churn", ("clean", "armed"), 20.0, 1.5e9),
        {
            "type": "episode",
            "episode_id": "e1",
            "host": "box",
            "profile": "disk-churn",
            "phases": ["clean", "armed"],
            "duration": 20.0,
            "started": 1.5e9,
        },
    ),
    (PhaseEvent("infected_running"), {"type": "phase", "phase": "infected_running"}),
    (
        AttackProfile("slow-exfil", (0.0, 1.0)),
        {"type": "attack_profile", "name": "slow-exfil", "curve": [0.0, 1.0], "shape": ""},
    ),
    (Prediction("e1", 3), {"type": "prediction", "episode_id": "e1", "window_idx": 3}),
    (
        Prediction("e1", 3, "clean", "armed", "knn"),
        {
            "type": "prediction",
            "episode_id": "e1",
            "window_idx": 3,
            "predicted": "clean",
            "actual": "armed",
            "model": "knn",
        },
    ),
    (ModelMetric("lstm", 0.928), {"type": "model_metric", "model": "lstm", "accuracy": 0.928}),
    (Embedding(0.1, 0.2), {"type": "embedding", "x": 0.1, "y": 0.2}),
    (
        Embedding(0.1, 0.2, 0.3, "clean", "dormant", 7),
        {
            "type": "embedding",
            "x": 0.1,
            "y": 0.2,
            "z": 0.3,
            "phase": "clean",
            "predicted": "dormant",
            "cluster": 7,
        },
    ),
    (
        ModelPerf("knn", 310.5, 0.9),
        {"type": "model_perf", "model": "knn", "latency_us": 310.5, "accuracy": 0.9},
    ),
    (
        RunStarted({"lr": 0.1, "amp": True, "seed": None}, "box", "python train.py"),
        {
            "type": "run_started",
            "config": {"lr": 0.1, "amp": True, "seed": None},
            "host": "box",
            "command": "python train.py",
        },
    ),
    (
        RunFinished("failed", "out of memory"),
        {"type": "run_finished", "outcome": "failed", "reason": "out of memory"},
    ),
    (Metric("loss", 3, 0.25), {"type": "metric", "name": "loss", "step": 3, "value": 0.25}),
    (Progress("epoch", 2.0, 10.0), {"type": "progress", "name": "epoch", "done": 2.0, "total": 10.0}),
    (LogLine("hello"), {"type": "log_line", "message": "hello", "level": "info"}),
    (
        Alert("disk", "96 % full", "critical"),
        {"type": "alert", "name": "disk", "message": "96 % full", "severity": "critical", "resolved": False},
    ),
    (
        AlertAcknowledged("disk", by="ada"),
        {"type": "alert_acknowledged", "name": "disk", "by": "ada", "withdrawn": False},
    ),
    (
        SourceCode("train.py", "for epoch in epochs:\n    step()\n", 12),
        {
            "type": "source_code",
            "path": "train.py",
            "text": "for epoch in epochs:\n    step()\n",
            "first_line": 12,
            "language": "python",
        },
    ),
    (HostStats("box", cpu=12.5), {"type": "host_stats", "host": "box", "cpu": 12.5}),
    (
        PointCloud.pack("pca", [0.0, 1.0], [0.5, 0.25], phase=["clean", "armed"]),
        {
            "type": "point_cloud",
            "name": "pca",
            "x": b"\x00\x00\x00\x00\x00\x00\x80\x3f",
            "y": b"\x00\x00\x00\x3f\x00\x00\x80\x3e",
            "colourings": {"phase": {"names": list(PHASES), "codes": b"\x00\x01"}},
        },
    ),
    (
        PointCloud.pack("p", [0.0], [1.0], values={"certainty": [0.5]}),
        {
            "type": "point_cloud",
            "name": "p",
            "x": b"\x00\x00\x00\x00",
            "y": b"\x00\x00\x80\x3f",
            "colourings": {},
            "values": {"certainty": b"\x00\x00\x00\x3f"},
        },
    ),
    (
        BusStats(1.5e9, 10, rejected={"malformed": 1}),
        {
            "type": "bus_stats",
            "started": 1.5e9,
            "events": 10,
            "frames": 0,
            "monitors": 0,
            "producers": 0,
            "lost": 0,
            "rejected": {"malformed": 1},
            "rate": 0.0,
            "rate_out": 0.0,
            "connections": 0,
            "duplicates": 0,
            "vanished": 0,
            "slow": 0,
            "queues": {},
            "by_producer": [],
            "services": [],
            "listening": [],
            "doors": [],
            "upstream": "",
            "bytes_in": 0.0,
            "bytes_out": 0.0,
        },
    ),
]
IDS = [f"{plain['type']}-{index}" for index, (_, plain) in enumerate(CASES)]


def test_every_type_stands_in_the_table() -> None:
    assert {type(event) for event, _ in CASES} == set(EVENT_TYPES)


@pytest.mark.parametrize(("event", "plain"), CASES, ids=IDS)
def test_to_event_leaves_out_none_and_makes_tuples_lists(event: Event, plain: dict[str, Any]) -> None:
    assert event.to_event() == plain


@pytest.mark.parametrize(("event", "plain"), CASES, ids=IDS)
def test_a_plain_dict_is_as_good_as_the_event(event: Event, plain: dict[str, Any]) -> None:
    assert from_dict(plain) == event


def test_what_a_program_publishes_is_an_event_or_a_plain_dict() -> None:
    event = ModelMetric("lstm", 0.5)
    assert as_event(event) is event
    assert as_event(event.to_event()) == event
    for nothing in (None, [1], "phase"):
        with pytest.raises(InvalidEvent, match="expected an event, or a mapping with a type"):
            as_event(nothing)  # type: ignore[arg-type]


def test_how_the_broker_is_doing_is_the_brokers_to_tell() -> None:
    with pytest.raises(InvalidEvent, match="only the broker"):
        as_event(BusStats(1.0, lost=5))


@pytest.mark.parametrize(("event", "plain"), CASES, ids=IDS)
def test_the_wire_gives_back_what_it_took(event: Event, plain: dict[str, Any]) -> None:
    packed = msgspec.msgpack.encode(event)
    assert msgspec.msgpack.decode(packed, type=AnyEvent) == event
    assert {"type", *msgspec.msgpack.decode(packed)} - {"type"} <= set(event.__struct_fields__) | {"type"}


@pytest.mark.parametrize(("event", "plain"), CASES, ids=IDS)
def test_json_gives_back_what_it_took(event: Event, plain: dict[str, Any]) -> None:
    assert from_dict(json.loads(msgspec.json.encode(plain))) == event


@pytest.mark.parametrize("cls", EVENT_TYPES)
def test_each_class_declares_retention_and_scene(cls: type[Event]) -> None:
    assert isinstance(cls.retention, Retention)
    assert cls.__doc__ is not None
    assert "Scene" in cls.__doc__
    assert set(getattr(cls.retention, "key", ())) <= {*cls.__struct_fields__, "run"}
    assert BY_NAME[cls.type_name()] is cls


ILLEGAL: list[tuple[dict[str, Any], str, str]] = [
    ({"type": "model_metric", "model": "lstm", "accuracy": 1.7}, "model_metric.accuracy: 1.7", "from 0 to 1"),
    ({"type": "model_metric", "model": "lstm", "accuracy": "good"}, "accuracy: 'good'", "a number"),
    ({"type": "model_metric", "model": "lstm", "accuracy": True}, "accuracy: True", "a number"),
    ({"type": "model_metric", "model": "lstm", "accuracy": math.nan}, "accuracy: nan", "from 0 to 1"),
    ({"type": "model_metric", "model": "", "accuracy": 0.5}, "model: ''", "not empty"),
    # Half a surrogate pair, as a command line in another encoding gives it, is no UTF-8.
    ({"type": "log_line", "message": "\udcff"}, r"log_line.message: '\udcff'", "a text"),
    ({"type": "metric", "name": "\udcff", "step": 1, "value": 2.0}, r"metric.name: '\udcff'", "a text"),
    ({"type": "run_started", "config": {"\udcff": 1}}, r"run_started.config: {'\udcff'", "a mapping"),
    ({"type": "metric", "name": "loss", "step": 1, "value": "low"}, "value: 'low'", "nan, inf or -inf"),
    ({"type": "model_metric", "model": 3, "accuracy": 0.5}, "model: 3", "a text"),
    ({"type": "model_metric", "model": "lstm"}, "accuracy: missing", "a number from 0 to 1"),
    ({"type": "model_metric", "modle": "lstm"}, "model_metric.modle: no such field", "model, accuracy"),
    ({"type": "phase", "phase": "asleep"}, "phase.phase: 'asleep'", "infected_running"),
    ({"type": "embedding", "x": math.nan, "y": 0.0}, "embedding.x: nan", "a number"),
    ({"type": "embedding", "x": 0.0, "y": math.inf}, "embedding.y: inf", "a number"),
    (
        {"type": "attack_profile", "name": "a", "curve": [1, math.nan]},
        "curve: [1, nan]",
        "each item a number",
    ),
    ({"type": "metric", "name": "loss", "step": -1, "value": 1.0}, "metric.step: -1", "0 or more"),
    ({"type": "metric", "name": "loss", "step": 2**63, "value": 1.0}, "metric.step", "a whole number"),
    ({"type": "metric", "name": "loss", "step": 1.5, "value": 1.0}, "metric.step: 1.5", "a whole number"),
    ({"type": "metric", "name": "loss", "step": 1, "value": "x"}, "metric.value: 'x'", "a number"),
    ({"type": "log_line", "message": "x" * 65_537}, "log_line.message: 'xxx", "at most 65536 characters"),
    ({"type": "metric", "name": "x" * 16_385, "step": 1, "value": 1.0}, "metric.name", "at most 16384"),
    ({"type": "attack_profile", "name": "a", "curve": [0.0] * 100_001}, "curve: [0.0,", "at most 100000"),
    ({"type": "prediction", "episode_id": "e", "window_idx": 2**70}, "window_idx: 11805", "a whole number"),
    ({"type": "embedding", "x": 0.0, "y": 0.0, "cluster": 2**63}, "embedding.cluster: 92", "a whole number"),
    ({"type": "run_started", "config": {"a": 2**80}}, "run_started.config: {'a': 12", "mapping"),
    ({"type": "log_line", "message": "x", "level": "loud"}, "log_line.level: 'loud'", "warning"),
    ({"type": "host_stats", "host": "a", "cores": [1, 200]}, "host_stats.cores: [1, 200]", "from 0 to 100"),
    ({"type": "run_started", "config": {"a": [1]}}, "run_started.config: {'a': [1]}", "mapping"),
    ({"type": "snapshot", "phases": {"asleep": 1}}, "snapshot.phases", "mapping"),
    ({"type": "point_cloud", "name": "p", "x": [0, 1], "y": [0]}, "point_cloud.y: '4 bytes'", "8 as in x"),
    ({"type": "point_cloud", "name": "p", "x": b"abc", "y": b"abc"}, "point_cloud.x", "4 bytes per point"),
    ({"type": "point_cloud", "name": "p", "x": [math.nan], "y": [0]}, "point_cloud.x", "finite"),
    ({"type": "point_cloud", "name": "p", "x": "%", "y": [0]}, "point_cloud.x: '%'", "base64"),
    (
        {"type": "point_cloud", "name": "p", "x": [0], "y": [0], "colourings": {"phase": 3}},
        "colourings.phase: 3",
        "names and codes",
    ),
    (
        {
            "type": "point_cloud",
            "name": "p",
            "x": [0],
            "y": [0],
            "colourings": {"k": {"names": ["a"], "codes": [1]}},
        },
        "colourings.k: 'code 1'",
        "below 1",
    ),
    (
        {"type": "point_cloud", "name": "p", "x": [0], "y": [0], "values": {"c": [1, 2]}},
        "values.c: '8 bytes'",
        "4 bytes per point",
    ),
    (
        {"type": "point_cloud", "name": "p", "x": [0], "y": [0], "values": {"c": [-math.inf]}},
        "values.c: 'infinity'",
        "NaN where unknown",
    ),
    ({"type": "point_cloud", "name": "p", "x": [0], "y": [0], "values": [1]}, "values: [1]", "a mapping"),
    (
        {"type": "point_cloud", "name": "p", "x": [0], "y": [0], "values": {"c": ["high"]}},
        "values.c: ['high']",
        "a list of numbers",
    ),
    (
        {"type": "point_cloud", "name": "p", "x": [0], "y": [0], "values": {"": [1]}},
        "values: {'': <mem",
        "a mapping from names",
    ),
    ({"type": "telegram"}, "type: 'telegram'", "model_metric"),
    ({}, "type: None", "model_metric"),
]


@pytest.mark.parametrize(("plain", "names", "allowed"), ILLEGAL)
def test_an_illegal_value_is_named_with_what_is_allowed(
    plain: dict[str, Any], names: str, allowed: str
) -> None:
    with pytest.raises(InvalidEvent) as caught:
        from_dict(plain)
    message = str(caught.value)
    assert names in message
    assert allowed in message
    assert "\n" not in message


def test_an_illegal_event_cannot_be_constructed_either() -> None:
    with pytest.raises(InvalidEvent, match=r"model_metric.accuracy: 1\.7"):
        ModelMetric("lstm", 1.7)
    with pytest.raises(InvalidEvent, match="a message that"):
        LogLine("x", level="a message that is far too long " * 100)  # type: ignore[arg-type]


def test_an_event_does_not_change() -> None:
    with pytest.raises(AttributeError):
        ModelMetric("lstm", 0.5).accuracy = 0.9  # type: ignore[misc]


CLUSTERS = np.array([9, 10, 2, 9])


@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8", "<i8", "u1"])
def test_a_cloud_takes_arrays_of_any_kind_and_stride(kind: str) -> None:
    table = np.arange(12).reshape(4, 3).astype(kind)
    cloud = PointCloud.pack(
        "p", table[:, 0], table[::-1, 1], list(table[:, 2]), cluster=np.array([9, 10, 2, 9])
    )
    assert [list(axis.cast("f")) for axis in (cloud.x, cloud.y)] == [[0, 3, 6, 9], [10, 7, 4, 1]]
    assert cloud.colourings["cluster"].names == ("2", "9", "10")
    assert bytes(cloud.colourings["cluster"].codes) == b"\x01\x02\x00\x01"


def test_packed_arrays_of_another_kind_are_refused_rather_than_misread() -> None:
    with pytest.raises(InvalidEvent, match=r"point_cloud.x: .* float32"):
        PointCloud("p", np.zeros(4), np.zeros(4))  # type: ignore[arg-type]
    with pytest.raises(InvalidEvent, match=r"point_cloud.x: .* without gaps"):
        PointCloud("p", np.zeros(4, "f4")[::2], np.zeros(2, "f4"))  # type: ignore[arg-type]
    assert len(PointCloud("p", np.zeros(4, "f4"), np.zeros(4, "f4"))) == 4  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given",
    [[0.25, None, -1], [0.25, "nan", -1], "AACAPgAAwH8AAIC/", struct.pack("<3f", 0.25, math.nan, -1)],
    ids=["null", "text", "base64", "bytes"],
)
def test_values_of_a_cloud_may_be_unknown(given: object) -> None:
    plain = {"type": "point_cloud", "name": "p", "x": [0] * 3, "y": [0] * 3, "values": {"certainty": given}}
    cloud = from_dict(plain)
    assert isinstance(cloud, PointCloud)
    assert cloud.values is not None
    known, unknown, negative = cloud.values["certainty"].cast("f")
    assert (known, negative) == (0.25, -1.0)
    assert math.isnan(unknown)
    assert cloud.values["certainty"].readonly


def test_values_of_a_cloud_take_arrays_of_any_kind() -> None:
    cloud = PointCloud.pack("p", [0.0] * 4, [0.0] * 4, values={"certainty": np.arange(8)[::2]})
    assert cloud.values is not None
    assert list(cloud.values["certainty"].cast("f")) == [0, 2, 4, 6]


class OneElement:
    """What numpy scalars and one-element tensors have in common."""

    def __float__(self) -> float:
        return 0.5


def test_numbers_of_other_libraries_become_plain_ones() -> None:
    assert type(ModelMetric("lstm", OneElement()).accuracy) is float  # type: ignore[arg-type]
    assert type(Metric("loss", 1, OneElement()).value) is float  # type: ignore[arg-type]
    assert Metric("loss", 1, 1) == Metric("loss", 1, 1.0)


@pytest.mark.parametrize(("text", "value"), [("nan", math.nan), ("inf", math.inf), ("-inf", -math.inf)])
def test_json_can_say_what_is_not_finite_where_that_is_legal(text: str, value: float) -> None:
    event = from_dict({"type": "metric", "name": "loss", "step": 1, "value": text})
    assert isinstance(event, Metric)
    assert repr(event.value) == repr(value)


@given(st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), min_size=1, max_size=8))
def test_a_cloud_takes_just_finite_coordinates(values: list[float]) -> None:
    if all(math.isfinite(value) for value in values):
        assert len(PointCloud.pack("p", values, values, values)) == len(values)
    else:
        with pytest.raises(InvalidEvent, match="finite"):
            PointCloud.pack("p", values, [0.0] * len(values))


@given(st.binary(max_size=8), st.integers(0, 8))
def test_no_code_without_a_name(codes: bytes, named: int) -> None:
    names = tuple(str(number) for number in range(named))
    axis = bytes(4 * len(codes))
    if all(code < named for code in codes):
        assert len(PointCloud("p", axis, axis, None, {"k": Colouring(names, codes)})) == len(codes)  # type: ignore[arg-type]
    else:
        with pytest.raises(InvalidEvent, match="codes below"):
            PointCloud("p", axis, axis, None, {"k": Colouring(names, codes)})  # type: ignore[arg-type]


@given(
    st.dictionaries(
        st.sampled_from(["type", "model", "accuracy", "phase", "x", "value", "step", "name", "codes"]),
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())),
    )
)
def test_any_dict_is_an_event_or_a_clear_refusal(plain: dict[str, Any]) -> None:
    try:
        assert isinstance(from_dict(plain), EVENT_TYPES)
    except InvalidEvent as refusal:
        assert "expected" in str(refusal)
