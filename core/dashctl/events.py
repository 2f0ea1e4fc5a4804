"""The vocabulary: every event that can cross the bus, one class each.

Rules:
1. An event is a frozen value that checks itself: an illegal one cannot be constructed.
2. A field that may be missing defaults to None and stays off the wire.
3. Each class declares its retention (what a newcomer is told of it) and, in its docstring, the
   scene that it drives.
4. Fields are only ever added, with a default and at the end: old producers stay valid.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, Self, TypeVar, get_args

import msgspec
from msgspec import Meta

from dashctl.errors import InvalidEvent
from dashctl.packing import packed
from dashctl.phases import PHASES, Phase
from dashctl.retention import Last, Latest, Retention, Series, Trace, Window
from dashctl.validation import (
    AnyFloat,
    Count,
    Few,
    Many,
    Name,
    Percent,
    Positive,
    Share,
    Text,
    Whole,
    all_finite,
    illegal,
    make_legal,
    none_infinite,
)

Scalar = Text | Whole | float | bool | None
Level = Literal["debug", "info", "warning", "error", "critical"]
Severity = Literal["info", "warning", "critical"]
Outcome = Literal["finished", "failed", "interrupted"]


def _tag(class_name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", class_name).lower()


class Event(msgspec.Struct, frozen=True, tag_field="type", tag=_tag, omit_defaults=True):
    """Base of all events."""

    retention: ClassVar[Retention]

    def __post_init__(self) -> None:
        make_legal(self)

    @classmethod
    def type_name(cls) -> str:
        """The name that stands in `type` on the wire."""
        tag = cls.__struct_config__.tag
        assert isinstance(tag, str)
        return tag

    def to_event(self) -> dict[str, Any]:
        """The event as a plain dict: None left out, tuples as lists, packed arrays as bytes."""
        fields = {name: _plain(getattr(self, name)) for name in self.__struct_fields__}
        return {"type": self.type_name()} | {
            name: value for name, value in fields.items() if value is not None
        }


class Snapshot(Event, frozen=True):
    """Totals over everything that was recorded. Scenes: DB, Collect, Overview."""

    retention: ClassVar[Retention] = Latest(("run",), keys=100)

    episodes: Count | None = None
    windows: Count | None = None
    hosts: Annotated[dict[Name, Count], Few] | None = None
    """Episodes per host."""
    phases: dict[Phase, Count] | None = None
    """Windows per phase."""
    profiles: Annotated[dict[Name, Count], Few] | None = None
    """Episodes per profile."""
    bytes: Count | None = None


class Episode(Event, frozen=True):
    """One recorded episode. Scenes: Collect, DB, Chunking."""

    retention: ClassVar[Retention] = Latest(("episode_id",), keys=1_000)

    episode_id: Name
    host: Text | None = None
    profile: Text | None = None
    phases: Annotated[tuple[Phase, ...], Many] | None = None
    """The phase of each window, in order."""
    duration: Positive | None = None
    """Seconds."""
    started: float | None = None
    """Seconds since 1970, UTC."""


class PhaseEvent(Event, frozen=True, tag="phase"):
    """A host is seen in a phase now. Scene: Baseline (mix of the last five minutes)."""

    retention: ClassVar[Retention] = Window(300, ("phase",))

    phase: Phase


class AttackProfile(Event, frozen=True):
    """What a profile's load looks like over an episode. Scene: Attacks."""

    retention: ClassVar[Retention] = Latest(("name",), keys=200)

    name: Name
    curve: Annotated[tuple[float, ...], Many]
    """Load over time, evenly spaced, any unit: it is drawn scaled to its own peak."""
    shape: Text = ""


class Prediction(Event, frozen=True):
    """What a model says of one window, what it really was, or both. Scene: Chunking."""

    retention: ClassVar[Retention] = Latest(("run", "episode_id", "window_idx", "model"), merge=True)

    episode_id: Name
    window_idx: Whole
    predicted: Phase | None = None
    actual: Phase | None = None
    model: Text | None = None


class ModelMetric(Event, frozen=True):
    """A model's accuracy on data it was not trained on, 0–1. Scenes: Models, Overview."""

    retention: ClassVar[Retention] = Latest(("model",), keys=200)

    model: Name
    accuracy: Share


class Embedding(Event, frozen=True):
    """One point of a projection. Scene: KNN. For many points at once, send a PointCloud."""

    retention: ClassVar[Retention] = Last(20_000)

    x: float
    y: float
    z: float | None = None
    phase: Phase | None = None
    predicted: Phase | None = None
    cluster: Whole | None = None


class ModelPerf(Event, frozen=True):
    """What a model costs: microseconds per window at batch size 1, against accuracy. Scene: Perf."""

    retention: ClassVar[Retention] = Latest(("model",), keys=200)

    model: Name
    latency_us: Positive
    accuracy: Share


class RunStarted(Event, frozen=True):
    """A run began. Scenes: Overview, Training, Runs."""

    retention: ClassVar[Retention] = Latest(("run",))

    config: Annotated[dict[Name, Scalar], Few] = {}
    host: Text = ""
    command: Text = ""
    name: Text | None = None


class RunFinished(Event, frozen=True):
    """A run ended. Scenes: Overview, Training, Runs."""

    retention: ClassVar[Retention] = Latest(("run",))

    outcome: Outcome = "finished"
    reason: Text | None = None


class Metric(Event, frozen=True, gc=False):
    """One value of a curve. NaN and infinities are legal and reach the screen. Scene: Training."""

    retention: ClassVar[Retention] = Series(1_000, ("run", "name"))

    name: Name
    step: Count
    value: AnyFloat

    def __post_init__(self) -> None:
        # The hot path: Python's own types and a short plain name need no table of checks. For the same
        # reason the garbage collector passes over it: its fields cannot refer back to it.
        name, step = self.name, self.step
        exact = self.value.__class__ is float and step.__class__ is int and name.__class__ is str
        if not (exact and -1 < step < 2**63 and 0 < len(name) < 100 and name.isascii()):
            make_legal(self)


class Progress(Event, frozen=True):
    """How far something is. Scene: Training."""

    retention: ClassVar[Retention] = Latest(("run", "name"))

    name: Name
    done: Positive
    total: Positive | None = None
    unit: Text | None = None
    note: Text | None = None
    """What is being done at the moment."""


class LogLine(Event, frozen=True):
    """A line that a program wrote. Scenes: Logs, Overview."""

    retention: ClassVar[Retention] = Last(10_000)

    message: Text
    level: Level = "info"
    source: Text | None = None


class Alert(Event, frozen=True):
    """Something that a person should look at, or that is over (`resolved`). Scenes: Alerts, Overview."""

    retention: ClassVar[Retention] = Last(500)

    name: Name
    message: Text = ""
    severity: Severity = "warning"
    resolved: bool = False
    metric: Text | None = None
    value: AnyFloat | None = None
    """Of the metric, when the alert began or ended."""
    rule: Text | None = None
    """What it was that came to hold, for a person to read."""


class AlertAcknowledged(Event, frozen=True):
    """A person has seen the alert of this name, in the event's run. Scene: Alerts."""

    retention: ClassVar[Retention] = Latest(("run", "name"), keys=1_000)

    name: Name
    by: Text = ""
    withdrawn: bool = False
    """Whether that is taken back."""


class SourceCode(Event, frozen=True):
    """The code that a run is running: its training loop. Scene: Code."""

    retention: ClassVar[Retention] = Latest(("run",), keys=50)

    path: Name
    text: Text
    first_line: Count = 1
    """The number of the text's first line in its file."""
    language: Text = "python"

    def __post_init__(self) -> None:
        make_legal(self)
        # A default stays off the wire only if it is the very same object.
        msgspec.structs.force_setattr(self, "language", sys.intern(self.language))

    loop: Count | None = None
    """The number in its file of the line that the run's progress belongs to."""


class Gpu(msgspec.Struct, frozen=True):
    """One graphics processor of a machine."""

    name: Name
    utilisation: Percent | None = None
    memory_bytes: Count | None = None
    """In use."""
    memory_total: Count | None = None
    temperature: float | None = None
    """Degrees Celsius."""
    power: Positive | None = None
    """Watts, as power_limit is."""
    power_limit: Positive | None = None


class GpuProcess(msgspec.Struct, frozen=True):
    """A process that uses a graphics processor."""

    gpu: Count
    """Which, counted from 0."""
    pid: Count
    name: Text = ""
    user: Text = ""
    memory_bytes: Count | None = None


class HostStats(Event, frozen=True):
    """How a machine is doing. Scene: Hosts."""

    # A thousand machines with eight GPUs each take 100 MB so.
    retention: ClassVar[Retention] = Trace(
        300,
        ("host",),
        (
            "cpu",
            "load",
            "memory",
            "disk_read",
            "disk_write",
            "net_in",
            "net_out",
            "disk",
            "swap",
            "processes",
            "gpus.utilisation",
            "gpus.memory_bytes",
            "gpus.temperature",
            "gpus.power",
        ),
        keys=1_000,
    )

    host: Name
    cpu: Percent | None = None
    """All cores together, percent."""
    cores: Annotated[tuple[Percent, ...], Many] | None = None
    load: Positive | None = None
    """Processes that run or wait, averaged over a minute."""
    memory: Percent | None = None
    memory_bytes: Count | None = None
    """In use."""
    disk_read: Positive | None = None
    """Bytes per second, as disk_write, net_in and net_out are."""
    disk_write: Positive | None = None
    net_in: Positive | None = None
    net_out: Positive | None = None
    processes: Count | None = None
    disk: Percent | None = None
    """In use, of the fullest file system."""
    swap: Percent | None = None
    gpus: Annotated[tuple[Gpu, ...], Meta(max_length=64)] | None = None
    gpu_processes: Annotated[tuple[GpuProcess, ...], Meta(max_length=200)] | None = None
    interval: Positive | None = None
    """Seconds until the next one, as planned: who says nothing for several of them fell silent."""


class Colouring(msgspec.Struct, frozen=True):
    """One way to colour a cloud: `names[codes[i]]` is what point i is."""

    names: Annotated[tuple[Name, ...], Meta(max_length=256)]
    codes: memoryview
    """One uint8 per point."""

    def __post_init__(self) -> None:
        make_legal(self)


class PointCloud(Event, frozen=True):
    """Many points at once. Scene: KNN.

    x, y and z are packed little-endian float32, one per point; without z the cloud is a plane.
    """

    retention: ClassVar[Retention] = Latest(("name",), keys=16)

    name: Name
    x: memoryview
    y: memoryview
    z: memoryview | None = None
    colourings: Annotated[dict[Name, Colouring], Few] = {}
    """By phase, predicted, cluster, or anything else that is a category."""
    values: Annotated[dict[Name, memoryview], Few] | None = None
    """Packed like x: by certainty, distance, or anything else that is a number; NaN where unknown."""

    def __post_init__(self) -> None:
        make_legal(self)
        _check_axes(self)
        for name, colouring in self.colourings.items():
            _check_colouring(self, name, colouring)
        for name, values in (self.values or {}).items():
            _check_values(self, name, values)

    def __len__(self) -> int:
        return len(self.x) // 4

    @classmethod
    def pack(
        cls,
        name: str,
        x: Sequence[float],
        y: Sequence[float],
        z: Sequence[float] | None = None,
        *,
        values: Mapping[str, Sequence[float]] | None = None,
        **categories: Sequence[object],
    ) -> Self:
        """A cloud from lists, arrays or tensors, `PointCloud.pack("pca", xs, ys, zs, phase=phases)`.

        values: what is a number rather than a category, `values={"certainty": [0.9, 0.4]}`; NaN where it is
        not known. Raises InvalidEvent for coordinates that are not finite, lengths that differ, or more than
        256 names in one category.
        """
        across, up = packed("x", x, "f"), packed("y", y, "f")
        depth = None if z is None else packed("z", z, "f")
        colourings = {key: _coded(key, labels) for key, labels in categories.items()}
        numbers = {key: packed(f"values.{key}", each, "f") for key, each in (values or {}).items()}
        return cls(name, across, up, depth, colourings, numbers or None)


class ProducerStats(msgspec.Struct, frozen=True):
    """One producer as the broker sees it."""

    producer: Name
    """Its random id, in hexadecimal digits."""
    run: Text
    events: Count
    lost: Count
    """Events that it numbered and that never arrived."""
    rate: Positive
    """Events a second, over the last second."""
    silent: Positive
    """Seconds since it was last heard."""
    ended: Literal["", "left", "vanished"] = ""
    """Whether it said farewell, or was gone without one."""
    user: Text = ""
    """The name of the key that it came with; "" for who needs none."""


class DoorStats(msgspec.Struct, frozen=True):
    """One address at which the broker listens."""

    address: Text
    monitors: Count = 0
    connections: Count = 0
    """Producers that are connected."""


class JournalStats(msgspec.Struct, frozen=True):
    """The broker's journal."""

    bytes: Count
    segments: Count
    lag: Positive
    """Seconds for which the oldest frame waits that is not on disk yet."""
    durable: bool
    """False while the disk takes nothing."""
    oldest: float
    """When the oldest event in it came, seconds since 1970."""


class BusStats(Event, frozen=True):
    """How the broker is doing, once a second: also the sign that it lives. Scenes: Stack, Bus."""

    # Five minutes of numbers: with its lists, each would be a hundred times as long to read.
    retention: ClassVar[Retention] = Last(
        300, newest_only=("rejected", "queues", "by_producer", "services", "listening", "journal", "doors")
    )

    started: float
    """Seconds since 1970, UTC."""
    events: Count = 0
    frames: Count = 0
    monitors: Count = 0
    producers: Count = 0
    """Producers heard in the last ten seconds."""
    lost: Count = 0
    """Events that producers numbered and that never arrived."""
    rejected: Annotated[dict[Name, Count], Few] = {}
    """Events or frames that were refused, by reason."""
    rate: Positive = 0.0
    """Events a second, over the last second."""
    rate_out: Positive = 0.0
    """Events a second that went out, to all monitors together."""
    connections: Count = 0
    """Producers that are connected, heard or not."""
    duplicates: Count = 0
    """Events that came twice, and were dropped."""
    vanished: Count = 0
    """Producers that ended without a farewell."""
    slow: Count = 0
    """Monitors that lost frames in the last minute and had to ask for a snapshot."""
    queues: Annotated[dict[Name, Count], Few] = {}
    """What waits where, by name: events or bytes, as the name says."""
    by_producer: Annotated[tuple[ProducerStats, ...], Meta(max_length=50)] = ()
    """Those heard last, the busiest first."""
    services: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    listening: Annotated[tuple[Text, ...], Meta(max_length=16)] = ()
    journal: JournalStats | None = None
    doors: Annotated[tuple[DoorStats, ...], Meta(max_length=16)] = ()
    """Who is connected where."""
    upstream: Text = ""
    """How feeding another broker goes, in words; "" where there is none."""
    bytes_in: Positive = 0.0
    """Bytes of frames a second, over the last second."""
    bytes_out: Positive = 0.0
    """Bytes of frames a second that went out, to all monitors together."""


AnyEvent = (
    Snapshot
    | Episode
    | PhaseEvent
    | AttackProfile
    | Prediction
    | ModelMetric
    | Embedding
    | ModelPerf
    | RunStarted
    | RunFinished
    | Metric
    | Progress
    | LogLine
    | Alert
    | AlertAcknowledged
    | SourceCode
    | HostStats
    | PointCloud
    | BusStats
)

E = TypeVar("E", bound=Event)


class Stamped(msgspec.Struct, Generic[E], array_like=True, frozen=True):
    """An event as it happened: when (seconds since 1970, UTC) and in which run ("" for none)."""

    time: float
    run: str
    event: E


EVENT_TYPES: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
BY_NAME: Final[Mapping[str, type[Event]]] = {cls.type_name(): cls for cls in EVENT_TYPES}


def _plain(value: Any) -> Any:
    match value:
        case tuple():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case memoryview():
            return bytes(value)
        case msgspec.Struct():
            return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    return value


def _check_axes(cloud: PointCloud) -> None:
    for axis in ("x", "y", "z"):
        packed: memoryview | None = getattr(cloud, axis)
        if packed is None:
            continue
        if len(packed) != len(cloud.x) or len(packed) % 4:
            raise illegal(cloud, axis, f"{len(packed)} bytes", f"4 bytes per point, {len(cloud.x)} as in x")
        if not all_finite(packed):
            raise illegal(cloud, axis, "NaN or infinity", "finite numbers")


def _check_colouring(cloud: PointCloud, name: str, colouring: Colouring) -> None:
    field = f"colourings.{name}"
    if len(colouring.codes) != len(cloud):
        raise illegal(cloud, field, f"{len(colouring.codes)} codes", f"{len(cloud)}, one per point")
    unnamed = bytes(colouring.codes).translate(None, bytes(range(len(colouring.names))))
    if unnamed:
        raise illegal(
            cloud, field, f"code {unnamed[0]}", f"codes below {len(colouring.names)}, the number of names"
        )


def _check_values(cloud: PointCloud, name: str, values: memoryview) -> None:
    field = f"values.{name}"
    if len(values) != len(cloud.x):
        raise illegal(cloud, field, f"{len(values)} bytes", f"4 bytes per point, {len(cloud.x)} as in x")
    if not none_infinite(values):
        raise illegal(cloud, field, "infinity", "finite numbers, or NaN where unknown")


def _coded(key: str, values: Sequence[object]) -> Colouring:
    labels = [str(value) for value in (values.tolist() if hasattr(values, "tolist") else values)]
    names = tuple(PHASES) if set(labels) <= set(PHASES) else tuple(sorted(set(labels), key=_in_order))
    if len(names) > 256:
        raise InvalidEvent(f"point_cloud.colourings.{key}: {len(names)} names; expected at most 256")
    code_of = {name: code for code, name in enumerate(names)}
    return Colouring(names, memoryview(bytes(code_of[label] for label in labels)))


def _in_order(label: str) -> tuple[int, str]:
    """Cluster 10 comes after cluster 9."""
    return (int(label), "") if label.isdecimal() and len(label) < 10 else (10**9, label)
