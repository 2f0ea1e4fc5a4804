"""A rotatable cloud of points in braille, coloured by class and shaded by depth.

Rules: the data is prepared once per version and never per frame; a frame is a pure function of the cloud, the
camera, the size and the palette; coordinates must be finite.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rich.cells import cell_len

from dashctl_tui.plots.box import box_bits
from dashctl_tui.plots.camera import FLAT, Camera
from dashctl_tui.plots.canvas import Ink, Row
from dashctl_tui.plots.grid import DOTS_ACROSS, DOTS_DOWN, braille_bits, grid_rows
from dashctl_tui.plots.palette import FAINT, FAINTER, CloudPalette
from dashctl_tui.plots.raster import (
    MAX_CLASSES,
    Points,
    View,
    classes_per_cell,
    nearest_keys,
    nearest_per_cell,
)
from dashctl_tui.plots.text import inert

__all__ = ["FLAT", "Camera", "Cloud", "Marker"]

_SHUFFLE_SEED = 0x5EED
# Thirds of a normal distribution lie this many standard deviations from its mean.
_THIRD = 0.43
# What is drawn is the front of the cloud, so its thirds lie nearer to the viewer than those of all points.
_FRONT = 0.35
_CORNER_SIGNS = np.array([[(corner >> axis & 1) * 2 - 1 for corner in range(8)] for axis in range(3)])


@dataclass(frozen=True, slots=True)
class Marker:
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
        count = len(points)
        codes = np.zeros(count, dtype=np.int64) if classes is None else np.asarray(classes)
        if codes.shape != (count,):
            raise ValueError(f"classes: shape {codes.shape}, allowed is ({count},)")
        if count and (codes.min() < 0 or codes.max() >= MAX_CLASSES):
            raise ValueError(f"classes: {codes.min()}..{codes.max()}, allowed is 0..{MAX_CLASSES - 1}")
        axes = points.shape[1]
        self.flat = axes == 2
        low, high = (points.min(0), points.max(0)) if count else (-np.ones(axes), np.ones(axes))
        # Halved before subtracting, so that the widest float64 range does not overflow.
        centre, half = high / 2 + low / 2, high / 2 - low / 2
        # The bounding box's longest side first, for the same reason, then its diagonal.
        self._side = float(half.max()) or 1.0
        self._diagonal = float(np.linalg.norm(half / self._side)) or 1.0
        self._centre = _in_space(centre)
        self._half = _in_space(half / self._side / self._diagonal)
        order = np.random.default_rng(_SHUFFLE_SEED).permutation(count)
        homogeneous = np.zeros((4, count), dtype=np.float32)
        homogeneous[:axes] = ((points[order] - centre) / self._side / self._diagonal).T
        homogeneous[3] = 1
        self._points = Points(homogeneous, (codes[order] + 1).astype(np.uint32))
        self._mean = homogeneous[:3].mean(axis=1, dtype=np.float64) if count else np.zeros(3)
        self._covariance = np.cov(homogeneous[:3], bias=True) if count else np.zeros((3, 3))

    @property
    def count(self) -> int:
        """How many points there are."""
        return self._points.count

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
        view = self._view(camera, width, height)
        keys = nearest_keys(self._points, view, self._shown(limit))
        bits = braille_bits(keys != 0)
        bounds, in_front = box_bits(self._corners(view), width, height)
        free = bits == 0
        ink = np.where(free, 3 * len(palette) + in_front, self._cell_inks(keys, camera, len(palette)))
        inks = [ink for shade in palette for ink in (shade.far, shade.middle, shade.near)]
        rows = grid_rows(np.where(free, bounds, bits), ink, [*inks, FAINTER, FAINT])
        return self._marked(rows, view, markers)

    @cached_property
    def class_centres(self) -> dict[int, tuple[float, float, float]]:
        """The mean position of each class that has points, in data coordinates."""
        codes = self._points.codes
        centres: dict[int, tuple[float, float, float]] = {}
        for code in np.unique(codes).tolist():
            mean = self._points.homogeneous[:3, codes == code].mean(axis=1, dtype=np.float64)
            x, y, z = (mean * self._diagonal * self._side + self._centre).tolist()
            centres[code - 1] = (x, y, z)
        return centres

    def _shown(self, limit: int | None) -> int:
        return self.count if limit is None else min(self.count, max(0, limit))

    def _view(self, camera: Camera, width: int, height: int) -> View:
        rotation = camera.rotation()
        columns, rows = width * DOTS_ACROSS, height * DOTS_DOWN
        across = float(np.hypot(self._half[0], self._half[2]))
        up = abs(rotation[1, 1]) * self._half[1] + abs(rotation[2, 1]) * across
        # Half a dot short of each edge, so that rounding cannot push a point out of the picture at zoom 1.
        fits = ((columns - 1) / 2, across), ((rows - 1) / 2, up)
        scale = min((room / extent for room, extent in fits if extent > 1e-9), default=1.0) * camera.zoom
        matrix = np.empty((3, 4), dtype=np.float32)
        matrix[0] = [*(rotation[0] * scale), columns / 2]
        matrix[1] = [*(rotation[1] * -scale), rows / 2]
        matrix[2] = [*(rotation[2] * 0.499), 1.5]
        return View(matrix, columns, rows, clips=camera.zoom > 1)

    def _cell_inks(self, keys: NDArray[np.uint32], camera: Camera, colours: int) -> NDArray[np.int16]:
        toward = camera.rotation()[2]
        spread = float(np.sqrt(max(0.0, toward @ self._covariance @ toward)))
        middle = float(toward @ self._mean) + _FRONT * spread
        steps = np.array([middle - _THIRD * spread, middle + _THIRD * spread])
        thresholds = (steps * 0.499 + 1.5).astype(np.float32).view(np.uint32)
        nearest = nearest_per_cell(keys)
        ink = _first_ink(colours)[classes_per_cell(keys)]
        ink += nearest >= thresholds[0]
        ink += nearest >= thresholds[1]
        return ink

    def _corners(self, view: View) -> NDArray[np.float64]:
        """The projected corners of the bounding box; bit i of a corner's number: low or high on axis i."""
        return view.matrix[:, :3] @ (_CORNER_SIGNS * self._half[:, None]) + view.matrix[:, 3:]

    def _cell(self, position: tuple[float, float, float], view: View) -> tuple[int, int] | None:
        # Plain floats: a place far outside becomes Inf or NaN quietly, and neither is within the picture.
        inside = [
            (value - middle) / self._side / self._diagonal
            for value, middle in zip(position, self._centre.tolist(), strict=True)
        ]
        column, row = (
            sum(factor * value for factor, value in zip(line, (*inside, 1.0), strict=True))
            for line in view.matrix[:2].tolist()
        )
        if not (0 <= column < view.columns and 0 <= row < view.rows):
            return None
        return int(column) // DOTS_ACROSS, int(row) // DOTS_DOWN

    def _marked(self, rows: list[Row], view: View, markers: Sequence[Marker]) -> list[Row]:
        for marker in markers:
            cell = self._cell(marker.position, view)
            if cell is not None:
                text = inert(marker.text)
                at = cell[0] - (cell_len(text) - 1) // 2
                rows[cell[1]] = rows[cell[1]].overlay(at, Row.of((text, marker.ink)))
        return rows


@lru_cache(maxsize=64)
def _first_ink(colours: int) -> NDArray[np.int16]:
    """Where the three inks of class + 1 begin, for a palette of so many colours: (256,)."""
    first = (np.arange(-1, MAX_CLASSES) % colours * 3).astype(np.int16)
    first.flags.writeable = False
    return first


def _in_space(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.pad(vector, (0, 3 - len(vector)))
