"""A page as SVG.

Rule: each run is stretched to its cells, so that columns stay columns in any font.
"""

from collections.abc import Iterator
from html import escape
from typing import Final

from dashctl_tui.paper.runs import FONTS, Page, Run

_WIDTH: Final = 9
_HEIGHT: Final = 18
_BASELINE: Final = 14
_SIZE: Final = 15


def to_svg(page: Page) -> str:
    """The picture; (columns × 9) by (lines × 18) units."""
    width, height = max(1, page.columns) * _WIDTH, max(1, page.lines) * _HEIGHT
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
            f'<rect width="{width}" height="{height}" fill="{page.background}"/>',
            f'<g font-family="{escape(FONTS)}" font-size="{_SIZE}" xml:space="preserve">',
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
    if run.text.strip() or run.underline:
        bold = ' font-weight="bold"' if run.bold else ""
        under = ' text-decoration="underline"' if run.underline else ""
        yield (
            f'<text x="{x}" y="{y + _BASELINE}" textLength="{width}" lengthAdjust="spacingAndGlyphs" '
            f'fill="{run.colour}"{bold}{under}>{escape(run.text)}</text>'
        )
