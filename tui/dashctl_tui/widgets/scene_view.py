"""The scene's widget, and the deck's: rows that can be pointed at.

Rule: they tell what the mouse did, in cells; what that means is the application's to say.
"""

from textual import events
from textual.message import Message

from dashctl_tui.widgets.rows import RowsView


class Dragged(Message):
    """The mouse was moved by so many cells with a button down; with `over` it was let go."""

    def __init__(self, across: int = 0, down: int = 0, *, over: bool = False) -> None:
        super().__init__()
        self.across, self.down, self.over = across, down, over


class Wheeled(Message):
    """The wheel was turned: 1 for down, -1 for up."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps


class Sized(Message):
    """The scene has another size now."""


class Pointed(Message):
    """The deck was clicked in this column."""

    def __init__(self, column: int) -> None:
        super().__init__()
        self.column = column


class SceneView(RowsView):
    """Shows the scene."""

    def __init__(self) -> None:
        super().__init__("scene")
        self._held_at: tuple[int, int] | None = None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._held_at = (event.screen_x, event.screen_y)
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._held_at is None:
            return
        across, down = event.screen_x - self._held_at[0], event.screen_y - self._held_at[1]
        if across or down:
            self._held_at = (event.screen_x, event.screen_y)
            self.post_message(Dragged(across, down))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._held_at is not None:
            self._held_at = None
            self.release_mouse()
            self.post_message(Dragged(over=True))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.post_message(Wheeled(1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.post_message(Wheeled(-1))

    def on_resize(self, event: events.Resize) -> None:
        self.post_message(Sized())


class DeckView(RowsView):
    """Shows the deck's tabs."""

    def on_click(self, event: events.Click) -> None:
        self.post_message(Pointed(event.x))
