"""What a scene is: which events it draws, and two pure steps from a state to rows.

Rules: `select` runs under the state's lock, so it only picks out what the picture needs, in small copies
or frozen values; `draw` runs without it and never sees a State; neither looks at a clock, because the
time comes with the viewport; a picture has exactly the viewport's size.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from dashctl.events import Event
from dashctl.state import State
from dashctl_tui.plots.camera import Camera
from dashctl_tui.plots.canvas import Row
from dashctl_tui.scenes.prose import no_match, notice

View = TypeVar("View")

NARROW = 100
"""Below so many columns a scene stacks what it would otherwise put side by side."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """What a picture is asked for: the size in cells, the moment, and what a person chose to see.

    now: seconds since 1970. filter: only what has this in its name. scroll: rows left out above. item:
    which of several clouds. colouring: by which category, counted from the first there is. limit: at most
    so many points.
    """

    width: int
    height: int
    now: float = 0.0
    filter: str = ""
    scroll: int = 0
    camera: Camera | None = None
    colouring: int = 0
    item: int = 0
    limit: int | None = None
    log_y: bool = False
    smoothing: float = 0.0

    @property
    def narrow(self) -> bool:
        """Whether to stack rather than to put side by side."""
        return self.width < NARROW

    def shows(self, *names: str | None) -> bool:
        """Whether one of the names has the filter's text in it, whatever its case."""
        wanted = self.filter.casefold()
        return not wanted or any(name is not None and wanted in name.casefold() for name in names)


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows of the viewport's size, and how far they can be scrolled."""

    rows: Sequence[Row]
    scrollable: int = 0


@dataclass(frozen=True, slots=True)
class Scene(Generic[View]):
    """One page of the monitor."""

    name: str
    """As `--scene` takes it."""
    title: str
    draws: tuple[type[Event], ...]
    select: Callable[[State, Viewport], View | None]
    """What the picture needs, or None if there is nothing to draw."""
    draw: Callable[[View, Viewport], Picture]
    empty: str
    """What is not there yet."""
    remedy: str
    """What would bring it; commands stand in `backquotes`."""
    ticks: bool = False
    """Whether the picture changes with time alone."""
    turns: bool = False
    """Whether there is a camera: what scrolls elsewhere turns here."""

    def choice(self, viewport: Viewport) -> Viewport:
        """The viewport without what only drawing looks at: as long as it stays, so does the view."""
        now = float(int(viewport.now)) if self.ticks else 0.0
        return replace(viewport, now=now, camera=None, colouring=0, limit=None, log_y=False, smoothing=0.0)

    def paint(self, view: View | None, viewport: Viewport) -> Picture:
        """The picture of a view, or what would fill it."""
        if view is not None:
            return self.draw(view, viewport)
        if viewport.filter:
            return Picture(no_match(viewport.filter, viewport.width, viewport.height))
        return Picture(notice(self.empty, self.remedy, viewport.width, viewport.height))
