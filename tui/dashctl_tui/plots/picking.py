"""Which points of a cloud somebody means: at a cell, beside another point, or inside an outline.

Rules: only points that are drawn can be meant; a point is named by its number in what the cloud was made of;
every question is one pass over the points, without any index.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dashctl_tui.plots.camera import Camera
from dashctl_tui.plots.cloud import Cloud
from dashctl_tui.plots.grid import DOTS_ACROSS, DOTS_DOWN

REACH = 12
"""Dots from the edge of a cell within which a point is still meant by it."""

Outline = Sequence[tuple[float, float]]
"""Corners of a polygon in the picture's plane: to the right and up, in halves of the cloud's diagonal."""


def pick(
    cloud: Cloud, camera: Camera, width: int, height: int, cell: tuple[int, int], *, limit: int | None = None
) -> int | None:
    """The point in front at a cell (column, row); of those beside it the nearest, and then in front.

    limit: as it was drawn with. None if there is none within reach.
    """
    view = cloud.view(camera, width, height)
    middle = np.array([[cell[0] * DOTS_ACROSS], [cell[1] * DOTS_DOWN]], dtype=np.float32)
    middle += [[DOTS_ACROSS / 2], [DOTS_DOWN / 2]]
    half = np.array([[DOTS_ACROSS / 2], [DOTS_DOWN / 2]], dtype=np.float32)
    best, found = float(REACH**2), None
    for start, block in cloud.points.parts(cloud.shown(limit)):
        projected = view.matrix @ block
        away = np.abs(projected[:2] - middle) - half
        np.maximum(away, 0.0, out=away)
        # Whole dots first; the depth, in [1, 2), then tells points apart that are as far away.
        score = np.ceil(away[0] ** 2 + away[1] ** 2) - projected[2]
        nearest = int(score.argmin())
        if score[nearest] < best:
            best, found = float(score[nearest]), start + nearest
    return None if found is None else int(cloud.order[found])


def neighbour(cloud: Cloud, camera: Camera, point: int, right: int, up: int) -> int | None:
    """The point nearest to another one among those that lie more in this direction than beside it.

    right, up: the direction in the picture, such as (1, 0). None if there is none, or no such point.
    """
    here = np.flatnonzero(cloud.order == point)
    if not here.size:
        return None
    axes = camera.rotation().astype(np.float32) @ cloud.points.coordinates()
    axes -= axes[:, here[:1]]
    if cloud.flat:
        # Depths in a plane say who is drawn, and not where it is.
        axes[2] = 0.0
    along = axes[0] * right + axes[1] * up
    beside = np.abs(axes[0] * up - axes[1] * right)
    distance = np.where((along > beside) & (along > 0), np.einsum("ij,ij->j", axes, axes), np.inf)
    nearest = int(distance.argmin())
    return int(cloud.order[nearest]) if np.isfinite(distance[nearest]) else None


def within(cloud: Cloud, camera: Camera, outline: Outline, count: int) -> NDArray[np.bool_]:
    """Which of `count` points lie inside an outline drawn over this view, in front or behind: (count,).

    Inside is what an odd number of its sides lie above (the crossing number, M. Shimrat, "Algorithm 112:
    position of point relative to polygon", 1962).
    """
    inside = np.zeros(count, dtype=np.bool_)
    if len(outline) < 3:
        return inside
    corners = np.array(outline)
    low, high = corners.min(axis=0), corners.max(axis=0)
    across, up = camera.rotation()[:2].astype(np.float32) @ cloud.points.coordinates()
    near = np.flatnonzero((across >= low[0]) & (across <= high[0]) & (up >= low[1]) & (up <= high[1]))
    across, up = across[near], up[near]
    crossed = np.zeros(near.size, dtype=np.bool_)
    for (x, y), (next_x, next_y) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if x != next_x:
            level = y + (across - x) * ((next_y - y) / (next_x - x))
            crossed ^= ((x > across) != (next_x > across)) & (up < level)
    inside[cloud.order[near[crossed]]] = True
    return inside


def place(
    cloud: Cloud, camera: Camera, width: int, height: int, corner: tuple[float, float]
) -> tuple[float, float]:
    """Where a place of the picture, in cells from its upper left corner, is in the picture's plane."""
    view = cloud.view(camera, width, height)
    scale = cloud.scale(camera, width, height)
    right, down = view.matrix[:2, 3].tolist()
    return (corner[0] * DOTS_ACROSS - right) / scale, (down - corner[1] * DOTS_DOWN) / scale
