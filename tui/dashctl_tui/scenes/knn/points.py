"""Clouds as they came, and what is prepared of them for drawing.

Rules: a PointCloud is drawn as it came, and single Embeddings together make one more cloud; what is prepared
is kept as long as the event, so that a frame costs the drawing and nothing else; a class that is hidden in
one colouring is hidden in all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from string import ascii_letters, digits

import numpy as np
from numpy.typing import NDArray

from dashctl.events import Embedding, PointCloud, Stamped
from dashctl.phases import PHASES
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.cloud import Cloud
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import (
    ACCENT,
    FAINT,
    MUTED,
    PHASE_LETTERS,
    CloudPalette,
    cloud_palette,
    cluster_ink,
    phase_ink,
    scale_ink,
    shades,
)
from dashctl_tui.plots.picking import within
from dashctl_tui.plots.raster import MAX_CLASSES
from dashctl_tui.scenes.knn.look import CloudLook, Hidden, Region

NO_CLASS = "none"
OTHERS = "others"
ONE_CLASS = "points"
SINGLE = ""
"""The name of the cloud of single points, which no other has."""
LEVELS = 8
"""So many steps a continuous field is shown in."""
_KEPT = 4
_MOST_DIGITS = 18
_COUNTED = ascii_letters + digits
_ORDER = ("phase", "label", "", "predicted", "cluster")
"""Of colourings by a category; "" for any other. Amounts come last."""


@dataclass(frozen=True, eq=False)
class Classes:
    """One way to colour points: `names[codes[i]]` is what point i is.

    levels: the classes are steps of an amount, from little to much.
    """

    names: tuple[str, ...]
    codes: NDArray[np.uint8]
    levels: bool = False

    def ink(self, code: int) -> Ink:
        """The colour of a class."""
        name = self.names[code]
        if name in (NO_CLASS, ONE_CLASS, OTHERS):
            return ACCENT if name == ONE_CLASS else MUTED
        if self.levels:
            return scale_ink(code / (LEVELS - 1))
        return phase_ink(name) if name in PHASES else cluster_ink(code)

    @cached_property
    def letters(self) -> tuple[str, ...]:
        """A character for each class: a phase's letter, how the name ends, or else a count."""
        own: dict[str, str] = {NO_CLASS: glyphs.UNKNOWN, OTHERS: glyphs.UNKNOWN, ONE_CLASS: glyphs.DOT}
        own |= {str(phase): letter for phase, letter in PHASE_LETTERS.items()}
        ends = tuple(own.get(name) or name[-1] for name in self.names)
        if self.levels:
            ends = ()
        if (
            ends
            and len(set(ends)) == len(ends)
            and all(end in own.values() or end in _COUNTED for end in ends)
        ):
            return ends
        counted = digits if self.levels else _COUNTED
        return tuple(counted[: len(self.names)].ljust(len(self.names), glyphs.DOT))

    @cached_property
    def palette(self) -> CloudPalette:
        """The colours of the classes."""
        inks = [self.ink(code) for code in range(min(len(self.names), MAX_CLASSES - 1))]
        return cloud_palette(inks or [ACCENT])

    @cached_property
    def faded(self) -> CloudPalette:
        """The colours behind the one of what is not in a region."""
        return (shades(FAINT), *self.palette)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """How many points each class has."""
        return tuple(np.bincount(self.codes, minlength=len(self.names)).tolist())

    @cached_property
    def present(self) -> tuple[int, ...]:
        """The codes of the classes that have points."""
        return tuple(code for code, count in enumerate(self.counts) if count)


@dataclass(frozen=True, eq=False)
class Points:
    """One cloud: coordinates (n, 2 or 3), how it may be coloured, and what is a number per point."""

    name: str
    xyz: NDArray[np.float32]
    fields: Mapping[str, Classes]
    numbers: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    _drawn: dict[object, Cloud] = field(default_factory=dict)
    _chosen: dict[object, NDArray[np.bool_]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.xyz)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The colourings, in the order in which one goes through them."""
        return tuple(sorted(self.fields, key=self._turn))

    def _turn(self, name: str) -> int:
        if name in self.numbers:
            return len(_ORDER)
        return _ORDER.index(name if name in _ORDER else "")

    def by(self, wanted: str) -> str:
        """The colouring of this name, or the first; "" for the only one of a cloud that has none."""
        return wanted if wanted in self.fields else self.names[0]

    @cached_property
    def whole(self) -> Cloud:
        """All of it, in one class."""
        return Cloud(self.xyz)

    def visible(self, hidden: Hidden) -> NDArray[np.bool_] | None:
        """Which points no hidden class has: (n,); None for all."""
        shown: NDArray[np.bool_] | None = None
        for name, classes in self.fields.items():
            codes = [code for code, each in enumerate(classes.names) if (name, each) in hidden]
            if codes:
                kept = ~np.isin(classes.codes, codes)
                shown = kept if shown is None else shown & kept
        return shown

    def selected(self, region: Region | None, hidden: Hidden) -> NDArray[np.bool_] | None:
        """Which visible points are in a region, in front or behind: (n,); None without a region."""
        if region is None:
            return None
        key = (region, hidden)
        if key not in self._chosen:
            self._chosen.clear()
            cloud = self.cloud(self.names[0], hidden)
            self._chosen[key] = within(cloud, region.camera, region.outline, self.count)
        return self._chosen[key]

    def cloud(self, by: str, hidden: Hidden = (), region: Region | None = None) -> Cloud:
        """What is visible in this colouring, prepared once; with a region, code 0 is what is not in it."""
        key = (by, hidden, region)
        if key not in self._drawn:
            chosen = self.selected(region, hidden)
            codes = np.minimum(self.fields[by].codes, MAX_CLASSES - 2)
            if chosen is not None:
                codes = np.where(chosen, codes + np.uint8(1), np.uint8(0))
            while len(self._drawn) >= _KEPT:
                self._drawn.pop(next(iter(self._drawn)))
            self._drawn[key] = self.whole.recoloured(codes, self.visible(hidden))
        return self._drawn[key]

    def position(self, point: int) -> tuple[float, float, float]:
        """The coordinates of a point."""
        x, y, *rest = self.xyz[point].tolist()
        return x, y, rest[0] if rest else 0.0


@dataclass(frozen=True, eq=False)
class Told:
    """The clouds there are, by name; `single` Embeddings are one more, the last."""

    clouds: tuple[PointCloud, ...]
    single: tuple[Stamped[Embedding], ...] = ()

    def __len__(self) -> int:
        return len(self.clouds) + bool(self.single)

    def key(self, item: int) -> str:
        """What one of them is called, counted round; "" for the single points."""
        position = item % len(self)
        return self.clouds[position].name if position < len(self.clouds) else SINGLE

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {self.key(item): item for item in range(len(self))}

    def place(self, look: CloudLook) -> int:
        """Which of them is talked about: the first if there is none of that name (any more)."""
        return 0 if look.cloud is None else self._places.get(look.cloud, 0)

    def about(self, look: CloudLook) -> CloudLook:
        """The look without what was picked and drawn in a cloud that is not there."""
        if look.cloud is None or look.cloud in self._places:
            return look
        return replace(look, picked=None, region=None, drawing="", trail=())

    def points(self, item: int) -> Points:
        """One of them, counted round."""
        position = item % len(self)
        if position < len(self.clouds):
            return _prepared(_Same(self.clouds[position]))
        return self._embeddings

    @cached_property
    def _embeddings(self) -> Points:
        return from_embeddings(self.single)

    def active(self, look: CloudLook) -> Points:
        """The one that is talked about."""
        return self.points(self.place(look))


class _Same:
    """An event that is equal to nothing but itself."""

    def __init__(self, cloud: PointCloud) -> None:
        self.cloud = cloud

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.cloud is self.cloud

    def __hash__(self) -> int:
        return id(self.cloud)


@lru_cache(maxsize=16)
def _prepared(same: _Same) -> Points:
    cloud = same.cloud
    axes = [np.frombuffer(axis, dtype="<f4") for axis in (cloud.x, cloud.y, cloud.z) if axis is not None]
    fields = {
        name: Classes(colouring.names, np.frombuffer(colouring.codes, dtype=np.uint8))
        for name, colouring in cloud.colourings.items()
    }
    numbers = {name: np.frombuffer(each, dtype="<f4") for name, each in (cloud.values or {}).items()}
    fields |= {name: levels(each) for name, each in numbers.items() if name not in fields}
    return Points(cloud.name, np.stack(axes, axis=1), fields or _plain(len(cloud)), numbers)


def levels(amounts: NDArray[np.float32]) -> Classes:
    """A continuous field in LEVELS equal steps from its least to its most; NaN is no class."""
    known = np.isfinite(amounts)
    low, high = (float(amounts[known].min()), float(amounts[known].max())) if known.any() else (0.0, 0.0)
    steps = LEVELS if high > low else 1
    width = (high - low) / steps
    share = np.where(known, (amounts - np.float64(low)) / (width or 1.0), 0.0)
    codes = np.where(known, np.minimum(share, steps - 1), steps).astype(np.uint8)
    bounds = [*(low + step * width for step in range(steps)), high]
    written = ([compact(bound, digits) for bound in bounds] for digits in range(3, _MOST_DIGITS))
    # Classes are told apart by their names.
    edges = next((each for each in written if len(set(each)) == len(each)), [compact(low)] * 2)
    names = [f"{start} {glyphs.ELLIPSIS} {end}" if start != end else start for start, end in pairwise(edges)]
    return Classes((*names, NO_CLASS), codes, levels=True)


def from_embeddings(stamped: Sequence[Stamped[Embedding]]) -> Points:
    """Single points as one cloud."""
    points = [item.event for item in stamped]
    flat = all(point.z is None for point in points)
    # A point without z lies in the plane z = 0 of those that have one.
    rows = [(point.x, point.y) if flat else (point.x, point.y, point.z or 0.0) for point in points]
    categories: dict[str, list[str | None]] = {
        "phase": [point.phase for point in points],
        "predicted": [point.predicted for point in points],
        "cluster": [None if point.cluster is None else str(point.cluster) for point in points],
    }
    fields = {name: _coded(values) for name, values in categories.items() if any(values)}
    largest = float(np.finfo(np.float32).max)
    xyz = np.clip(np.array(rows, dtype=np.float64), -largest, largest).astype(np.float32)
    return Points("embeddings", xyz, fields or _plain(len(points)))


def _plain(count: int) -> dict[str, Classes]:
    return {"": Classes((ONE_CLASS,), np.zeros(count, dtype=np.uint8))}


def _coded(values: Sequence[str | None]) -> Classes:
    given = {value for value in values if value is not None}
    names: list[str] = list(PHASES) if given <= set(PHASES) else sorted(given, key=_natural)
    names = names[: MAX_CLASSES - 2]
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(names)}
    if len(code_of) < len(given):
        names.append(OTHERS)
    others = len(names) - 1
    if None in values:
        code_of[None] = len(names)
        names.append(NO_CLASS)
    return Classes(tuple(names), np.array([code_of.get(value, others) for value in values], dtype=np.uint8))


def _natural(name: str) -> tuple[int, str]:
    return (int(name), "") if name.lstrip("-").isdecimal() else (0, name)
