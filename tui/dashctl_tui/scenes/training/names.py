"""Which metrics share a chart, and how runs are told apart in it.

Rule: metrics that differ only in the word train, val, test or eval share a chart.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Final

_SPLIT_WORDS: Final[Mapping[str, str]] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "eval": "eval",
}


@lru_cache(maxsize=16_384)
def split_name(name: str) -> tuple[str, str]:
    """A metric's chart and its part in it: `lstm/train_loss` is (`lstm/loss`, `train`)."""
    words = re.split(r"([/_.\-: ])", name)
    for position in range(0, len(words), 2):
        part = _SPLIT_WORDS.get(words[position].lower())
        if part is not None and len(words) > 1:
            # The word goes together with one of the separators around it.
            rest = (
                words[:position] + words[position + 2 :]
                if position + 1 < len(words)
                else words[: position - 1]
            )
            return "".join(rest), part
    return name, ""


def told_apart(run: str, runs: Sequence[str]) -> str:
    """A run's name without what all of them begin with."""
    shared = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(min(runs), max(runs), strict=False))
    )
    cut = max(run.rfind(separator, 0, shared) for separator in "-_/ ") + 1
    return run[cut:] or run or "no run"
