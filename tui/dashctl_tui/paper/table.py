"""A table as CSV (RFC 4180).

Rule: what a spreadsheet would take for a formula is made text by an apostrophe, because names come from
programs that anybody may run.
"""

import csv
import io
from typing import Final

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
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell
