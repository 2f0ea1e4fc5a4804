"""Recorded episodes as events: what both the collector and the detector tell of them.

Rules: translation only, nothing here reads a clock or a file; however long, old or many the episodes,
what is told of them is a legal event.
"""

from collections.abc import Mapping
from datetime import datetime
from heapq import nlargest
from operator import itemgetter
from typing import Final

from dashctl.detector.curves import SHAPE_OF, curve
from dashctl.detector.episodes import Episode as Recording
from dashctl.detector.profiles import PROFILES
from dashctl.detector.totals import Totals
from dashctl.detector.windows import window_phases
from dashctl.events import AttackProfile, Episode, Snapshot

_MOST_COUNTED: Final = 1_000  # as many as a Snapshot holds


def episode_event(recording: Recording) -> Episode:
    """The episode with its windows' phases."""
    meta = recording.meta
    return Episode(
        meta.episode,
        host=meta.host,
        profile=meta.profile,
        phases=window_phases(recording),
        duration=meta.seconds,
        started=_seconds_since_1970(meta.started),
    )


def profile_event(recording: Recording) -> AttackProfile | None:
    """The episode's curve, under its profile's name; None for a profile that is not the emulator's."""
    for profile in PROFILES:
        if profile == recording.meta.profile:
            points = curve(profile, recording.t.tolist(), list(recording.telemetry))
            return AttackProfile(profile, points, SHAPE_OF[profile])
    return None


def snapshot_event(totals: Totals) -> Snapshot:
    """Everything recorded, counted."""
    return Snapshot(
        episodes=totals.episodes,
        windows=totals.windows,
        hosts=_commonest(totals.hosts),
        phases=dict(totals.phases),
        profiles=_commonest(totals.profiles),
        bytes=totals.bytes,
    )


def _commonest(counts: Mapping[str, int]) -> dict[str, int]:
    if len(counts) <= _MOST_COUNTED:
        return dict(counts)
    return dict(nlargest(_MOST_COUNTED, counts.items(), key=itemgetter(1)))


def _seconds_since_1970(started: str) -> float | None:
    try:
        return datetime.fromisoformat(started).timestamp()
    except (ValueError, OverflowError):
        return None
