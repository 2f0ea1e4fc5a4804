"""Episodes as a recording would give them, made from a seed instead of a machine: fast, and known.

Each phase raises a few channels of its own, so that a model has something to learn.
"""

import numpy as np

from dashctl.detector.episodes import Episode, Meta
from dashctl.detector.profiles import PROFILES, Boundary, Profile, course_of
from dashctl.detector.telemetry import NAMES
from dashctl.phases import PHASES, Phase

RAISED: dict[Phase, tuple[str, ...]] = {
    "clean": (),
    "armed": ("tcp_opens", "lo_packets"),
    "infecting": ("forks", "disk_writes"),
    "infected_running": ("cpu_total", "core_max"),
    "dormant": ("page_faults",),
}


def meta(name: str = "box-disk-churn-00", seconds: float = 60.0, profile: str = "disk-churn") -> Meta:
    return Meta(
        episode=name,
        host="box",
        profile=profile,
        rate=10.0,
        seconds=seconds,
        seed=1,
        started="2026-01-02T03:04:05+00:00",
        columns=NAMES,
    )


def episode(
    labels: tuple[Boundary, ...] = (Boundary(0.0, "clean"), Boundary(12.0, "armed")),
    *,
    name: str = "box-disk-churn-00",
    seconds: float = 60.0,
    profile: str = "disk-churn",
    seed: int = 0,
) -> Episode:
    """Ten rows a second of noise, its own for each name, a few columns of it raised by each phase."""
    rng = np.random.default_rng((seed, *name.encode()))
    rows = round(seconds * 10)
    t = (np.arange(rows) + 1) / 10 + rng.uniform(0.0, 0.01, rows)
    telemetry = rng.gamma(2.0, 1.0, (rows, len(NAMES))).astype(np.float32)
    made = Episode(meta(name, seconds, profile), t, telemetry, labels)
    codes = made.phase_codes_at(t)
    for code, phase in enumerate(PHASES):
        for column in RAISED[phase]:
            telemetry[codes == code, NAMES.index(column)] += 30.0
    return made


def recorded_set(per_profile: int, profiles: tuple[Profile, ...] = PROFILES) -> tuple[Episode, ...]:
    """A set as `collect` would record it: every profile in turn, every course of phases."""
    return tuple(
        episode(
            course_of(profile, index, 0, 60.0),
            name=f"box-{profile}-{index:02d}",
            profile=profile,
            seed=1000 * index + number,
        )
        for index in range(per_profile)
        for number, profile in enumerate(profiles)
    )
