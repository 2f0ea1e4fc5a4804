"""Aligned columns of text.

Rules: widths are terminal cells; when the width is short the widest columns give way first, down to one cell;
rows that do not fit are counted in the last one.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec
from rich.cells import cell_len

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Row, Run, fit
from dashctl_tui.plots.palette import MUTED, TEXT
from dashctl_tui.plots.text import clip, fill, fill_left, inert

_GAP = 2


class Column(msgspec.Struct, frozen=True):
    """A heading and the side its cells stand at (numbers to the right)."""

    title: str
    align: Literal["left", "right"] = "left"


def draw_table(
    columns: Sequence[Column], rows: Sequence[Sequence[str | Run]], width: int, height: int
) -> list[Row]:
    """A muted heading and one line per row. Each row has one cell per column: text, or text and ink."""
    cells = [[_as_run(cell) for cell in row] for row in rows]
    widths = _column_widths(columns, cells, width)
    heading = _line([(column.title, MUTED) for column in columns], columns, widths)
    room = max(0, height - 1)
    shown = cells if len(cells) <= room else cells[: max(0, room - 1)]
    lines = [heading, *(_line(row, columns, widths) for row in shown)]
    if len(shown) < len(cells):
        lines.append(Row.of((f"{glyphs.ELLIPSIS} {len(cells) - len(shown)} more", MUTED)))
    return fit(lines, width, height)


def _as_run(cell: str | Run) -> Run:
    return (inert(cell), TEXT) if isinstance(cell, str) else (inert(cell[0]), cell[1])


def _column_widths(columns: Sequence[Column], cells: Sequence[Sequence[Run]], width: int) -> list[int]:
    widths = [
        max(cell_len(text) for text in (inert(column.title), *(row[index][0] for row in cells)))
        for index, column in enumerate(columns)
    ]
    room = width - _GAP * (len(widths) - 1)
    while sum(widths) > room and max(widths, default=0) > 1:
        widths[widths.index(max(widths))] -= 1
    return widths


def _line(row: Sequence[Run], columns: Sequence[Column], widths: Sequence[int]) -> Row:
    line = Row.blank(0)
    for (text, ink), column, size in zip(row, columns, widths, strict=True):
        cell = clip(text, size)
        aligned = fill_left(cell, size) if column.align == "right" else fill(cell, size)
        line = line + Row.blank(_GAP if line.width else 0) + Row.of((aligned, ink))
    return line
