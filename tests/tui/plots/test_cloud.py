"""The cloud: nearest points win, and the picture reads as a solid."""

from collections.abc import Sequence
from math import pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dashctl_tui.plots.camera import Camera
from dashctl_tui.plots.canvas import Ink, Row, to_text
from dashctl_tui.plots.cloud import FLAT, Cloud, Marker
from dashctl_tui.plots.palette import FAINT, FAINTER, cloud_palette, cluster_ink
from dashctl_tui.plots.raster import Cells, Points, Raster, View

PALETTE = cloud_palette(cluster_ink(index) for index in range(3))
BOX = {FAINT, FAINTER}
EMPTY_BOX = """\
        ⣀⡠⠤⠔⠒⢋⠓⠤⣀
 ⣀⣀⠤⠔⠒⠊⠉     ⠠  ⠈⠙⠢⢄⡀
⢸⠙⠢⢄⡀        ⠐      ⠉⢒⣤⡀
⢸   ⠉⠓⠦⣄     ⢈⢀⣀⡠⠤⠒⠊⠉⠁ ⡇
⢸       ⠉⠲⡤⠒⠚⠩⠁        ⡇
⢸         ⡇  ⠐         ⡇
⢸         ⡇  ⢈         ⡇
⢸         ⡇ ⠄ ⠂        ⡇
⢸  ⢀ ⠠⠂ ⠁ ⡇     ⠐⠠⢀    ⡇
⠈⠚⠤⣀      ⡇        ⠈⠐⠠⢀⡇
   ⠈⠑⠢⣄⡀  ⡇     ⣀⡠⠤⠔⠒⠉⠉
       ⠉⠒⢤⣧⠤⠔⠒⠊⠉"""
cameras = st.builds(
    Camera,
    yaw=st.floats(-pi, pi),
    pitch=st.floats(-pi / 2, pi / 2),
    zoom=st.sampled_from([0.25, 1.0, 1.7, 9.0]),
)


def drawn_cells(rows: list[Row]) -> dict[tuple[int, int], Ink]:
    """The cells that show points, and their ink."""
    found = {}
    for number, row in enumerate(rows):
        column = 0
        for text, ink in row.runs:
            for character in text:
                if character != " " and ink not in BOX:
                    found[column, number] = ink
                column += 1
    return found


def classes_of(ink: Ink) -> list[int]:
    return [code for code, one in enumerate(PALETTE) if ink in (one.near, one.middle, one.far)]


def random_points(seed: int, count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    return random.normal(size=(count, 3)) * [3.0, 1.0, 0.5] + 7, random.integers(0, 3, count)


@given(st.integers(0, 2**32 - 1), st.integers(0, 60), st.booleans())
def test_on_every_dot_the_nearest_point_wins(seed: int, count: int, clips: bool) -> None:
    """Against the obvious loop, at coordinates that float32 holds exactly."""
    random = np.random.default_rng(seed)
    columns, rows = 8, 12
    place = random.integers(-3 if clips else 0, 8, (2, count)) + 0.5
    depth = random.integers(0, 2**10, count) / 2**10 * 0.99 + 1
    codes = random.integers(1, 4, count).astype(np.uint8)
    points = Points.of(np.vstack([place, depth]).astype(np.float32), codes)
    expected = np.zeros((rows, columns), dtype=np.int64)
    for column, row, near, code in zip(
        *np.floor(place).astype(int), depth.astype(np.float32), codes, strict=True
    ):
        key = (int(near.view(np.uint32)) & ~0xFF) | int(code)
        if 0 <= column < columns and 0 <= row < rows:
            expected[row, column] = max(expected[row, column], key)
    view = View(np.eye(3, 4, dtype=np.float32), columns, rows, clips)
    np.testing.assert_array_equal(Raster(columns, rows).nearest(points, view, count), expected)


@given(st.integers(0, 2**32 - 1))
def test_a_cell_shows_the_majority_of_its_dots_or_nearly_so_the_class_on_its_left(seed: int) -> None:
    random = np.random.default_rng(seed)
    height, width = 3, 4
    keys = random.integers(1, 2**22, (4 * height, 2 * width)).astype(np.uint32) << np.uint32(8)
    keys |= random.integers(1, 5, keys.shape).astype(np.uint32)
    keys *= random.random(keys.shape) < 0.6
    drawn = np.array(keys.reshape(height, 4, width, 2).any(axis=(1, 3)), dtype=np.bool_)
    found = Cells.of(keys, drawn)
    shown = np.zeros((height, width), dtype=np.uint8)
    shown.ravel()[found.places] = found.classes()
    cells = (keys & 0xFF).reshape(height, 4, width, 2).transpose(0, 2, 1, 3).reshape(height, width, 8)
    for row in range(height):
        for column in range(width):
            votes = np.bincount(cells[row, column], minlength=5)[1:]
            if not votes.any():
                assert shown[row, column] == 0
                continue
            chosen = int(votes[shown[row, column] - 1])
            assert chosen > 0
            assert chosen == votes.max() or (chosen == votes.max() - 1 and column > 0)


def test_what_is_in_front_hides_what_is_behind() -> None:
    line = np.linspace(-1, 1, 400)
    grid = np.array([(x, y) for x in line[::10] for y in line[::10]])
    front = np.column_stack([grid, np.full(len(grid), 1.0)])
    back = np.column_stack([grid, np.full(len(grid), -1.0)])
    cloud = Cloud(np.vstack([front, back]), np.repeat([0, 1], len(grid)))
    ahead, behind = FLAT, FLAT.rotated(pi, 0.0)
    for camera, code in ((ahead, 0), (behind, 1)):
        cells = drawn_cells(cloud.draw(camera, 12, 6, PALETTE))
        assert cells
        assert all(classes_of(ink) == [code] for ink in cells.values())


def cell_of(
    cloud: Cloud, position: Sequence[float], camera: Camera, width: int, height: int
) -> tuple[int, int] | None:
    return cloud.cell(position, cloud.view(camera, width, height))


@given(st.integers(0, 2**32 - 1), st.floats(-pi, pi), st.floats(-pi / 2, pi / 2))
def test_at_zoom_1_every_point_is_in_the_picture(seed: int, yaw: float, pitch: float) -> None:
    points, _ = random_points(seed, 20)
    cloud, camera = Cloud(points), Camera(yaw, pitch)
    assert all(cell_of(cloud, point, camera, 30, 10) is not None for point in points.tolist())


def test_a_plane_lies_with_x_to_the_right_and_y_up() -> None:
    cloud = Cloud([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]], [0, 1, 2])
    rows = cloud.draw(cloud.home, 8, 4, PALETTE)
    assert {cell: classes_of(ink) for cell, ink in drawn_cells(rows).items()} == {
        (0, 0): [2],
        (0, 3): [0],
        (7, 3): [1],
    }
    assert cloud.flat
    assert cloud.home == FLAT


def test_the_bounding_box_is_drawn_without_points_and_the_hidden_edges_are_dotted() -> None:
    rows = Cloud(np.empty((0, 3))).draw(Camera(), 24, 12, PALETTE)
    assert to_text(rows) == EMPTY_BOX
    assert {ink for row in rows for _, ink in row.runs if ink.colour} == BOX


def test_the_box_is_hidden_behind_points_of_the_same_cell() -> None:
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    cloud = Cloud(corners)
    cells = drawn_cells(cloud.draw(Camera(), 24, 12, PALETTE))
    assert len(cells) == len({cell_of(cloud, corner, Camera(), 24, 12) for corner in corners.tolist()})


@pytest.mark.parametrize(
    "xyz", [np.empty((0, 3)), np.zeros((1, 3)), np.full((5, 3), 4.2), np.empty((0, 2)), np.ones((3, 2))]
)
def test_no_point_one_point_and_equal_points_can_be_drawn(xyz: NDArray[np.float64]) -> None:
    cloud = Cloud(xyz)
    for width, height in ((1, 1), (2, 1), (1, 5), (40, 12)):
        rows = cloud.draw(cloud.home, width, height, PALETTE)
        assert [row.width for row in rows] == [width] * height
        assert bool(drawn_cells(rows)) == bool(len(xyz))


def test_the_widest_range_of_numbers_can_be_drawn() -> None:
    cloud = Cloud([[-1.7e308, 0, 0], [1.7e308, 0, 1]])
    assert len(drawn_cells(cloud.draw(Camera(), 20, 5, PALETTE))) == 2


def test_a_limit_draws_a_fair_sample() -> None:
    points, _ = random_points(1, 2000)
    classes = np.repeat([0, 1], 1000)
    cloud = Cloud(points, classes)
    assert not drawn_cells(cloud.draw(Camera(), 40, 20, PALETTE, limit=0))
    few = cloud.draw(Camera(), 200, 100, PALETTE, limit=200)
    counts = np.bincount([classes_of(ink)[0] for ink in drawn_cells(few).values()])
    assert 60 < counts.min() <= counts.max() < 140


def test_classes_beyond_the_palette_start_over() -> None:
    cells = drawn_cells(Cloud([[0.0, 0.0]], [4]).draw(FLAT, 1, 1, PALETTE))
    assert [classes_of(ink) for ink in cells.values()] == [[1]]


def test_near_points_are_lighter_than_far_ones() -> None:
    points = [[-1, -1, -1], [1, 1, 1], [-1, 1, 0]]
    cloud = Cloud(points)
    cells = drawn_cells(cloud.draw(FLAT, 8, 4, PALETTE))
    depth = [cells.get(cell_of(cloud, point, FLAT, 8, 4) or (-1, -1)) for point in points]
    assert depth == [PALETTE[0].far, PALETTE[0].near, PALETTE[0].middle]


def test_markers_are_written_over_the_points_and_made_inert() -> None:
    cloud = Cloud([[-1.0, 0.0], [1.0, 0.0]])
    red = Ink("#ff0000")
    rows = cloud.draw(FLAT, 9, 1, PALETTE, markers=[Marker((0.0, 0.0, 0.0), "a\x1bb", red)])
    assert ("a␛b", red) in rows[0].runs
    outside = Marker((9.0, 0.0, 0.0), "no", red)
    assert red not in drawn_cells(cloud.draw(FLAT, 9, 1, PALETTE, markers=[outside])).values()


def test_class_centres_are_means_in_data_coordinates() -> None:
    cloud = Cloud([[0, 0, 10], [2, 0, 10], [5, 5, 5]], [0, 0, 7])
    centres = cloud.class_centres
    assert sorted(centres) == [0, 7]
    np.testing.assert_allclose(centres[0], (1, 0, 10), atol=1e-5)
    np.testing.assert_allclose(centres[7], (5, 5, 5), atol=1e-5)


@pytest.mark.parametrize(
    ("xyz", "classes"),
    [
        (np.zeros(3), None),
        (np.zeros((2, 4)), None),
        (np.zeros((2, 3)), [1]),
        (np.zeros((1, 3)), [-1]),
        (np.zeros((1, 3)), [255]),
    ],
)
def test_what_is_no_cloud_is_refused(xyz: NDArray[np.float64], classes: list[int] | None) -> None:
    with pytest.raises(ValueError, match="allowed is"):
        Cloud(xyz, classes)


def test_a_camera_turns_round_and_stops_at_the_poles() -> None:
    assert Camera(yaw=3.0).rotated(1.0, 0.0).yaw == pytest.approx(4.0 - 2 * pi)
    assert Camera(pitch=1.0).rotated(0.0, 9.0).pitch == pi / 2
    assert Camera(pitch=1.0).rotated(0.0, -9.0).pitch == -pi / 2
    assert Camera().zoomed(1e9).zoom == 64
    assert Camera().zoomed(1e-9).zoom == 0.25


@given(cameras)
def test_a_camera_only_rotates(camera: Camera) -> None:
    rotation = camera.rotation()
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)
