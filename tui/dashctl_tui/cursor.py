"""The one moment that all scenes show: the present, a pause, or somewhere in the past.

Rules: whatever leads away from the present pauses at once, and the past is shown when it is there; the bar
that shows where one is stands while that is not the present, or always if a person wants it.
"""

import time
from typing import Final

from dashctl_tui.source import Lens
from dashctl_tui.time_bar import TimeBar, moment_at
from dashctl_tui.travel import LOOK, Arrival, Traveller, Trouble, Wish

_LOOKED: Final = 5.0
"""Seconds after which the bar asks again what is kept."""


class Cursor:
    """Moves a lens through time."""

    def __init__(self, lens: Lens, traveller: Traveller) -> None:
        self._lens = lens
        self._traveller = traveller
        self._bar: TimeBar | None = None
        self._bar_wanted = False
        self._asks_why = False
        self._looked_at = 0.0

    @property
    def shown(self) -> str:
        """`paused`, `past`, or nothing for the present."""
        held = self._lens.held
        return "" if held is None else "past" if held.past else "paused"

    def pause(self) -> None:
        """Stop the picture."""
        if self._lens.held is None:
            self._lens.hold()
            self._look_back()

    def go_live(self) -> None:
        """Show the present again."""
        self._traveller.forget()
        self._lens.release()

    def go(self, wish: Wish) -> None:
        """Pause, and go there as soon as may be."""
        if self._lens.held is None:
            self._lens.hold()
        self._asks_why = True
        self._ask(wish)

    def seek(self, column: int, width: int) -> None:
        """Go where somebody points on a bar of that width."""
        if self._bar is None:
            return
        moment = moment_at(self._bar, width, column)
        if moment is None:
            self.go_live()
        else:
            self.go(Wish(moment=moment))

    def want_bar(self) -> None:
        """Have the bar stand always, or no longer."""
        self._bar_wanted = not self._bar_wanted
        self._asks_why = self._bar_wanted
        self._look_back()

    def arrive(self) -> str:
        """Show what came of the last wish; gives what is to be said if it led nowhere."""
        match self._traveller.take():
            case Arrival(moment=moment, state=state):
                self._asks_why = False
                self._lens.show(state, moment)
            case Trouble(reason=reason) if self._asks_why:
                # Once: the bar goes on asking by itself.
                self._asks_why = False
                return reason
        return ""

    def bar(self) -> TimeBar | None:
        """The bar as it is now, None while it does not stand."""
        held, journey = self._lens.held, self._traveller.journey
        span = journey.span
        self._bar = None
        if span is None or (held is None and not self._bar_wanted):
            return None
        if time.monotonic() - self._looked_at > _LOOKED:
            self._look_back()
        # By whole seconds, so that it is drawn once in each.
        now = float(int(max(self._lens.present(), span.last)))
        goal = journey.goal if journey.under_way else None
        self._bar = TimeBar(span.first, now, held.moment if held else None, goal, journey.density)
        return self._bar

    def _look_back(self) -> None:
        self._looked_at = time.monotonic()
        self._ask(LOOK)

    def _ask(self, wish: Wish) -> None:
        held = self._lens.held
        self._traveller.ask(wish, held.moment if held is not None else self._lens.present())
