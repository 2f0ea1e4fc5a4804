"""The way through the past: a cursor that is asked to go somewhere, and the state as it was there.

Rules: the past is read in a thread of its own, which nobody waits for; what is asked while it is busy
becomes one wish, in which steps add up and a place replaces what was asked before; a state that was handed
over is never touched again.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from math import inf
from typing import Final, Protocol

import msgspec

from dashctl.errors import DashctlError
from dashctl.state import State

STEP: Final = 1.0
"""Seconds of one step."""
JUMP: Final = 60.0
"""Seconds of one jump at most."""
JUMPS: Final = 20
"""How many jumps at least it takes from end to end."""
_PATIENCE: Final = 0.3


class Span(Protocol):
    """From when to when something is kept, seconds since 1970 by the broker's clock."""

    @property
    def first(self) -> float: ...

    @property
    def last(self) -> float: ...


class Stretch(Protocol):
    """So many events between two moments."""

    @property
    def first(self) -> float: ...

    @property
    def last(self) -> float: ...

    @property
    def events(self) -> float: ...


class Moment(Protocol):
    """A state as it was."""

    @property
    def state(self) -> State: ...


class Past(Protocol):
    """What was kept; `dashctl.bus.past.Past` is it. One thread uses it, and each call may take a while."""

    def span(self) -> Span | None: ...

    def at(self, moment: float) -> Moment: ...

    def neighbour(self, moment: float, by: int) -> float: ...

    def stretches(self) -> Iterable[Stretch]: ...


OpenPast = Callable[[], AbstractContextManager[Past]]


@dataclass(frozen=True, slots=True)
class Wish:
    """Where to go: to a moment, or from where one is; then so many steps and jumps. Neither: only look."""

    moment: float | None = None
    steps: int = 0
    jumps: int = 0

    def then(self, later: "Wish") -> "Wish":
        """Both wishes in one."""
        if later.moment is not None:
            return later
        return replace(self, steps=self.steps + later.steps, jumps=self.jumps + later.jumps)

    @property
    def goes(self) -> bool:
        """Whether it leads anywhere."""
        return self != Wish()


LOOK: Final = Wish()
BEGINNING: Final = Wish(moment=-inf)


class Arrival(msgspec.Struct, frozen=True):
    """The state at a moment."""

    moment: float
    state: State


class Trouble(msgspec.Struct, frozen=True):
    """Why a wish led nowhere."""

    reason: str


@dataclass(frozen=True, slots=True)
class Journey:
    """How it goes: what is kept, and where the cursor goes, or went last.

    As long as it is under way, the goal is what can be told of it without asking: a key is answered at once.
    """

    span: Span | None = None
    density: Sequence[Stretch] = ()
    goal: float | None = None
    under_way: bool = False


class Traveller:
    """Reads the past in a thread of its own; begins to when first asked.

    on_news is called in that thread when there is something to take or to show.
    """

    def __init__(self, open_past: OpenPast, on_news: Callable[[], None] = lambda: None) -> None:
        self._open_past = open_past
        self.on_news = on_news
        self._changed = threading.Condition()
        self._wish: Wish | None = None
        self._origin = 0.0
        self._cursor: float | None = None
        self._journey = Journey()
        self._news: Arrival | Trouble | None = None
        self._life = 0
        """Counted up when the present is shown again: what an older one comes to is not wanted."""
        self._ending = False
        self._thread: threading.Thread | None = None

    def ask(self, wish: Wish, origin: float) -> None:
        """Go there, from `origin` if no cursor was set yet. Never waits."""
        with self._changed:
            journey = self._journey
            if wish.goes:
                known = journey.goal if journey.under_way and journey.goal is not None else self._cursor
                goal = aim(journey.span, wish, origin if known is None else known) if journey.span else None
                self._journey = replace(journey, under_way=True, goal=goal)
            self._wish = self._wish.then(wish) if self._wish is not None else wish
            self._origin = origin
            if self._thread is None:
                self._thread = threading.Thread(target=self._travel, name="dashctl-past", daemon=True)
                self._thread.start()
            self._changed.notify()

    def forget(self) -> None:
        """The present is shown again: whatever is under way is not wanted any more."""
        with self._changed:
            self._life += 1
            self._wish = self._cursor = self._news = None
            self._journey = Journey(self._journey.span, self._journey.density)

    def take(self) -> Arrival | Trouble | None:
        """What came of the last wish, once; the state is the caller's from then on."""
        with self._changed:
            news, self._news = self._news, None
            return news

    @property
    def journey(self) -> Journey:
        """How it goes now."""
        return self._journey

    def close(self) -> None:
        """End; a question that is under way is left to end by itself."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    # In the thread

    def _travel(self) -> None:
        with ExitStack() as opened:
            past: Past | None = None
            while (told := self._next()) is not None:
                wish, origin, life = told
                try:
                    past = past or opened.enter_context(self._open_past())
                    self._go(past, wish, origin, life)
                except DashctlError as error:
                    # Whatever is wrong with it, the next wish begins with a new one.
                    opened.close()
                    past = None
                    self._end(life, Trouble(str(error)))

    def _next(self) -> tuple[Wish, float, int] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._ending or self._wish is not None)
            if self._ending or self._wish is None:
                return None
            wish, self._wish = self._wish, None
            return wish, self._origin if self._cursor is None else self._cursor, self._life

    def _go(self, past: Past, wish: Wish, origin: float, life: int) -> None:
        span = past.span()
        density = tuple(past.stretches())
        self._note(life, lambda journey: replace(journey, span=span, density=density))
        if not wish.goes:
            self._end(life, None)
        elif span is None:
            self._end(life, Trouble("this broker keeps no journal"))
        else:
            goal = goal_of(past, span, wish, origin)
            # What was asked meanwhile leads on from there.
            self._note(life, lambda journey: replace(journey, goal=aim(span, self._wish or LOOK, goal)))
            self._end(life, Arrival(goal, past.at(goal).state))

    def _note(self, life: int, change: Callable[[Journey], Journey]) -> None:
        with self._changed:
            if life == self._life:
                self._journey = change(self._journey)
        self.on_news()

    def _end(self, life: int, news: Arrival | Trouble | None) -> None:
        with self._changed:
            if life == self._life:
                self._news = news or self._news
                if isinstance(news, Arrival):
                    self._cursor = news.moment
                goes_on = self._wish is not None and self._wish.goes
                self._journey = replace(self._journey, under_way=goes_on)
        self.on_news()


def goal_of(past: Past, span: Span, wish: Wish, origin: float) -> float:
    """The moment that a wish leads to, within what is kept.

    A step is a second, and a jump a minute at most, or, where nothing happened in that time, to the next
    frame in its direction.
    """
    there = aim(span, wish, origin)
    start, towards = (
        (replace(wish, steps=0), wish.steps) if wish.steps else (replace(wish, jumps=0), wish.jumps)
    )
    if not towards:
        return there
    nearest = clamped(past.neighbour(aim(span, start, origin), 1 if towards > 0 else -1), span)
    return max(there, nearest) if towards > 0 else min(there, nearest)


def aim(span: Span, wish: Wish, origin: float) -> float:
    """The moment that a wish leads to where something happens all the time, within what is kept."""
    jump = min(JUMP, (span.last - span.first) / JUMPS)
    start = clamped(origin if wish.moment is None else wish.moment, span)
    return clamped(clamped(start + wish.jumps * jump, span) + wish.steps * STEP, span)


def clamped(moment: float, span: Span) -> float:
    """The moment, or the nearest one of the span."""
    return min(max(moment, span.first), span.last)
