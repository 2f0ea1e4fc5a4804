"""A page as HTML that stands alone."""

from collections.abc import Iterator
from html import escape
from itertools import groupby

from dashctl_tui.paper.runs import FONTS, Page, Run


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
        f"pre {{ font: 15px/1.2 {FONTS}; }}</style>\n</head>\n"
        f"<body>\n<pre>{text}</pre>\n</body>\n</html>\n"
    )


def _span(run: Run, background: str) -> str:
    text = escape(run.text)
    if not run.text.strip() and run.background == background and not run.underline:
        return text
    return f'<span style="{"; ".join(_styles(run, background))}">{text}</span>'


def _styles(run: Run, background: str) -> Iterator[str]:
    yield f"color: {run.colour}"
    if run.background != background:
        yield f"background: {run.background}"
    if run.bold:
        yield "font-weight: bold"
    if run.underline:
        yield "text-decoration: underline"
