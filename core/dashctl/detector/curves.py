"""An episode as one curve: the telemetry column in which its profile shows most.

Rules: a curve is for the eye, no model sees it; however long the episode, it has few enough points to be
sent every second.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from dashctl.detector.profiles import Profile
from dashctl.detector.telemetry import NAMES
from dashctl.detector.windows import Floats, Ints

COLUMN_OF: Final[dict[Profile, str]] = {
    "cpu-saturate": "cpu_total",
    "bursty-c2": "tcp_opens",
    "disk-churn": "disk_write",
    "slow-exfil": "lo_bytes",
    "memory-scrape": "page_faults",
}

SHAPE_OF: Final[dict[Profile, str]] = {
    "cpu-saturate": "plateau",
    "bursty-c2": "bursts",
    "disk-churn": "sawtooth",
    "slow-exfil": "trickle",
    "memory-scrape": "sweep",
}


MOST_POINTS: Final = 600


def curve(profile: Profile, t: Sequence[float], rows: Sequence[Floats]) -> tuple[float, ...]:
    """The profile's column second by second: the median of the rows of each second.

    `t` are the rows' seconds, 0 or more, increasing. The median, because one row's burst of something
    else would dwarf all that the profile does. A second without a row repeats the one before. Of more
    than MOST_POINTS seconds, as many make a point as it takes: the largest of them.
    """
    if not len(t):
        return ()
    column = NAMES.index(COLUMN_OF[profile])
    seconds = np.floor(np.asarray(t)).astype(np.int64)
    return tuple(_thinned(_medians(seconds, np.array([row[column] for row in rows]))).tolist())


def _medians(seconds: Ints, values: Floats) -> Floats:
    """The median of each second from 0 to the last; `seconds` never falls."""
    ordered = values[np.lexsort((values, seconds))]
    there, first, count = np.unique(seconds, return_index=True, return_counts=True)
    medians = np.zeros(int(seconds[-1]) + 1, dtype=np.float64)
    medians[there] = (ordered[first + (count - 1) // 2] + ordered[first + count // 2].astype(np.float64)) / 2
    newest = np.zeros(len(medians), dtype=np.int64)
    newest[there] = there
    return np.asarray(medians[np.maximum.accumulate(newest)])


def _thinned(points: Floats) -> Floats:
    width = -(-len(points) // MOST_POINTS)
    return np.asarray(np.maximum.reduceat(points, np.arange(0, len(points), width)))
