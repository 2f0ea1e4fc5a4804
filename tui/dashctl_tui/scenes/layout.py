"""How scenes share out their space: panels, headings and lists that scroll.

Rules: every panel has the same frame and the same inner margin of one cell; a list that is cut off says
how much of it is seen.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from rich.cells import cell_len

from dashctl_tui.plots.canvas import Ink, Row, fit, framed
from dashctl_tui.plots.palette import FAINT, HEADING, MUTED

PANEL_ROWS = 2
"""Rows that a panel's frame takes, above and below together."""
PANEL_COLUMNS = 4
"""Columns that a panel's frame and margins take, left and right together."""

Block = Callable[[int, int], Sequence[Row]]
"""Draws into a width and a height."""


def panel(
    title: str, content: Block, width: int, height: int, *, note: str = "", heading: Ink = HEADING
) -> list[Row]:
    """A frame of exactly this size around what `content` draws; `note` stands in its lower edge."""
    room, lines = max(0, width - PANEL_COLUMNS), max(0, height - PANEL_ROWS)
    inner = fit(content(max(1, room), max(1, lines)), room, lines)
    rows = framed([Row.of(" ") + row for row in inner], title, width, height, line=FAINT, heading=heading)
    if note and height >= 3 and cell_len(note) + 6 <= width:
        rows[-1] = rows[-1].overlay(width - cell_len(note) - 4, Row.of((f" {note} ", MUTED)))
    return rows


def seen(first: int, shown: int, total: int) -> str:
    """Which part of a list is on the screen, as `11–30 of 200`; empty when all of it is."""
    if shown >= total:
        return ""
    return f"{first + 1}–{first + shown} of {total}" if shown else f"{total} more"


def shares(total: int, weights: Sequence[int], gap: int = 1) -> list[int]:
    """`total` cells shared out by weight, with `gap` cells between neighbours; they add up exactly."""
    free = max(0, total - gap * (len(weights) - 1))
    whole = max(1, sum(weights))
    edges = [free * sum(weights[:count]) // whole for count in range(len(weights) + 1)]
    return [right - left for left, right in pairwise(edges)]


def spread(left: Row, right: Row, width: int) -> Row:
    """`left` at the left and `right` at the right edge; the left one gives way."""
    right = right.cut(0, width)
    room = width - right.width
    return left.fit(max(0, room - 1)).fit(room) + right
