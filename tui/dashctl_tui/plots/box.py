"""The faint bounding box around a cloud.

Rule: the edges that meet in the farthest corner are dotted, so that front and back differ without colour.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# Corners are numbered so that bit i says low or high on axis i; an edge joins two that differ in one bit.
_EDGES = np.array([(a, a | 1 << axis) for axis in range(3) for a in range(8) if not a >> axis & 1])
_GAP = 3
_ROUNDED = 16
"""Lines are walked in a multiple of so many steps: few lengths, each prepared once."""

Dots = NDArray[np.int32]
"""(2, m): column and row."""


def box_dots(corners: NDArray[np.floating], columns: int, rows: int, *, clips: bool) -> tuple[Dots, Dots]:
    """The dots of the box's edges that lie in the picture: of those in front, and of those behind.

    corners: (3, 8) column and row in dots, and depth (greater is nearer). clips: some may lie outside.
    """
    depths = corners[2].tolist()
    edges, in_front = _edges(-1 if max(depths) - min(depths) <= 1e-6 else depths.index(min(depths)))
    places = corners[:2].astype(np.float32)
    start = places[:, edges[:, 0]]
    along = places[:, edges[:, 1]] - start
    if clips:
        start, along, seen = _clipped(start, along, np.array([[columns], [rows]], dtype=np.float32))
        in_front = int(np.count_nonzero(seen[:in_front]))
    # No dot of the longest line is left out.
    steps = _steps(int(np.abs(along).max(initial=0.0)) // _ROUNDED + 1)
    dots = (start[:, :, None] + along[:, :, None] * steps).astype(np.int32)
    np.minimum(dots, np.array([[[columns - 1]], [[rows - 1]]], dtype=np.int32), out=dots)
    front, back = dots[:, :in_front].reshape(2, -1), dots[:, in_front:].reshape(2, -1)
    # A dotted line skips dots, not steps, so that its pattern stands still when the picture is zoomed.
    return front, back[:, (back[0] + back[1]) % _GAP == 0]


@lru_cache(maxsize=9)
def _edges(farthest: int) -> tuple[NDArray[np.intp], int]:
    """Where edges begin and end, (12, 2) corners, those in front first; and how many these are."""
    hidden = np.any(farthest == _EDGES, axis=1)
    return np.vstack([_EDGES[~hidden], _EDGES[hidden]]), int(np.count_nonzero(~hidden))


@lru_cache(maxsize=64)
def _steps(count: int) -> NDArray[np.float32]:
    return np.linspace(0.0, 1.0, count * _ROUNDED + 1, dtype=np.float32)


def _clipped(
    start: NDArray[np.float32], along: NDArray[np.float32], size: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Of each line (2, m) the part in the picture, without those that are not in it; and which are.

    Method: Y.-D. Liang and B. Barsky, "A new concept and method for line clipping", 1984.
    """
    slope = np.where(np.abs(along) < 1e-6, np.float32(1e-6), along)
    low, high = -start / slope, (size - start) / slope
    enter = np.minimum(low, high).max(axis=0).clip(0.0, 1.0)
    leave = np.maximum(low, high).min(axis=0).clip(0.0, 1.0)
    seen = leave > enter
    return (start + along * enter)[:, seen], (along * (leave - enter))[:, seen], seen
