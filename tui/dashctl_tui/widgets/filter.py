"""The line where a filter is typed.

Rule: what is typed works at once; Enter keeps it, Esc takes it away.
"""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FilterChosen(Message):
    """A filter was kept (Enter) or taken away (Esc)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class FilterLine(Input):
    """One line at the bottom of the screen, shown while it is typed in."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "abandon", "No filter", show=False)]

    def __init__(self) -> None:
        super().__init__(
            placeholder="only what has this in its name; Enter keeps it, Esc takes it away", id="filter"
        )
        self.compact = True

    def action_abandon(self) -> None:
        self.post_message(FilterChosen(""))

    async def action_submit(self) -> None:
        self.post_message(FilterChosen(self.value))
