"""A widget that shows rows.

Rule: what did not change is not sent again: `show` compares with the rows before and refreshes only the
lines that differ; `render_line` looks a finished strip up.
"""

from collections.abc import Iterator, Sequence

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from dashctl_tui.plots.canvas import Row
from dashctl_tui.plots.strips import to_strip


class RowsView(Widget):
    """Shows the rows it was given last."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._rows: list[Row] = []
        self._strips: list[Strip] = []

    @property
    def rows(self) -> Sequence[Row]:
        """What is on the screen."""
        return self._rows

    def show(self, rows: Sequence[Row]) -> int:
        """Put these rows on the screen; returns how many lines are sent anew."""
        former, style = self._rows, self.rich_style
        changed = [line for line, row in enumerate(rows) if line >= len(former) or row != former[line]]
        changed += range(len(rows), len(former))
        self._rows = list(rows)
        strips = self._strips[: len(rows)] + [Strip.blank(0)] * (len(rows) - len(self._strips))
        for line in changed:
            if line < len(rows):
                strips[line] = to_strip(rows[line]).apply_style(style)
        self._strips = strips
        for first, last in _spans(changed):
            self.refresh(Region(0, first, self.size.width, last - first + 1))
        return len(changed)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self._strips):
            return Strip.blank(width, self.rich_style)
        return self._strips[y].adjust_cell_length(width, self.rich_style)

    def notify_style_update(self) -> None:
        """Strips carry the widget's own colours, so they are made again when those change."""
        super().notify_style_update()
        style = self.rich_style
        self._strips = [to_strip(row).apply_style(style) for row in self._rows]


def _spans(lines: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Lines, ascending, as spans from first to last of neighbours."""
    first = last = -2
    for line in lines:
        if line != last + 1:
            if last >= 0:
                yield first, last
            first = line
        last = line
    if last >= 0:
        yield first, last
