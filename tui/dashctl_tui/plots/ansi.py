"""Rows turned into terminal escape codes, for a terminal that no application owns.

Rule: this is the only place that spells SGR codes; widgets use `dashctl_tui.plots.strips`.
"""

from collections.abc import Sequence
from functools import lru_cache

from rich.color import Color, ColorSystem

from dashctl_tui.plots.canvas import PLAIN, Ink, Row

RESET = "\x1b[0m"


@lru_cache(maxsize=4096)
def sgr(ink: Ink, truecolor: bool = True) -> str:
    """The escape code that switches from the terminal's default to `ink`; "" for plain ink."""
    codes = [code for wanted, code in ((ink.bold, "1"), (ink.underline, "4"), (ink.reverse, "7")) if wanted]
    if ink.colour:
        codes += _colour_codes(ink.colour, truecolor, foreground=True)
    if ink.background:
        codes += _colour_codes(ink.background, truecolor, foreground=False)
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def _colour_codes(colour: str, truecolor: bool, foreground: bool) -> Sequence[str]:
    system = ColorSystem.TRUECOLOR if truecolor else ColorSystem.EIGHT_BIT
    return Color.parse(colour).downgrade(system).get_ansi_codes(foreground)


def to_ansi(rows: Sequence[Row], truecolor: bool = True) -> str:
    """The rows with colours, one line each; every line ends in the terminal's default ink.

    truecolor: 24-bit colours; otherwise the nearest of the 256 standard ones.
    """
    return "\n".join(_ansi_line(row, truecolor) for row in rows)


def _ansi_line(row: Row, truecolor: bool) -> str:
    return "".join(text if ink == PLAIN else f"{sgr(ink, truecolor)}{text}{RESET}" for text, ink in row.runs)
