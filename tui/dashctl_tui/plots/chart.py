"""The frame of a chart: two scales, their ticks, and where a value falls.

Rules: labels give way before data: below 24 columns there is no gutter, below 6 rows no x axis; grid lines
lie under whatever is drawn on them.
"""

from collections.abc import Sequence
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Row, Run, fit
from dashctl_tui.plots.grid import DOTS_ACROSS, DOTS_DOWN
from dashctl_tui.plots.palette import ACCENT, FAINT, MUTED
from dashctl_tui.plots.scale import Scale, Tick
from dashctl_tui.plots.text import clip, fill_left

_ROWS_PER_TICK = 3
_CELLS_PER_TICK = 12
_WIDEST_LABEL = 10
_GRID_GAP = 4


class Chart(msgspec.Struct, frozen=True):
    """A plane of `width`×`height` cells for the data, a gutter on its left and `below` rows under it."""

    x: Scale
    y: Scale
    width: int
    height: int
    gutter: int
    below: int

    @classmethod
    def within(cls, x: Scale, y: Scale, width: int, height: int) -> "Chart":
        """The chart whose frame takes exactly `width`×`height` cells."""
        below = 2 if height >= 6 and width >= 16 else 0
        plane_height = height - below
        ticks = _y_ticks(y, plane_height)
        gutter = min(_WIDEST_LABEL, max((len(tick.label) for tick in ticks), default=0)) + 1
        gutter = gutter if width >= max(24, gutter + 12) else 0
        return cls(x, y, max(1, width - gutter), max(1, plane_height), gutter, below)

    @property
    def columns(self) -> int:
        return self.width * DOTS_ACROSS

    @property
    def rows(self) -> int:
        return self.height * DOTS_DOWN

    def columns_of(self, x: ArrayLike) -> NDArray[np.float64]:
        """Where x values fall, in dots from the left: 0 at the scale's low end, columns - 1 at its high."""
        with np.errstate(over="ignore"):
            return self.x.place(x) * (self.columns - 1)

    def rows_of(self, y: ArrayLike) -> NDArray[np.float64]:
        """Where y values fall, in dots from the top."""
        return (1 - self.y.place(y)) * (self.rows - 1)

    def cell_of(self, x: float, y: float) -> tuple[int, int]:
        """The cell (column, row) of a point within both scales."""
        return self._cell_column(x), self._cell_row(y)

    def cells_of(self, x: ArrayLike) -> list[int]:
        """The columns of cells that places on the x axis fall into, ascending, each once."""
        dots = np.clip(self.columns_of(x), 0, self.columns - 1)
        cells: list[int] = np.unique(np.rint(dots).astype(np.int64) // DOTS_ACROSS).tolist()
        return cells

    def grid_lines(self) -> NDArray[np.bool_]:
        """Dotted lines at the y ticks, as dots: (rows, columns)."""
        dots = np.zeros((self.rows, self.columns), dtype=np.bool_)
        if self.gutter:
            ticks = [tick.value for tick in _y_ticks(self.y, self.height)]
            dots[np.rint(self.rows_of(ticks)).astype(int).clip(0, self.rows - 1), ::_GRID_GAP] = True
        return dots

    def framed(self, plane: Sequence[Row], x_label: str = "", crosshair: float | None = None) -> list[Row]:
        """The plane with its axes: `height + below` rows of `gutter + width` cells.

        crosshair: a place on the x axis that is written below the plane.
        """
        ticks = self._tick_rows() if self.gutter else {}
        rows = [self._gutter(ticks.get(number)) + row for number, row in enumerate(plane)]
        return rows + (self._x_axis(x_label, crosshair) if self.below else [])

    def column_at(self, x: float) -> int | None:
        """The cell's column of a place on the x axis, None where it is not on it."""
        return self._cell_column(x) if -1e-9 <= self.x.place_one(x) <= 1 + 1e-9 else None

    def x_at(self, column: int) -> float:
        """The place on the x axis in the middle of a column of cells, within the scale."""
        share = (column * DOTS_ACROSS + (DOTS_ACROSS - 1) / 2) / max(1, self.columns - 1)
        share = min(1.0, max(0.0, share))
        return self.x.low * (1 - share) + self.x.high * share

    def _cell_column(self, x: float) -> int:
        return round(min(self.columns - 1.0, max(0.0, float(self.columns_of(x))))) // DOTS_ACROSS

    def _cell_row(self, y: float) -> int:
        return min(self.height - 1, max(0, round(float(self.rows_of(y))) // DOTS_DOWN))

    def _tick_rows(self) -> dict[int, Tick]:
        return {self._cell_row(tick.value): tick for tick in _y_ticks(self.y, self.height)}

    def _gutter(self, tick: Tick | None) -> Row:
        if not self.gutter:
            return Row.blank(0)
        if tick is None:
            return Row.of(" " * (self.gutter - 1), (glyphs.AXIS_VERTICAL, FAINT))
        return Row.of((fill_left(tick.label, self.gutter - 1), MUTED), (glyphs.AXIS_TICK_LEFT, FAINT))

    def _x_axis(self, label: str, crosshair: float | None) -> list[Row]:
        size = self.gutter + self.width
        corner = " " * (self.gutter - 1) + glyphs.AXIS_CORNER if self.gutter else ""
        line = [*corner, *glyphs.AXIS_HORIZONTAL * self.width]
        labels: list[str | Run] = []
        used, free = 0, 0
        for tick in self.x.ticks(max(3, self.width // _CELLS_PER_TICK)):
            column = self.gutter + self._cell_column(tick.value)
            line[column] = glyphs.AXIS_TICK_BOTTOM
            start = max(0, min(column - len(tick.label) // 2, size - len(tick.label)))
            if start >= free:
                labels += [" " * (start - used), (tick.label, MUTED)]
                used = start + len(tick.label)
                free = used + 2
        axis, numbers, used = Row.of(("".join(line), FAINT)), Row.of(*labels).fit(size), free
        # What is written at the crosshair says by itself what it is, and needs the room.
        name = Row.of((clip(label if crosshair is None else "", self.width // 3), MUTED))
        if used + name.width <= size:
            numbers = numbers.overlay(size - name.width, name)
        else:
            axis = axis.overlay(size - name.width - 1, Row.blank(1) + name)
        if crosshair is not None and (at := self.column_at(crosshair)) is not None:
            here = Row.of((f" {self.x.label(crosshair)} ", ACCENT._replace(bold=True)))
            start = max(0, min(self.gutter + at - here.width // 2, size - here.width))
            numbers = numbers.overlay(start, here)
        return fit([axis, numbers], size, self.below)


@lru_cache(maxsize=256)
def _y_ticks(scale: Scale, height: int) -> Sequence[Tick]:
    """Ticks with air between them; closer ones where there would be fewer than two, which give no scale."""
    most = _tick_count(height)
    ticks = scale.ticks(most)
    while len(ticks) < 2 and most < height:
        most += 1
        ticks = scale.ticks(most)
    return ticks


def _tick_count(rows: int) -> int:
    return max(3, rows // _ROWS_PER_TICK)
