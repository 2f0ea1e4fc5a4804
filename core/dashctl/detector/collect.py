"""Records episodes: this machine's telemetry while the workload emulator walks through the phases.

Rules: an episode is recorded whole or not at all; a label's time is when the emulator confirmed the
phase; a late sampler skips ticks rather than make rows out of no time. Reports through callbacks.
"""

import itertools
import re
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from dashctl.detector.emulator import Emulator
from dashctl.detector.episodes import Episode, Meta, write_episode
from dashctl.detector.profiles import PROFILES, Boundary, Profile, course_of
from dashctl.detector.telemetry import NAMES, Row, Sampler
from dashctl.errors import InvalidData
from dashctl.phases import Phase


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One row of telemetry as it was taken, `t` seconds into the episode."""

    episode: str
    t: float
    phase: Phase
    row: Row


@dataclass(frozen=True, slots=True)
class PhaseEntered:
    """The emulator entered a phase, `t` seconds into the episode."""

    episode: str
    profile: Profile
    t: float
    phase: Phase


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """An episode was recorded; `done` of `total` are there, the last one in `folder`."""

    episode: Episode
    folder: Path
    done: int
    total: int


def _ignore(_: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class CollectCallbacks:
    """What a caller wants to hear of. They run between two samples: they must not take long."""

    on_sample: Callable[[Sample], None] = _ignore
    on_phase: Callable[[PhaseEntered], None] = _ignore
    on_episode: Callable[[Recorded], None] = _ignore


def collect(
    out: Path,
    *,
    episodes: int,
    profiles: Sequence[Profile] = PROFILES,
    host: str | None = None,
    rate: float = 10.0,
    seconds: float = 60.0,
    seed: int = 0,
    pause: float = 1.0,
    callbacks: CollectCallbacks = CollectCallbacks(),
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[Path, ...]:
    """Records `episodes` episodes under `out`, the profiles in turn; gives their folders.

    `rate` is in samples a second, `pause` the seconds left between two episodes for the machine to
    settle. `stopped` is asked at every sample; once it says so, the episode at hand is dropped and
    those recorded so far are given. Raises what `prepare` raises, InvalidData for numbers that make no
    sense, NotWritten, and EmulatorDied.
    """
    _check(episodes, profiles, rate, seconds)
    host = prepare(out, host)
    folders: list[Path] = []
    for number in range(episodes):
        profile, index = profiles[number % len(profiles)], number // len(profiles)
        meta = Meta(
            episode=_free_name(out, f"{host}-{profile}"),
            host=host,
            profile=profile,
            rate=rate,
            seconds=seconds,
            seed=seed + number,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            columns=NAMES,
        )
        course = course_of(profile, index, seed, seconds)
        episode = _record(meta, profile, course, callbacks, stopped)
        if episode is None:
            break
        folders.append(write_episode(out, episode))
        callbacks.on_episode(Recorded(episode, folders[-1], len(folders), episodes))
        if number + 1 < episodes:
            time.sleep(pause)
    return tuple(folders)


def prepare(out: Path, host: str | None = None) -> str:
    """Makes the folder if it is not there, and gives the host's name: this machine's own if None.

    Raises InvalidData for a name that cannot be part of a folder's, and where nothing can be stored.
    """
    host = host or socket.gethostname()
    if not re.fullmatch(r"[\w][\w.-]{0,63}", host):
        raise InvalidData(f"host is {host!r}, it has to be 1 to 64 letters, digits, dots and hyphens")
    try:
        out.mkdir(parents=True, exist_ok=True)
        # Only a try shows it: permissions are not all that keeps a file system from taking anything.
        tempfile.TemporaryDirectory(prefix=".", dir=out).cleanup()
    except OSError as error:
        raise InvalidData(f"{out}: episodes cannot be recorded there: {error.strerror}") from None
    return host


def _check(episodes: int, profiles: Sequence[str], rate: float, seconds: float) -> None:
    if episodes < 1:
        raise InvalidData(f"episodes is {episodes}, it has to be at least 1")
    if not 1.0 <= rate <= 20.0:
        raise InvalidData(f"rate is {rate}, it has to be 1 to 20 samples a second")
    if not 1.0 <= seconds <= 3600.0:
        raise InvalidData(f"seconds is {seconds}, it has to be 1 to 3600")
    unknown = [profile for profile in profiles if profile not in PROFILES]
    if unknown or not profiles:
        raise InvalidData(f"profiles is {list(profiles)}, it has to be some of {', '.join(PROFILES)}")


def _free_name(out: Path, stem: str) -> str:
    names = (f"{stem}-{number:02d}" for number in itertools.count())
    return next(name for name in names if not (out / name).exists())


def _record(
    meta: Meta,
    profile: Profile,
    course: Sequence[Boundary],
    callbacks: CollectCallbacks,
    stopped: Callable[[], bool],
) -> Episode | None:
    """One episode, or None if it was stopped."""
    samples: list[Sample] = []
    labels: list[Boundary] = []
    ahead = list(course)
    with Emulator(profile, seed=meta.seed, seconds=meta.seconds) as emulator:
        sampler = Sampler()
        begun = time.monotonic()
        due = 0.0
        while due < meta.seconds:
            if ahead and ahead[0].t <= due:
                t = round(time.monotonic() - begun, 3) if labels else 0.0
                if t >= meta.seconds:
                    # The machine stood still for so long that the episode is over.
                    break
                phase = ahead.pop(0).phase
                emulator.enter(phase)
                labels.append(Boundary(t, phase))
                callbacks.on_phase(PhaseEntered(meta.episode, profile, t, phase))
            due = _next_tick(time.monotonic() - begun, meta.rate)
            time.sleep(max(0.0, begun + due - time.monotonic()))
            if stopped():
                return None
            row = sampler.sample()
            sample = Sample(meta.episode, time.monotonic() - begun, labels[-1].phase, row)
            samples.append(sample)
            callbacks.on_sample(sample)
    t_rows = np.array([sample.t for sample in samples])
    return Episode(meta, t_rows, np.stack([sample.row for sample in samples]), tuple(labels))


def _next_tick(now: float, rate: float) -> float:
    """The first multiple of the sampling period that is more than a quarter of a period away."""
    return (int(now * rate + 0.25) + 1) / rate
