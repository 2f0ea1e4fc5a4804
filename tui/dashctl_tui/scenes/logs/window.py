"""Which log lines are on the screen, and how the cells of a row are shared out.

Rules: the cursor's line is always among them; the top stays where it was as long as that holds; without a
cursor the newest lines are seen; what a row has room for depends on all lines together, so that nothing moves
while they are scrolled.
"""

from typing import Final

import msgspec

from dashctl_tui.plots.text import wrap
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS
from dashctl_tui.scenes.logs.look import Logs, LogsLook
from dashctl_tui.scenes.viewport import Viewport

_HINTED: Final = 16
"""Rows from which on there is room for the keys."""
_TIME: Final = 8
_NARROW: Final = 12


class Columns(msgspec.Struct, frozen=True):
    """Cells for the run and the source; 0 for one that is left out."""

    run: int
    source: int

    @property
    def before(self) -> int:
        """Cells before the message: time and level, run, source."""
        return _TIME + 3 + sum(size + 1 for size in (self.run, self.source) if size)


def columns_of(view: Logs, viewport: Viewport[LogsLook]) -> Columns:
    """One run needs no name; in a narrow picture several leave no room for sources."""
    several = len(view.runs) > 1
    if viewport.narrow:
        run = min(_NARROW, view.run_cells) if several else 0
        return Columns(run, 0 if run else min(_NARROW, view.source_cells))
    return Columns(view.run_cells if several else 0, view.source_cells)


class Window(msgspec.Struct, frozen=True):
    """The lines from `first` on, each with so many rows; `at` is the cursor's place, -1 without a line."""

    first: int
    heights: tuple[int, ...]
    at: int
    fitting: int

    @property
    def stop(self) -> int:
        return self.first + len(self.heights)

    def line_at(self, row: int) -> int | None:
        """The place of the line that is drawn in a row of the list."""
        for place, height in enumerate(self.heights, self.first):
            if 0 <= row < height:
                return place
            row -= height
        return None


def window_of(view: Logs, viewport: Viewport[LogsLook]) -> Window:
    """What is seen."""
    look = viewport.look
    fitting = max(1, viewport.height - PANEL_ROWS - (viewport.height >= _HINTED))
    at = view.place(look)
    if at < 0:
        return Window(0, (), at, fitting)
    columns = columns_of(view, viewport)
    room = max(1, viewport.width - PANEL_COLUMNS - columns.before)

    def height(place: int) -> int:
        return len(wrap(view.lines[place].event.message, room, fitting)) if look.wraps else 1

    top = 0 if look.cursor is None else min(at, view.place_of(look.top))
    first, used = at, height(at)
    while first > top and used + (more := height(first - 1)) <= fitting:
        first, used = first - 1, used + more
    heights = [height(place) for place in range(first, min(at + 1, len(view.lines)))]
    while first + len(heights) < len(view.lines) and sum(heights) < fitting:
        heights.append(min(height(first + len(heights)), fitting - sum(heights)))
    # Below the newest there is nothing: then more is seen above.
    while first > 0 and sum(heights) + (more := height(first - 1)) <= fitting:
        first, heights = first - 1, [more, *heights]
    return Window(first, tuple(heights), at, fitting)
