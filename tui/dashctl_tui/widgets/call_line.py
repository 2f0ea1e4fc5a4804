"""The line where a call is typed.

Rule: it offers what could come next in grey and Tab takes it; Enter calls, Esc does not.
"""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

Complete = Callable[[str], str | None]


class CallTyped(Message):
    """A call is to be made (Enter), or none (Esc, with no text)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class CallLine(Input):
    """One line at the bottom of the screen, shown while it is typed in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "abandon", "No call", show=False),
        Binding("tab", "complete", "Take what is offered", show=False),
    ]

    def __init__(self, complete: Complete) -> None:
        self._complete = complete
        super().__init__(
            placeholder="SERVICE METHOD key=value …  Tab completes, Enter calls, Esc does not",
            suggester=_Offered(complete),
            id="call",
        )
        self.compact = True

    def action_complete(self) -> None:
        whole = self._complete(self.value)
        if whole is not None:
            self.value = whole
            self.cursor_position = len(whole)

    def action_abandon(self) -> None:
        self.post_message(CallTyped(""))

    async def action_submit(self) -> None:
        self.post_message(CallTyped(self.value.strip()))


class _Offered(Suggester):
    """What could come next, asked anew each time: services come and go."""

    def __init__(self, complete: Complete) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        return self._complete(value)
