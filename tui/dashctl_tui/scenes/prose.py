"""Words in a picture: wrapped, centred, with commands that stand out.

Rule: a word that does not fit a line is clipped; whatever is printed is inert.
"""

import re
from collections.abc import Iterator

from dashctl_tui.plots.canvas import Ink, Row, Run, fit
from dashctl_tui.plots.palette import ACCENT, HEADING, MUTED
from dashctl_tui.plots.text import clip, inert

_MEASURE = 64
_WORD = re.compile(r"[^\s`]*`[^`]*`[^\s`]*|\S+")


def notice(heading: str, words: str, width: int, height: int) -> list[Row]:
    """A heading and a paragraph in the middle of a picture."""
    measure = max(1, min(_MEASURE, width - 4))
    lines = [Row.of((clip(heading, measure), HEADING)), Row.of(""), *paragraph(words, measure)]
    above = max(0, (height - len(lines)) // 2)
    centred = [Row.blank((width - line.width) // 2) + line for line in lines]
    return fit([Row.blank(width)] * above + centred, width, height)


def no_match(wanted: str, width: int, height: int, back: str = "Esc") -> list[Row]:
    """What to show when a filter leaves nothing; `back` is the key that takes it away."""
    heading = f"Nothing here matches “{clip(wanted, 24)}”"
    return notice(heading, f"`{back}` takes the filter away.", width, height)


def paragraph(words: str, width: int, ink: Ink = MUTED) -> list[Row]:
    """Words wrapped to at most `width` cells; what stands in `backquotes` is not parted and stands out."""
    lines: list[Row] = []
    for word in (Row.join(_runs(match[0], ink)).cut(0, width) for match in _WORD.finditer(inert(words))):
        if lines and lines[-1].width + 1 + word.width <= width:
            lines[-1] += Row.of((" ", ink)) + word
        else:
            lines.append(word)
    return lines


def _runs(word: str, ink: Ink) -> Iterator[Run]:
    for number, part in enumerate(word.split("`")):
        yield part, ACCENT if number % 2 else ink
