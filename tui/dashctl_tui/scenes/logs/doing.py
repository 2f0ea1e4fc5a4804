"""What the keys and the mouse do among the log lines.

Rules: going up leaves the newest, coming down to it follows it again; who has left it goes on seeing the
same lines, whatever comes.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from dashctl_tui.scenes.acts import SCROLLING, WHEEL_ROWS, Act, At, Gesture, SceneAction
from dashctl_tui.scenes.logs.look import LEVELS, Logs, LogsLook
from dashctl_tui.scenes.logs.window import Window, window_of

LogsAt = At[Logs, LogsLook]


def _moving(by: Callable[[Window], int], opened: str) -> Act:
    """Moves the cursor, and scrolls an opened line."""

    def act(at: LogsAt) -> Any:
        if at.look.opened:
            return SCROLLING[opened](at)
        if at.view is None or not at.view.lines:
            return at.look
        window = window_of(at.view, at.viewport)
        return _at_line(at.view, at.look, window.at + by(window), window.first)

    return act


def _at_line(view: Logs, look: LogsLook, place: int, first: int) -> LogsLook:
    """The cursor at a place, and as far as can be the line at `first` on top."""
    newest = len(view.lines) - 1
    if place >= newest and not look.opened:
        return replace(look, cursor=None)
    place = min(newest, max(0, place))
    came = view.came if look.cursor is None else look.came
    return replace(look, cursor=view.numbers[place], top=view.numbers[max(0, min(newest, first))], came=came)


def _page(sign: int) -> Act:
    def act(at: LogsAt) -> Any:
        if at.look.opened:
            return SCROLLING["page_down" if sign > 0 else "page_up"](at)
        if at.view is None or not at.view.lines:
            return at.look
        window = window_of(at.view, at.viewport)
        by = sign * max(1, len(window.heights) - 1)
        return _at_line(at.view, at.look, window.at + by, window.first + by)

    return act


def _beside(by: int) -> Act:
    """The line before or after an opened one."""

    def act(at: LogsAt) -> LogsLook:
        if at.view is None or not at.view.lines or not at.look.opened:
            return at.look
        place = at.view.place(at.look) + by
        return replace(_at_line(at.view, at.look, place, place), scroll=0)

    return act


def _open(at: LogsAt) -> LogsLook:
    if at.view is None or not at.view.lines or at.look.opened:
        return at.look
    window = window_of(at.view, at.viewport)
    return _at_line(at.view, replace(at.look, opened=True, scroll=0), window.at, window.first)


def _back(at: LogsAt) -> LogsLook:
    if not at.look.opened:
        return at.look
    newest = at.view is not None and at.view.place(at.look) == len(at.view.lines) - 1
    return replace(at.look, opened=False, scroll=0, cursor=None if newest else at.look.cursor)


ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "up": _moving(lambda window: -1, "up"),
        "down": _moving(lambda window: 1, "down"),
        "page_up": _page(-1),
        "page_down": _page(1),
        "top": _moving(lambda window: -window.at, "top"),
        "bottom": lambda at: SCROLLING["bottom"](at) if at.look.opened else replace(at.look, cursor=None),
        "left": _beside(-1),
        "right": _beside(1),
        "open": _open,
        "back": _back,
    }
)


def mouse(at: LogsAt, gesture: Gesture) -> Any:
    """A click chooses a line, another one opens it; the wheel scrolls."""
    if at.view is None or not at.view.lines:
        return at.look
    rows = gesture.steps * WHEEL_ROWS
    if gesture.kind == "wheel" and at.look.opened:
        return replace(at.look, scroll=min(at.scrollable, max(0, at.look.scroll + rows)))
    window = window_of(at.view, at.viewport)
    if gesture.kind == "wheel":
        return _rolled(at.view, at.look, window, rows)
    if gesture.kind != "release" or gesture.moved or at.look.opened:
        return at.look
    place = window.line_at(gesture.row - 1)
    if place is None:
        return at.look
    return _open(at) if place == window.at else _chosen(at.view, at.look, place, window)


def _chosen(view: Logs, look: LogsLook, place: int, window: Window) -> LogsLook:
    return _at_line(view, look, place, window.first)


def _rolled(view: Logs, look: LogsLook, window: Window, by: int) -> LogsLook:
    """The lines scrolled; the cursor stays on the screen, and at the end the newest is followed."""
    if by > 0 and window.stop + by >= len(view.lines):
        return replace(look, cursor=None)
    first = max(0, window.first + by)
    last = max(first, window.stop + by - 1)
    return _at_line(view, look, min(max(window.at, first), last), first)


def _level(at: LogsAt) -> LogsLook:
    return replace(at.look, level=LEVELS[(LEVELS.index(at.look.level) + 1) % len(LEVELS)], opened=False)


def _wrap(at: LogsAt) -> LogsLook:
    return replace(at.look, wraps=not at.look.wraps)


def _everyone(at: LogsAt) -> LogsLook:
    return replace(at.look, everyone=not at.look.everyone, opened=False)


ACTIONS: Final = (
    SceneAction("level", "v", "v", "Level", "Only lines of at least this level", _level),
    SceneAction("wrap", "w", "w", "Wrap", "Long lines wrapped, or cut", _wrap),
    SceneAction("marked", "m", "m", "Marked runs", "Lines of marked runs only, or all", _everyone),
)
