"""Which metrics share a chart, and how runs are told apart in it.

Rules: metrics that differ only in the word train, val, test or eval share a chart; runs of one name are
told apart by as few keys of their configuration as it takes, and by their ids only if that is not enough.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Final

from dashctl_tui.query import Configuration, shown_scalar

_MOST_KEYS = 3
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


def labels_of(runs: Sequence[tuple[str, str, Configuration | None]]) -> dict[str, str]:
    """A short label for each run of an id, a name and a configuration: `lr=0.1 model=lstm`."""
    names = [name for _, name, _ in runs]
    if len(set(names)) == len(runs):
        return {run: told_apart(name, names) for run, name, _ in runs}
    keys = _telling_keys(runs)
    if not keys:
        return _by_ids([(run, name) for run, name, _ in runs])
    same = len(set(names)) == 1
    labels = {}
    for run, name, config in runs:
        settings = [f"{key.rpartition('.')[2]}={shown_scalar((config or {}).get(key))}" for key in keys]
        labels[run] = " ".join([*([] if same else [name]), *settings])
    return labels


def _by_ids(runs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Names, with the ends of ids where several are the same, if that is enough; else what ids differ by."""
    names = Counter([name for _, name in runs])
    ends = {run: run.rpartition("-")[2] for run, _ in runs}
    labels = {run: name if names[name] == 1 else f"{name} {ends[run]}" for run, name in runs}
    labels = ends if len(names) == 1 else labels
    ids = list(labels)
    return labels if len(set(labels.values())) == len(ids) else {run: told_apart(run, ids) for run in ids}


def _telling_keys(runs: Sequence[tuple[str, str, Configuration | None]]) -> list[str]:
    """Keys of configurations that, with the names, tell all runs apart; none if three are not enough."""
    found: list[tuple[str, ...]] = [(name,) for _, name, _ in runs]
    known = list(dict.fromkeys(key for _, _, config in runs for key in config or ()))
    keys: list[str] = []
    while len(set(found)) < len(runs):
        tried = {
            key: [
                (*so_far, str((config or {}).get(key)))
                for so_far, (_, _, config) in zip(found, runs, strict=True)
            ]
            for key in known
            if key not in keys
        }
        best = max(tried, key=lambda key: len(set(tried[key])), default=None)
        if best is None or len(keys) == _MOST_KEYS or len(set(tried[best])) == len(set(found)):
            return []
        keys.append(best)
        found = tried[best]
    return keys


def told_apart(run: str, runs: Sequence[str]) -> str:
    """A run's name without what all of them begin with."""
    shared = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(min(runs), max(runs), strict=False))
    )
    cut = max(run.rfind(separator, 0, shared) for separator in "-_/ ") + 1
    return run[cut:] or run or "no run"
