"""How the Training scene is looked at."""

from dataclasses import dataclass
from typing import Final, Literal

from dashctl_tui.plots.curve import CurveStyle, Window
from dashctl_tui.plots.scale import Unit

Axis = Literal["step", "relative", "time"]

AXES: Final[tuple[Axis, ...]] = ("step", "relative", "time")
AXIS_WORDS: Final[dict[Axis, str]] = {"step": "step", "relative": "since start", "time": "time"}
_UNITS: Final[dict[Axis, Unit]] = {"step": "count", "relative": "seconds", "time": "moment"}
SMOOTHINGS: Final = (0.0, 0.01, 0.03, 0.1)
"""Shares of the visible x axis, the lightest first."""


@dataclass(frozen=True, slots=True)
class TrainingLook:
    """scroll: lines of charts left out above. smoothing: share of the visible x axis, 0 for none.

    axis: what x is. window: the ends of the x axis of all charts, None for all there is. crosshair: a place
    on it. chart: the title of the chart that is chosen, "" for the first. opened: whether it is shown alone.
    typical: whether the y axis is of what most points are.
    """

    scroll: int = 0
    log_y: bool = False
    smoothing: float = 0.0
    axis: Axis = "step"
    window: Window | None = None
    crosshair: float | None = None
    chart: str = ""
    opened: bool = False
    typical: bool = False

    def style(self, *, legend: bool) -> CurveStyle:
        """How curves are drawn."""
        return CurveStyle(
            self.log_y,
            self.smoothing,
            AXIS_WORDS[self.axis],
            self.window,
            self.crosshair,
            _UNITS[self.axis],
            legend,
            self.typical,
        )
