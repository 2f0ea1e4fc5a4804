"""Bytes that a frame takes at 120×40 in 256 colours: counted, as they go to a terminal."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.color import ColorSystem

from dashctl_tui.budgets import BUDGETS, DENSE, most_a_second
from dashctl_tui.frames import Frame, Inkwell
from dashctl_tui.plots.canvas import Row
from dashctl_tui.plots.cloud import Cloud
from dashctl_tui.plots.palette import cloud_palette, cluster_ink
from dashctl_tui.plots.skin import Skin
from dashctl_tui.plots.strips import to_strip
from dashctl_tui.scenes import DECK
from tests.tui.sample import NOW, full_state, looked_at

WIDTH, HEIGHT = 120, 38
"""Of the scene, where the deck and the status line have one row each."""
SKIN = Skin(depth="256")
EMPTY = [Row.blank(WIDTH)] * HEIGHT


def frame_bytes(was: Sequence[Row], now: Sequence[Row]) -> int:
    """What goes to the terminal so that it shows other rows."""
    frame, ink = Frame(), Inkwell(lambda style: style, ColorSystem.TRUECOLOR)
    for line, (former, row) in enumerate(zip(was, now, strict=True)):
        frame.line(0, line, to_strip(former, SKIN), to_strip(row, SKIN), ink)
    return len(frame.text.encode())


@pytest.mark.parametrize("scene", DECK, ids=lambda scene: scene.name)
def test_a_scene_keeps_to_its_budget(scene: Any) -> None:
    viewport = looked_at(scene, WIDTH, HEIGHT, NOW)
    picture = scene.paint(scene.select(full_state(), viewport), viewport)
    whole = frame_bytes(EMPTY, picture.rows)
    assert whole <= BUDGETS[scene.name] <= DENSE
    assert frame_bytes(picture.rows, picture.rows) == 0
    later = replace(viewport, now=NOW + 1)
    ticked = scene.paint(scene.select(full_state(), later), later)
    assert frame_bytes(picture.rows, ticked.rows) <= whole


def test_every_scene_has_a_budget() -> None:
    assert {scene.name for scene in DECK} == set(BUDGETS)


@pytest.mark.parametrize("classes", [1, 12])
@pytest.mark.parametrize("points", [60_000, 1_000_000])
def test_a_frame_of_a_cloud_that_fills_the_screen_keeps_to_the_budget(points: int, classes: int) -> None:
    random = np.random.default_rng(1)
    codes = random.integers(0, classes, points)
    # Clusters that reach far into each other, so that colours change all over the picture.
    centres = random.uniform(-1, 1, (classes, 3))
    cloud = Cloud(centres[codes] + random.uniform(-0.6, 0.6, (points, 3)), codes)
    palette = cloud_palette(cluster_ink(code) for code in range(classes))
    first, second = (
        cloud.draw(cloud.home.rotated(turn, 0.1), WIDTH, HEIGHT, palette) for turn in (0.0, 0.05)
    )
    assert 0 < frame_bytes(first, second) <= DENSE


def test_what_all_scenes_may_send_at_most_follows_from_the_rate() -> None:
    assert most_a_second(1 / 30) == pytest.approx(DENSE * 30)
    assert most_a_second(0.0) == 0.0
