"""What watching costs beside following: metrics judged by rules, against folding the same into a state.

Both get the same columns of 5,000 series; processor time, the best of several rounds: other work only adds.
"""

import random
import time
from array import array
from collections.abc import Callable

from benchmarks.result import Result
from dashctl.alerts.reading import read_text
from dashctl.alerts.watch import Watch
from dashctl.events import RunStarted
from dashctl.metric_columns import MetricColumns
from dashctl.state import State, fold_all

RUNS, NAMES, BATCH, ROUNDS = 100, 50, 1_000, 7
NOW = 1_700_000_000.0
NONE = '[[rule]]\nname = "a"\nkind = "nan"\nmetric = "another*"\n'
FEW = '[[rule]]\nname = "b"\nkind = "nan"\nmetric = "metric-7"\n'
ALL = '[[rule]]\nname = "c"\nkind = "nan"\n'
MANY = ALL + (
    '[[rule]]\nname = "d"\nkind = "threshold"\nabove = 5\nfor = 60\n'
    '[[rule]]\nname = "e"\nkind = "stalled"\nseconds = 60\n'
    '[[rule]]\nname = "f"\nkind = "plateau"\nover = "100 steps"\n'
)


def batches(count: int) -> list[MetricColumns]:
    """One after the other for each run, as frames bring them."""
    chance = random.Random(7)
    names = tuple(f"metric-{number}" for number in range(NAMES))
    return [
        MetricColumns(
            f"run-{number % RUNS}",
            array("d", [NOW + number / 100]) * BATCH,
            names,
            codes=array("H", [place % NAMES for place in range(BATCH)]),
            steps=array("q", [number // RUNS * BATCH + place for place in range(BATCH)]),
            values=array("d", [chance.random() for _ in range(BATCH)]),
        )
        for number in range(count)
    ]


def microseconds(take: Callable[[MetricColumns], object], given: list[MetricColumns]) -> float:
    """Of one sample."""
    best = float("inf")
    for first in range(0, len(given), RUNS):
        started = time.process_time()
        for each in given[first : first + RUNS]:
            take(each)
        best = min(best, time.process_time() - started)
    return best / (RUNS * BATCH) * 1e6


def run() -> list[Result]:
    """All comparisons."""
    given = batches(ROUNDS * RUNS)
    state, before = State(), State()
    for number in range(RUNS):
        before.take(RunStarted(), NOW - 1, f"run-{number}")
    peer = microseconds(lambda columns: fold_all(state, columns), given)
    results = []
    for words, text in (
        ("no series is meant", NONE),
        ("one series in 50", FEW),
        ("all series, one rule", ALL),
        ("all series, four rules", MANY),
    ):
        watch = Watch(read_text(text, "benchmark").rules)
        watch.begin(before, NOW)
        ours = microseconds(lambda columns, watch=watch: watch.take(columns, NOW), given)  # type: ignore[misc]
        results.append(Result(words, ours, peer, "folding into a state", "µs a sample"))
    return results
