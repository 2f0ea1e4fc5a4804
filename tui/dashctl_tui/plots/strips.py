"""Rows turned into Textual's strips.

Rules: this is the only place where a plot meets Textual or Rich styles; build strips once per picture and
keep them, a widget's `render_line` should only look one up; neighbouring runs that look the same in a skin
become one, because a terminal is sent every run again.
"""

from functools import lru_cache
from typing import Final

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from dashctl_tui.plots.canvas import Ink, Row
from dashctl_tui.plots.skin import Colour, Paint, Skin
from dashctl_tui.plots.spelling import in_ascii

_DEFAULT: Final = Skin()


class Styles(dict[Ink, Style]):
    """The Rich styles of inks in one skin, made when first asked for; equal ones are the same object."""

    def __init__(self, skin: Skin) -> None:
        super().__init__()
        self._skin = skin

    def __missing__(self, ink: Ink) -> Style:
        style = self[ink] = style_of_paint(self._skin.paint(ink))
        return style


@lru_cache(maxsize=64)
def styles_in(skin: Skin) -> Styles:
    """Every ink's style in a skin."""
    return Styles(skin)


@lru_cache(maxsize=4096)
def style_of_paint(paint: Paint) -> Style:
    """As Rich has it; attributes that are off stay unset, so that a widget's own style shows."""
    return Style(
        color=rich_colour(paint.colour),
        bgcolor=rich_colour(paint.background),
        bold=paint.bold or None,
        underline=paint.underline or None,
        reverse=paint.reverse or None,
    )


def rich_colour(colour: Colour) -> Color | None:
    """As Rich has it, None for the terminal's own."""
    if colour is None:
        return None
    return Color.parse(colour) if isinstance(colour, str) else Color.from_ansi(colour)


def to_strip(row: Row, skin: Skin = _DEFAULT) -> Strip:
    """One row as a strip of known length."""
    styles = styles_in(skin)
    runs = [(in_ascii(text), ink) for text, ink in row.runs] if skin.ascii else row.runs
    segments: list[Segment] = []
    before: Style | None = None
    # Half of the time that Segment(…) takes, and there are thousands in a picture.
    new = tuple.__new__
    for text, ink in runs:
        style = styles[ink]
        if style is before:
            segments[-1] = Segment(segments[-1].text + text, style)
        else:
            segments.append(new(Segment, (text, style, None)))
            before = style
    return Strip(segments, row.width)
