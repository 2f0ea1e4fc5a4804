"""The help page: every key there is.

Rules: it is made from the table of actions and from nothing else; what can be done in the scene alone stands
at the top of its column; what a terminal is too low for is reached by scrolling, and the lower edge says so.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingsMap
from textual.screen import ModalScreen

from dashctl_tui.actions import GENERAL, MOVES, SCENES, SHOW_SCENE, TIME, Action, actions_in, bindings
from dashctl_tui.plots.canvas import Row, beside, fit
from dashctl_tui.plots.palette import ACCENT, HEADING, TEXT
from dashctl_tui.plots.text import clip, fill
from dashctl_tui.scenes.acts import WHEEL_ROWS
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS, panel, seen
from dashctl_tui.scenes.scene import Scene
from dashctl_tui.widgets.rows import RowsView

_LONGEST_KEY = 12
_WIDEST = 122
_GAP = 2
_HINT = 20
_TITLE = 8
"""Cells that the title of a scene takes, at most."""
_CLOSING = {"help", "back", "quit", "open", "pause"}
_SCROLLING = {"up", "down", "page_up", "page_down", "top", "bottom"}


def help_rows(
    scene: Scene[Any], actions: Sequence[Action], width: int, height: int, scroll: int = 0
) -> list[Row]:
    """The page over one scene from row `scroll` on, at most `width` by `height`; `actions` have the keys."""
    width = min(width, _WIDEST)
    rows = _page(scene, actions, max(1, width - PANEL_COLUMNS))
    height = min(height, len(rows) + PANEL_ROWS)
    room = max(0, height - PANEL_ROWS)
    part = seen(scroll, room, len(rows))
    note = f"rows {part}, ↑ and ↓ scroll" if part and width > 2 * len(part) + _HINT else part
    return panel("Keys", lambda *_: rows[scroll:], width, height, note=note)


def _page(scene: Scene[Any], actions: Sequence[Action], width: int) -> list[Row]:
    """All of it, in three columns, of which that with the scenes is as narrow as can be."""
    by_name = {action.name: action for action in actions}
    columns = (
        (("Scenes", SCENES),),
        ((f"In {scene.title}", actions_in(scene)), ("Everywhere", GENERAL)),
        (("Moving", MOVES), ("Time", TIME)),
    )
    bound = [
        [(title, [by_name[one.name] for one in members]) for title, members in each if members]
        for each in columns
    ]
    keys = [_key_width([one for _, members in each for one in members]) for each in bound]
    first = max(1, min(keys[0] + _TITLE, width // 3))
    rest = max(1, (width - first - 2 * _GAP) // 2)
    widths = (first, rest, rest)
    blocks = [_block(*each) for each in zip(bound, keys, widths, strict=True)]
    longest = max(len(block) for block in blocks)
    fitted = (fit(block, size, longest) for block, size in zip(blocks, widths, strict=True))
    return list(beside(*fitted, gap=_GAP))


def _key_width(actions: Sequence[Action]) -> int:
    return min(_LONGEST_KEY, max(cell_len(action.shown) for action in actions)) + 2


def _block(groups: Sequence[tuple[str, Sequence[Action]]], key: int, width: int) -> list[Row]:
    rows: list[Row] = []
    for title, actions in groups:
        rows += [Row.of("")] if rows else []
        rows += [Row.of((title, HEADING)), *(_line(action, key, width) for action in actions)]
    return rows


def _line(action: Action, key: int, width: int) -> Row:
    room = max(1, width - key)
    long = action.help == SHOW_SCENE or cell_len(action.help) > room
    words = action.title if long else action.help
    return Row.of((fill(clip(action.shown, key - 1), key), ACCENT), (clip(words, room), TEXT))


class HelpScreen(ModalScreen[None]):
    """Lies over the monitor until a key closes it; the keys that move scroll it."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > RowsView { width: auto; height: auto; }
    """

    def __init__(self, scene: Scene[Any], actions: Sequence[Action]) -> None:
        super().__init__()
        self._scene, self._actions, self._scroll = scene, actions, 0
        keys = BindingsMap(bindings([_here(action) for action in actions if _is_here(action)]))
        self._bindings = BindingsMap.merge([self._bindings, keys])

    def compose(self) -> ComposeResult:
        yield RowsView("keys")

    def on_mount(self) -> None:
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        self._show()

    def on_click(self) -> None:
        self.dismiss()

    def on_mouse_scroll_up(self) -> None:
        self._show(-WHEEL_ROWS)

    def on_mouse_scroll_down(self) -> None:
        self._show(WHEEL_ROWS)

    def action_scroll_page(self, name: str) -> None:
        """Show another part of it."""
        page = max(1, self.app.size.height // 2)
        steps = {"up": -1, "down": 1, "page_up": -page, "page_down": page, "top": -self._scroll}
        self._show(steps.get(name, len(self._actions)))

    def _show(self, by: int = 0) -> None:
        size = self.app.size
        rows = len(_page(self._scene, self._actions, size.width)) + PANEL_ROWS
        self._scroll = max(0, min(self._scroll + by, rows - size.height))
        drawn = help_rows(self._scene, self._actions, size.width, size.height, self._scroll)
        page = self.query_one(RowsView)
        page.styles.width, page.styles.height = drawn[0].width, len(drawn)
        page.show(drawn)


def _is_here(action: Action) -> bool:
    return action.name in _CLOSING | _SCROLLING


def _here(action: Action) -> Action:
    """What an action does while the page is open."""
    scrolls = action.name in _SCROLLING
    return replace(action, call=f"scroll_page('{action.name}')" if scrolls else "dismiss")
