"""Picking: the point in front, its neighbours, and what lies inside an outline."""

from math import pi

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dashctl_tui.plots.camera import FLAT, Camera
from dashctl_tui.plots.cloud import Cloud
from dashctl_tui.plots.picking import neighbour, pick, place, within

cameras = st.builds(
    Camera, yaw=st.floats(-pi, pi), pitch=st.floats(-pi / 2, pi / 2), zoom=st.sampled_from([0.5, 1.0, 4.0])
)
SQUARE = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]


def test_of_points_behind_one_another_the_one_in_front_is_meant() -> None:
    cloud = Cloud([[0, 0, -1], [0, 0, 1], [0, 0, 0]])
    assert pick(cloud, FLAT, 11, 5, (5, 2)) == 1
    assert pick(cloud, FLAT.rotated(pi, 0.0), 11, 5, (5, 2)) == 0


def test_beside_a_cell_the_nearest_point_is_meant_and_far_away_none() -> None:
    cloud = Cloud([[-1.0, 0.0], [1.0, 0.0]])
    assert pick(cloud, FLAT, 41, 5, (2, 2)) == 0
    assert pick(cloud, FLAT, 41, 5, (38, 2)) == 1
    assert pick(cloud, FLAT, 41, 5, (20, 2)) is None


@given(st.integers(0, 2**32 - 1), cameras, st.integers(0, 29), st.integers(0, 9))
def test_a_point_that_is_meant_is_the_nearest_to_its_cell_by_the_obvious_loop(
    seed: int, camera: Camera, column: int, row: int
) -> None:
    points = np.random.default_rng(seed).normal(size=(50, 3))
    cloud = Cloud(points)
    found = pick(cloud, camera, 30, 10, (column, row))
    view = cloud.view(camera, 30, 10)
    inside = np.array([cloud.inside(point) for point in points.tolist()])
    x, y, depth = view.matrix[:, :3].astype(float) @ inside.T + view.matrix[:, 3:]
    away = np.hypot(np.maximum(np.abs(x - 2 * column - 1) - 1, 0), np.maximum(np.abs(y - 4 * row - 2) - 2, 0))
    if found is None:
        assert away.min() > 11
        return
    assert away[found] <= away.min() + 1
    level = (np.ceil(away**2) <= np.ceil(away[found] ** 2)) & (np.abs(away**2 - np.rint(away**2)) > 1e-3)
    assert depth[found] >= depth[level].max(initial=0) - 1e-3


def test_only_what_is_drawn_can_be_meant() -> None:
    points = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    cloud = Cloud(points).recoloured([0, 0], np.array([True, False]))
    assert pick(cloud, FLAT, 11, 5, (5, 2)) == 0
    assert within(cloud, FLAT, SQUARE, 2).tolist() == [True, False]
    assert pick(Cloud(np.empty((0, 3))), FLAT, 11, 5, (5, 2)) is None


def test_neighbours_are_found_in_each_direction_of_the_picture() -> None:
    cloud = Cloud([[0.0, 0.0], [1.0, 0.1], [3.0, 0.0], [-1.0, 0.0], [0.0, 2.0], [0.2, -1.0]])
    directions = ((1, 0), (-1, 0), (0, 1), (0, -1))
    assert [neighbour(cloud, FLAT, 0, *way) for way in directions] == [1, 3, 4, 5]
    assert neighbour(cloud, FLAT, 2, 1, 0) is None
    assert neighbour(cloud, FLAT, 77, 1, 0) is None


@given(st.integers(0, 2**32 - 1), cameras)
def test_a_box_has_the_points_that_are_drawn_in_its_cells(seed: int, camera: Camera) -> None:
    points = np.random.default_rng(seed).normal(size=(60, 3))
    cloud = Cloud(points)
    corners = [(6.0, 2.0), (20.0, 2.0), (20.0, 8.0), (6.0, 8.0)]
    outline = [place(cloud, camera, 30, 10, corner) for corner in corners]
    view = cloud.view(camera, 30, 10)
    inside = np.array([cloud.inside(point) for point in points.tolist()])
    x, y, _ = view.matrix[:, :3].astype(float) @ inside.T + view.matrix[:, 3:]
    surely = (x > 12.01) & (x < 39.99) & (y > 8.01) & (y < 31.99)
    perhaps = (x > 11.99) & (x < 40.01) & (y > 7.99) & (y < 32.01)
    found = within(cloud, camera, outline, 60)
    assert (found | ~surely).all()
    assert (perhaps | ~found).all()


def test_an_outline_may_have_a_bay_and_needs_three_corners() -> None:
    cloud = Cloud([[-1.0, -1.0], [1.0, -1.0], [0.0, 0.9], [0.0, 1.0]])
    bay = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (0.0, -0.9), (-1.0, 1.0)]
    assert within(cloud, FLAT, bay, 4).tolist() == [True, True, False, False]
    assert not within(cloud, FLAT, bay[:2], 4).any()
