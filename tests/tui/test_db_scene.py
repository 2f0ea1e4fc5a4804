"""What scene DB says of the episode store."""

from typing import Any

import pytest

from dashctl.events import Episode, Snapshot
from dashctl.phases import Phase
from dashctl.state import State, fold
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.scenes import scene_named
from dashctl_tui.scenes.db import growth
from tests.tui.sample import NOW, full_state, looked_at, state_of

SNAPSHOT = Snapshot(
    100,
    600,
    {"bramble": 90, "thorn": 10},
    {"clean": 300, "armed": 150, "infecting": 90, "infected_running": 30, "dormant": 30},
    {"disk-churn": 60, "bursty-c2": 40},
    3_000_000,
)
WALK: tuple[Phase, ...] = ("clean", "clean", "armed")


def text_of(state: State, width: int = 120, height: int = 38, now: float = NOW, **chosen: Any) -> str:
    scene = scene_named("db")
    viewport = looked_at(scene, width, height, now, **chosen)
    return to_text(scene.paint(scene.select(state, viewport), viewport).rows)


def line_with(text: str, word: str) -> str:
    return next(line for line in text.splitlines() if word in line)


@pytest.mark.parametrize("size", [(80, 22), (120, 38), (200, 48)])
def test_it_counts_what_there_is(size: tuple[int, int]) -> None:
    text = text_of(state_of(SNAPSHOT), *size)
    for words in ("100 episodes", "600 windows", "3 MB on disk", "30 kB an episode", "2 profiles", "2 hosts"):
        assert words in text


def test_classes_have_their_share_and_how_uneven_they_are() -> None:
    text = text_of(state_of(SNAPSHOT))
    for phase, number, share in (("clean", "300", "50 %"), ("infected_running", "30", "5 %")):
        assert line_with(text, phase).split("█")[-1].split()[-4:-1] == [number, *share.split()]
    assert "largest is 10.0 × the smallest" in text
    lacking = Snapshot(1, 3, phases={"clean": 2, "armed": 1})
    assert "none of infecting, infected_running, dormant" in text_of(state_of(lacking))


def test_profiles_and_hosts_are_ranked() -> None:
    text = text_of(state_of(SNAPSHOT))
    assert text.index("disk-churn") < text.index("bursty-c2")
    assert text.index("bramble") < text.index("thorn")


def test_what_the_last_hour_brought_is_told_by_when_episodes_were_recorded() -> None:
    state = state_of(SNAPSHOT)
    for number in range(12):
        episode = Episode(f"ep-{number}", phases=WALK, duration=60.0, started=NOW - 200 - 600 * number)
        # All are told at once, which says nothing of when they were written.
        fold(state, episode, NOW - 1)
    scene = scene_named("db")
    viewport = looked_at(scene, 120, 38)
    grown = growth(scene.select(state, viewport), NOW)
    assert (grown.episodes, grown.windows) == (6, 6 * 3 / 60)
    assert grown.bytes == pytest.approx(6 * 30_000 / 3600)
    text = text_of(state)
    assert "6 episodes an hour   0.3 windows a minute   50 B a second   last 2 min ago" in text
    assert "written in the last 24 hours" in text


def test_a_store_that_is_not_written_to_says_since_when() -> None:
    old = Episode("ep-1", phases=WALK, duration=60.0, started=NOW - 40 * 86_400)
    text = text_of(state_of(SNAPSHOT, old))
    assert "nothing in the last hour, the last 39 d ago" in text
    assert "written from" in text


def test_without_totals_or_behind_a_filter_episodes_are_counted() -> None:
    episodes = [Episode(f"ep-{n}", host="bramble", profile=("a", "b")[n % 2], phases=WALK) for n in range(6)]
    text = text_of(state_of(*episodes))
    assert "6 episodes" in text
    assert "18 windows" in text
    assert "counted here" in text
    assert "on disk" not in text
    part = text_of(state_of(SNAPSHOT, *episodes), wanted="ep-1")
    assert "1 episodes" in part
    assert "of what the filter leaves" in part


def test_the_last_written_come_first_and_can_be_scrolled() -> None:
    text = text_of(full_state())
    assert text.index("ep-05") < text.index("ep-04")
    assert "ep-00" in text_of(full_state(), 80, 12, scroll=100)


def test_nothing_changes_with_time_alone_once_all_is_old() -> None:
    state = full_state()
    assert text_of(state, now=NOW + 7200) == text_of(state, now=NOW + 7201)


def test_it_can_be_exported() -> None:
    scene = scene_named("db")
    viewport = looked_at(scene, 120, 38)
    assert scene.table is not None
    heading, *rows = scene.table(scene.select(full_state(), viewport), viewport)
    assert len(rows) == 6
    assert {len(row) for row in rows} == {len(heading)}


def test_when_episodes_were_written_does_not_move_with_every_second() -> None:
    state = State()
    for number in range(9):
        fold(state, Episode(f"ep-{number}", phases=WALK, started=NOW - 5_000 * number - 7_200), NOW)
    assert text_of(state, now=NOW + 10) == text_of(state, now=NOW + 20)
