"""Training: the curves of any metrics of any runs, compared, and how far the runs are.

Rules: metrics that differ only in the word train, val or test share a chart; so do several runs with the same
metric; what is not finite is marked in its chart; only charts on the screen are copied out of the state.
"""

from typing import Final

from dashctl.events import Metric, Progress, RunFinished, RunStarted
from dashctl_tui.scenes.scene import Scene
from dashctl_tui.scenes.training.curves import curve_of
from dashctl_tui.scenes.training.deeds import ACTIONS, ACTS, mouse
from dashctl_tui.scenes.training.draw import EMPTY, REMEDY, draw
from dashctl_tui.scenes.training.look import TrainingLook
from dashctl_tui.scenes.training.table import table
from dashctl_tui.scenes.training.view import Training, select

__all__ = ["SCENE", "TrainingLook", "curve_of"]

SCENE: Final[Scene[Training]] = Scene(
    name="training",
    title="Training",
    key="T",
    draws=(Metric, Progress, RunStarted, RunFinished),
    select=select,
    draw=draw,
    empty=EMPTY,
    remedy=REMEDY,
    ticks=True,
    look=TrainingLook(),
    picks=lambda look: (look.scroll, look.chart if look.opened else "", look.opened),
    acts=ACTS,
    actions=ACTIONS,
    mouse=mouse,
    table=table,
)
