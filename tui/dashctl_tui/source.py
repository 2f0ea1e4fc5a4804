"""Where the monitor looks: a state that somebody else folds, and a copy of it that stands still.

Rule: the state is only read under the lock, and only for as long as picking out takes.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import msgspec

from dashctl.bus import Connection
from dashctl.events import Alert, AlertAcknowledged, BusStats
from dashctl.state import State
from dashctl_tui.scenes.firing import Firing, firing
from dashctl_tui.scenes.run_views import told_of_runs
from dashctl_tui.scenes.scene import Scene, Viewport


class Source(Protocol):
    """What follows a bus; `dashctl.bus.Follower` does."""

    @property
    def lock(self) -> threading.Lock: ...

    @property
    def state(self) -> State: ...

    def connection(self) -> Connection: ...


@runtime_checkable
class Telling(Protocol):
    """A source that says when there is news; one that does not is looked at each interval."""

    on_news: Callable[[], None]


TRUSTED = 5.0
"""Seconds by which two clocks may differ that count as one."""


class Held(msgspec.Struct, frozen=True):
    """A state as it was at a moment, by the broker's clock."""

    state: State
    moment: float
    past: bool = False
    """Whether it was fetched from the past, and not held when it was the present."""


class Lens:
    """Looks at a source through a scene, and keeps what it saw until that changes."""

    def __init__(self, source: Source, clock: Callable[[], float] = time.time) -> None:
        self.source = source
        self._clock = clock
        self._held: Held | None = None
        self._key: object = None
        self._state: State | None = None
        self._view: Any = None
        self._firing = Firing()
        self._told: object = None

    @property
    def held(self) -> Held | None:
        """The moment that is shown, if it has passed."""
        return self._held

    def hold(self) -> None:
        """Go on showing the state as it is now."""
        moment = self.present()
        with self.source.lock:
            state = self.source.state.copy()
        self._held = Held(state, moment)

    def show(self, state: State, moment: float) -> None:
        """Show a state of the past, which is nobody else's."""
        self._held = Held(state, moment, past=True)

    def release(self) -> None:
        """Show the present again."""
        self._held = None

    def now(self) -> float:
        """The moment that is shown, seconds since 1970 by the broker's clock."""
        return self._held.moment if self._held else self.present()

    def present(self) -> float:
        """The present by the broker's clock: its last word, where that is far from this machine's."""
        now = self._clock()
        with self.source.lock:
            told = self.source.state.newest(BusStats)
        if told is None or not self.source.connection().connected or abs(now - told.time) <= TRUSTED:
            return now
        return told.time

    def firing(self) -> Firing:
        """The alerts that fire in the present, whatever moment is shown."""
        with self.source.lock:
            state = self.source.state
            told = (state, state.version(Alert), state.version(AlertAcknowledged))
            if told != self._told:
                self._firing, self._told = firing(state), told
        return self._firing

    def runs(self) -> set[str]:
        """Those of which the present knows anything."""
        with self.source.lock:
            return {told.run for told in told_of_runs(self.source.state, nameless=True)}

    def look(self, scene: Scene[Any], viewport: Viewport[Any]) -> tuple[Any, bool]:
        """The scene's view, and whether it is another one than last time."""
        held = self._held
        if held is not None:
            return self._select(scene, viewport, held.state)
        with self.source.lock:
            return self._select(scene, viewport, self.source.state)

    def _select(self, scene: Scene[Any], viewport: Viewport[Any], state: State) -> tuple[Any, bool]:
        key = (scene.name, scene.choice(viewport), tuple(state.version(cls) for cls in scene.draws))
        # A state that a snapshot replaced may have the same versions and other events.
        if key == self._key and state is self._state:
            return self._view, False
        self._view = scene.select(state, viewport)
        self._key, self._state = key, state
        return self._view, True
