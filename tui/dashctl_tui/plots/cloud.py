"""A rotatable cloud of points in braille, coloured by class and shaded by depth.

Rules: the data is prepared once per version and never per frame; a frame is a pure function of the cloud, the
camera, the size and the palette; coordinates must be finite. One cloud is drawn by one thread at a time,
since what it draws on is kept from frame to frame.
"""

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from math import cos, hypot, sin
from operator import mul
from typing import Self

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from rich.cells import cell_len

from dashctl_tui.plots.box import box_dots
from dashctl_tui.plots.camera import FLAT, Camera
from dashctl_tui.plots.canvas import Ink, Row
from dashctl_tui.plots.grid import DOTS_ACROSS, DOTS_DOWN, UNDER, braille_layers, grid_rows
from dashctl_tui.plots.palette import FAINT, FAINTER, CloudPalette, cloud_palette
from dashctl_tui.plots.raster import MAX_CLASSES, Cells, Points, Raster, View
from dashctl_tui.plots.text import inert

__all__ = ["FLAT", "Camera", "Cloud", "Marker"]

_SHUFFLE_SEED = 0x5EED
# Thirds of a normal distribution lie this many standard deviations from its mean.
_THIRD = 0.43
# What is drawn is the front of the cloud, so its thirds lie nearer to the viewer than those of all points.
_FRONT = 0.35
# Half the diagonal, with a little room to either side, becomes half of the depths from 1 to 2.
_DEPTH = 0.499
# So far before and behind their plane lie points that have no depth, each at another.
_LOT = 0.5
_CORNER_SIGNS = np.array([[(corner >> axis & 1) * 2 - 1 for corner in range(8)] for axis in range(3)])


class Marker(msgspec.Struct, frozen=True):
    """A short text drawn over the cloud at a point, in data coordinates."""

    position: tuple[float, float, float]
    text: str
    ink: Ink


class Cloud:
    """Points prepared for drawing: build one per version of the data, keep it, and draw it for every frame.

    xyz: (n, 3) finite coordinates, or (n, 2) for points in a plane; n may be 0.
    classes: (n,) integers in 0..254, or None for one class; they index the palette given to `draw`.
    Raises ValueError when shapes or classes do not fit.
    """

    def __init__(self, xyz: ArrayLike, classes: ArrayLike | None = None) -> None:
        points = np.asarray(xyz, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] not in (2, 3):
            raise ValueError(f"xyz: shape {points.shape}, allowed is (n, 3) or (n, 2)")
        count, axes = points.shape
        codes = _checked(classes, count)
        self.flat = axes == 2
        low, high = (points.min(0), points.max(0)) if count else (-np.ones(axes), np.ones(axes))
        # Halved before subtracting, so that the widest float64 range does not overflow.
        centre, half = high / 2 + low / 2, high / 2 - low / 2
        # The bounding box's longest side first, for the same reason, then its diagonal.
        self._side = float(half.max()) or 1.0
        self._diagonal = float(np.linalg.norm(half / self._side)) or 1.0
        self._centre = _in_space(centre)
        self._half: list[float] = _in_space(half / self._side / self._diagonal).tolist()
        self.order = np.random.default_rng(_SHUFFLE_SEED).permutation(count)
        """Of the points that are drawn: their numbers in what was given."""
        inside = np.zeros((3, count), dtype=np.float32)
        inside[:axes] = ((points[self.order] - centre) / self._side / self._diagonal).T
        self._mean = inside.mean(axis=1, dtype=np.float64) if count else np.zeros(3)
        self._covariance = np.cov(inside, bias=True) if count else np.zeros((3, 3))
        if self.flat:
            # By their order, which is random: in front is anyone, whatever the class.
            inside[2] = np.linspace(-_LOT, _LOT, count)
        self.points = Points.of(inside, codes[self.order])
        """As they are drawn, in halves of the bounding box's diagonal from its middle."""
        self._every = (self.points, self.order)
        self._raster = Raster(1, 1)
        self._inks = _Inks.in_palette(cloud_palette([FAINT]))

    def recoloured(self, classes: ArrayLike, visible: NDArray[np.bool_] | None = None) -> Self:
        """The same points in other classes; visible (n,): those that are drawn, None for all."""
        other = copy(self)
        other.__dict__.pop("class_centres", None)
        points, order = self._every
        codes = _checked(classes, order.size)[order]
        if visible is None or visible.all():
            other.points, other.order = Points(points.blocks, codes), order
        else:
            kept = visible[order]
            other.points = Points.of(points.coordinates()[:, kept], codes[kept])
            other.order = order[kept]
        return other

    @property
    def count(self) -> int:
        """How many points are drawn."""
        return self.points.count

    @property
    def home(self) -> Camera:
        """The camera to start with: from the side and above, or straight on for points in a plane."""
        return FLAT if self.flat else Camera()

    def draw(
        self,
        camera: Camera,
        width: int,
        height: int,
        palette: CloudPalette,
        *,
        limit: int | None = None,
        markers: Sequence[Marker] = (),
    ) -> list[Row]:
        """The cloud in its faint bounding box: `height` rows of `width` cells.

        limit: draw only so many points, a fair sample (for a smooth drag). markers: drawn over the points.
        """
        view = self.view(camera, width, height)
        if (self._raster.columns, self._raster.rows) != (view.columns, view.rows):
            self._raster = Raster(view.columns, view.rows)
        if palette is not self._inks.palette:
            self._inks = _Inks.in_palette(palette)
        keys = self._raster.nearest(self.points, view, self.shown(limit))
        dots = (keys != 0).view(np.uint8)
        ink = self._box(view, dots, len(self._inks.of) - 2)
        bits, free = braille_layers(dots)
        cells = Cells.of(keys, ~free)
        ink.ravel()[cells.places] = self._cell_inks(cells, camera)
        return self._marked(grid_rows(bits, ink, self._inks.of), view, markers)

    @cached_property
    def class_centres(self) -> dict[int, tuple[float, float, float]]:
        """The mean position of each class that has points, in data coordinates."""
        codes = self.points.codes
        counts = np.bincount(codes)
        sums = [np.bincount(codes, weights=axis) for axis in self.points.coordinates()]
        centres: dict[int, tuple[float, float, float]] = {}
        for code in np.flatnonzero(counts).tolist():
            mean = np.array([axis[code] for axis in sums]) / counts[code]
            x, y, z = (mean * self._diagonal * self._side + self._centre).tolist()
            centres[code - 1] = (x, y, z)
        return centres

    def inside(self, position: Sequence[float]) -> tuple[float, float, float]:
        """Where a position in data coordinates is, in halves of the diagonal from the middle of the box."""
        # Plain floats: a place far outside becomes Inf or NaN quietly.
        x, y, z = (
            (value - middle) / self._side / self._diagonal
            for value, middle in zip(position, self._centre.tolist(), strict=True)
        )
        return x, y, z

    def view(self, camera: Camera, width: int, height: int) -> View:
        """How the camera sees it on so many cells."""
        columns, rows = width * DOTS_ACROSS, height * DOTS_DOWN
        scale = self.scale(camera, width, height)
        # In plain floats: twelve numbers are fewer than a call of numpy's is worth.
        right, up, toward = camera.rotation().tolist()
        lines = [[scale * part for part in right], [-scale * part for part in up]]
        for line, middle in zip(lines, (columns / 2, rows / 2), strict=True):
            line.append(middle - sum(map(mul, line, camera.target)))
        matrix = np.array([*lines, [*(part * _DEPTH for part in toward), 1.5]], dtype=np.float32)
        return View(matrix, columns, rows, clips=camera.zoom > 1 or any(camera.target))

    def scale(self, camera: Camera, width: int, height: int) -> float:
        """How many dots half the diagonal of the box is long."""
        across = hypot(self._half[0], self._half[2])
        up = abs(cos(camera.pitch)) * self._half[1] + abs(sin(camera.pitch)) * across
        # Half a dot short of each edge, so that rounding cannot push a point out of the picture at zoom 1.
        fits = ((width * DOTS_ACROSS - 1) / 2, across), ((height * DOTS_DOWN - 1) / 2, up)
        return min((room / extent for room, extent in fits if extent > 1e-9), default=1.0) * camera.zoom

    def cell(self, position: Sequence[float], view: View) -> tuple[int, int] | None:
        """In which cell, column and row, a position in data coordinates is; None if in none of them."""
        inside = (*self.inside(position), 1.0)
        column, row = (
            sum(factor * value for factor, value in zip(line, inside, strict=True))
            for line in view.matrix[:2].tolist()
        )
        # Inf and NaN are within no picture.
        if not (0 <= column < view.columns and 0 <= row < view.rows):
            return None
        return int(column) // DOTS_ACROSS, int(row) // DOTS_DOWN

    def shown(self, limit: int | None) -> int:
        """How many points are drawn with this limit."""
        return self.count if limit is None else min(self.count, max(0, limit))

    def _box(self, view: View, dots: NDArray[np.uint8], first: int) -> NDArray[np.int16]:
        """Put the box's dots into the lower layer; (h, w), its ink: first, or first + 1 for a front edge."""
        front, back = box_dots(self._corners(view), view.columns, view.rows, clips=view.clips)
        flat = dots.ravel()
        for column, row in (front, back):
            at = row * view.columns
            at += column
            # Several edges meet in a dot: what is there is read before anything is written.
            flat[at] |= np.uint8(UNDER)
        width = view.columns // DOTS_ACROSS
        ink = np.full((view.rows // DOTS_DOWN, width), first, dtype=np.int16)
        ink.ravel()[(front[1] >> 2) * width + (front[0] >> 1)] = first + 1
        return ink

    def _cell_inks(self, cells: Cells, camera: Camera) -> NDArray[np.int16]:
        if self.flat:
            return self._inks.first.take(cells.classes()) + np.int16(2)
        toward = camera.rotation()[2]
        spread = float(np.sqrt(max(0.0, toward @ self._covariance @ toward)))
        middle = float(toward @ self._mean) + _FRONT * spread
        steps = np.array([middle - _THIRD * spread, middle + _THIRD * spread])
        thresholds = (steps * _DEPTH + 1.5).astype(np.float32).view(np.uint32)
        nearest = cells.nearest()
        ink = self._inks.first.take(cells.classes())
        ink += nearest >= thresholds[0]
        ink += nearest >= thresholds[1]
        return ink

    def _corners(self, view: View) -> NDArray[np.float64]:
        """The projected corners of the bounding box; bit i of a corner's number: low or high on axis i."""
        corners = _CORNER_SIGNS * np.array(self._half)[:, None]
        projected: NDArray[np.float64] = view.matrix[:, :3] @ corners + view.matrix[:, 3:]
        return projected

    def _marked(self, rows: list[Row], view: View, markers: Sequence[Marker]) -> list[Row]:
        for marker in markers:
            cell = self.cell(marker.position, view)
            if cell is not None:
                text = inert(marker.text)
                at = cell[0] - (cell_len(text) - 1) // 2
                rows[cell[1]] = rows[cell[1]].overlay(at, Row.of((text, marker.ink)))
        return rows


def _checked(classes: ArrayLike | None, count: int) -> NDArray[np.uint8]:
    """Class + 1 of each point."""
    codes = np.zeros(count, dtype=np.int64) if classes is None else np.asarray(classes)
    if codes.shape != (count,):
        raise ValueError(f"classes: shape {codes.shape}, allowed is ({count},)")
    if count and (codes.min() < 0 or codes.max() >= MAX_CLASSES):
        raise ValueError(f"classes: {codes.min()}..{codes.max()}, allowed is 0..{MAX_CLASSES - 1}")
    return codes.astype(np.uint8) + np.uint8(1)


class _Inks(msgspec.Struct, frozen=True):
    """What a palette comes to.

    first: where the three inks of class + 1 begin, (256,). of: all of these, and two for the box.
    """

    palette: CloudPalette
    first: NDArray[np.int16]
    of: tuple[Ink, ...]

    @classmethod
    def in_palette(cls, palette: CloudPalette) -> "_Inks":
        """Equal colours share theirs, so that their runs merge."""
        number = {shade: index for index, shade in enumerate(dict.fromkeys(palette))}
        places = np.array([3 * number[shade] for shade in palette], dtype=np.int16)
        first = places[np.arange(-1, MAX_CLASSES) % len(palette)]
        inks = [ink for shade in number for ink in (shade.far, shade.middle, shade.near)]
        return cls(palette, first, (*inks, FAINTER, FAINT))


def _in_space(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.pad(vector, (0, 3 - len(vector)))
