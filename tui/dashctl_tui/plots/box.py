"""The faint bounding box around a cloud.

Rule: the edges that meet in the farthest corner are dotted, so that front and back differ without colour.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# Corners are numbered so that bit i says low or high on axis i; an edge joins two that differ in one bit.
_EDGES = np.array([(a, a | 1 << axis) for axis in range(3) for a in range(8) if not a >> axis & 1])
_GAP = 3

Dots = NDArray[np.int32]
"""(2, m): column and row."""


def box_dots(corners: NDArray[np.floating], columns: int, rows: int) -> tuple[Dots, Dots]:
    """The dots of the box's edges that lie in the picture: of those in front, and of those behind.

    corners: (3, 8) column and row in dots, and depth (greater is nearer).
    """
    depths = corners[2].tolist()
    flat = max(depths) - min(depths) <= 1e-6
    front, back = _edges(-1 if flat else depths.index(min(depths)))
    # One step more than there are dots along the longest line.
    steps = _steps(max(columns, rows) + 1)
    solid = _walked(corners[:2], front, steps, columns, rows)
    if not len(back):
        return solid, solid[:, :0]
    dotted = _walked(corners[:2], back, steps, columns, rows)
    # A dotted line skips dots, not steps, so that its pattern stands still when the picture is zoomed.
    return solid, dotted[:, (dotted[0] + dotted[1]) % _GAP == 0]


@lru_cache(maxsize=9)
def _edges(farthest: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the edges in front, and those behind, begin and end: (m, 2) corners."""
    hidden = np.any(farthest == _EDGES, axis=1)
    return _EDGES[~hidden], _EDGES[hidden]


@lru_cache(maxsize=16)
def _steps(count: int) -> NDArray[np.float64]:
    return np.linspace(0.0, 1.0, count)


def _walked(
    corners: NDArray[np.floating],
    edges: NDArray[np.intp],
    steps: NDArray[np.float64],
    columns: int,
    rows: int,
) -> Dots:
    start, end = corners[:, edges[:, 0]], corners[:, edges[:, 1]]
    along = end - start
    if corners.min() < 0 or (corners[0] >= columns).any() or (corners[1] >= rows).any():
        start, along = _clipped(start, along, np.array([[columns], [rows]]))
    dots = (start[:, :, None] + along[:, :, None] * steps).reshape(2, -1).astype(np.int32)
    np.minimum(dots, [[columns - 1], [rows - 1]], out=dots)
    return dots


def _clipped(
    start: NDArray[np.floating], along: NDArray[np.floating], size: NDArray[np.int_]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Of each line (2, m) the part in the picture; those that are not in it are left out.

    Method: Y.-D. Liang and B. Barsky, "A new concept and method for line clipping", 1984.
    """
    slope = np.where(np.abs(along) < 1e-6, 1e-6, along)
    low, high = -start / slope, (size - start) / slope
    enter = np.minimum(low, high).max(axis=0).clip(0.0, 1.0)
    leave = np.maximum(low, high).min(axis=0).clip(0.0, 1.0)
    seen = leave > enter
    return (start + along * enter)[:, seen], (along * (leave - enter))[:, seen]
