"""The faint bounding box around a cloud.

Rule: the edges that meet in the farthest corner are dotted, so that front and back differ without colour.
"""

import numpy as np
from numpy.typing import NDArray

from dashctl_tui.plots.grid import DOTS_ACROSS, DOTS_DOWN, braille_bits

# Corners are numbered so that bit i says low or high on axis i; an edge joins two that differ in one bit.
_EDGES = np.array([(a, a | 1 << axis) for axis in range(3) for a in range(8) if not a >> axis & 1])
_GAP = 3


def box_bits(
    corners: NDArray[np.floating], width: int, height: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Braille patterns of the box's edges, and which cells a front edge runs through: both (height, width).

    corners: (3, 8) column and row in dots, and depth (greater is nearer).
    """
    columns, rows = width * DOTS_ACROSS, height * DOTS_DOWN
    size = np.array([[columns], [rows]])
    start, along, visible = _clipped(corners[:2], size)
    hidden = np.any(np.argmin(corners[2]) == _EDGES, axis=1) & (np.ptp(corners[2]) > 1e-6)
    steps = int(np.abs(along).max()) + 2
    dots = (start + along * np.linspace(0.0, 1.0, steps)[:, None, None]).astype(np.int32)
    np.minimum(dots, size - 1, out=dots)
    column, row = dots[:, 0], dots[:, 1]
    # A dotted line skips dots, not steps, so that its pattern stands still when the picture is zoomed.
    kept = visible & (~hidden | ((column + row) % _GAP == 0))
    lit = np.zeros((rows, columns), dtype=np.bool_)
    lit.ravel()[(row * columns + column)[kept]] = True
    solid = visible & ~hidden
    front = np.zeros((height, width), dtype=np.bool_)
    front.ravel()[(row[:, solid] // DOTS_DOWN * width + column[:, solid] // DOTS_ACROSS)] = True
    return braille_bits(lit), front


def _clipped(
    corners: NDArray[np.floating], size: NDArray[np.int_]
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.bool_]]:
    """Where each edge starts in the picture, how it goes on (2, 12), and whether it is in it at all.

    Method: Y.-D. Liang and B. Barsky, "A new concept and method for line clipping", 1984.
    """
    start = corners[:, _EDGES[:, 0]]
    along = corners[:, _EDGES[:, 1]] - start
    slope = np.where(np.abs(along) < 1e-6, 1e-6, along)
    low, high = -start / slope, (size - start) / slope
    enter = np.minimum(low, high).max(axis=0).clip(0.0, 1.0)
    leave = np.maximum(low, high).min(axis=0).clip(0.0, 1.0)
    length = np.maximum(leave - enter, 0.0)
    return start + along * enter, along * length, length > 0
