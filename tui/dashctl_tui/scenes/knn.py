"""KNN: a cloud of points that can be turned.

Rules: a PointCloud is drawn as it came, and single Embeddings together make one more cloud; every class
has a letter, which stands in the middle of its points as well as in the legend; what is prepared for drawing
is kept with the view, so turning the cloud costs a frame and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from string import ascii_letters, digits

import numpy as np
from numpy.typing import NDArray

from dashctl.events import Embedding, PointCloud, Stamped
from dashctl.phases import PHASES
from dashctl.state import State
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.camera import Camera
from dashctl_tui.plots.canvas import Ink, Row, beside, fit
from dashctl_tui.plots.cloud import Cloud, Marker
from dashctl_tui.plots.legend import Key, flow_legend
from dashctl_tui.plots.palette import (
    ACCENT,
    MUTED,
    PHASE_LETTERS,
    TEXT,
    cloud_palette,
    cluster_ink,
    phase_ink,
)
from dashctl_tui.plots.raster import MAX_CLASSES
from dashctl_tui.plots.text import clip, fill, fill_left
from dashctl_tui.scenes.acts import Act, At, Gesture
from dashctl_tui.scenes.layout import panel
from dashctl_tui.scenes.scene import Picture, Scene, SceneAction, Viewport

_LEGEND = 32
_COUNT = 8
_HINTS = (
    ("← → ↑ ↓", "turn"),
    ("+ -", "zoom"),
    ("c", "colour by …"),
    ("s", "spin"),
    ("n", "next cloud"),
    ("r", "reset"),
)
_NO_CLASS = "none"
_ONE_CLASS = "points"
_COUNTED = ascii_letters + digits
_ORDER = ("phase", "predicted", "cluster")


TURN = 0.12
"""Radians that one press of an arrow key turns a cloud."""
DRAG = (0.035, 0.07)
"""Radians per cell that the mouse is dragged across and up: cells are twice as high as wide."""
ZOOM = 1.2
SPIN = 0.5
"""Radians a second."""
FAIR_SAMPLE = 65_536
"""So many points are drawn while a cloud is in motion."""


@dataclass(frozen=True, slots=True)
class CloudLook:
    """`camera` is None as long as nobody turned anything."""

    camera: Camera | None = None
    spinning: bool = False
    dragging: bool = False
    colouring: int = 0
    item: int = 0

    @property
    def moving(self) -> bool:
        return self.spinning or self.dragging

    def turned(self, yaw: float, pitch: float) -> "CloudLook":
        return replace(self, camera=(self.camera or Camera()).rotated(yaw, pitch))

    def zoomed(self, steps: int) -> "CloudLook":
        return replace(self, camera=(self.camera or Camera()).zoomed(ZOOM**steps))


@dataclass(frozen=True)
class Classes:
    """One way to colour points: `names[codes[i]]` is what point i is."""

    names: tuple[str, ...]
    codes: NDArray[np.uint8]

    def ink(self, code: int) -> Ink:
        """The colour of a class."""
        name = self.names[code]
        if name in (_NO_CLASS, _ONE_CLASS):
            return MUTED if name == _NO_CLASS else ACCENT
        return phase_ink(name) if name in PHASES else cluster_ink(code)

    @cached_property
    def letters(self) -> tuple[str, ...]:
        """A character for each class: a phase's letter, how the name ends, or else a count."""
        own: dict[str, str] = {_NO_CLASS: glyphs.UNKNOWN, _ONE_CLASS: glyphs.DOT}
        own |= {str(phase): letter for phase, letter in PHASE_LETTERS.items()}
        ends = tuple(own.get(name) or name[-1] for name in self.names)
        if len(set(ends)) == len(ends) and all(end in own.values() or end in _COUNTED for end in ends):
            return ends
        return tuple(_COUNTED[: len(ends)].ljust(len(ends), glyphs.DOT))


@dataclass(frozen=True, eq=False)
class Points:
    """One cloud: its name, which of how many it is, coordinates (n, 2 or 3), and how it may be coloured."""

    name: str
    position: int
    clouds: int
    xyz: NDArray[np.float32]
    colourings: Mapping[str, Classes]
    _prepared: dict[str, Cloud] = field(default_factory=dict)

    def by(self, colouring: int) -> str:
        """The name of a colouring, counted round; "" for the only one of a cloud that has none."""
        names = sorted(
            self.colourings, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER)
        )
        return names[colouring % len(names)]

    def cloud(self, by: str) -> Cloud:
        """The cloud with this colouring, prepared once."""
        if by not in self._prepared:
            self._prepared[by] = Cloud(self.xyz, np.minimum(self.colourings[by].codes, MAX_CLASSES - 1))
        return self._prepared[by]


@dataclass(frozen=True, eq=False)
class Told:
    """A cloud as it came, which is prepared once somebody draws it: a PointCloud, or else Embeddings."""

    position: int
    clouds: int
    cloud: PointCloud | None
    single: tuple[Stamped[Embedding], ...] = ()

    @cached_property
    def points(self) -> Points:
        if self.cloud is not None:
            return _from_cloud(self.cloud, self.position, self.clouds)
        return _from_embeddings(self.single, self.position, self.clouds)


def _select(state: State, viewport: Viewport[CloudLook]) -> Told | None:
    clouds = list(state.latest(PointCloud).values())[::-1]
    clouds = [item for item in clouds if viewport.shows(item.event.name)]
    single = state.last(Embedding).get((), ()) if viewport.shows("embeddings") else ()
    total = len(clouds) + bool(single)
    if not total:
        return None
    position = viewport.look.item % total
    if position < len(clouds):
        return Told(position, total, clouds[position].event)
    return Told(position, total, None, tuple(single))


def _from_cloud(cloud: PointCloud, position: int, total: int) -> Points:
    axes = [np.frombuffer(axis, dtype="<f4") for axis in (cloud.x, cloud.y, cloud.z) if axis is not None]
    colourings = {
        name: Classes(colouring.names, np.frombuffer(colouring.codes, dtype=np.uint8))
        for name, colouring in cloud.colourings.items()
    }
    return Points(cloud.name, position, total, np.stack(axes, axis=1), colourings or _plain(len(cloud)))


def _from_embeddings(stamped: Sequence[Stamped[Embedding]], position: int, total: int) -> Points:
    points = [item.event for item in stamped]
    flat = all(point.z is None for point in points)
    # A point without z lies in the plane z = 0 of those that have one.
    rows = [(point.x, point.y) if flat else (point.x, point.y, point.z or 0.0) for point in points]
    categories: dict[str, list[str | None]] = {
        "phase": [point.phase for point in points],
        "predicted": [point.predicted for point in points],
        "cluster": [None if point.cluster is None else str(point.cluster) for point in points],
    }
    colourings = {name: _coded(values) for name, values in categories.items() if any(values)}
    largest = float(np.finfo(np.float32).max)
    xyz = np.clip(np.array(rows, dtype=np.float64), -largest, largest).astype(np.float32)
    return Points("embeddings", position, total, xyz, colourings or _plain(len(points)))


def _plain(count: int) -> dict[str, Classes]:
    return {"": Classes((_ONE_CLASS,), np.zeros(count, dtype=np.uint8))}


def _coded(values: Sequence[str | None]) -> Classes:
    given = {value for value in values if value is not None}
    names: list[str] = list(PHASES) if given <= set(PHASES) else sorted(given, key=_natural)
    names = names[: MAX_CLASSES - 1]
    code_of = {name: code for code, name in enumerate(names)}
    if len(code_of) < len(given) or None in values:
        names.append(_NO_CLASS)
    codes = [code_of.get(value or "", len(names) - 1) for value in values]
    return Classes(tuple(names), np.array(codes, dtype=np.uint8))


def _natural(name: str) -> tuple[int, str]:
    return (int(name), "") if name.lstrip("-").isdecimal() else (0, name)


def _draw(told: Told, viewport: Viewport[CloudLook]) -> Picture:
    view, width, height = told.points, viewport.width, viewport.height
    by = view.by(viewport.look.colouring)
    cloud = view.cloud(by)
    classes = view.colourings[by]
    palette = cloud_palette(classes.ink(code) for code in range(min(len(classes.names), MAX_CLASSES)))
    camera = viewport.look.camera or cloud.home
    markers = _markers(cloud, classes)

    limit = FAIR_SAMPLE if viewport.look.moving else None

    def content(inner: int, rows: int) -> list[Row]:
        return cloud.draw(camera, inner, rows, palette, limit=limit, markers=markers)

    title = view.name + (f"  {view.position + 1} of {view.clouds}" if view.clouds > 1 else "")
    note = f"{cloud.count:,} points"
    if not viewport.narrow:
        left = panel(title, content, width - _LEGEND - 1, height, note=note)
        key = panel(
            f"by {by}" if by else "legend", lambda w, h: _key(classes, cloud.count, w, h), _LEGEND, height
        )
        return Picture(beside(left, key, gap=1))
    key = _short_key(by, classes, width - 2)
    return Picture(fit([*panel(title, content, width, height - len(key), note=note), *key], width, height))


def _markers(cloud: Cloud, classes: Classes) -> list[Marker]:
    """Each class's letter in its middle, so that classes can be told apart without colour."""
    if len(classes.names) < 2:
        return []
    return [
        Marker(centre, f" {classes.letters[code]} ", classes.ink(code)._replace(bold=True))
        for code, centre in cloud.class_centres.items()
    ]


def _counted(classes: Classes) -> list[tuple[int, int]]:
    """Codes that occur, with how often."""
    counts = np.bincount(classes.codes, minlength=len(classes.names)).tolist()
    return [(code, count) for code, count in enumerate(counts) if count]


def _key(classes: Classes, total: int, width: int, height: int) -> list[Row]:
    """What the colours stand for, and, where there is room, which keys there are."""
    rows = [_class_row(classes, code, count, width) for code, count in _counted(classes)]
    rows.append(Row.of((fill("all", width - _COUNT), MUTED), (fill_left(f"{total:,}", _COUNT), MUTED)))
    room = height - len(_HINTS)
    if room <= len(rows):
        return rows[:height]
    hints = [Row.of((fill(keys, 10), TEXT), (words, MUTED)) for keys, words in _HINTS]
    return [*fit(rows, width, room), *hints]


def _class_row(classes: Classes, code: int, count: int, width: int) -> Row:
    glyph = (classes.letters[code] + " ", classes.ink(code)._replace(bold=True))
    name = (fill(classes.names[code], width - _COUNT - 2), TEXT)
    return Row.of(glyph, name, (fill_left(f"{count:,}", _COUNT), MUTED))


def _short_key(by: str, classes: Classes, width: int) -> list[Row]:
    keys = [
        Key(classes.names[code], classes.ink(code), classes.letters[code], f"{count:,}")
        for code, count in _counted(classes)
    ]
    head = Row.of((f"by {clip(by, 20)}  " if by else "", MUTED))
    indents = [head, Row.blank(head.width)]
    lines = flow_legend(keys, max(1, width - head.width), len(indents))
    return [Row.of(" ") + indent + line for indent, line in zip(indents, lines, strict=False)]


def _turned(across: int, down: int) -> Act:
    return lambda at: at.look.turned(across * TURN, down * TURN)


def _zoomed(steps: int) -> Act:
    return lambda at: at.look.zoomed(steps)


def _recolour(at: At[Told, CloudLook]) -> CloudLook:
    return replace(at.look, colouring=at.look.colouring + 1)


def _spin(at: At[Told, CloudLook]) -> CloudLook:
    return replace(at.look, spinning=not at.look.spinning)


def _next_cloud(at: At[Told, CloudLook]) -> CloudLook:
    return replace(at.look, item=at.look.item + 1, camera=None)


def _mouse(at: At[Told, CloudLook], gesture: Gesture) -> CloudLook:
    match gesture.kind:
        case "wheel":
            return at.look.zoomed(-gesture.steps)
        case "drag":
            turned = at.look.turned(gesture.across * DRAG[0], gesture.down * DRAG[1])
            return replace(turned, dragging=True)
        case "release":
            return replace(at.look, dragging=False)
    return at.look


def _moves(look: CloudLook, seconds: float) -> CloudLook:
    return look.turned(SPIN * min(1.0, seconds), 0.0) if look.spinning else look


SCENE = Scene(
    name="knn",
    title="KNN",
    key="K",
    draws=(PointCloud, Embedding),
    select=_select,
    draw=_draw,
    empty="No points have come yet",
    remedy=("`dashctl train detector` publishes a projection of its window features."),
    look=CloudLook(),
    picks=lambda look: look.item,
    acts={
        "up": _turned(0, -1),
        "down": _turned(0, 1),
        "left": _turned(-1, 0),
        "right": _turned(1, 0),
        "zoom_in": _zoomed(1),
        "zoom_out": _zoomed(-1),
    },
    actions=(
        SceneAction("recolour", "c", "c", "Colour by", "Phase, predicted or cluster", _recolour),
        SceneAction("spin", "s", "s", "Spin", "Let the cloud turn, or stop", _spin),
        SceneAction("next_cloud", "n", "n", "Next cloud", "Show another cloud", _next_cloud),
    ),
    mouse=_mouse,
    moves=_moves,
)
