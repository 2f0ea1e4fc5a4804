"""How clouds are looked at, and which part of the screen is what.

Rules: plain frozen values, which are written down when the monitor ends; a region is remembered as it was
drawn, with the camera it was drawn with, so that it means the same points however the cloud is turned after.
"""

from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from dashctl_tui.plots.camera import Camera
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS

ZOOM = 1.2
Hidden = tuple[tuple[str, str], ...]
"""Colouring and class."""
Cell = tuple[int, int]
"""Column and row, from the upper left corner of a cloud's picture."""
_LEGEND, _SLIM_LEGEND = 34, 27
ROOM_BESIDE = 64
"""Columns from which on the legend stands beside the cloud rather than below it."""
_LEAST = (36, 10)
"""Columns and rows that a cloud needs, frame included, to be shown beside others."""


@dataclass(frozen=True, slots=True)
class Region:
    """What was drawn round: its outline in the plane of the picture that this camera gives."""

    camera: Camera
    outline: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class CloudLook:
    """`camera` is None as long as nobody turned anything.

    by: the colouring, "" for the first. cloud: which one, by name, None for the first and "" for that of
    single points; beside: others beside it. line: the legend's cursor, -1 for none. hidden: classes that are
    not drawn, in any cloud. picked: a point's number. drawing: what the next drag draws, along `trail`.
    """

    camera: Camera | None = None
    spinning: bool = False
    dragging: bool = False
    by: str = ""
    cloud: str | None = None
    beside: bool = False
    line: int = -1
    hidden: Hidden = ()
    picked: int | None = None
    drawing: Literal["", "box", "lasso"] = ""
    trail: tuple[Cell, ...] = ()
    region: Region | None = None

    @property
    def moving(self) -> bool:
        return self.spinning or self.dragging

    def turned(self, yaw: float, pitch: float) -> "CloudLook":
        return replace(self, camera=(self.camera or Camera()).rotated(yaw, pitch))

    def zoomed(self, steps: int, home: Camera) -> "CloudLook":
        return replace(self, camera=(self.camera or home).zoomed(ZOOM**steps))


class Area(msgspec.Struct, frozen=True):
    """A panel: where it begins, and its size with the frame."""

    column: int
    row: int
    width: int
    height: int

    @property
    def inner(self) -> tuple[int, int]:
        """Columns and rows within the frame."""
        return max(1, self.width - PANEL_COLUMNS), max(1, self.height - PANEL_ROWS)

    def cell(self, column: int, row: int) -> Cell | None:
        """A cell of the screen as one within the frame; None outside."""
        inside = column - self.column - PANEL_COLUMNS // 2, row - self.row - PANEL_ROWS // 2
        width, height = self.inner
        return inside if 0 <= inside[0] < width and 0 <= inside[1] < height else None

    def clamped(self, column: int, row: int) -> Cell:
        """The cell within the frame that is nearest to one of the screen."""
        width, height = self.inner
        across, down = column - self.column - PANEL_COLUMNS // 2, row - self.row - PANEL_ROWS // 2
        return min(width - 1, max(0, across)), min(height - 1, max(0, down))


class Layout(msgspec.Struct, frozen=True):
    """The panels of clouds, by which of the clouds they show, and the legend's (None: lines below)."""

    clouds: tuple[tuple[int, Area], ...]
    legend: Area | None

    def area_of(self, item: int) -> Area:
        """Where a cloud is shown."""
        return next((area for each, area in self.clouds if each == item), self.clouds[0][1])


def layout(width: int, height: int, active: int, total: int, below: int, *, beside: bool) -> Layout:
    """Who gets which part of so many cells.

    active: the cloud that is talked about, of the total. below: rows that a legend below would take.
    """
    slim = width < 100
    legend: Area | None = None
    if width >= ROOM_BESIDE:
        size = _SLIM_LEGEND if slim else _LEGEND
        legend = Area(width - size, 0, size, height)
        width -= size + (not slim)
    else:
        height = max(1, height - below)
    if not beside:
        return Layout(((active, Area(0, 0, width, height)),), legend)
    across, down = _tiles(width, height, total)
    shown = across * down
    first = active // shown * shown
    items = [(first + place) for place in range(shown) if first + place < total]
    columns = [width * place // across for place in range(across + 1)]
    rows = [height * place // down for place in range(down + 1)]
    areas = [
        Area(columns[at % across], rows[at // across], _gap(columns, at % across), _gap(rows, at // across))
        for at in range(len(items))
    ]
    return Layout(tuple(zip(items, areas, strict=True)), legend)


def _gap(edges: list[int], place: int) -> int:
    return edges[place + 1] - edges[place]


def _tiles(width: int, height: int, total: int) -> tuple[int, int]:
    """How many fit across and down: no more than there are, and as large as can be."""
    most_across, most_down = max(1, width // _LEAST[0]), max(1, height // _LEAST[1])
    fitting = [
        (across, -(-total // across))
        for across in range(1, most_across + 1)
        if -(-total // across) <= most_down
    ]
    # A cell is twice as high as wide: the smaller side of each counts.
    return max(
        fitting,
        key=lambda tiles: min(width // tiles[0], 2 * (height // tiles[1])),
        default=(most_across, most_down),
    )
