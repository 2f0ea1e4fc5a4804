"""The scene's widget, and the deck's: rows that can be pointed at.

Rule: they tell what the mouse did, in cells; what that means is the application's to say.
"""

from typing import Any

from textual import events
from textual.message import Message

from dashctl_tui.scenes.acts import Gesture, Kind
from dashctl_tui.widgets.rows import RowsView


class Touched(Message):
    """The mouse did this to the scene."""

    def __init__(self, gesture: Gesture) -> None:
        super().__init__()
        self.gesture = gesture


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
        self._moved = False

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._held_at, self._moved = (event.screen_x, event.screen_y), False
        self.capture_mouse()
        self._tell("press", event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._held_at is None:
            return
        across, down = event.screen_x - self._held_at[0], event.screen_y - self._held_at[1]
        if across or down:
            self._held_at, self._moved = (event.screen_x, event.screen_y), True
            self._tell("drag", event, across=across, down=down)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._held_at is not None:
            self._held_at = None
            self.release_mouse()
            self._tell("release", event, moved=self._moved)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._tell("wheel", event, steps=1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._tell("wheel", event, steps=-1)

    def _tell(self, kind: Kind, event: events.MouseEvent, **more: Any) -> None:
        column, row = event.screen_x - self.region.x, event.screen_y - self.region.y
        self.post_message(Touched(Gesture(kind, column, row, shift=event.shift, **more)))

    def on_resize(self, event: events.Resize) -> None:
        self.post_message(Sized())


class DeckView(RowsView):
    """Shows the deck's tabs."""

    def on_click(self, event: events.Click) -> None:
        self.post_message(Pointed(event.x))
