"""Windows of ten seconds, cut from episodes onto one even grid of time.

Rules: a window knows its episode, so that nothing is ever split within one; its label is the phase
that held for most of it; time in it is even, whatever the sampler's rate and jitter were.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dashctl.detector.episodes import Episode
from dashctl.detector.telemetry import COLUMNS, NAMES
from dashctl.errors import InvalidData
from dashctl.phases import PHASES, Phase

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

SECONDS: Final = 10.0  # a window's length
STEPS: Final = 100  # time steps in it
STEP: Final = SECONDS / STEPS
CHANNELS: Final = len(COLUMNS)


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Windows and where they come from; all arrays have n_windows as their first axis.

    `sequences`: float32 (n, STEPS, CHANNELS), telemetry in the units of COLUMNS.
    `phases`: int64 (n,), index in PHASES. `episode`: int64 (n,), index in the episodes that were cut.
    `start`: float64 (n,), seconds from the episode's start.
    """

    sequences: Floats
    phases: Ints
    episode: Ints
    start: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.phases)

    def __getitem__(self, chosen: npt.NDArray[np.bool_] | Ints) -> "Windows":
        return Windows(self.sequences[chosen], self.phases[chosen], self.episode[chosen], self.start[chosen])

    def of(self, episodes: Ints) -> "Windows":
        """The windows of these episodes only."""
        return self[np.isin(self.episode, episodes)]


def cut(episodes: Sequence[Episode], *, stride: float = SECONDS) -> Windows:
    """Cuts every episode into windows that begin each `stride` seconds and lie wholly within it.

    With the default stride they do not overlap: six to a 60-second episode. Raises InvalidData for an
    episode with other columns than this version's, or for none long enough for a window.
    """
    parts = [_cut_one(number, episode, stride) for number, episode in enumerate(episodes)]
    if not any(len(part) for part in parts):
        raise InvalidData(f"no episode lasts {SECONDS:.0f} seconds: there is no window in them")
    return Windows(
        np.concatenate([part.sequences for part in parts]),
        np.concatenate([part.phases for part in parts]),
        np.concatenate([part.episode for part in parts]),
        np.concatenate([part.start for part in parts]),
    )


def _cut_one(number: int, episode: Episode, stride: float) -> Windows:
    meta = episode.meta
    if meta.columns != NAMES:
        wrong = sorted(set(meta.columns) ^ set(NAMES)) or "their order"
        raise InvalidData(f"episode {meta.episode}: its columns are not this version's: see {wrong}")
    starts, ends = _grid(meta.seconds, stride)
    # The newest row there is at the end of a step; a sampler is some milliseconds late at times.
    rows = np.searchsorted(episode.t, ends + STEP / 2, side="right") - 1
    return Windows(
        episode.telemetry[np.maximum(rows, 0)],
        majority(episode.phase_codes_at(ends - STEP / 2)),
        np.full(len(starts), number, dtype=np.int64),
        starts,
    )


def window_phases(episode: Episode) -> tuple[Phase, ...]:
    """The phase of each window of an episode, in order; none if it is shorter than a window."""
    _, ends = _grid(episode.meta.seconds, SECONDS)
    return tuple(PHASES[code] for code in majority(episode.phase_codes_at(ends - STEP / 2)))


def _grid(seconds: float, stride: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Where windows start, (n,), and where their time steps end, (n, STEPS)."""
    starts = np.arange(0.0, seconds - SECONDS + 1e-6, stride)
    return starts, starts[:, None] + STEP * np.arange(1, STEPS + 1)


def majority(codes: Ints) -> Ints:
    """The commonest phase along the last axis; of equals, the one that comes first in PHASES."""
    counts = (codes[..., None] == np.arange(len(PHASES))).sum(axis=-2)
    return np.asarray(counts.argmax(axis=-1), dtype=np.int64)
