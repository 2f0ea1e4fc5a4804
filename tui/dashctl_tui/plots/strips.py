"""Rows turned into Textual's strips.

Rule: this is the only place where a plot meets Textual or Rich styles. Build strips once per picture and keep
them; a widget's `render_line` should only look one up.
"""

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from dashctl_tui.plots.canvas import Ink, Row


@lru_cache(maxsize=4096)
def style_of(ink: Ink) -> Style:
    """The Rich style of `ink`; attributes that are off stay unset, so that a widget's own style shows."""
    return Style(
        color=ink.colour or None,
        bgcolor=ink.background or None,
        bold=ink.bold or None,
        underline=ink.underline or None,
        reverse=ink.reverse or None,
    )


def to_strip(row: Row) -> Strip:
    """One row as a strip of known length."""
    return Strip([Segment(text, style_of(ink)) for text, ink in row.runs], row.width)
