"""What the workload emulator does: five profiles, and how an episode walks through the phases.

Rules: an intensity is bounded, so that the machine stays usable and nobody's disk fills up; all
chance comes from a seed, so that one seed gives one episode plan; this file does nothing itself.
"""

import random
from dataclasses import dataclass, fields, replace
from typing import Final, Literal, get_args

from dashctl.phases import Phase

Profile = Literal["cpu-saturate", "bursty-c2", "disk-churn", "slow-exfil", "memory-scrape"]

PROFILES: Final[tuple[Profile, ...]] = get_args(Profile)

KB: Final = 1e3
MB: Final = 1e6


@dataclass(frozen=True, slots=True)
class Activity:
    """How much of each kind of load is made. With `duty` below 1 it comes in bursts.

    A burst lasts `duty * period` seconds out of every `period`; the rates hold during a burst.
    """

    cpu: float = 0.0  # share of one core, 0-1
    write: float = 0.0  # bytes/s written to files, forced to disk and deleted
    files: float = 0.0  # small files made and deleted, 1/s
    send: float = 0.0  # bytes/s sent over one standing loopback connection
    connects: float = 0.0  # loopback connections opened and closed, 1/s
    forks: float = 0.0  # short processes started, 1/s
    memory: float = 0.0  # bytes held, bursts or not
    touch: float = 0.0  # bytes/s of that memory given back and filled anew
    period: float = 1.0  # seconds
    duty: float = 1.0  # share of each period, 0-1


# No activity exceeds these, whatever the jitter: they are the emulator's promise to the machine.
BOUNDS: Final = Activity(
    cpu=0.9,
    write=30 * MB,
    files=100.0,
    send=40 * MB,
    connects=200.0,
    forks=30.0,
    memory=256 * MB,
    touch=1000 * MB,
    period=10.0,
    duty=1.0,
)

_ARMED: Final = Activity(cpu=0.03, connects=7.0, send=4 * KB, memory=8 * MB)
_INFECTING: Final = Activity(
    cpu=0.15, forks=12.0, files=30.0, write=1 * MB, connects=15.0, memory=32 * MB, touch=8 * MB
)
_DORMANT: Final = Activity(send=6 * KB, memory=48 * MB, touch=40 * MB, period=1.0, duty=0.2)

_Plan = dict[Phase, Activity]

ACTIVITIES: Final[dict[Profile, _Plan]] = {
    "cpu-saturate": {
        "clean": Activity(),
        "armed": replace(_ARMED, cpu=0.06, period=1.5, duty=0.5),
        "infecting": replace(_INFECTING, cpu=0.35),
        "infected_running": Activity(cpu=0.85, connects=1.5, memory=48 * MB),
        "dormant": _DORMANT,
    },
    "bursty-c2": {
        "clean": Activity(),
        "armed": replace(_ARMED, connects=20.0, period=1.5, duty=0.4),
        "infecting": replace(_INFECTING, connects=40.0, forks=8.0),
        "infected_running": Activity(
            cpu=0.3, connects=120.0, send=8 * MB, memory=32 * MB, period=2.0, duty=0.25
        ),
        "dormant": replace(_DORMANT, memory=32 * MB, period=1.5),
    },
    "disk-churn": {
        "clean": Activity(),
        "armed": replace(_ARMED, files=4.0),
        "infecting": replace(_INFECTING, files=60.0, write=3 * MB),
        "infected_running": Activity(cpu=0.1, write=16 * MB, files=25.0, connects=1.5, memory=32 * MB),
        "dormant": replace(_DORMANT, memory=24 * MB, period=1.2),
    },
    "slow-exfil": {
        "clean": Activity(),
        "armed": replace(_ARMED, connects=5.0, send=12 * KB),
        "infecting": replace(_INFECTING, forks=6.0, files=45.0),
        "infected_running": Activity(cpu=0.04, send=400 * KB, connects=1.5, memory=16 * MB),
        "dormant": replace(_DORMANT, memory=40 * MB, period=2.0),
    },
    "memory-scrape": {
        "clean": Activity(),
        "armed": replace(_ARMED, memory=24 * MB),
        "infecting": replace(_INFECTING, memory=96 * MB, touch=40 * MB),
        "infected_running": Activity(cpu=0.1, connects=1.5, memory=192 * MB, touch=400 * MB),
        "dormant": replace(_DORMANT, memory=96 * MB, touch=80 * MB),
    },
}

# How episodes unfold. Not every one runs the whole course, so that neither "clean" nor any other
# phase can be told by its place in the episode; the order spreads the course over few episodes.
COURSES: Final[tuple[tuple[Phase, ...], ...]] = (
    ("clean", "armed", "infecting", "infected_running", "dormant"),
    ("clean",),
    ("armed", "infecting", "infected_running", "dormant"),
    ("dormant", "infected_running", "dormant", "clean"),
    ("clean", "armed", "clean", "infecting"),
    ("infecting", "infected_running", "dormant", "armed"),
    ("clean", "armed", "infecting", "infected_running", "clean"),
    ("dormant", "armed", "infecting", "dormant", "infecting"),
)


@dataclass(frozen=True, slots=True)
class Boundary:
    """From `t` seconds on, the episode is in `phase`."""

    t: float
    phase: Phase


@dataclass(frozen=True, slots=True)
class OrdinaryJob:
    """A few seconds of what any machine does (a save, a build step), whatever the phase."""

    start: float
    end: float
    activity: Activity


def activity_of(profile: Profile, phase: Phase, seed: int) -> Activity:
    """The activity of a phase, each intensity scaled by 0.7 to 1.4 by the seed, within BOUNDS."""
    chance = random.Random(f"activity {profile} {phase} {seed}")
    return _jittered(ACTIVITIES[profile][phase], chance)


def course_of(profile: Profile, index: int, seed: int, seconds: float) -> tuple[Boundary, ...]:
    """The phases of the profile's episode number `index`; the first boundary is at 0.

    Eight episodes of one profile in a row take each of `COURSES` once; phases differ in length by
    up to a factor of two.
    """
    first = random.Random(f"course {profile} {seed}").randrange(len(COURSES))
    phases = COURSES[(first + index) % len(COURSES)]
    chance = random.Random(f"lengths {profile} {index} {seed}")
    weights = [chance.uniform(0.7, 1.4) for _ in phases]
    starts = [seconds * sum(weights[:i]) / sum(weights) for i in range(len(phases))]
    return tuple(Boundary(round(t, 3), phase) for t, phase in zip(starts, phases, strict=True))


def ordinary_jobs(seed: int, seconds: float) -> tuple[OrdinaryJob, ...]:
    """Ordinary jobs at chance times, three a minute on average, in every phase alike."""
    chance = random.Random(f"ordinary {seed}")
    jobs: list[OrdinaryJob] = []
    start = chance.expovariate(1 / 20)
    while start < seconds:
        end = start + chance.uniform(0.5, 3.0)
        activity = Activity(
            cpu=chance.uniform(0.1, 0.6),
            write=chance.uniform(0.0, 2 * MB),
            files=chance.uniform(0.0, 12.0),
            forks=chance.uniform(0.0, 6.0),
            connects=chance.uniform(0.0, 8.0),
            send=chance.uniform(0.0, 200 * KB),
        )
        jobs.append(OrdinaryJob(start, end, activity))
        start = end + chance.expovariate(1 / 20)
    return tuple(jobs)


def added(first: Activity, second: Activity) -> Activity:
    """Both loads at once, within BOUNDS. Bursts stay those of the first."""
    sums = {
        field.name: min(getattr(first, field.name) + getattr(second, field.name), getattr(BOUNDS, field.name))
        for field in fields(Activity)
        if field.name not in ("period", "duty")
    }
    return replace(first, **sums)


def _jittered(activity: Activity, chance: random.Random) -> Activity:
    scaled = {
        field.name: min(getattr(activity, field.name) * chance.uniform(0.7, 1.4), getattr(BOUNDS, field.name))
        for field in fields(Activity)
        if not (field.name == "duty" and activity.duty == 1.0)
    }
    return replace(activity, **scaled)
