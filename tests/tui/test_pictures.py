"""Each scene as it looks, as text and as a picture, with the same data and the same time every time.

After a change that was meant: `pytest tests/tui/test_pictures.py --snapshot-update`, and look at what
came out.
"""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

import dashctl_tui
from dashctl.state import State
from dashctl_tui.plots.skin import Skin
from dashctl_tui.scenes import DECK
from tests.tui.sample import CONNECTED, NOW, FixedSource, full_state, monitor_of

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=["80x24", "120x40", "200x50"])
SKINS = pytest.mark.parametrize("skin", [Skin("light"), Skin(depth="16")], ids=["light", "16"])
NAMES = pytest.mark.parametrize("name", [scene.name for scene in DECK])


@NAMES
@SIZES
def test_the_text_of_a_scene(name: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    text = dashctl_tui.once(full_state(), CONNECTED, scene=name, size=size, now=NOW)
    assert text == snapshot


@NAMES
def test_the_text_of_an_empty_scene(name: str, snapshot: SnapshotAssertion) -> None:
    text = dashctl_tui.once(State(), CONNECTED, scene=name, size=(80, 24), now=NOW)
    assert text == snapshot


@NAMES
@SIZES
def test_the_picture_of_a_scene(name: str, size: tuple[int, int], snap_compare: Any) -> None:
    source = FixedSource(full_state())
    monitor = monitor_of(source, scene=name, interval=0.02, now=lambda: NOW)
    assert snap_compare(monitor, terminal_size=size)


@NAMES
@SKINS
def test_the_picture_of_a_scene_in_other_colours(name: str, skin: Skin, snap_compare: Any) -> None:
    source = FixedSource(full_state())
    monitor = monitor_of(source, scene=name, skin=skin, interval=0.02, now=lambda: NOW)
    assert snap_compare(monitor, terminal_size=(120, 40))


def test_the_picture_of_the_help(snap_compare: Any) -> None:
    monitor = monitor_of(FixedSource(State()), interval=0.02, now=lambda: NOW)
    assert snap_compare(monitor, terminal_size=(80, 24), press=["question_mark"])
