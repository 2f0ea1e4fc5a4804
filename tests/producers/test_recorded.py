"""What is told of a recording is legal, however long, old or many the episodes are."""

from dataclasses import replace

import numpy as np
import pytest

from dashctl.detector.curves import MOST_POINTS
from dashctl.detector.episodes import LONGEST_SECONDS, Episode
from dashctl.detector.profiles import Boundary
from dashctl.detector.totals import Totals
from dashctl.events import AttackProfile
from dashctl_producers.recorded import episode_event, profile_event, snapshot_event
from tests.core.detector.recordings import episode


def with_meta(**changes: object) -> Episode:
    made = episode(seconds=20.0, labels=(Boundary(0.0, "clean"),))
    return replace(made, meta=replace(made.meta, **changes))


def test_the_longest_episode_can_be_told() -> None:
    longest = with_meta(seconds=float(LONGEST_SECONDS))
    longest = replace(longest, t=np.linspace(0.1, LONGEST_SECONDS, len(longest.t)))
    assert len(episode_event(longest).phases or ()) == LONGEST_SECONDS // 10
    told = profile_event(longest)
    assert isinstance(told, AttackProfile)
    assert MOST_POINTS // 2 < len(told.curve) <= MOST_POINTS


@pytest.mark.parametrize(
    ("started", "seconds"),
    [("2026-01-02T03:04:05+00:00", 1767323045.0), ("yesterday", None), ("0001-01-01", None)],
)
def test_a_start_that_is_no_time_is_left_out(started: str, seconds: float | None) -> None:
    assert episode_event(with_meta(started=started)).started == seconds


def test_of_very_many_hosts_and_profiles_the_commonest_are_told() -> None:
    counts = {f"host {number}": number for number in range(1_100)}
    told = snapshot_event(Totals(episodes=5, hosts=counts, profiles=counts))
    assert told.hosts == told.profiles == {f"host {number}": number for number in range(100, 1_100)}
    assert told.episodes == 5
