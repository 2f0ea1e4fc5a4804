"""A table as CSV (RFC 4180).

Rules: names come from programs that anybody may run, so what a spreadsheet would take for a formula is made
text by an apostrophe, and what a terminal would obey is a sign; lines stay lines.
"""

import csv
import io
from typing import Final

from dashctl_tui.plots.text import inert
from dashctl_tui.scenes.scene import Table

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def to_csv(table: Table) -> str:
    """The table, its heading first."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([[_cell(cell) for cell in line] for line in table])
    return written.getvalue()


def _cell(cell: str | float | None) -> str | float:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return cell
    text = cell if cell.isprintable() else "\n".join(map(inert, cell.split("\n")))
    return f"'{text}" if cell.startswith(_FORMULA) else text
