"""Points in space, one at a time or many at once."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from dashctl.errors import InvalidEvent
from dashctl.events.base import Event
from dashctl.packing import packed
from dashctl.phases import PHASES, Phase
from dashctl.retention import Last, Latest, Retention
from dashctl.validation import (
    Few,
    Name,
    Whole,
    all_finite,
    illegal,
    make_legal,
    none_infinite,
)


class Embedding(Event, frozen=True):
    """One point of a projection. Scene: KNN. For many points at once, send a PointCloud."""

    retention: ClassVar[Retention] = Last(20_000)

    x: float
    y: float
    z: float | None = None
    phase: Phase | None = None
    predicted: Phase | None = None
    cluster: Whole | None = None


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
    colourings: Annotated[dict[Name, Colouring], Few] = msgspec.field(default_factory=dict)
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
