"""Names of other scripts in every scene: nothing is pushed out of line, in a skin of ASCII neither."""

import random
from dataclasses import replace
from typing import Any

import pytest
from wcwidth import wcswidth

from dashctl.events import (
    Alert,
    AttackProfile,
    Episode,
    Event,
    HostStats,
    LogLine,
    Metric,
    ModelMetric,
    ModelPerf,
    PhaseEvent,
    PointCloud,
    Prediction,
    Progress,
    RunStarted,
    Stamped,
)
from dashctl.state import State, fold_all
from dashctl_tui.plots.skin import Skin
from dashctl_tui.plots.strips import to_strip
from dashctl_tui.scenes import DECK
from dashctl_tui.scenes.scene import Scene
from dashctl_tui.scenes.viewport import Shared
from tests.tui.sample import NOW, looked_at

NAMES = (
    "模型一号机",
    "🚀 ракета",
    "e\u0301toile\u0302",
    "ｆｕｌｌｗｉｄｔｈ",
    "한국어-실행",
    "a\u200db\ufe0f\x1b[31m",
    "漢" * 400,
)
SIZES = [(40, 12), (80, 24), (99, 30), (120, 40), (200, 50), (400, 120)]
ASCII = Skin("dark", "16", ascii=True)


def _state() -> State:
    state = State()
    chance = random.Random(3)
    fold_all(state, [each for name in NAMES for each in _about(name, chance)])
    return state


def _about(name: str, chance: random.Random) -> list[Stamped[Event]]:
    events: list[Event] = [
        RunStarted({name: name}, host=name, command=name, name=name),
        *(Metric(f"{name}/loss", step, chance.random()) for step in range(9)),
        Progress(name, 3, 9, name),
        ModelMetric(name, chance.random()),
        ModelPerf(name, 100.0 * chance.random(), chance.random()),
        HostStats(name, cpu=50.0, cores=(1.0, 99.0), load=2.0),
        AttackProfile(name, (0.0, 1.0, 0.5), name),
        Episode(name, profile=name, host=name, phases=("clean", "armed")),
        Prediction(name, 0, "clean", "armed", name),
        PhaseEvent("armed"),
        LogLine(f"{name} says {name}", "warning", name),
        Alert(name, name, "critical", True),
        PointCloud.pack(name, [0.0, 1.0, 2.0], [0.0, 1.0, 0.5], [0.0, 1.0, 2.0], by=[name, name, "b"]),
    ]
    return [Stamped(NOW - 5 + number / 100, name[:40], event) for number, event in enumerate(events)]


@pytest.fixture(scope="module")
def state() -> State:
    """A state in which everything is called by names that are not ASCII."""
    return _state()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("scene", DECK, ids=lambda scene: scene.name)
def test_every_line_is_as_wide_as_the_screen(scene: Scene[Any], size: tuple[int, int], state: State) -> None:
    viewport = looked_at(scene, *size, NOW)
    viewport = replace(viewport, shared=Shared(marked=tuple(name[:40] for name in NAMES[:3])))
    rows = scene.paint(scene.select(state, viewport), viewport).rows
    assert len(rows) == size[1]
    for row in rows:
        assert wcswidth(row.text) == size[0], row.text
        spelled = to_strip(row, ASCII).text
        assert spelled.isascii()
        assert len(spelled) == size[0]
