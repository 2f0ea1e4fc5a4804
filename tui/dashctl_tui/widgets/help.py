"""The help page: every key there is.

Rule: it is made from the table of actions and from nothing else.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from dashctl_tui.actions import GENERAL, MOVES, SCENES, SHOW_SCENE, TIME, Action, actions_in
from dashctl_tui.plots.canvas import Row, beside, fit, framed
from dashctl_tui.plots.palette import ACCENT, FAINT, HEADING, TEXT
from dashctl_tui.plots.text import clip, fill
from dashctl_tui.scenes.scene import Scene
from dashctl_tui.widgets.rows import RowsView

_KEY = 7
_WIDEST = 122
_GAP = 2
_COLUMNS = 3


def help_rows(scene: Scene[Any], actions: Sequence[Action], width: int, height: int) -> list[Row]:
    """The page over one scene, at most `width` by `height`; `actions` have the keys."""
    width = min(width, _WIDEST)
    column = max(1, (width - 4 - _GAP * (_COLUMNS - 1)) // _COLUMNS)
    by_name = {action.name: action for action in actions}
    groups = (
        (("Scenes", SCENES),),
        (("Everywhere", GENERAL), (f"In {scene.title}", actions_in(scene))),
        (("Moving", MOVES), ("Time", TIME)),
    )
    bound = [
        [(title, [by_name[one.name] for one in members]) for title, members in each if members]
        for each in groups
    ]
    blocks = [_block(each, column) for each in bound]
    longest = max(len(block) for block in blocks)
    rows = [Row.of(" ") + row for row in beside(*(fit(block, column, longest) for block in blocks), gap=_GAP)]
    return framed(rows, "Keys", width, min(height, longest + 2), line=FAINT, heading=HEADING)


def _block(groups: Sequence[tuple[str, Sequence[Action]]], width: int) -> list[Row]:
    rows: list[Row] = []
    for title, actions in groups:
        rows += [Row.of("")] if rows else []
        rows += [Row.of((title, HEADING)), *(_line(action, width) for action in actions)]
    return rows


def _line(action: Action, width: int) -> Row:
    room = max(1, width - _KEY)
    long = action.help == SHOW_SCENE or cell_len(action.help) > room
    words = action.title if long else action.help
    return Row.of((fill(action.shown, _KEY), ACCENT), (clip(words, room), TEXT))


class HelpScreen(ModalScreen[None]):
    """Lies over the monitor until a key is pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q,enter,space", "dismiss", "Close", show=False)
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > RowsView { width: auto; height: auto; }
    """

    def __init__(self, scene: Scene[Any], actions: Sequence[Action]) -> None:
        super().__init__()
        self._scene, self._actions = scene, actions

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
        rows = help_rows(self._scene, self._actions, size.width, size.height)
        page = self.query_one(RowsView)
        page.styles.width, page.styles.height = rows[0].width, len(rows)
        page.show(rows)
