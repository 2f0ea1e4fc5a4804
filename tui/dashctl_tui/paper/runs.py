"""Rows as runs of text with plain colours.

Rule: a run knows where it stands, so that no font can move what comes after it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from rich.cells import cell_len

from dashctl_tui.plots.canvas import Row
from dashctl_tui.plots.skin import Colour, Skin

FONTS: Final = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"


class Run(NamedTuple):
    """Text of `width` cells from cell `column` of line `line` on; colours are "#rrggbb"."""

    line: int
    column: int
    width: int
    text: str
    colour: str
    background: str
    bold: bool
    underline: bool


class Page(NamedTuple):
    """A picture of so many columns and lines on one background."""

    columns: int
    lines: int
    background: str
    runs: tuple[Run, ...]


def page_of(rows: Sequence[Row], skin: Skin) -> Page:
    """What rows show in the theme of a skin; paper has all colours, whatever the skin's terminal has."""
    skin = replace(skin, depth="truecolor", fills=True)
    columns = max((row.width for row in rows), default=0)
    return Page(columns, len(rows), _hex(skin.ground.background), tuple(_runs(rows, skin)))


def _runs(rows: Sequence[Row], skin: Skin) -> Iterator[Run]:
    ground = skin.ground
    for line, row in enumerate(rows):
        column = 0
        for text, ink in row.runs:
            paint, width = skin.paint(ink), cell_len(text)
            colour = _hex(paint.colour or ground.colour)
            background = _hex(paint.background or ground.background)
            if paint.reverse:
                colour, background = background, colour
            yield Run(line, column, width, text, colour, background, paint.bold, paint.underline)
            column += width


def _hex(colour: Colour) -> str:
    assert isinstance(colour, str), "a skin of 24 bits that fills names every colour"
    return colour
