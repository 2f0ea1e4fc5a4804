"""The data behind the Training scene's picture.

Rule: one line for each point of each curve on the screen, as it is kept, never as it is smoothed.
"""

import numpy as np

from dashctl_tui.scenes.scene import Table
from dashctl_tui.scenes.training.look import TrainingLook
from dashctl_tui.scenes.training.view import Training
from dashctl_tui.scenes.viewport import Viewport

_HEADING = ("run", "metric", "step", "time", "mean", "low", "high")


def table(view: Training, viewport: Viewport[TrainingLook]) -> Table:
    """run, metric, step, time (seconds since 1970), and of the finite samples mean, low and high."""
    lines: list[tuple[str | int | float | None, ...]] = [_HEADING]
    for chart in view.charts:
        for line in chart.lines:
            columns = line.columns
            steps = np.frombuffer(columns.steps, dtype=np.int64).tolist()
            numbers = (columns.times, columns.mean, columns.low, columns.high)
            for step, *rest in zip(steps, *(np.frombuffer(each).tolist() for each in numbers), strict=True):
                lines.append((line.run, line.metric, step, *rest))
    return lines
