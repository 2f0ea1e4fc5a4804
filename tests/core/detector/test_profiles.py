"""What the emulator plans: bounded, seeded, and never the same course for all."""

from dataclasses import fields
from itertools import pairwise

import pytest

from dashctl.detector.profiles import (
    ACTIVITIES,
    BOUNDS,
    COURSES,
    PROFILES,
    Activity,
    Profile,
    activity_of,
    added,
    course_of,
    ordinary_jobs,
)
from dashctl.phases import PHASES


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_knows_every_phase_and_stays_within_the_bounds(profile: Profile) -> None:
    assert set(ACTIVITIES[profile]) == set(PHASES)
    for phase in PHASES:
        for seed in range(30):
            activity = activity_of(profile, phase, seed)
            for field in fields(Activity):
                assert 0 <= getattr(activity, field.name) <= getattr(BOUNDS, field.name)


def test_clean_is_nothing_at_all() -> None:
    for profile in PROFILES:
        clean = activity_of(profile, "clean", 3)
        assert (clean.cpu, clean.write, clean.send, clean.memory, clean.forks) == (0, 0, 0, 0, 0)


def test_a_seed_gives_one_intensity_and_another_seed_another() -> None:
    first = activity_of("disk-churn", "infected_running", 1)
    assert activity_of("disk-churn", "infected_running", 1) == first
    assert activity_of("disk-churn", "infected_running", 2) != first


@pytest.mark.parametrize("profile", PROFILES)
def test_eight_episodes_in_a_row_take_every_course_once(profile: Profile) -> None:
    courses = [
        tuple(boundary.phase for boundary in course_of(profile, index, 5, 60.0))
        for index in range(len(COURSES))
    ]
    assert sorted(courses) == sorted(COURSES)


@pytest.mark.parametrize("seed", range(20))
def test_a_course_begins_at_zero_and_its_phases_last_within_a_factor_of_two(seed: int) -> None:
    course = course_of("slow-exfil", seed, seed, 60.0)
    starts = [boundary.t for boundary in course]
    lengths = [b - a for a, b in zip(starts, [*starts[1:], 60.0], strict=True)]
    assert starts[0] == 0
    assert min(lengths) * 2.001 >= max(lengths) > 0


def test_ordinary_jobs_come_from_the_seed_and_lie_in_order() -> None:
    jobs = ordinary_jobs(4, 600.0)
    assert jobs == ordinary_jobs(4, 600.0) != ordinary_jobs(5, 600.0)
    assert 15 < len(jobs) < 80
    assert all(a.end <= b.start for a, b in pairwise(jobs))


def test_two_loads_add_up_within_the_bounds() -> None:
    both = added(Activity(cpu=0.8, connects=3.0, period=2.0, duty=0.5), Activity(cpu=0.5, connects=1.0))
    assert (both.cpu, both.connects) == (BOUNDS.cpu, 4.0)
    assert (both.period, both.duty) == (2.0, 0.5)
