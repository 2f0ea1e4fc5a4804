"""Going to the Training scene where 10,000 runs have been and 5,000 series are kept.

Ours is everything from the state to rows, the first time; the peer draws the same curves, 25 charts of five,
without picking them out, axes and all, to strings.
"""

from collections.abc import Callable
from dataclasses import replace
from statistics import median
from time import process_time

import numpy as np
import plotext

from benchmarks.result import Result
from dashctl.events import Metric, RunFinished, RunStarted
from dashctl.metric_columns import MetricColumns
from dashctl.state import State, fold
from dashctl_tui.scenes.training import SCENE
from dashctl_tui.scenes.training.look import AXES
from dashctl_tui.scenes.viewport import Viewport

WIDTH, HEIGHT = 200, 48
RUNS, GOING_ON, METRICS, SAMPLES = 10_000, 50, 100, 1_500
CHARTS, CURVES, PAGES = 25, 5, 4
NOW = 1_700_000_000.0
_TIMES = 9


def crowded() -> State:
    """A state of many runs, of which some have many metrics, each longer than what is kept unthinned."""
    state = State()
    for number in range(RUNS):
        begun = NOW - RUNS + number
        fold(state, RunStarted({"lr": 0.1 * number, "seed": number}, name="run"), begun, f"run-{number:05}")
        if number < RUNS - GOING_ON:
            fold(state, RunFinished(), begun + 1, f"run-{number:05}")
    noise = np.random.default_rng(3).normal(0, 0.1, (SAMPLES, METRICS))
    values = (np.exp(-np.arange(SAMPLES) / 400)[:, None] + noise).tolist()
    for number in range(RUNS - GOING_ON, RUNS):
        events = [
            Metric(f"part-{metric % 10}/metric-{metric:03}", step, values[step][metric])
            for step in range(SAMPLES)
            for metric in range(METRICS)
        ]
        state.take_all(MetricColumns.from_events(f"run-{number:05}", [NOW - 1.0] * len(events), events))
    return state


def seconds(what: Callable[[int], object]) -> tuple[float, float]:
    """Processor seconds: the best time, since other work only adds to it, and the median."""
    taken = []
    for time in range(_TIMES):
        started = process_time()
        what(time)
        taken.append(process_time() - started)
    return min(taken), median(taken)


def our_switch(state: State) -> Callable[[int], object]:
    """Every time as if for the first: to other charts, on another axis, at another moment."""

    def switch(time: int) -> object:
        look = replace(SCENE.look, scroll=CURVES * (time % PAGES), axis=AXES[time // PAGES % len(AXES)])
        viewport = Viewport(WIDTH, HEIGHT, look, NOW + time)
        return SCENE.paint(SCENE.select(state, viewport), viewport)

    return switch


def our_frame(state: State) -> Callable[[int], object]:
    """The same, where nothing has changed but the time."""

    def frame(time: int) -> object:
        viewport = Viewport(WIDTH, HEIGHT, SCENE.look, NOW + 100 + time)
        return SCENE.paint(SCENE.select(state, viewport), viewport)

    frame(_TIMES)
    return frame


def plotext_charts() -> Callable[[int], object]:
    """As many charts of as many curves of as many points, not even joined to lines."""
    points = SAMPLES // 2
    steps = np.arange(points)
    lines = [(np.exp(-steps / 200) + number).tolist() for number in range(CURVES)]
    markers = [plotext.marker("braille", number + 1) for number in range(CURVES)]
    figure = plotext.figure
    plotext.terminal.limit(False, False)

    def draw(_: int) -> object:
        texts = []
        for _chart in range(CHARTS):
            figure.clear()
            figure.plot_size(WIDTH // 5, HEIGHT // 5)
            for line, marker in zip(lines, markers, strict=True):
                figure.draw(figure.signal(steps.tolist(), line, marker=marker))
            texts.append(str(figure.build().string()))
        return texts

    return draw


def run() -> list[Result]:
    """A switch to the scene and a frame where nothing changed, against drawing the curves alone."""
    state = crowded()
    switch, usual = seconds(our_switch(state))
    frame, _ = seconds(our_frame(state))
    peer, _ = seconds(plotext_charts())
    name = f"plotext, the same {CHARTS} charts of {CURVES} curves"
    note = f"median {usual * 1e3:.0f} ms, at most 50 ms are aimed at"
    return [
        Result("scene switch, 5,000 series of 10,000 runs", switch * 1e3, peer * 1e3, name, "ms", note=note),
        Result("frame, nothing changed", frame * 1e3, peer * 1e3, name, "ms"),
    ]
