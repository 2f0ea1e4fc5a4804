"""Runs: all of them in a table, one in full, several side by side.

Rule: the table is what the other pages are opened from and closed to.
"""

from dashctl.events import HostStats, LogLine, Metric, Progress, RunFinished, RunStarted
from dashctl_tui.scenes.runs.compare import draw_comparison
from dashctl_tui.scenes.runs.detail import draw_detail
from dashctl_tui.scenes.runs.doing import ACTIONS, ACTS, mouse
from dashctl_tui.scenes.runs.look import Runs, RunsLook
from dashctl_tui.scenes.runs.selecting import select_runs
from dashctl_tui.scenes.runs.table import draw_runs, table_of_runs
from dashctl_tui.scenes.scene import Picture, Scene, Viewport


def _draw(view: Runs, viewport: Viewport[RunsLook]) -> Picture:
    if view.detail is not None:
        return draw_detail(view, view.detail, viewport)
    if view.comparison is not None:
        return draw_comparison(view, view.comparison, viewport)
    return draw_runs(view, viewport)


SCENE = Scene(
    name="runs",
    title="Runs",
    key="R",
    draws=(RunStarted, RunFinished, Metric, Progress, HostStats, LogLine),
    select=select_runs,
    draw=_draw,
    empty="No run has begun yet",
    remedy=(
        "`dashctl train detector` is one; a program of your own is one with "
        "`with dashctl.Run('mnist', lr=3e-4) as run: run.log(step, loss=loss)`."
    ),
    ticks=True,
    look=RunsLook(),
    acts=ACTS,
    actions=ACTIONS,
    mouse=mouse,
    table=table_of_runs,
)
