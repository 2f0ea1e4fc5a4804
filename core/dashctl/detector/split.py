"""Splits episodes into those to train on and those held out.

Rule: an episode goes to one side whole. Windows of one episode resemble each other far more than those
of two, so a split by window would show an accuracy that no new machine would ever see.
"""

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashctl.detector.windows import Ints
from dashctl.errors import InvalidData


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Indices of episodes, int64, each sorted, nothing in common."""

    train: Ints
    held_out: Ints


def split_episodes(profiles: Sequence[str], *, share: float, seed: int) -> Split:
    """Holds out about `share` of the episodes, of each profile alike; `profiles` has one per episode.

    Of a profile with several episodes at least one is on either side. A profile with one episode is
    trained on. Raises InvalidData if that leaves nothing held out.
    """
    by_profile: dict[str, list[int]] = defaultdict(list)
    for episode, profile in enumerate(profiles):
        by_profile[profile].append(episode)
    chance = random.Random(f"split {seed}")
    held_out: list[int] = []
    for profile in sorted(by_profile):
        episodes = by_profile[profile]
        count = min(max(1, math.floor(share * len(episodes) + 0.5)), len(episodes) - 1)
        held_out += chance.sample(episodes, count)
    if not held_out:
        raise InvalidData("no profile has two episodes: there is nothing to hold out for testing")
    train = sorted(set(range(len(profiles))) - set(held_out))
    return Split(np.array(train, dtype=np.int64), np.array(sorted(held_out), dtype=np.int64))
