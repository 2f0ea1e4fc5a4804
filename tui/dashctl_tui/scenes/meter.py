"""A thin bar for one line among others, where solid bars in neighbouring rows would run into a block.

Rule: it is exact to half a cell and reads without colour: a heavy line up to the value, a light one beyond.
"""

from math import isfinite

from dashctl_tui.plots.canvas import Ink, Row
from dashctl_tui.plots.palette import FAINTER

_HEAVY = "━"
_HALF = "╸"
_LIGHT = "─"


def meter(share: float, width: int, ink: Ink) -> Row:
    """`width` cells, filled up to a share of 1; what is beyond 0–1 ends at the edge, NaN is empty."""
    halves = round(min(1.0, max(0.0, share)) * width * 2) if isfinite(share) else 0
    whole, half = divmod(halves, 2)
    filled = _HEAVY * whole + _HALF * half
    return Row.of((filled, ink), (_LIGHT * (width - len(filled)), FAINTER))
