"""The clouds' scene: colours, classes, picking, regions, several clouds, and nearly none."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashctl.events import Embedding, PointCloud
from dashctl.state import State, fold
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.plots.palette import phase_ink
from dashctl_tui.scenes.acts import At, Gesture, Say, Taken
from dashctl_tui.scenes.knn import SCENE, CloudLook
from dashctl_tui.scenes.knn.points import OTHERS, from_embeddings, levels
from tests.tui.sample import NOW, looked_at, state_of

ACTIONS = {action.name: action.act for action in SCENE.actions}
SIZES = st.tuples(st.integers(1, 140), st.integers(1, 45))


class Seen:
    """The scene as somebody sees it who does one thing after the other."""

    def __init__(self, state: State, width: int = 120, height: int = 38, **look: Any) -> None:
        self.viewport = looked_at(SCENE, width, height, NOW, **look)
        self.view = SCENE.select(state, self.viewport)
        self.said: list[str] = []

    @property
    def look(self) -> CloudLook:
        look: CloudLook = self.viewport.look
        return look

    @property
    def lines(self) -> list[str]:
        return to_text(SCENE.paint(self.view, self.viewport).rows).splitlines()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def table(self) -> list[list[Any]]:
        assert SCENE.table is not None
        assert self.view is not None
        return [list(line) for line in SCENE.table(self.view, self.viewport)]

    def take(self, outcome: Any) -> None:
        if isinstance(outcome, Taken):
            self.said += [effect.text for effect in outcome.effects if isinstance(effect, Say)]
            outcome = outcome.look
        self.viewport = replace(self.viewport, look=outcome)

    def press(self, *names: str) -> "Seen":
        for name in names:
            act = ACTIONS.get(name) or SCENE.acts[name]
            self.take(act(At(self.view, self.viewport)))
        return self

    def point(self, kind: Any, column: int, row: int, **more: Any) -> "Seen":
        self.take(SCENE.mouse(At(self.view, self.viewport), Gesture(kind, column, row, **more)))
        return self

    def click(self, column: int, row: int, **more: Any) -> "Seen":
        return self.point("press", column, row, **more).point("release", column, row, **more)

    def drag(self, *cells: tuple[int, int], shift: bool = False) -> "Seen":
        self.point("press", *cells[0], shift=shift)
        for before, cell in pairwise(cells):
            self.point("drag", *cell, across=cell[0] - before[0], down=cell[1] - before[1], shift=shift)
        return self.point("release", *cells[-1], moved=True, shift=shift)

    def line_of(self, word: str) -> int:
        return next(number for number, line in enumerate(self.lines) if word in line[70:])


def four_corners() -> PointCloud:
    """A plane with a point in each corner, and two in one of them."""
    return PointCloud.pack(
        "corners",
        [-1.0, 1.0, -1.0, 1.0, 1.0],
        [-1.0, -1.0, 1.0, 1.0, 0.99],
        phase=["clean", "armed", "clean", "dormant", "dormant"],
        cluster=[1, 2, 1, 10, 10],
        values={"certainty": [0.0, 0.25, math.nan, 1.0, 0.5]},
    )


def solid(name: str = "solid", count: int = 400) -> PointCloud:
    random = np.random.default_rng(3)
    x, y, z = random.normal(size=(3, count)).tolist()
    return PointCloud.pack(name, x, y, z, label=random.integers(0, 3, count).tolist())


# Colours and classes


def test_colours_go_round_through_categories_and_numbers() -> None:
    seen = Seen(state_of(four_corners()))
    titles = []
    for _ in range(4):
        titles.append(seen.lines[0].split("╭─ by ")[1].split()[0])
        seen.press("recolour")
    assert titles == ["phase", "cluster", "certainty", "phase"]
    assert "clean" not in seen.text


def test_the_legend_counts_each_class() -> None:
    seen = Seen(state_of(four_corners()))
    for name, count in (("clean", 2), ("armed", 1), ("dormant", 2), ("all", 5)):
        assert seen.lines[seen.line_of(name)].split()[-2] == str(count)


def test_numbers_are_shown_in_eight_steps_and_what_is_unknown_apart() -> None:
    steps = levels(np.array([0.0, 0.1249, 0.126, 1.0, np.nan], dtype=np.float32))
    assert steps.codes.tolist() == [0, 0, 1, 7, 8]
    assert steps.names[0] == "0 … 0.125"
    assert steps.names[-1] == "none"
    assert len({steps.ink(code) for code in range(8)}) == 8


@pytest.mark.parametrize(("width", "written"), [(80, "-0.872…-0.763 "), (120, "-0.872 … -0.763 ")])
def test_both_ends_of_a_step_can_be_read_in_a_slim_legend(width: int, written: str) -> None:
    amounts = np.linspace(-0.872, 0.0, 100_000).tolist()
    cloud = PointCloud.pack("margins", amounts, amounts, values={"margin": amounts})
    assert written in Seen(state_of(cloud), width, 22).text


def test_steps_of_a_narrow_range_have_names_of_their_own() -> None:
    steps = levels(np.array([0.9991, 0.9992, 1.0], dtype=np.float32))
    assert len(set(steps.names)) == 9


@pytest.mark.parametrize("amounts", [[3.5, 3.5], [math.nan, math.nan], [-3e38, 3e38], []])
def test_numbers_that_are_all_equal_unknown_or_far_apart_have_steps(amounts: list[float]) -> None:
    steps = levels(np.array(amounts, dtype=np.float32))
    assert all(code < len(steps.names) for code in steps.codes.tolist())


def test_a_hidden_class_is_not_drawn_and_not_picked_but_counted_in_every_colouring() -> None:
    seen = Seen(state_of(four_corners())).press("next_class", "next_class", "hide")
    assert "4 of 5" in seen.text
    assert seen.lines[seen.line_of("armed")].split()[-3:-1] == ["hidden", "1"]
    assert "all, 1 hidden" in seen.press("recolour").text
    assert [line[0] for line in seen.table()[1:]] == [0, 2, 3, 4]
    seen.press("recolour", "recolour", "next_class", "next_class", "hide")
    assert "5 points" in seen.text


def test_only_one_class_and_all_again() -> None:
    seen = Seen(state_of(four_corners())).press("next_class", "only")
    assert "2 of 5" in seen.text
    assert "5 points" in seen.press("only").text


def test_hiding_without_a_cursor_says_how_to_get_one() -> None:
    seen = Seen(state_of(four_corners())).press("hide", "only")
    assert seen.look.hidden == ()
    assert seen.said == ["n and p choose a class first"] * 2


def test_a_click_on_the_legend_hides_a_class_and_with_shift_all_others() -> None:
    seen = Seen(state_of(four_corners()))
    row = seen.line_of("clean")
    assert "3 of 5" in seen.click(95, row).text
    assert "5 points" in seen.click(95, row).text
    assert "2 of 5" in seen.click(95, row, shift=True).text


def test_a_click_on_the_legend_means_the_line_that_is_there_when_it_is_scrolled() -> None:
    cloud = PointCloud.pack("many", range(200), range(200), cluster=range(200))
    seen = Seen(state_of(cloud), line=150)
    row = seen.line_of(" 140 ")
    assert seen.click(95, row).look.hidden == (("cluster", "140"),)


def test_the_middle_of_a_class_and_its_legend_have_the_same_ink() -> None:
    state = state_of(PointCloud.pack("pca", [0.0, 1.0], [0.0, 1.0], guess=["armed", "other"]))
    seen = Seen(state)
    rows = SCENE.paint(seen.view, seen.viewport).rows
    inks = [ink for row in rows for text, ink in row.runs if "A" in text.split()]
    assert inks == [phase_ink("armed")._replace(bold=True)] * 2


def test_three_hundred_classes_have_a_legend_that_follows_its_cursor() -> None:
    state = State()
    for number in range(300):
        fold(state, Embedding(float(number), 0.0, cluster=number), NOW)
    seen = Seen(state)
    assert from_embeddings(state.last(Embedding)[()]).fields["cluster"].names[-1] == OTHERS
    assert " 0 " in seen.lines[1][80:]
    seen.press("bottom")
    assert OTHERS in seen.text
    assert "all" in seen.text
    assert seen.press("top", "page_down").look.line > 0


# Picking


def test_enter_picks_the_point_in_front_and_says_all_of_it() -> None:
    seen = Seen(state_of(four_corners()), 120, 38)
    # Far from the middle there is nothing, so any point is picked.
    seen.press("open")
    assert seen.look.picked is not None
    seen.take(replace(seen.look, picked=3))
    text = seen.text
    for words in ("point 3", "x           1", "phase       dormant", "cluster     10", "certainty   1"):
        assert words in text
    assert "◉" in text


def test_a_click_picks_what_is_there_and_esc_lets_go() -> None:
    seen = Seen(state_of(four_corners()))
    corner = next(
        (column, row)
        for row, line in enumerate(seen.lines)
        for column, sign in enumerate(line[:80])
        if sign in "⡀⢀⠁⠈"
    )
    seen.click(*corner)
    assert seen.look.picked in (2, 3, 4)
    assert seen.press("back").look == replace(SCENE.look, cloud="corners")


def test_one_walks_from_point_to_point() -> None:
    seen = Seen(state_of(four_corners()), picked=0)
    assert seen.press("walk_right").look.picked == 1
    assert seen.press("walk_up").look.picked == 4
    assert seen.press("walk_left").look.picked == 2
    assert seen.press("walk_down").look.picked == 0
    assert seen.press("walk_down").look.picked == 0


def test_a_picked_point_can_be_looked_at() -> None:
    seen = Seen(state_of(solid()), picked=7).press("centre", *["zoom_in"] * 20)
    lines = seen.lines
    row = next(number for number, line in enumerate(lines) if "◉" in line)
    assert abs(row - 19) <= 1
    assert abs(lines[row].index("◉") - 42) <= 2


def test_what_is_hidden_is_let_go() -> None:
    seen = Seen(state_of(four_corners()), picked=1, line=1).press("hide")
    assert seen.look.picked is None


# Regions


def test_shift_and_drag_selects_a_box_whose_points_are_exported() -> None:
    seen = Seen(state_of(four_corners())).drag((2, 1), (40, 36), shift=True)
    assert "selected" in seen.text
    assert [line[0] for line in seen.table()] == ["point", 0, 2]
    assert seen.table()[0] == ["point", "x", "y", "phase", "cluster", "certainty"]
    assert seen.lines[seen.line_of("clean")].split()[-2] == "2"
    assert seen.lines[seen.line_of("armed")].split()[-2] == "0"
    assert len(seen.press("back").table()) == 6


def test_a_box_is_drawn_with_keys_too() -> None:
    seen = Seen(state_of(four_corners())).press("box")
    assert "╭" in seen.lines[10][20:60]
    seen.press(*["left"] * 40, *["up"] * 40, "box", *["right"] * 3, *["down"] * 40, "open")
    assert seen.look.region is not None
    assert [line[0] for line in seen.table()[1:]] == [0, 2]


def test_what_is_in_a_region_stays_in_it_when_the_cloud_is_turned() -> None:
    seen = Seen(state_of(solid())).drag((20, 5), (50, 25), shift=True)
    chosen = seen.table()
    assert 20 < len(chosen) < 400
    seen.press("left", "left", "up", "zoom_in")
    assert seen.table() == chosen
    assert Seen(state_of(solid()), 80, 22, region=seen.look.region).table() == chosen


def test_a_lasso_selects_what_it_goes_round() -> None:
    seen = Seen(state_of(four_corners())).press("zoom_out", "lasso")
    seen.drag((2, 1), (80, 1), (80, 36), (60, 36), (60, 8), (2, 8))
    assert {line[0] for line in seen.table()[1:]} == {1, 2, 3, 4}
    assert seen.look.drawing == ""


def test_esc_takes_back_one_thing_at_a_time() -> None:
    seen = Seen(state_of(solid()), picked=1).drag((20, 5), (50, 25), shift=True).press("lasso")
    assert seen.look.drawing == "lasso"
    assert seen.press("back").look.drawing == ""
    assert seen.look.region is not None
    assert seen.press("back").look.region is None
    assert seen.look.picked == 1
    assert seen.press("back").look.picked is None


def test_hidden_points_are_in_no_region() -> None:
    seen = Seen(state_of(four_corners()), hidden=(("phase", "clean"),)).drag((2, 1), (81, 36), shift=True)
    assert [line[0] for line in seen.table()[1:]] == [1, 3, 4]


# Turning


def test_dragging_draws_a_sample_and_refines_on_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashctl_tui.scenes.knn.drawing.FAIR_SAMPLE", 10)
    seen = Seen(state_of(solid()))
    seen.point("press", 20, 10).point("drag", 30, 12, across=10, down=2)
    sampled = seen.text
    seen.point("release", 30, 12, moved=True)
    assert sum(map(str.isspace, sampled)) > sum(map(str.isspace, seen.text))
    assert seen.look.camera is not None
    assert not seen.look.moving


def test_a_sample_says_that_it_is_one_and_only_what_is_drawn_is_picked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dashctl_tui.scenes.knn.drawing.FAIR_SAMPLE", 10)
    seen = Seen(state_of(solid()), spinning=True)
    assert "10 of 400 while it turns" in seen.text
    assert seen.view is not None
    drawn = seen.view.points(0).cloud("label").order[:10].tolist()
    for column, row in ((20, 10), (40, 20), (50, 12)):
        picked = seen.click(column, row).look.picked
        assert picked is None or picked in drawn
    assert seen.press("open").look.picked in drawn
    assert "400 points" in seen.press("spin").text


def test_a_plane_is_moved_and_not_turned() -> None:
    seen = Seen(state_of(four_corners())).press("zoom_in", "right", "spin")
    assert seen.said == ["A plane does not turn"]
    assert "↓  move" in seen.text
    assert seen.look.camera is not None
    assert (seen.look.camera.yaw, seen.look.camera.pitch) == (0.0, 0.0)
    assert seen.look.camera.target[0] > 0
    before = seen.look.camera.target
    seen.drag((20, 10), (40, 10))
    assert seen.look.camera.target[0] < before[0]


def test_spinning_goes_on_with_time() -> None:
    assert SCENE.moves is not None
    still, spinning = CloudLook(), CloudLook(spinning=True)
    assert SCENE.moves(still, 0.1) is still
    assert SCENE.moves(spinning, 0.1).camera != spinning.camera


# Several clouds


def clouds() -> State:
    state = State()
    fold(state, four_corners(), NOW - 9)
    fold(state, solid("old"), NOW - 5)
    fold(state, solid("new"), NOW)
    fold(state, Embedding(1.0, 2.0), NOW)
    return state


def test_clouds_go_round_by_name_and_single_points_are_one_more() -> None:
    seen = Seen(clouds())
    titles = []
    for _ in range(5):
        titles.append(" ".join(seen.lines[0].split("╮")[0].split("─")[1].split()))
        seen.press("next_cloud")
    assert titles == ["corners 1 of 4", "new 2 of 4", "old 3 of 4", "embeddings 4 of 4", "corners 1 of 4"]


def test_side_by_side_all_are_turned_together() -> None:
    seen = Seen(clouds()).press("beside")
    for title in ("corners  1 of 4", "new  2 of 4", "old  3 of 4", "embeddings  4 of 4"):
        assert title in seen.text
    before = seen.lines
    seen.press("left")
    turned = seen.lines
    assert [line[:40] for line in turned[21:34]] != [line[:40] for line in before[21:34]]
    assert [line[42:80] for line in turned[2:15]] != [line[42:80] for line in before[2:15]]


def test_a_click_makes_another_cloud_the_one_that_is_talked_about() -> None:
    seen = Seen(clouds()).press("beside").click(60, 8)
    assert seen.look.cloud == "new"
    assert seen.look.beside


def test_where_there_is_no_room_beside_one_another_those_that_fit_are_shown() -> None:
    seen = Seen(clouds(), 60, 14, beside=True, cloud="")
    assert "embeddings" in seen.text
    assert "corners" not in seen.text


def test_a_new_version_of_another_cloud_takes_nobodys_place() -> None:
    state = clouds()
    seen = Seen(state, cloud="new").press("open")
    before = seen.text
    fold(state, four_corners(), NOW + 1)
    fold(state, solid("a first"), NOW + 2)
    after = Seen(state, **{name: getattr(seen.look, name) for name in CloudLook.__dataclass_fields__})
    assert "new  3 of 5" in after.text
    assert f"point {seen.look.picked}" in after.text
    assert before.replace("2 of 4", "3 of 5") == after.text


def test_what_was_picked_in_a_cloud_that_is_gone_is_nothing_of_another() -> None:
    gone = Seen(clouds(), cloud="new").press("open").drag((20, 5), (50, 25), shift=True).look
    seen = Seen(state_of(four_corners()), cloud="new", picked=2, region=gone.region)
    assert "point 2" not in seen.text
    assert "selected" not in seen.text
    assert len(seen.table()) == 6
    seen.press("walk_right")
    assert seen.look.picked is None


def test_a_plane_shows_the_classes_of_a_place_as_they_are_mixed_there() -> None:
    random = np.random.default_rng(5)
    x, y = random.normal(size=(2, 20_000)).tolist()
    often = ["often" if share < 0.9 else "seldom" for share in random.random(20_000).tolist()]
    seen = Seen(state_of(PointCloud.pack("plane", x, y, mixed=often)))
    assert seen.view is not None
    points = seen.view.points(0)
    cells = [
        (text, ink.colour)
        for row in SCENE.paint(seen.view, seen.viewport).rows
        for text, ink in row.cut(0, 84).runs
        if any("\u2801" <= sign <= "\u28ff" for sign in text)
    ]
    drawn = {
        name: sum(len(text) for text, colour in cells if colour.startswith(ink.colour))
        for name, ink in zip(
            points.fields["mixed"].names, map(points.fields["mixed"].ink, range(2)), strict=True
        )
    }
    assert drawn["often"] > 2 * drawn["seldom"]


# Nearly nothing


@pytest.mark.parametrize(
    "cloud",
    [
        PointCloud.pack("none", [], [], []),
        PointCloud.pack("one", [5.0], [5.0], [5.0], label=["a"], values={"certainty": [math.nan]}),
        PointCloud.pack("equal", [1.0] * 9, [1.0] * 9, label=["a"] * 9, values={"certainty": [1.0] * 9}),
        PointCloud.pack("plain", [1.0, 2.0], [1.0, 2.0]),
    ],
    ids=lambda cloud: cloud.name,
)
def test_no_point_one_point_and_equal_points_can_be_asked_for(cloud: PointCloud) -> None:
    names = [*ACTIONS, *SCENE.acts]
    seen = Seen(state_of(cloud))
    for name in names:
        seen.press(name)
        assert len(seen.lines) == 38
    assert len(seen.press("back", "back", "back", "back").table()) == len(cloud) + 1


def test_a_cloud_that_grew_smaller_lets_a_point_go_that_is_not_there_any_more() -> None:
    seen = Seen(state_of(four_corners()), picked=4_000)
    assert "point 4,000" not in seen.text
    assert seen.press("walk_left").look.picked is None


@pytest.mark.parametrize(("width", "height"), [(80, 22), (120, 38), (200, 48)])
def test_every_key_of_the_scene_stands_in_the_legend_where_there_is_room(width: int, height: int) -> None:
    text = Seen(state_of(solid()), width, height).text
    for words in ("colour by", "pick a point", "box, lasso", "hide, only it"):
        assert words in text


DEEDS = st.lists(
    st.sampled_from([*ACTIONS, *SCENE.acts])
    | st.builds(
        Gesture,
        st.sampled_from(["press", "drag", "release", "wheel"]),
        st.integers(-3, 140),
        st.integers(-3, 45),
        st.integers(-9, 9),
        st.integers(-9, 9),
        st.sampled_from([-1, 1]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(SIZES, DEEDS)
def test_whatever_is_done_there_is_a_picture_of_the_size_and_a_look_that_can_be_kept(
    size: tuple[int, int], deeds: list[Any]
) -> None:
    seen = Seen(clouds(), *size)
    for deed in deeds:
        if isinstance(deed, str):
            seen.press(deed)
        else:
            seen.take(SCENE.mouse(At(seen.view, seen.viewport), deed))
        rows = SCENE.paint(seen.view, seen.viewport).rows
        assert [row.width for row in rows] == [size[0]] * size[1]
    kept = msgspec.json.encode(seen.look)
    assert msgspec.json.decode(kept, type=CloudLook) == seen.look
