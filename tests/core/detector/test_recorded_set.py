"""The recorded set that comes with the package: sound, varied, small, and as its data sheet says."""

import re
from collections import Counter
from pathlib import Path

import pytest

from dashctl.detector.episodes import SHIPPED, Episode, read_episodes
from dashctl.detector.profiles import PROFILES
from dashctl.detector.telemetry import NAMES
from dashctl.detector.totals import Totals, count
from dashctl.detector.windows import window_phases
from dashctl.phases import PHASES

SHEET = Path(__file__).parents[3] / "docs" / "data.md"


@pytest.fixture(scope="module")
def episodes() -> tuple[Episode, ...]:
    sound, wrong = read_episodes(SHIPPED)
    assert wrong == ()
    return tuple(sound.values())


@pytest.fixture(scope="module")
def totals() -> Totals:
    counted, wrong = count(SHIPPED)
    assert wrong == ()
    return counted


def test_every_episode_is_a_minute_of_this_versions_columns(episodes: tuple[Episode, ...]) -> None:
    for episode in episodes:
        assert episode.meta.columns == NAMES
        assert episode.meta.seconds == 60.0
        assert len(episode.t) > 570
        assert episode.meta.episode.startswith(f"{episode.meta.host}-{episode.meta.profile}-")


def test_every_profile_is_there_as_often_and_every_phase_often(episodes: tuple[Episode, ...]) -> None:
    profiles = Counter(episode.meta.profile for episode in episodes)
    assert set(profiles) == set(PROFILES)
    assert min(profiles.values()) == max(profiles.values()) >= 5
    phases = Counter(phase for episode in episodes for phase in window_phases(episode))
    assert min(phases[phase] for phase in PHASES) > 0.1 * phases.total()


def test_no_two_episodes_share_a_seed(episodes: tuple[Episode, ...]) -> None:
    assert len({episode.meta.seed for episode in episodes}) == len(episodes)


def test_it_stays_small_enough_to_ship(totals: Totals) -> None:
    assert totals.bytes < 100_000 * totals.episodes


def test_its_data_sheet_counts_right(totals: Totals) -> None:
    sheet = SHEET.read_text(encoding="utf-8")
    assert f"{totals.episodes} episodes" in sheet
    for phase, windows in totals.phases.items():
        assert re.search(rf"^\| {phase} \| {windows} \|", sheet, re.MULTILINE)
