"""How charts are laid out, and which of them is where.

Rules: as many columns as give charts of a pleasant shape; charts share the room evenly and to the last cell.
"""

from collections.abc import Iterator
from math import log
from typing import Final

import msgspec

from dashctl_tui.scenes.layout import shares

CHART_WIDTH: Final = 38
CHART_ROWS: Final = 9
_PLEASANT = 3.2
"""Cells across for each cell down."""


class Grid(msgspec.Struct, frozen=True):
    """How charts are laid out: in `columns`; `fitting` rows of them are seen, from row `first` on."""

    columns: int
    lines: int
    fitting: int
    first: int

    @property
    def scrollable(self) -> int:
        return max(0, self.lines - self.fitting)

    @property
    def seen(self) -> slice:
        """Which charts are on the screen."""
        return slice(self.first * self.columns, (self.first + self.fitting) * self.columns)


class Place(msgspec.Struct, frozen=True):
    """Where a chart stands, in cells from the upper left corner; `chart` counts those on the screen."""

    chart: int
    column: int
    row: int
    width: int
    height: int

    def holds(self, column: int, row: int) -> bool:
        return 0 <= column - self.column < self.width and 0 <= row - self.row < self.height


def grid_of(charts: int, width: int, height: int, scroll: int) -> Grid:
    """As many columns as give charts of a pleasant shape, all of them on the screen if they can be."""
    height = max(1, height)
    most = max(1, width // CHART_WIDTH)

    def unpleasantness(columns: int) -> tuple[int, float]:
        lines = -(-charts // columns)
        fitting = max(1, min(lines, height // CHART_ROWS))
        shape = (width / columns) / (height / fitting)
        return lines - fitting, abs(log(shape / _PLEASANT))

    columns = min(range(1, max(1, min(most, charts)) + 1), key=unpleasantness)
    lines = -(-charts // columns)
    columns = -(-charts // lines) if lines else 1
    fitting = max(1, min(lines, height // CHART_ROWS))
    return Grid(columns, lines, fitting, min(max(0, scroll), max(0, lines - fitting)))


def places(charts: int, columns: int, width: int, height: int, above: int) -> Iterator[Place]:
    """Where each of the charts on the screen stands, below so many rows."""
    lines = -(-charts // columns)
    top = above
    for line, rows in enumerate(shares(max(0, height - above), [1] * lines, gap=0)):
        first = line * columns
        left = 0
        across = min(columns, charts - first)
        for number, cells in enumerate(shares(width, [1] * across)):
            yield Place(first + number, left, top, cells, rows)
            left += cells + 1
        top += rows
