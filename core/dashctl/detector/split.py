"""Splits episodes into those to fit on, those to stop by, and those held out for the test.

Rules: an episode goes to one side whole, because windows of one episode resemble each other far more
than those of two, so that a split by window would show an accuracy that no new machine would ever
see; what is held out is of each profile alike, and only of profiles that are trained on too; what it
takes is checked in one place, before anything is chosen.
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashctl.detector.windows import Ints
from dashctl.errors import InvalidData


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Indices of episodes, int64, each sorted, nothing in common, none empty."""

    fit: Ints
    validation: Ints
    held_out: Ints

    @property
    def train(self) -> Ints:
        """Everything that is not held out."""
        return np.sort(np.concatenate((self.fit, self.validation)))


def split_episodes(profiles: Sequence[str], *, held_out: float, validation: float, seed: int) -> Split:
    """Splits episodes; `profiles` has the profile of each.

    Holds out about the share `held_out` (0 to 1) of each profile, and takes about the share `validation`
    of each profile's others to validate on: one at least where a profile has several, none where it has
    but one. Where that leaves nothing to validate on (two episodes of each profile, say), the
    validation episodes are taken from all that are not held out, whatever their profile. Raises
    InvalidData for less than three episodes, or for no two of one profile.
    """
    if len(profiles) < 3 or max(Counter(profiles).values()) < 2:
        raise InvalidData(
            f"{len(profiles)} episodes of {len(set(profiles))} profiles are too few: it takes at least three"
            f" episodes, two of them of one profile, to train on one, validate on one and test on one"
        )
    tested = _chosen(profiles, held_out, seed, left=2 if len(set(profiles)) == 1 else 1)
    others = np.setdiff1d(np.arange(len(profiles)), tested)
    kinds = [profiles[i] for i in others]
    validated = _chosen(kinds, validation, seed + 1)
    if not validated.size:
        validated = _chosen(["any"] * len(kinds), validation, seed + 1)
    return Split(np.delete(others, validated), others[validated], tested)


def _chosen(profiles: Sequence[str], share: float, seed: int, *, left: int = 1) -> Ints:
    """Indices of about `share` of each profile, sorted: at least one, if that leaves `left` of it."""
    by_profile: dict[str, list[int]] = defaultdict(list)
    for episode, profile in enumerate(profiles):
        by_profile[profile].append(episode)
    chance = random.Random(f"split {seed}")
    chosen: list[int] = []
    for profile in sorted(by_profile):
        episodes = by_profile[profile]
        count = min(max(1, math.floor(share * len(episodes) + 0.5)), len(episodes) - left)
        chosen += chance.sample(episodes, count)
    return np.array(sorted(chosen), dtype=np.int64)
