"""What a person does in a scene, and what comes of it.

Rules: an act is a pure function from what is shown to another look, or to what is `Taken`: a look, what all
scenes share, and effects, which the application brings about; nothing here knows a key or Textual.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Generic, Literal, TypeVar

import msgspec

from dashctl.events import Event, Severity
from dashctl_tui.scenes.viewport import Look, Scrolled, Shared, Viewport

View = TypeVar("View")

WHEEL_ROWS: Final = 3


@dataclass(frozen=True, slots=True)
class At(Generic[View, Look]):
    """What is shown while something is done: `view` is None for an empty scene."""

    view: View | None
    viewport: Viewport[Look]
    scrollable: int = 0

    @property
    def look(self) -> Look:
        return self.viewport.look


class Publish(msgspec.Struct, frozen=True):
    """Publish an event, in a run ("" for none)."""

    event: Event
    run: str = ""


class ShowScene(msgspec.Struct, frozen=True):
    """Go to another scene, to be looked at so; None: as it was."""

    name: str
    look: Any = None


class Say(msgspec.Struct, frozen=True):
    """Say something in the status line for some seconds."""

    text: str
    severity: Severity = "info"


class Ask(msgspec.Struct, frozen=True):
    """Have a line typed, with a text to begin with; `then` is done with it, and may raise UsageError."""

    prompt: str
    then: "Callable[[At[Any, Any], str], Any]"
    text: str = ""


Effect = Publish | ShowScene | Say | Ask


@dataclass(frozen=True, slots=True)
class Taken:
    """What comes of an act; None: as it was."""

    look: Any = None
    shared: Shared | None = None
    effects: Sequence[Effect] = ()


Act = Callable[[At[Any, Any]], Any]
"""Gives another look, or what is Taken."""


@dataclass(frozen=True, slots=True)
class SceneAction:
    """Something that can be done in one scene alone.

    name: what the configuration calls it, unique within the scene. keys are Textual's names, with commas
    between them; `shown` is how a person calls them.
    """

    name: str
    keys: str
    shown: str
    title: str
    help: str
    act: Act


Kind = Literal["press", "drag", "release", "wheel"]


class Gesture(msgspec.Struct, frozen=True):
    """What the mouse did, in cells from the scene's upper left corner.

    across, down: how far it moved since the last gesture. steps: of the wheel, 1 for down, -1 for up. moved:
    of a release, whether the mouse was moved since the button was pressed; without that it is a click.
    """

    kind: Kind
    column: int
    row: int
    across: int = 0
    down: int = 0
    steps: int = 0
    moved: bool = False
    shift: bool = False


def _scrolled(by: Callable[[At[Any, Any]], int]) -> Act:
    def act(at: At[Any, Any]) -> Any:
        return replace(at.look, scroll=min(at.scrollable, max(0, at.look.scroll + by(at))))

    return act


def _page(at: At[Any, Any]) -> int:
    return max(1, at.viewport.height // 2)


SCROLLING: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "up": _scrolled(lambda at: -1),
        "down": _scrolled(lambda at: 1),
        "page_up": _scrolled(lambda at: -_page(at)),
        "page_down": _scrolled(_page),
        "top": _scrolled(lambda at: -at.look.scroll),
        "bottom": _scrolled(lambda at: at.scrollable),
    }
)
"""What the keys that move do in a list; its look has a `scroll`, as `Scrolled` has."""


def wheel(at: At[Any, Scrolled], gesture: Gesture) -> Any:
    """The wheel scrolls a list."""
    if gesture.kind != "wheel":
        return at.look
    return _scrolled(lambda _: gesture.steps * WHEEL_ROWS)(at)
