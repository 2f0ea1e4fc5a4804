"""How good a model is on held-out windows, and what one window costs.

Rules: what is measured is what a user would call, from telemetry to phase; accuracy comes with the
share of the commonest phase, because alone it says little; a model's cost does not depend on what
else the machine does meanwhile, so it is processor time.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from dashctl.detector.windows import Floats, Ints, Windows
from dashctl.phases import PHASES, Phase

WARM_UP: Final = 10
REPEATS: Final = 100


class Model(Protocol):
    """Anything that tells phases of windows."""

    @property
    def name(self) -> str:
        """As it is shown."""

    def predict(self, sequences: Floats) -> Ints:
        """Phase codes, int64 (n,), of telemetry (n, STEPS, CHANNELS)."""


@dataclass(frozen=True, slots=True)
class Result:
    """A model's result on held-out windows.

    `confusion[actual][predicted]` counts windows, in the order of PHASES. `baseline` is the accuracy
    of always saying the commonest phase of the held-out windows. `latency_us` is the median processor
    time for one window at batch size 1 on one thread, in microseconds: how long a user waits on a core
    that has nothing else to do.
    """

    model: str
    accuracy: float
    baseline: float
    latency_us: float
    confusion: tuple[tuple[int, ...], ...]

    @property
    def windows(self) -> int:
        """How many windows it was tested on."""
        return sum(map(sum, self.confusion))

    @property
    def recall(self) -> dict[Phase, float]:
        """Per phase, the share of its windows that were recognised; phases without any are left out."""
        return {
            phase: row[i] / sum(row)
            for i, (phase, row) in enumerate(zip(PHASES, self.confusion, strict=True))
            if sum(row)
        }


def evaluate(model: Model, held_out: Windows) -> Result:
    """Predicts every held-out window once, and one window often enough to know the time it takes."""
    predicted = model.predict(held_out.sequences)
    table = confusion(held_out.phases, predicted)
    return Result(
        model.name,
        accuracy=float((predicted == held_out.phases).mean()),
        baseline=max(map(sum, table)) / len(held_out),
        latency_us=_latency_us(model, held_out),
        confusion=table,
    )


def confusion(actual: Ints, predicted: Ints) -> tuple[tuple[int, ...], ...]:
    """Counts of windows by actual (rows) and predicted (columns) phase."""
    counts = np.bincount(actual * len(PHASES) + predicted, minlength=len(PHASES) ** 2)
    return tuple(map(tuple, counts.reshape(len(PHASES), -1).tolist()))


def _latency_us(model: Model, windows: Windows) -> float:
    times: list[float] = []
    # The calling thread's time is all of it only where libraries start no others.
    with threadpool_limits(limits=1):
        for turn in range(WARM_UP + REPEATS):
            one = windows.sequences[turn % len(windows)][None]
            begun = time.thread_time()
            model.predict(one)
            times.append(time.thread_time() - begun)
    return statistics.median(times[WARM_UP:]) * 1e6


def format_results(results: Sequence[Result]) -> str:
    """The results as plain text: one table of models, then each model's confusion matrix."""
    if not results:
        return "no model was trained to its end"
    lines = [f"{'model':<8} {'accuracy':>8} {'majority':>8} {'windows':>8} {'latency':>10}"]
    lines += [
        f"{r.model:<8} {r.accuracy:>8.1%} {r.baseline:>8.1%} {r.windows:>8} {r.latency_us:>7.0f} us"
        for r in sorted(results, key=lambda r: -r.accuracy)
    ]
    return "\n\n".join(["\n".join(lines), *map(_format_confusion, results)])


def _format_confusion(result: Result) -> str:
    width = max(map(len, PHASES)) + 1
    cell = 10
    head = "".join(f"{phase.rpartition('_')[2]:>{cell}}" for phase in PHASES)
    lines = [f"{result.model}: actual phase (rows) by predicted phase (columns)"]
    lines.append(f"{'':<{width}}{head}{'recall':>{cell}}")
    for phase, row in zip(PHASES, result.confusion, strict=True):
        recall = f"{result.recall[phase]:.0%}" if phase in result.recall else "-"
        lines.append(f"{phase:<{width}}" + "".join(f"{n:>{cell}}" for n in row) + f"{recall:>{cell}}")
    return "\n".join(lines)
