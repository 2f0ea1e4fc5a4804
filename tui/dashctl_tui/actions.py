"""Everything that a person can do, in one table.

Rule: the bindings, the help page and the palette are made from this table and from nothing else, so that
none of them can miss an action.
"""

from dataclasses import dataclass
from typing import Final

from textual.binding import Binding, BindingType

EVERYWHERE: Final = frozenset[str]()
SHOW_SCENE: Final = "Show this scene"


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do. `keys` are Textual's names, `shown` is how a person calls them."""

    keys: str
    shown: str
    call: str
    title: str
    help: str
    scenes: frozenset[str] = EVERYWHERE
    """The scenes where it does something; none stands for all."""


_KNN: Final = frozenset({"knn"})
_TRAINING: Final = frozenset({"training"})

GENERAL: Final = (
    Action("left_square_bracket,shift+tab", "[", "turn(-1)", "Previous scene", "One scene back"),
    Action("right_square_bracket,tab", "]", "turn(1)", "Next scene", "One scene on"),
    Action("slash", "/", "ask_filter", "Filter", "Only names with this in them"),
    Action("colon", ":", "ask_call", "Call a service", "Call a service's method"),
    Action("r", "r", "reset", "Reset", "Back to the first view"),
    Action("escape", "Esc", "step_back", "Back", "Close, unfilter, go on"),
    Action("question_mark,f1", "?", "help", "Help", "This list"),
    Action("ctrl+p", "ctrl+p", "command_palette", "Palette", "Find an action by its name"),
    Action("q", "q", "leave", "Quit", "End the monitor alone"),
    Action("ctrl+c", "ctrl+c", "interrupt", "Interrupt", "End with exit status 130"),
)
MOVES: Final = (
    Action("up,k", "↑ k", "move(0, -1)", "Up", "Scroll up, turn the cloud"),
    Action("down,j", "↓ j", "move(0, 1)", "Down", "Scroll down, turn the cloud"),
    Action("left,h", "← h", "move(-1, 0)", "Left", "Turn the cloud", _KNN),
    Action("right,l", "→ l", "move(1, 0)", "Right", "Turn the cloud", _KNN),
    Action("pageup", "PgUp", "page(-1)", "Page up", "Scroll a page up"),
    Action("pagedown", "PgDn", "page(1)", "Page down", "Scroll a page down"),
    Action("g", "g", "edge(-1)", "Top", "Scroll to the top"),
    Action("G", "G", "edge(1)", "Bottom", "Scroll to the end"),
)
TIME: Final = (
    Action("space", "space", "pause", "Pause", "Stop the picture or go on live"),
    Action("comma", ",", "step(-1)", "Step back", "A second back"),
    Action("full_stop", ".", "step(1)", "Step on", "A second on"),
    Action("less_than_sign", "<", "jump(-1)", "Jump back", "A minute back"),
    Action("greater_than_sign", ">", "jump(1)", "Jump on", "A minute on"),
    Action("home", "Home", "beginning", "Beginning", "To the oldest that is kept"),
    Action("end", "End", "live", "Live", "To the present"),
    Action("t", "t", "time_bar", "Time bar", "Where one is in time, always"),
)
SPECIAL: Final = (
    Action("c", "c", "recolour", "Colour by", "Phase, predicted or cluster", _KNN),
    Action("s", "s", "spin", "Spin", "Let the cloud turn, or stop", _KNN),
    Action("n", "n", "next_item", "Next cloud", "Show another cloud", _KNN),
    Action("plus,equals_sign", "+", "zoom(1)", "Zoom in", "Nearer to the cloud", _KNN),
    Action("minus,underscore", "-", "zoom(-1)", "Zoom out", "Away from the cloud", _KNN),
    Action("y", "y", "log_scale", "Log scale", "Logarithmic values or not", _TRAINING),
    Action("m", "m", "smooth", "Smoothing", "Smooth more, or not at all", _TRAINING),
)
EVERY: Final = (*GENERAL, *TIME, *MOVES, *SPECIAL)
"""All but those that show a scene."""


FIRST: Final = frozenset({"interrupt", "ask_filter", "ask_call"})
"""Calls that no widget sees before: what is typed right behind the key belongs to the line it opens."""


def go_to(position: int, name: str, title: str) -> Action:
    """The action that shows the scene at this position of the deck, 1–10; the tenth has the key 0."""
    key = str(position % 10)
    return Action(key, key, f"show('{name}')", title, SHOW_SCENE)


def bindings(scenes: tuple[Action, ...]) -> list[BindingType]:
    """All actions as Textual's bindings."""
    return [
        Binding(action.keys, action.call, action.title, show=False, priority=action.call in FIRST)
        for action in (*scenes, *EVERY)
    ]
