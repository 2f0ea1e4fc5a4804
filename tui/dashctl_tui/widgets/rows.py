"""A widget that shows rows.

Rules: what did not change is not sent again: `show` compares with the rows before, and adds what differs to
the frame that is being drawn, or has Textual refresh those lines where there is none; `render_lines` looks
finished strips up, for whatever Textual draws by itself.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from dashctl_tui.frames import Frame, Inkwell
from dashctl_tui.plots.canvas import Row
from dashctl_tui.plots.skin import Skin
from dashctl_tui.plots.strips import to_strip


@runtime_checkable
class Skinned(Protocol):
    """An application that has a skin."""

    @property
    def skin(self) -> Skin: ...


class RowsView(Widget):
    """Shows the rows it was given last, in the skin of its application."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._rows: list[Row] = []
        self._strips: list[Strip] = []
        """One per row, in the colours of the drawing alone."""
        self._inkwell: Inkwell | None = None

    @property
    def rows(self) -> Sequence[Row]:
        """What is on the screen."""
        return self._rows

    def show(self, rows: Sequence[Row], frame: Frame | None = None) -> int:
        """Put these rows on the screen, with a frame if there is one; returns how many lines are sent."""
        former, was, skin = self._rows, self._strips, self._skin()
        changed = [line for line, row in enumerate(rows) if line >= len(former) or row != former[line]]
        self._rows = list(rows)
        self._strips = was[: len(rows)] + [Strip.blank(0)] * (len(rows) - len(was))
        for line in changed:
            self._strips[line] = to_strip(rows[line], skin)
        if frame is not None and self._fills_its_region(len(former)):
            self._draw_into(frame, changed, was)
            return len(changed)
        changed += range(len(rows), len(former))
        if frame is not None and changed:
            frame.left_out = True
        for first, last in _spans(changed):
            self.refresh(Region(0, first, self.size.width, last - first + 1))
        return len(changed)

    def _draw_into(self, frame: Frame, changed: Sequence[int], was: Sequence[Strip]) -> None:
        ink = self._inkwell = self._inkwell or self._filled_inkwell()
        column, top = self.region.offset
        for line in changed:
            frame.line(column, top + line, was[line], self._strips[line], ink)

    def render_line(self, y: int) -> Strip:
        return self.render_lines(Region(0, y, self.size.width, 1))[0]

    def render_lines(self, crop: Region) -> list[Strip]:
        """As Textual asks for them; its own cache of lines would not know what a frame has changed."""
        style, filters, background = self.rich_style, self._enabled_filters(), self.background_colors[1]
        width, lines = self.size.width, []
        for y in crop.line_range:
            strip = self._strips[y].apply_style(style) if y < len(self._strips) else Strip.blank(width, style)
            strip = strip.adjust_cell_length(width, style).crop(crop.x, crop.right)
            for each in filters:
                strip = strip.apply_filter(each, background)
            lines.append(strip)
        return lines

    def notify_style_update(self) -> None:
        """What is drawn carries the widget's own colours."""
        super().notify_style_update()
        self.dress()

    def dress(self) -> None:
        """Take on the application's skin, which has changed."""
        self._inkwell, skin = None, self._skin()
        self._strips = [to_strip(row, skin) for row in self._rows]
        self.refresh()

    def _skin(self) -> Skin:
        return self.app.skin if isinstance(self.app, Skinned) else Skin()

    def _fills_its_region(self, former: int) -> bool:
        """Whether every line is somewhere on the screen already, so that it can be drawn over."""
        region, rows = self.region, self._rows
        return (
            len(rows) == former == region.height
            and region.width > 0
            and all(row.width == region.width for row in rows)
        )

    def _enabled_filters(self) -> list[LineFilter]:
        return [each for each in self.get_line_filters() if each.enabled]

    def _filled_inkwell(self) -> Inkwell:
        own, filters, background = self.rich_style, self._enabled_filters(), self.background_colors[1]

        def finished(style: Style) -> Style:
            segments = [Segment("x", own + style)]
            for each in filters:
                segments = each.apply(segments, background)
            return segments[0].style or Style.null()

        systems = {
            "standard": ColorSystem.STANDARD,
            "256": ColorSystem.EIGHT_BIT,
            "windows": ColorSystem.WINDOWS,
        }
        return Inkwell(finished, systems.get(self.app.console.color_system or "", ColorSystem.TRUECOLOR))


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
