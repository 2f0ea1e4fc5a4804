"""The help page: every key there is.

Rule: it is made from the table of actions and from nothing else.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from dashctl_tui.actions import GENERAL, MOVES, SHOW_SCENE, SPECIAL, Action
from dashctl_tui.plots.canvas import Row, beside, fit, framed
from dashctl_tui.plots.palette import ACCENT, FAINT, HEADING, TEXT
from dashctl_tui.plots.text import clip, fill
from dashctl_tui.scenes import scene_named
from dashctl_tui.widgets.rows import RowsView

_KEY = 8
_WIDEST = 92


def help_rows(scenes: Sequence[Action], width: int, height: int) -> list[Row]:
    """The page, at most `width` by `height`."""
    width = min(width, _WIDEST)
    column = (width - 7) // 2
    left = _group("Scenes", scenes, column)
    for name in sorted({name for action in SPECIAL for name in action.scenes}):
        own = [action for action in SPECIAL if name in action.scenes]
        left += [Row.of(""), *_group(f"In {scene_named(name).title}", own, column)]
    right = [*_group("Everywhere", GENERAL, column), Row.of(""), *_group("Moving", MOVES, column)]
    rows = [
        Row.of("  ") + row
        for row in beside(fit(left, column, len(left)), fit(right, column, len(right)), gap=2)
    ]
    return framed(rows, "Keys", width, min(height, len(rows) + 2), line=FAINT, heading=HEADING)


def _group(title: str, actions: Sequence[Action], width: int) -> list[Row]:
    return [Row.of((title, HEADING)), *(_line(action, width) for action in actions)]


def _line(action: Action, width: int) -> Row:
    words = action.title if action.help == SHOW_SCENE else action.help
    return Row.of((fill(action.shown, _KEY), ACCENT), (clip(words, max(1, width - _KEY)), TEXT))


class HelpScreen(ModalScreen[None]):
    """Lies over the monitor until a key is pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q,enter,space", "dismiss", "Close", show=False)
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > RowsView { width: auto; height: auto; }
    """

    def __init__(self, scenes: Sequence[Action]) -> None:
        super().__init__()
        self._scenes = scenes

    def compose(self) -> ComposeResult:
        yield RowsView("keys")

    def on_mount(self) -> None:
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        self._show()

    def on_click(self) -> None:
        self.dismiss()

    def _show(self) -> None:
        size = self.app.size
        rows = help_rows(self._scenes, size.width, size.height)
        page = self.query_one(RowsView)
        page.styles.width, page.styles.height = rows[0].width, len(rows)
        page.show(rows)
