"""Many points onto few dots: projection, z-buffer, and what each cell then shows.

Rules: exact occlusion without sorting; no Python per point; chunks stay in the second-level cache.
Method: the depth is mapped into [1, 2), where the bits of a float32 sort like the numbers; the lowest byte
of those bits gives way to the point's class, and the maximum per dot is then both the nearest point and its
class (a z-buffer as in E. Catmull, "A subdivision algorithm for computer display of curved surfaces", 1974).
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Number = TypeVar("_Number", np.uint8, np.uint32)

Keys = NDArray[np.uint32]
"""Per point or dot: depth in the upper 24 bits (nearer is greater), class + 1 in the lowest; 0 is nothing."""

CHUNK = 32_768
MAX_CLASSES = 255
_DEPTH_MASK = np.uint32(0xFFFFFF00)


@dataclass(frozen=True, slots=True)
class Points:
    """Points ready to be projected.

    homogeneous: (4, n) float32, rows x, y, z, 1, in a fixed random order, so any prefix is a fair sample.
    codes: (n,) uint32, class + 1, in 1..255.
    """

    homogeneous: NDArray[np.float32]
    codes: NDArray[np.uint32]

    @property
    def count(self) -> int:
        return int(self.codes.size)


@dataclass(frozen=True, slots=True)
class View:
    """An affine projection onto a grid of dots.

    matrix: (3, 4) float32 to (column, row, depth), in dots and [1, 2). clips: some points may fall outside.
    """

    matrix: NDArray[np.float32]
    columns: int
    rows: int
    clips: bool


def project(points: Points, view: View, start: int, stop: int) -> tuple[NDArray[np.int32], Keys]:
    """Dots (2, m), column and row, and keys (m,) of points start..stop; a view that clips may miss some."""
    projected = view.matrix @ points.homogeneous[:, start:stop]
    keys: Keys = projected[2].view(np.uint32)
    keys &= _DEPTH_MASK
    keys |= points.codes[start:stop]
    if view.clips:
        np.floor(projected[:2], out=projected[:2])
    # Within the view coordinates are never negative, so truncation is floor.
    return projected[:2].astype(np.int32), keys


def outside(dots: NDArray[np.int32], view: View) -> NDArray[np.bool_]:
    """Which dots (2, m) are not in the view: (m,)."""
    # Seen without a sign, a negative number is greater than any column or row.
    sides = dots.view(np.uint32)
    beyond: NDArray[np.bool_] = (sides[0] >= view.columns) | (sides[1] >= view.rows)
    return beyond


def nearest_keys(points: Points, view: View, limit: int) -> Keys:
    """The key of the nearest of the first `limit` points on every dot: (rows, columns)."""
    size = view.columns * view.rows
    buffer = np.zeros(size + 1, dtype=np.uint32)
    for start in range(0, limit, CHUNK):
        dots, keys = project(points, view, start, min(start + CHUNK, limit))
        flat = dots[1] * view.columns
        flat += dots[0]
        if view.clips:
            flat[outside(dots, view)] = size
        np.maximum.at(buffer, flat.astype(np.intp), keys)
    return buffer[:size].reshape(view.rows, view.columns)


def nearest_per_cell(keys: Keys) -> Keys:
    """The greatest key of each cell of 2×4 dots: (4h, 2w) -> (h, w)."""
    return _reduce_cells(keys, np.maximum)


def classes_per_cell(keys: Keys) -> NDArray[np.uint8]:
    """Class + 1 shown by each cell, 0 for none: (4h, 2w) -> (h, w).

    The majority of the cell's dots, ties to the nearest; where the cell on the left shows a class that is
    within one dot of the majority here, that one, because a run of one colour costs the terminal less.
    """
    codes = keys.astype(np.uint8)
    shown = _reduce_cells(codes, np.maximum)
    least = _reduce_cells(codes - np.uint8(1), np.minimum) + np.uint8(1)
    mixed = np.flatnonzero((shown != least).ravel())
    if mixed.size:
        cells = _dots_of(keys, mixed)
        flat = shown.ravel()
        flat[mixed], most = _majority(cells)
        left = _left_of(shown).ravel()[mixed]
        agreeing = np.count_nonzero(cells.astype(np.uint8) == left, axis=0)
        near_tie = (left != 0) & (agreeing > 0) & (agreeing >= most - 1)
        flat[mixed[near_tie]] = left[near_tie]
    return shown


def _majority(cells: Keys) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The most frequent class + 1 among the dots of each cell, and on how many dots: (8, m) -> (m,), (m,)."""
    codes = cells.astype(np.uint8)
    votes = np.zeros(codes.shape, dtype=np.uint8)
    for dot in codes:
        votes += codes == dot
    votes *= codes != 0
    # Votes above the key in one number: among equals the nearest wins.
    ranked = (votes.astype(np.int64) << 32 | cells).max(axis=0)
    return ranked.astype(np.uint8), ranked >> 32


def _left_of(shown: NDArray[np.uint8]) -> NDArray[np.uint8]:
    left = np.zeros_like(shown)
    left[:, 1:] = shown[:, :-1]
    return left


def _dots_of(keys: Keys, cells: NDArray[np.intp]) -> Keys:
    """The eight keys of each of the given cells (flat cell index): (8, m)."""
    columns = keys.shape[1]
    corner = (cells // (columns // 2)) * 4 * columns + (cells % (columns // 2)) * 2
    offsets = (np.arange(4)[:, None] * columns + np.arange(2)).ravel()
    found: Keys = keys.ravel()[offsets[:, None] + corner]
    return found


def _reduce_cells(dots: NDArray[_Number], by: np.ufunc) -> NDArray[_Number]:
    rows = by(by(dots[0::4], dots[1::4]), by(dots[2::4], dots[3::4]))
    reduced: NDArray[_Number] = by(rows[:, 0::2], rows[:, 1::2])
    return reduced
