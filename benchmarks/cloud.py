"""One frame of a point cloud, from points to a string for the terminal.

The peer draws the same points at the same size in two dimensions only, since it knows no third.
"""

from collections.abc import Callable
from time import process_time

import numpy as np
import plotext
from numpy.typing import NDArray

from benchmarks.result import Result
from dashctl_tui.plots.ansi import to_ansi
from dashctl_tui.plots.cloud import Cloud
from dashctl_tui.plots.palette import cloud_palette, cluster_ink
from dashctl_tui.plots.skin import Skin

WIDTH, HEIGHT = 200, 50
CLASSES = 10
_SPREAD = 0.25
_SKIN = Skin(depth="256")


def clusters(count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points (count, 3) around ten centres, and to which centre each belongs."""
    random = np.random.default_rng(7)
    classes = random.integers(0, CLASSES, count)
    centres = random.normal(0, 1, (CLASSES, 3))
    return centres[classes] + random.normal(0, _SPREAD, (count, 3)), classes


def frame_seconds(draw: Callable[[int], str], frames: int) -> float:
    """Processor seconds of one frame: the best of several batches, since other work only ever adds to it."""
    draw(0)
    batches = []
    for batch in range(5):
        started = process_time()
        for frame in range(frames):
            draw(batch * frames + frame)
        batches.append((process_time() - started) / frames)
    return min(batches)


def our_frame(points: NDArray[np.float64], classes: NDArray[np.int64]) -> Callable[[int], str]:
    """Draws the cloud a little further turned each time."""
    cloud = Cloud(points, classes)
    palette = cloud_palette(cluster_ink(code) for code in range(CLASSES))

    def draw(frame: int) -> str:
        return to_ansi(cloud.draw(cloud.home.rotated(frame * 0.05, 0.0), WIDTH, HEIGHT, palette), _SKIN)

    return draw


def plotext_frame(points: NDArray[np.float64], classes: NDArray[np.int64]) -> Callable[[int], str]:
    """Draws x and y of each class in its own colour with plotext."""
    parts = [points[classes == code, :2].T.tolist() for code in range(CLASSES)]
    markers = [plotext.marker("braille", code + 1) for code in range(CLASSES)]
    figure = plotext.figure
    plotext.terminal.limit(False, False)

    def draw(frame: int) -> str:
        figure.clear()
        figure.plot_size(WIDTH, HEIGHT)
        for (x, y), marker in zip(parts, markers, strict=True):
            figure.draw(figure.signal(x, y, marker=marker))
        return str(figure.build().string())

    return draw


def run() -> list[Result]:
    """60,000 points against the peer, then a million alone against our own 60,000."""
    few, many = clusters(60_000), clusters(1_000_000)
    ours = frame_seconds(our_frame(*few), 40) * 1e3
    peer = frame_seconds(plotext_frame(*few), 1) * 1e3
    large = frame_seconds(our_frame(*many), 8) * 1e3
    size = f"{len(our_frame(*few)(0).encode()) / 1e3:.0f} kB a frame, 3-D"
    scale = f"{WIDTH}×{HEIGHT}"
    return [
        Result(f"cloud of 60k points, {scale}", ours, peer, "plotext, 2-D, 60k points", "ms CPU", note=size),
        Result(f"cloud of 1M points, {scale}", large, peer, "plotext, 2-D, 60k points", "ms CPU"),
    ]
