"""What scene Collect says of episodes that are being recorded, and of those that were."""

from typing import Any

from dashctl.events import (
    AttackProfile,
    Episode,
    HostStats,
    Progress,
    RunFinished,
    RunStarted,
    Snapshot,
)
from dashctl.phases import Phase
from dashctl.state import State, fold
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.plots.palette import filled, phase_ink
from dashctl_tui.scenes import scene_named
from dashctl_tui.scenes.episodes import phase_strip
from tests.tui.sample import NOW, full_state, looked_at, state_of

PROFILES = "bursty-c2, cpu-saturate, disk-churn"


def recording(done: int = 10, *, started: float = NOW - 3600, at: float = NOW - 1) -> State:
    state = State()
    fold(state, RunStarted({"profiles": PROFILES}, "bramble", name="collect"), started, "c")
    fold(state, Progress("episodes", done, 40, "episodes"), at, "c")
    fold(state, Progress("episode", 23, 60, "s", "bramble-cpu-saturate-03: infecting"), at, "c")
    fold(state, AttackProfile("cpu-saturate", (0.0, 1.0, 5.0)), at, "c")
    return state


def text_of(state: State, width: int = 120, height: int = 38, now: float = NOW, **chosen: Any) -> str:
    scene = scene_named("collect")
    viewport = looked_at(scene, width, height, now, **chosen)
    return to_text(scene.paint(scene.select(state, viewport), viewport).rows)


def line_with(text: str, word: str) -> str:
    return next(line for line in text.splitlines() if word in line)


def test_it_tells_what_is_recorded_how_far_it_is_and_what_is_next() -> None:
    text = text_of(recording(at=NOW))
    assert "● collect on bramble  recording" in text
    assert "10 of 40 episodes" in text
    assert "23 of 60 s" in text
    assert "bramble-cpu-saturate-03: infecting" in line_with(text, "now")
    # The eleventh is at hand, so the twelfth comes next.
    assert "disk-churn" in line_with(text, "next")
    assert "10 episodes an hour, done in 3 h" in line_with(text, "pace")


def test_the_last_episode_has_none_after_it_and_before_the_first_there_is_no_pace() -> None:
    assert "next " not in text_of(recording(39))
    assert "an hour" not in text_of(recording(0))


def test_the_phase_at_hand_has_its_colour() -> None:
    scene = scene_named("collect")
    viewport = looked_at(scene, 120, 38)
    rows = scene.paint(scene.select(recording(), viewport), viewport).rows
    assert phase_ink("infecting") in {ink for row in rows for text, ink in row.runs if "infecting" in text}


def test_a_recording_that_ended_or_fell_silent_goes_on_no_longer() -> None:
    ended = recording(at=NOW - 201)
    fold(ended, RunFinished("interrupted"), NOW - 200, "c")
    text = text_of(ended)
    assert "Recorded last" in text
    assert "interrupted" in text
    assert "│ now" not in text
    fold(ended, RunStarted({"profiles": PROFILES}, "bramble", name="collect"), NOW - 5, "c")
    assert "recording" in text_of(ended)
    assert "silent for 5 min" in text_of(recording(at=NOW - 300))


def test_where_nothing_is_recorded_it_says_what_would() -> None:
    text = text_of(state_of(Episode("ep-1")))
    assert "Nothing is being recorded: dashctl collect" in text
    assert "ep-1" in text


def test_the_machine_that_records_stands_beside_it() -> None:
    state = recording()
    for second in range(90):
        fold(state, HostStats("bramble", cpu=second, memory=40.0, disk_write=2e6), NOW - 90 + second, "c")
    text = text_of(state)
    assert "89 %" in line_with(text, "cpu ")
    assert "2 MB/s" in line_with(text, "disk write")
    assert "last 1:29" in text
    assert "89 %" not in text_of(state, 80, 22)


def test_totals_are_counted_by_phase_profile_and_host() -> None:
    totals = Snapshot(7, 42, {"bramble": 5, "thorn": 2}, {"clean": 30, "armed": 12}, {"disk-churn": 7})
    text = text_of(state_of(totals))
    assert "30" in line_with(text, "clean")
    assert "12" in line_with(text, "armed")
    assert "7 episodes" in text
    assert text.index("bramble") < text.index("thorn")
    for phase in ("infected_running", "dormant"):
        assert phase in text_of(state_of(totals), 80, 22)


def test_the_newest_episodes_come_first_with_their_phases() -> None:
    text = text_of(full_state())
    assert text.index("ep-05") < text.index("ep-00")
    letters = line_with(text, "ep-05").split("bramble")[1].split("60 s")[0].split()
    assert letters == ["C", "A", "I", "R", "R", "D"]


def test_phases_are_cells_of_colour_and_letter_however_many_there_are() -> None:
    walk: tuple[Phase, ...] = ("clean", "armed")
    strip = phase_strip(walk, 20)
    assert strip.text.split() == ["C", "A"]
    assert [ink for _, ink in strip.runs] == [filled(phase_ink(phase)) for phase in walk]
    assert phase_strip(walk * 100, 10).width == 10
    assert phase_strip((), 10).width == phase_strip(walk, 0).width == 0


def test_nothing_changes_with_time_alone_once_all_is_old() -> None:
    state = full_state()
    assert text_of(state, now=NOW + 7200) == text_of(state, now=NOW + 7201)


def test_it_can_be_exported_and_filtered() -> None:
    scene = scene_named("collect")
    viewport = looked_at(scene, 120, 38, wanted="bursty")
    view = scene.select(full_state(), viewport)
    assert scene.table is not None
    heading, *rows = scene.table(view, viewport)
    assert heading[:3] == ("episode", "profile", "host")
    assert {row[1] for row in rows} == {"bursty-c2"}
