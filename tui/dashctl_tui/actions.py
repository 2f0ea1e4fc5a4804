"""Everything that a person can do, in one table.

Rules: the bindings, the help page and the palette are made from this table and from nothing else, so that
none of them can miss an action; each action has a name by which the configuration gives it other keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from textual.binding import Binding, BindingType

from dashctl_tui.scenes import DECK
from dashctl_tui.scenes.scene import Scene

SHOW_SCENE: Final = "Show this scene"


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do. `keys` are Textual's names, `shown` is how a person calls them."""

    name: str
    keys: str
    shown: str
    call: str
    title: str
    help: str
    scene: str = ""
    """The only scene where it can be done; "" for everywhere."""


def _move(name: str, keys: str, shown: str, title: str, words: str) -> Action:
    return Action(name, keys, shown, f"move('{name}')", title, words)


SCENES: Final = tuple(
    Action(f"show_{scene.name}", scene.key, scene.key, f"show('{scene.name}')", scene.title, SHOW_SCENE)
    for scene in DECK
)
GENERAL: Final = (
    Action("previous", "left_square_bracket,shift+tab", "[", "turn(-1)", "Previous scene", "One scene back"),
    Action("next", "right_square_bracket,tab", "]", "turn(1)", "Next scene", "One scene on"),
    Action("filter", "slash", "/", "ask_filter", "Filter", "Names, /regex/, lr>=0.1, !not"),
    Action("call", "colon", ":", "ask_call", "Call a service", "Call a service's method"),
    Action("export", "e", "e", "export", "Export", "Picture as SVG, data as CSV"),
    Action("reset", "r", "r", "reset", "Reset", "Back to the first view"),
    Action("back", "escape", "Esc", "step_back", "Back", "Close, unfilter, go on"),
    Action("theme", "W", "W", "turn_theme", "Theme", "Other colours"),
    Action("help", "question_mark,f1", "?", "help", "Help", "This list"),
    Action("palette", "ctrl+p", "ctrl+p", "command_palette", "Palette", "Find an action by its name"),
    Action("quit", "q,ctrl+q", "q", "leave", "Quit", "End the monitor alone"),
    Action("interrupt", "ctrl+c", "ctrl+c", "interrupt", "Interrupt", "End with exit status 130"),
)
MOVES: Final = (
    _move("up", "up,k", "↑ k", "Up", "Up in a list, turn a cloud"),
    _move("down", "down,j", "↓ j", "Down", "Down in a list, turn a cloud"),
    _move("left", "left,h", "← h", "Left", "Left, turn a cloud"),
    _move("right", "right,l", "→ l", "Right", "Right, turn a cloud"),
    _move("page_up", "pageup,ctrl+u", "PgUp", "Page up", "Scroll a page up"),
    _move("page_down", "pagedown,ctrl+d", "PgDn", "Page down", "Scroll a page down"),
    _move("top", "g", "g", "Top", "Scroll to the top"),
    _move("bottom", "G", "G", "Bottom", "Scroll to the end"),
    _move("zoom_in", "plus,equals_sign", "+", "Zoom in", "Nearer"),
    _move("zoom_out", "minus,underscore", "-", "Zoom out", "Away"),
    _move("open", "enter", "Enter", "Open", "Show one in full"),
)
TIME: Final = (
    Action("pause", "space", "space", "pause", "Pause", "Stop the picture or go on live"),
    Action("step_back", "comma", ",", "step(-1)", "Step back", "A second back"),
    Action("step_on", "full_stop", ".", "step(1)", "Step on", "A second on"),
    Action("jump_back", "less_than_sign", "<", "jump(-1)", "Jump back", "A minute back"),
    Action("jump_on", "greater_than_sign", ">", "jump(1)", "Jump on", "A minute on"),
    Action("beginning", "home", "Home", "beginning", "Beginning", "To the oldest that is kept"),
    Action("live", "end", "End", "live", "Live", "To the present"),
    Action("time_bar", "t", "t", "time_bar", "Time bar", "Where one is in time, always"),
)


def actions_in(scene: Scene[Any]) -> tuple[Action, ...]:
    """What can be done in one scene alone."""
    return tuple(
        Action(
            f"{scene.name}_{one.name}",
            one.keys,
            one.shown,
            f"act('{scene.name}', '{one.name}')",
            one.title,
            one.help,
            scene.name,
        )
        for one in scene.actions
    )


EVERY: Final = (*SCENES, *GENERAL, *TIME, *MOVES, *(action for scene in DECK for action in actions_in(scene)))


FIRST: Final = frozenset({"interrupt", "ask_filter", "ask_call"})
"""Calls that no widget sees before: what is typed right behind the key belongs to the line it opens."""


def bindings(actions: Sequence[Action]) -> list[BindingType]:
    """The actions as Textual's bindings."""
    return [
        Binding(
            action.keys, action.call, action.title, show=False, priority=action.call in FIRST, id=action.name
        )
        for action in actions
    ]
