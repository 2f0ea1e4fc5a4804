"""A page as HTML that stands alone.

Rule: a character that fonts have in other widths, or lack, gets a box of its cells, so that columns stay
columns.
"""

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Final

from rich.cells import cell_len

from dashctl_tui.paper.runs import FONTS, Page, Run

_BOXED: Final = re.compile(
    "[\u1100-\u115f\u2010-\u24ff\u25a0-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60\U0001f300-\U0001faff]"
)
"""Signs, braille, and what is two cells wide; lines and blocks are in every monospaced font."""
_BOXES: Final = (
    "i, b { display: inline-block; width: 1ch; height: 1.2em; vertical-align: top; "
    "font-style: normal; font-weight: inherit; } b { width: 2ch; }"
)


def to_html(page: Page) -> str:
    """A document with the picture as preformatted text."""
    lines = {
        line: "".join(_span(run, page.background) for run in runs)
        for line, runs in groupby(page.runs, key=lambda run: run.line)
    }
    text = "\n".join(lines.get(line, "") for line in range(page.lines))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>dashctl</title>\n'
        f"<style>body {{ background: {page.background}; }} "
        f"pre {{ font: 15px/1.2 {FONTS}; }} {_BOXES}</style>\n</head>\n"
        f"<body>\n<pre>{text}</pre>\n</body>\n</html>\n"
    )


def _span(run: Run, background: str) -> str:
    text = _BOXED.sub(_box, escape(run.text))
    if not run.text.strip() and run.background == background and not run.underline:
        return text
    return f'<span style="{"; ".join(_styles(run, background))}">{text}</span>'


def _box(found: re.Match[str]) -> str:
    tag = "b" if cell_len(found[0]) == 2 else "i"
    return f"<{tag}>{found[0]}</{tag}>"


def _styles(run: Run, background: str) -> Iterator[str]:
    yield f"color: {run.colour}"
    if run.background != background:
        yield f"background: {run.background}"
    if run.bold:
        yield "font-weight: bold"
    if run.underline:
        yield "text-decoration: underline"
