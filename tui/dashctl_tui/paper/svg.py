"""A page as SVG.

Rules: every word stands at its own cells, so that columns stay columns in any font and any viewer, also in
one that stretches no text; braille is drawn dot by dot, since many fonts lack it or have it in other widths.
"""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from rich.cells import cell_len

from dashctl_tui.paper.runs import FONTS, Page, Run

_WIDTH: Final = 9
_HEIGHT: Final = 18
_BASELINE: Final = 14
_SIZE: Final = 15
_ASCII: Final = "[!-~\u0300-\u036f]+"
_PIECE: Final = re.compile(f"[\u2800-\u28ff]+|{_ASCII}(?: {_ASCII})*|[^ -~\u2800-\u28ff]+")
"""What is of one font and has no blanks that a viewer could draw together."""
_BRAILLE: Final = 0x2800
# Bit, left and upper edge of each dot of a cell (Unicode, block Braille Patterns).
_DOTS: Final = tuple(
    (bit, 1.5 + 4.5 * column, 1.25 + 4.5 * row)
    for row, bits in enumerate(((0, 3), (1, 4), (2, 5), (6, 7)))
    for column, bit in enumerate(bits)
)


def to_svg(page: Page) -> str:
    """The picture; (columns × 9) by (lines × 18) units."""
    width, height = max(1, page.columns) * _WIDTH, max(1, page.lines) * _HEIGHT
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
            f'<rect width="{width}" height="{height}" fill="{page.background}"/>',
            f'<g font-family="{escape(FONTS)}" font-size="{_SIZE}">',
            *(element for run in page.runs for element in _elements(run, page.background)),
            "</g>",
            "</svg>",
            "",
        ]
    )


def _elements(run: Run, background: str) -> Iterator[str]:
    x, y, width = run.column * _WIDTH, run.line * _HEIGHT, run.width * _WIDTH
    if run.background != background:
        yield f'<rect x="{x}" y="{y}" width="{width}" height="{_HEIGHT}" fill="{run.background}"/>'
    for piece in _PIECE.finditer(run.text):
        column = run.column + cell_len(run.text[: piece.start()])
        if "\u2800" <= piece[0][0] <= "\u28ff":
            yield f'<path fill="{run.colour}" d="{"".join(_dots(piece[0], column, y))}"/>'
        else:
            yield _text(run, piece[0], column)
    if run.underline:
        yield f'<rect x="{x}" y="{y + _BASELINE + 2}" width="{width}" height="1" fill="{run.colour}"/>'


def _text(run: Run, piece: str, column: int) -> str:
    bold = ' font-weight="bold"' if run.bold else ""
    return (
        f'<text x="{column * _WIDTH}" y="{run.line * _HEIGHT + _BASELINE}" '
        f'textLength="{max(1, cell_len(piece)) * _WIDTH}" lengthAdjust="spacingAndGlyphs" '
        f'fill="{run.colour}"{bold}>{escape(piece)}</text>'
    )


def _dots(piece: str, column: int, y: int) -> Iterator[str]:
    for at, character in enumerate(piece, column):
        pattern = ord(character) - _BRAILLE
        for bit, left, top in _DOTS:
            if pattern >> bit & 1:
                yield f"M{at * _WIDTH + left:g} {y + top:g}h2v2h-2z"
