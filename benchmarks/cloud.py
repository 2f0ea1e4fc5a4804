"""One frame of a point cloud, from points to what a screen is given.

Ours is drawn up to Textual's strips, the peers up to their string. They draw the same points at the same
size in two dimensions only, since they know no third.
"""

import re
from collections.abc import Callable
from statistics import median
from time import process_time

import numpy as np
import plotext
import uniplot
from numpy.typing import NDArray
from textual.strip import Strip

from benchmarks.result import Result
from dashctl_tui.plots.ansi import to_ansi
from dashctl_tui.plots.cloud import Cloud
from dashctl_tui.plots.palette import cloud_palette, cluster_ink
from dashctl_tui.plots.picking import pick
from dashctl_tui.plots.skin import Skin
from dashctl_tui.plots.strips import to_strip

WIDTH, HEIGHT = 200, 50
SMALLER = 120, 40
CLASSES = 10
_SPREAD = 0.25
_BATCHES = 7

Points = NDArray[np.float64]
Codes = NDArray[np.int64]


def clusters(count: int) -> tuple[Points, Codes]:
    """Points (count, 3) around ten centres, and to which centre each belongs."""
    random = np.random.default_rng(7)
    classes = random.integers(0, CLASSES, count)
    centres = random.normal(0, 1, (CLASSES, 3))
    return centres[classes] + random.normal(0, _SPREAD, (count, 3)), classes


def frame_seconds(draw: Callable[[int], object], frames: int) -> tuple[float, float]:
    """Processor seconds of a frame: of the best batch, since other work only adds to it, and the median."""
    draw(0)
    batches = []
    for batch in range(_BATCHES):
        started = process_time()
        for frame in range(frames):
            draw(batch * frames + frame)
        batches.append((process_time() - started) / frames)
    return min(batches), median(batches)


def our_frame(points: Points, classes: Codes) -> Callable[[int], list[Strip]]:
    """Draws the cloud a little further turned each time."""
    cloud = Cloud(points, classes)
    palette = cloud_palette(cluster_ink(code) for code in range(CLASSES))

    def draw(frame: int) -> list[Strip]:
        rows = cloud.draw(cloud.home.rotated(frame * 0.05, 0.0), WIDTH, HEIGHT, palette)
        return [to_strip(row) for row in rows]

    return draw


def our_bytes(points: Points, classes: Codes, width: int, height: int) -> int:
    """Of a whole frame in 256 colours, the mean of some."""
    cloud = Cloud(points, classes)
    palette = cloud_palette(cluster_ink(code) for code in range(CLASSES))
    frames = [
        cloud.draw(cloud.home.rotated(turn, 0.0), width, height, palette) for turn in np.arange(0, 6, 0.5)
    ]
    return sum(len(to_ansi(rows, Skin(depth="256")).encode()) for rows in frames) // len(frames)


def our_pick(points: Points, classes: Codes) -> Callable[[int], object]:
    """Finds the point in front at a cell, another one each time."""
    cloud = Cloud(points, classes)
    return lambda frame: pick(cloud, cloud.home, WIDTH, HEIGHT, (frame * 7 % WIDTH, frame * 3 % HEIGHT))


def plotext_frame(points: Points, classes: Codes) -> Callable[[int], str]:
    """Draws x and y of each class in its own colour."""
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


def uniplot_frame(points: Points, classes: Codes) -> Callable[[int], str]:
    """Draws x and y of each class in its own colour."""
    parts = [points[classes == code, :2] for code in range(CLASSES)]
    xs, ys = ([part[:, axis] for part in parts] for axis in (0, 1))

    def draw(frame: int) -> str:
        # The frame, the title and the labels are beside its height and width.
        drawn = uniplot.plot_to_string(
            ys, xs, width=WIDTH - 10, height=HEIGHT - 3, color=True, character_set="braille"
        )
        return str(drawn)

    return draw


def _measured(name: str, ours: Callable[[int], object], frames: int) -> tuple[float, str]:
    best, middle = frame_seconds(ours, frames)
    return best * 1e3, f"median {middle * 1e3:.2f} ms{name}"


def run() -> list[Result]:
    """60,000 points against both peers, then a million against their 60,000."""
    few, many = clusters(60_000), clusters(1_000_000)
    size = our_bytes(*few, *SMALLER)
    ours, note = _measured(
        f"; {size / 1e3:.1f} kB a frame at 120×40 in 256 colours, 3-D", our_frame(*few), 60
    )
    plotext_ms = frame_seconds(plotext_frame(*few), 1)[0] * 1e3
    drawn = re.sub("\x1b[^m]*m", "", uniplot_frame(*few)(0))
    assert any("\u2800" < character < "\u28ff" for character in drawn)
    uniplot_ms = frame_seconds(uniplot_frame(*few), 10)[0] * 1e3
    large, large_note = _measured("", our_frame(*many), 10)
    asked = frame_seconds(our_pick(*few), 60)[0] * 1e3
    scale = f"{WIDTH}×{HEIGHT}"
    return [
        Result(
            f"cloud of 60k points, {scale}", ours, plotext_ms, "plotext, 2-D, 60k points", "ms CPU", note=note
        ),
        Result(f"the same, {scale}", ours, uniplot_ms, "uniplot, 2-D, 60k points", "ms CPU"),
        Result(
            f"cloud of 1M points, {scale}",
            large,
            plotext_ms,
            "plotext, 2-D, 60k points",
            "ms CPU",
            note=large_note,
        ),
        Result("picking one of 60k points", asked, ours, "a frame of our own", "ms CPU"),
    ]
