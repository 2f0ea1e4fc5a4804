"""What holds for every scene: it draws what it says, at any size, whatever it is told."""

import math
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

import dashctl
from dashctl.cli.commands import COMMANDS
from dashctl.cli.fields import event_of
from dashctl.events import (
    EVENT_TYPES,
    Alert,
    AlertAcknowledged,
    AttackProfile,
    BusStats,
    Embedding,
    Episode,
    Event,
    Gpu,
    GpuProcess,
    HostStats,
    JournalStats,
    LogLine,
    Metric,
    ModelMetric,
    ModelPerf,
    PhaseEvent,
    PointCloud,
    Prediction,
    ProducerStats,
    Progress,
    RunFinished,
    RunStarted,
    Snapshot,
    SourceCode,
    Stamped,
)
from dashctl.phases import PHASES
from dashctl.retention import Transient
from dashctl.state import State, fold_all
from dashctl_tui.plots.canvas import Row, to_text
from dashctl_tui.scenes import DECK, Picture, Scene, scene_named
from dashctl_tui.scenes.acts import At, Gesture, Taken
from dashctl_tui.scenes.viewport import Viewport
from tests.tui.sample import NOW, full_state, looked_at, state_of

SCENES = pytest.mark.parametrize("scene", DECK, ids=lambda scene: scene.name)
SIZES = [(1, 1), (2, 3), (5, 2), (12, 40), (40, 12), (80, 22), (99, 30), (100, 30), (120, 38), (200, 48)]
ONE_OF_EACH: tuple[Event, ...] = (
    Snapshot(episodes=3),
    Episode("ep"),
    PhaseEvent("clean"),
    AttackProfile("disk-churn", (1.0, 2.0)),
    Prediction("ep", 0, "clean", "armed", "lstm"),
    ModelMetric("lstm", 0.9),
    Embedding(1.0, 2.0),
    ModelPerf("lstm", 100.0, 0.9),
    RunStarted(name="detector"),
    RunFinished("failed"),
    Metric("loss", 1, 0.5),
    Progress("epochs", 1, 3),
    LogLine("hello"),
    Alert("disk full"),
    AlertAcknowledged("disk full"),
    HostStats("bramble", cpu=3.0),
    PointCloud.pack("pca", [0.0, 1.0], [0.0, 1.0]),
    BusStats(NOW - 60),
    SourceCode("train.py", "while True: train()"),
)


ONLY_BESIDE_OTHERS = {
    ("models", Prediction),
    ("alerts", AlertAcknowledged),
    ("stack", RunStarted),
    *(("collect", kind) for kind in (Progress, HostStats, AttackProfile, RunStarted, RunFinished)),
    *(("code", kind) for kind in (Progress, Metric, RunStarted, RunFinished)),
}
"""What a scene draws of these is told with something else, and their tests are those of that scene."""


def paint(scene: Scene[Any], state: State, viewport: Viewport[Any]) -> Picture:
    return scene.paint(scene.select(state, viewport), viewport)


def text_of(name: str, state: State, width: int = 80, height: int = 22, **chosen: Any) -> str:
    scene = scene_named(name)
    return to_text(paint(scene, state, looked_at(scene, width, height, NOW, **chosen)).rows)


def check_rows(rows: "list[Row] | tuple[Row, ...]", width: int, height: int) -> None:
    assert len(rows) == height
    for row in rows:
        assert row.width == width == cell_len(row.text)
        assert not [char for char in row.text if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]


def test_every_event_that_is_remembered_is_drawn_by_a_scene() -> None:
    drawn = {cls for scene in DECK for cls in scene.draws}
    remembered = {cls for cls in EVENT_TYPES if not isinstance(cls.retention, Transient)}
    assert remembered <= drawn


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: event.type_name())
def test_what_a_scene_draws_changes_its_picture(event: Event) -> None:
    for scene in DECK:
        if type(event) in scene.draws and (scene.name, type(event)) not in ONLY_BESIDE_OTHERS:
            viewport = looked_at(scene, 120, 38, NOW)
            picture = to_text(paint(scene, State(), viewport).rows)
            assert to_text(paint(scene, state_of(event), viewport).rows) != picture, scene.name


def test_the_sample_of_events_is_complete() -> None:
    assert {type(event) for event in ONE_OF_EACH} == set(EVENT_TYPES)


def test_a_prediction_shows_in_the_confusion_of_its_model() -> None:
    told = [
        ModelMetric("lstm", 0.5),
        *(Prediction("ep", window, "clean", "armed", "lstm") for window in range(4)),
    ]
    text = text_of("models", state_of(*told))
    assert "lstm confuses" in text
    assert "0 of 4 windows right" in text


@SCENES
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("filled", [True, False], ids=["filled", "empty"])
def test_a_picture_has_exactly_the_size_asked_for(
    scene: Scene[Any], size: tuple[int, int], filled: bool
) -> None:
    width, height = size
    state = full_state() if filled else State()
    check_rows(list(paint(scene, state, looked_at(scene, width, height, NOW)).rows), width, height)


@SCENES
def test_an_empty_scene_says_what_would_fill_it(scene: Scene[Any]) -> None:
    text = to_text(paint(scene, State(), looked_at(scene, 80, 22, NOW)).rows)
    assert scene.empty in text
    assert "dashctl" in text
    assert "`" not in text


def test_what_a_scene_advises_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHCTL_BUS_ADDRESS", f"ipc://{tmp_path}")
    advice = [piece for scene in DECK for piece in scene.remedy.split("`")[1::2]]
    published = [words[2:] for words in map(str.split, advice) if words[:2] == ["dashctl", "publish"]]
    for name, *fields in published:
        assert event_of(name, fields).type_name() == name
    loops = [piece for piece in advice if piece.startswith("with ")]
    for loop in loops:
        exec(loop, {"dashctl": dashctl, "step": 1, "loss": 0.5})
    commands = {piece.removeprefix("dashctl ") for piece in advice if piece.startswith("dashctl ")}
    known = {command.name for command in COMMANDS} | {" ".join(["publish", *words]) for words in published}
    assert commands <= known
    assert published
    assert loops


@pytest.mark.parametrize(
    "scene", [scene for scene in DECK if scene.name != "baseline"], ids=lambda scene: scene.name
)
def test_a_filter_without_a_match_says_how_to_be_rid_of_it(scene: Scene[Any]) -> None:
    text = to_text(paint(scene, full_state(), looked_at(scene, 80, 22, NOW, wanted="no such name")).rows)
    assert "no such name" in text
    assert "Esc" in text


@pytest.mark.parametrize(
    "scene", [scene for scene in DECK if hasattr(scene.look, "scroll")], ids=lambda scene: scene.name
)
def test_scrolling_to_the_end_and_beyond_shows_the_end(scene: Scene[Any]) -> None:
    state = full_state()
    picture = paint(scene, state, looked_at(scene, 60, 10, NOW))
    end = paint(scene, state, looked_at(scene, 60, 10, NOW, scroll=picture.scrollable))
    beyond = paint(scene, state, looked_at(scene, 60, 10, NOW, scroll=10_000))
    assert to_text(end.rows) == to_text(beyond.rows)


@SCENES
def test_a_picture_is_a_function_of_state_and_viewport(scene: Scene[Any]) -> None:
    viewport = looked_at(scene, 100, 30, NOW)
    first = paint(scene, full_state(), viewport)
    again = paint(scene, State.decode(full_state().encode()), viewport)
    assert to_text(first.rows) == to_text(again.rows)


@SCENES
def test_a_scene_gives_the_data_behind_its_picture(scene: Scene[Any]) -> None:
    viewport = looked_at(scene, 120, 38, NOW)
    view = scene.select(full_state(), viewport)
    assert scene.table is not None
    heading, *lines = scene.table(view, viewport)
    assert lines
    assert all(isinstance(name, str) and name for name in heading)
    assert {len(line) for line in lines} == {len(heading)}
    assert {type(cell) for line in lines for cell in line} <= {str, int, float, type(None), bool}


# Whatever it is told

HOSTILE = "\x1b[31m\x1b]0;title\x07\r\n\t" + "x" * 10_000 + "漢字👩‍👩‍👧" * 50


def hostile_events() -> list[Event]:
    return [
        RunStarted({HOSTILE: HOSTILE, "nan": "x"}, host=HOSTILE, command=HOSTILE, name=HOSTILE),
        RunFinished("failed", HOSTILE),
        Progress(HOSTILE, 5, 0, HOSTILE),
        Progress("more than all", 1e300, 2),
        Episode(HOSTILE, HOSTILE, HOSTILE, tuple(PHASES) * 40),
        Prediction(HOSTILE, 99, "clean", "armed", HOSTILE),
        Prediction(HOSTILE, -1, "clean", "armed", HOSTILE),
        Prediction(HOSTILE, 2, "clean", "armed", HOSTILE),
        SourceCode(HOSTILE, f"for {HOSTILE} in x:\n    {HOSTILE}\n\f\x0b\x85\u2028x", 2**62, HOSTILE, 2**62),
        Progress("episodes", 1, 2, "episodes", HOSTILE),
        Progress("episode", 1, 2, HOSTILE, HOSTILE),
        AttackProfile(HOSTILE, (), HOSTILE),
        AttackProfile("flat", (0.0,) * 500),
        AttackProfile("deep", (-1e308, 1e308)),
        *(
            Metric(HOSTILE, step, value)
            for step, value in enumerate((math.nan, math.inf, -math.inf, 1e308, 0.0))
        ),
        *(Metric("all nan", step, math.nan) for step in range(3000)),
        *(ModelMetric(f"model {number} {HOSTILE}", number / 200) for number in range(200)),
        *(ModelPerf(f"model {number} {HOSTILE}", number * 10.0, number / 200) for number in range(200)),
        LogLine(HOSTILE, "critical", source=HOSTILE),
        Alert(HOSTILE, HOSTILE, "critical", metric=HOSTILE, value=math.nan, rule=HOSTILE),
        AlertAcknowledged(HOSTILE, HOSTILE),
        Snapshot(2**62, 2**62, {HOSTILE: 1}, None, {HOSTILE: 2}, 2**62),
        PhaseEvent("dormant"),
        HostStats(
            HOSTILE, cpu=100.0, cores=(100.0,) * 500, load=1e308, memory=0.0, net_in=1e308, processes=2**60
        ),
        HostStats("silent"),
        HostStats(
            f"gpu {HOSTILE}",
            disk=100.0,
            swap=100.0,
            gpus=(Gpu(HOSTILE, 100.0, 2**63 - 1, 2**63 - 1, 1e308, 1e308, 1e308), Gpu(HOSTILE)) * 32,
            gpu_processes=(GpuProcess(2**60, 2**60, HOSTILE, HOSTILE, 2**63 - 1),) * 200,
            interval=1e308,
        ),
        PointCloud.pack(HOSTILE, [0.0], [0.0], **{HOSTILE: ["a"]}),
        PointCloud.pack("none", [], [], []),
        Embedding(1e308, -1e308, 0.0, cluster=-3),
        Embedding(0.0, 0.0, phase="clean"),
        BusStats(
            1e300,
            **dict.fromkeys(("events", "frames", "monitors", "producers", "lost", "duplicates"), 2**63 - 1),
            rejected={f"{number} {HOSTILE}": 2**62 for number in range(50)},
            rate=1e308,
            queues={f"{HOSTILE} bytes": 2**62, "none": 0},
            by_producer=tuple(ProducerStats(HOSTILE, HOSTILE, 2**62, 2**62, 1e308, 1e308) for _ in range(50)),
            services=(HOSTILE,) * 100,
            listening=(HOSTILE,) * 16,
            journal=JournalStats(2**62, 2**62, 1e308, durable=False, oldest=-1e300),
        ),
    ]


@SCENES
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_hostile_names_and_numbers_stay_in_their_place(scene: Scene[Any], size: tuple[int, int]) -> None:
    state = state_of(*hostile_events(), run="r" * 30)
    check_rows(list(paint(scene, state, looked_at(scene, *size, NOW)).rows), *size)


TEXTS = st.text(min_size=1, max_size=30)
ANY_PHASE = st.sampled_from(PHASES)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
AMOUNTS = st.floats(0, allow_infinity=False)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        Snapshot, episodes=st.integers(0, 10**9), phases=st.dictionaries(ANY_PHASE, st.integers(0, 99))
    ),
    st.builds(Episode, TEXTS, host=TEXTS, phases=st.lists(ANY_PHASE, max_size=9).map(tuple)),
    st.builds(PhaseEvent, ANY_PHASE),
    st.builds(AttackProfile, TEXTS, st.lists(FINITE, max_size=40).map(tuple), TEXTS),
    st.builds(
        Prediction, TEXTS, st.integers(-2, 9), st.none() | ANY_PHASE, st.none() | ANY_PHASE, st.none() | TEXTS
    ),
    st.builds(ModelMetric, TEXTS, st.floats(0, 1)),
    st.builds(
        Embedding,
        FINITE,
        FINITE,
        st.none() | FINITE,
        st.none() | ANY_PHASE,
        cluster=st.none() | st.integers(-(2**63), 2**63 - 1),
    ),
    st.builds(ModelPerf, TEXTS, AMOUNTS, st.floats(0, 1)),
    st.builds(
        RunStarted, st.dictionaries(TEXTS, FINITE | TEXTS, max_size=3), TEXTS, TEXTS, st.none() | TEXTS
    ),
    st.builds(RunFinished, st.sampled_from(("finished", "failed", "interrupted")), st.none() | TEXTS),
    st.builds(Metric, TEXTS, st.integers(0, 2**60), st.floats()),
    st.builds(Progress, TEXTS, AMOUNTS, st.none() | AMOUNTS, st.none() | TEXTS),
    st.builds(
        SourceCode, TEXTS, TEXTS, st.integers(0, 99), language=TEXTS, loop=st.none() | st.integers(0, 99)
    ),
    st.builds(LogLine, TEXTS, st.sampled_from(("debug", "error")), st.none() | TEXTS),
    st.builds(
        Alert,
        TEXTS,
        TEXTS,
        st.sampled_from(("info", "critical")),
        st.booleans(),
        metric=st.none() | TEXTS,
        value=st.none() | st.floats(),
        rule=st.none() | TEXTS,
    ),
    st.builds(AlertAcknowledged, TEXTS, TEXTS, st.booleans()),
    st.builds(
        HostStats,
        TEXTS,
        cpu=st.floats(0, 100),
        cores=st.lists(st.floats(0, 100)).map(tuple),
        load=st.none() | AMOUNTS,
        gpus=st.none()
        | st.lists(
            st.builds(Gpu, TEXTS, st.none() | st.floats(0, 100), temperature=st.none() | FINITE), max_size=3
        ).map(tuple),
    ),
    st.builds(
        BusStats,
        FINITE,
        rate=AMOUNTS,
        rejected=st.dictionaries(TEXTS, st.integers(0, 2**63 - 1), max_size=9),
        by_producer=st.lists(
            st.builds(ProducerStats, TEXTS, TEXTS, st.integers(0, 9), st.integers(0, 9), AMOUNTS, AMOUNTS),
            max_size=9,
        ).map(tuple),
    ),
    st.lists(
        st.tuples(
            st.floats(width=32, allow_nan=False, allow_infinity=False), st.text(min_size=1, max_size=9)
        ),
        max_size=9,
    ).map(
        lambda points: PointCloud.pack(
            "c", [x for x, _ in points], [x for x, _ in points], by=[t for _, t in points]
        )
    ),
)
STAMPED = st.builds(Stamped, st.floats(0, 2 * NOW), st.sampled_from(["", "a", "b"]), EVENTS)
SIZES_DRAWN = st.tuples(st.integers(1, 140), st.integers(1, 50))
GESTURES = st.builds(
    Gesture,
    st.sampled_from(["press", "drag", "release", "wheel"]),
    st.integers(0, 140),
    st.integers(0, 50),
    st.integers(-9, 9),
    st.integers(-9, 9),
    st.sampled_from([-1, 1]),
    st.booleans(),
    st.booleans(),
)
DEEDS = st.lists(GESTURES | st.integers(0, 99), max_size=8)
"""What somebody does: the mouse, or any key that does something in a scene."""


def done(scene: Scene[Any], at: At[Any, Any], deed: "Gesture | int") -> Any:
    """The look after somebody did this."""
    if isinstance(deed, Gesture):
        outcome = scene.mouse(at, deed)
    else:
        acts = [*scene.acts.values(), *(action.act for action in scene.actions)]
        outcome = acts[deed % len(acts)](at)
    look = outcome.look if isinstance(outcome, Taken) else outcome
    return at.look if look is None else look


@settings(max_examples=150)
@given(st.lists(STAMPED, max_size=25), SIZES_DRAWN, st.sampled_from(["", "a"]), DEEDS)
def test_any_state_is_drawn_at_any_size_whatever_was_done(
    stamped: list[Stamped[Event]], size: tuple[int, int], wanted: str, deeds: list[Any]
) -> None:
    state = State()
    fold_all(state, stamped)
    for scene in DECK:
        viewport = looked_at(scene, *size, NOW, wanted=wanted)
        for deed in [*deeds, Gesture("release", 0, 0)]:
            picture = paint(scene, state, viewport)
            check_rows(list(picture.rows), viewport.width, viewport.height)
            assert picture.scrollable >= 0
            view = scene.select(state, viewport)
            viewport = replace(viewport, look=done(scene, At(view, viewport, picture.scrollable), deed))
            assert type(viewport.look) is type(scene.look)
