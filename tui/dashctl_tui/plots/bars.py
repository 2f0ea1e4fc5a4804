"""A value as a horizontal bar on a scale.

Rules: a bar is exact to an eighth of a cell; it is decoration beside a number, so whoever draws it writes the
number too, and flags one that lies outside the scale.
"""

from math import floor, isnan

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row
from dashctl_tui.plots.palette import ACCENT, TRACK
from dashctl_tui.plots.scale import Scale

ACCURACY = Scale(0.5, 1.0)
"""Accuracy from guessing between two classes to perfect."""

_EIGHTHS = len(glyphs.BLOCKS_RIGHT) - 1


def bar(value: float, scale: Scale, width: int, ink: Ink = ACCENT) -> Row:
    """`width` cells: filled up to the value, the rest a dark track; empty below the scale and for NaN."""
    share = scale.place_one(value)
    eighths = 0 if isnan(share) else floor(min(1.0, max(0.0, share)) * width * _EIGHTHS + 0.5)
    whole, part = divmod(eighths, _EIGHTHS)
    tip = glyphs.BLOCKS_RIGHT[part] if part else ""
    on_track = Ink(ink.colour, TRACK)
    filled = Row.of((glyphs.BLOCKS_RIGHT[-1] * whole + tip, on_track))
    return filled + Row.blank(width - filled.width, on_track)
