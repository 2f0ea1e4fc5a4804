"""An episode as one curve: the telemetry column in which its profile shows most.

Rule: a curve is for the eye; no model sees it.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from dashctl.detector.profiles import Profile
from dashctl.detector.telemetry import NAMES
from dashctl.detector.windows import Floats

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


def curve(profile: Profile, t: Sequence[float], rows: Sequence[Floats]) -> tuple[float, ...]:
    """The profile's column second by second: the median of the rows of each second.

    `t` are the rows' seconds, increasing. The median, because one row's burst of something else would
    dwarf all that the profile does. A second without a row repeats the one before.
    """
    column = NAMES.index(COLUMN_OF[profile])
    seconds = np.floor(np.asarray(t)).astype(np.int64)
    values = np.array([row[column] for row in rows])
    points: list[float] = []
    for second in range(int(seconds[-1]) + 1 if len(seconds) else 0):
        here = values[seconds == second]
        points.append(float(np.median(here)) if here.size else (points[-1] if points else 0.0))
    return tuple(points)
