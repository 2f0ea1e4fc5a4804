"""The line where a scene has something typed.

Rule: Enter gives what was typed to whoever asked, Esc gives nothing.
"""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class Asked(Message):
    """What was typed (Enter), or None (Esc)."""

    def __init__(self, text: str | None) -> None:
        super().__init__()
        self.text = text


class AskLine(Input):
    """One line at the bottom of the screen, shown while it is typed in."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "abandon", "Nothing", show=False)]

    def __init__(self) -> None:
        super().__init__(id="ask")
        self.compact = True

    def action_abandon(self) -> None:
        self.post_message(Asked(None))

    async def action_submit(self) -> None:
        self.post_message(Asked(self.value))
