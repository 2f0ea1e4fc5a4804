"""The line where a filter is typed.

Rules: what is typed works at once; Enter keeps it, Esc takes it away; what is wrong with it stands at the
right as long as it is.
"""

from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input

from dashctl_tui.plots.canvas import Row
from dashctl_tui.plots.palette import WARNING
from dashctl_tui.plots.strips import to_strip
from dashctl_tui.plots.text import clip
from dashctl_tui.query import parse

_PLACEHOLDER = "name, val_*, /regex/, !not, lr>=1e-3, model:lstm; Enter keeps it, Esc takes it away"
_LEAST_WORDS = 12


class FilterChosen(Message):
    """A filter was kept (Enter) or taken away (Esc)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class FilterLine(Input):
    """One line at the bottom of the screen, shown while it is typed in."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "abandon", "No filter", show=False)]

    def __init__(self) -> None:
        super().__init__(placeholder=_PLACEHOLDER, id="filter")
        self.compact = True

    def action_abandon(self) -> None:
        self.post_message(FilterChosen(""))

    async def action_submit(self) -> None:
        self.post_message(FilterChosen(self.value))

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        room = self.size.width - cell_len(self.value) - 4
        trouble = parse(self.value).trouble
        if y or not trouble or room < _LEAST_WORDS:
            return strip
        words = Row.of((clip(trouble, room), WARNING))
        said = to_strip(words).apply_style(self.rich_style)
        return Strip.join([strip.adjust_cell_length(self.size.width - words.width, self.rich_style), said])
