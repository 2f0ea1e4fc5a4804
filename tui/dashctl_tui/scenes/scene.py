"""What a scene is: which events it draws, two pure steps from a state to rows, and what keys do there.

Rules: `select` runs under the state's lock, so it only picks out what the picture needs, in small copies
or frozen values; `draw` runs without it and never sees a State; neither looks at a clock, because the
time comes with the viewport; a picture has exactly the viewport's size. How a scene is looked at is its
`look`, a frozen dataclass; acts give another one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from dashctl.events import Event
from dashctl.state import State
from dashctl_tui.scenes.acts import SCROLLING, Act, At, Gesture, SceneAction, wheel
from dashctl_tui.scenes.prose import no_match, notice
from dashctl_tui.scenes.viewport import NARROW, Picture, Scrolled, Shared, Viewport

__all__ = ["NARROW", "Picture", "Scene", "SceneAction", "Scrolled", "Shared", "Table", "Viewport"]

View = TypeVar("View")

Table = Sequence[Sequence[str | int | float | None]]
"""A heading and lines of as many cells."""


@dataclass(frozen=True, slots=True)
class Scene(Generic[View]):
    """One page of the monitor."""

    name: str
    """As `--scene` takes it."""
    title: str
    key: str
    """A digit or a capital letter, unique in the deck."""
    draws: tuple[type[Event], ...]
    select: Callable[[State, Viewport[Any]], View | None]
    """What the picture needs, or None if there is nothing to draw."""
    draw: Callable[[View, Viewport[Any]], Picture]
    empty: str
    """What is not there yet."""
    remedy: str
    """What would bring it; commands stand in `backquotes`."""
    ticks: bool = False
    """Whether the picture changes with time alone."""
    look: Any = field(default=Scrolled())
    """How it is looked at first: a frozen dataclass of plain values, with a `scroll` if it is a list."""
    picks: Callable[[Any], object] = lambda look: look
    """What `select` looks at of a look: as long as that stays, and no event comes, so does the view."""
    acts: Mapping[str, Act] = field(default_factory=lambda: SCROLLING)
    """What the keys do that mean the same everywhere: up, down, left, right, page_up, page_down, top, bottom,
    zoom_in, zoom_out, open (Enter), back (Esc; gives the same look if there is nothing to go back from)."""
    actions: tuple[SceneAction, ...] = ()
    """What can be done here alone."""
    mouse: Callable[[At[Any, Any], Gesture], Any] = wheel
    """As an act."""
    moves: Callable[[Any, float], Any] | None = None
    """The look after so many seconds, for one that goes on by itself; the same object while it stands."""
    table: Callable[[View, Viewport[Any]], Table] | None = None
    """The data behind the picture, to be exported."""

    def choice(self, viewport: Viewport[Any]) -> object:
        """What the view depends on beside the events."""
        now = float(int(viewport.now)) if self.ticks else 0.0
        return viewport.width, viewport.height, viewport.shared, now, self.picks(viewport.look)

    def viewport(self, width: int, height: int, now: float = 0.0) -> Viewport[Any]:
        """How it is looked at first."""
        return Viewport(width, height, self.look, now)

    def paint(self, view: View | None, viewport: Viewport[Any]) -> Picture:
        """The picture of a view, or what would fill it."""
        if view is not None:
            return self.draw(view, viewport)
        if viewport.filter:
            return Picture(no_match(viewport.filter, viewport.width, viewport.height, viewport.keys("Esc")))
        return Picture(notice(self.empty, self.remedy, viewport.width, viewport.height))
