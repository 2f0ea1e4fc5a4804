"""The time bar's widget: a line that can be pointed at and dragged along.

Rule: it tells in which column the mouse is; which moment that is, is the application's to say.
"""

from textual import events
from textual.message import Message

from dashctl_tui.widgets.rows import RowsView


class Sought(Message):
    """The moment in this column is wanted."""

    def __init__(self, column: int) -> None:
        super().__init__()
        self.column = column


class TimeView(RowsView):
    """Shows the time bar."""

    def __init__(self) -> None:
        super().__init__("time")
        self._column: int | None = None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.capture_mouse()
        self._seek(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._column is not None:
            self._seek(event.x)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self._column = None
        self.release_mouse()

    def _seek(self, column: int) -> None:
        if column != self._column:
            self._column = column
            self.post_message(Sought(column))
