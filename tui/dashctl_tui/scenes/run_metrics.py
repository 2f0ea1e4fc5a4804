"""Metrics as numbers: the last and the best value of each run.

Rules: a lower value is better of a metric whose name has a word for what one wants little of (loss, error,
latency, ...), a higher one of any other; what is not finite is never the best; a curve is looked at uncopied,
under the state's lock.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import isfinite
from typing import Final

import msgspec
import numpy as np

from dashctl.curve import Views
from dashctl.events import Metric
from dashctl.state import State

_UNWANTED: Final = re.compile(
    r"[a-z]*(loss|losses|error|errors|err)"
    r"|mae|r?mse|s?mape|nll|kl|bp[bcd]|ppl|perplexity|[wce]er|ece|fid|fpr|fnr|brier|regret|cost|distance"
    r"|divergence|latency|time|elapsed|duration|seconds|ms|us"
)


@lru_cache(maxsize=16_384)
def lower_is_better(name: str) -> bool:
    """Whether little of it is wanted, judging by the words of its name."""
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold())
    return any(_UNWANTED.fullmatch(word) for word in words)


class Reading(msgspec.Struct, frozen=True):
    """A curve in numbers; low and high are NaN if no value was finite. step: of the last value."""

    last: float
    low: float
    high: float
    step: int
    total: int

    def best(self, *, lower: bool) -> float | None:
        """The best value; None if none was finite."""
        value = self.low if lower else self.high
        return value if isfinite(value) else None


def reading(state: State, run: str, name: str) -> Reading | None:
    """The numbers of a run's curve."""
    views = state.curve_views(Metric, (run, name))
    return None if views is None else _read(views)


def _read(views: Views) -> Reading:
    low, high = np.frombuffer(views.low), np.frombuffer(views.high)
    if not low.size:
        return Reading(views.last, np.nan, np.nan, 0, views.total)
    # Of a number and NaN, fmin is the number.
    step = views.steps.cast("B").cast("q")[-1]
    return Reading(views.last, float(np.fmin.reduce(low)), float(np.fmax.reduce(high)), step, views.total)


def metrics_by_runs(state: State) -> list[str]:
    """The names of all metrics.

    First comes what most runs have, among equals what was measured on data held out, then losses.
    """
    counted = Counter([key[1] for key in state.series(Metric)])
    return sorted(counted, key=lambda name: (-counted[name], *_importance(name), name))


@lru_cache(maxsize=16_384)
def _importance(name: str) -> Sequence[bool]:
    folded = name.casefold()
    return not ("val" in folded or "test" in folded or "eval" in folded), "loss" not in folded
