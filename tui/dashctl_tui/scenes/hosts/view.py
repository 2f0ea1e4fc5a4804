"""Which hosts are shown, and how they are looked at.

Rules: hosts stand in the order of their names, numbers in them as numbers, or the worst first, in coarse
steps so that they do not change places all the time; histories are copied out of the state only for hosts
that show theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Final

import numpy as np

from dashctl.events import HostStats, Stamped
from dashctl.state import State
from dashctl.trace import Traced
from dashctl_tui.scenes.hosts.measures import GAUGES, Measure, Values, measure_named
from dashctl_tui.scenes.names import natural
from dashctl_tui.scenes.viewport import Viewport

FEW: Final = 4
"""So many hosts have a card each at least; more are cells of a grid, unless there is room."""
CARD_COLUMNS: Final = 60
_CARD_ROWS: Final = 10
_SILENT_AFTER: Final = 10.0
_MISSED: Final = 3
"""So many words in a row that did not come mean silence."""
_STEPS: Final = 20


@dataclass(frozen=True, slots=True)
class HostsLook:
    """measure: what a grid is coloured by. cursor, opened: a host's name, "" for the first, or for none."""

    scroll: int = 0
    measure: str = "cpu"
    worst_first: bool = False
    without_silent: bool = False
    cursor: str = ""
    opened: str = ""


@dataclass(frozen=True, eq=False)
class Host:
    """One machine: its newest word, and, if it is to be shown, how its numbers ran."""

    name: str
    newest: Stamped[HostStats]
    traced: Traced | None = None

    @property
    def stats(self) -> HostStats:
        return self.newest.event

    def silent(self, now: float) -> bool:
        """Whether it said nothing for longer than it should."""
        return now - self.newest.time > max(_SILENT_AFTER, _MISSED * (self.stats.interval or 0.0))

    def history(self, measure: Measure) -> Values:
        """How a measure ran, NaN where it was not told; empty if it never was."""
        values = None if self.traced is None else measure.ran(self.traced, self.stats)
        if values is None or np.isnan(values).all():
            return np.empty(0)
        return values

    def gauges(self) -> list[tuple[Measure, Values]]:
        """What it tells anything of."""
        every = ((measure, self.history(measure)) for measure in GAUGES)
        return [(measure, values) for measure, values in every if values.size]


@dataclass(frozen=True, eq=False)
class Hosts:
    """Those that are wanted, by name; `opened` is the one that is shown in full."""

    hosts: tuple[Host, ...]
    opened: Host | None = None


def have_cards(hosts: int, viewport: Viewport[HostsLook]) -> bool:
    """Whether so many hosts have a card each."""
    fitting = viewport.width // CARD_COLUMNS * (viewport.height // _CARD_ROWS)
    return hosts <= max(FEW, fitting)


def select(state: State, viewport: Viewport[HostsLook]) -> Hosts | None:
    """The newest word of each, and histories of few, or of the one that is opened."""
    wanted = [(key[0], newest) for key, newest in state.latest(HostStats).items() if viewport.shows(key[0])]
    if not wanted:
        return None
    wanted.sort(key=lambda each: natural(each[0]))
    few = have_cards(len(wanted), viewport)
    opened: Host | None = None
    hosts = []
    for name, newest in wanted:
        shown = name == viewport.look.opened or (few and not viewport.look.opened)
        host = Host(name, newest, state.trace(HostStats, (name,)) if shown else None)
        opened = host if name == viewport.look.opened else opened
        hosts.append(host)
    if few and viewport.look.opened and opened is None:
        hosts = [Host(host.name, host.newest, state.trace(HostStats, (host.name,))) for host in hosts]
    return Hosts(tuple(hosts), opened)


def ordered(view: Hosts, viewport: Viewport[HostsLook]) -> Sequence[Host]:
    """The hosts as they stand on the screen."""
    hosts: Sequence[Host] = view.hosts
    if viewport.look.without_silent:
        # Where all fell silent there would be nothing left to see that by.
        hosts = [host for host in hosts if not host.silent(viewport.now)] or hosts
    if not viewport.look.worst_first:
        return hosts
    measure = measure_named(viewport.look.measure)
    top = ceiling(measure, hosts)

    def worst(host: Host) -> tuple[int, tuple[object, ...]]:
        if host.silent(viewport.now):
            return -_STEPS - 1, natural(host.name)
        how_much = share(measure.told(host.stats), top)
        return (1 if how_much is None else -round(how_much * _STEPS)), natural(host.name)

    return sorted(hosts, key=worst)


def ceiling(measure: Measure, hosts: Sequence[Host]) -> float:
    """Where the scale of a measure ends."""
    if measure.ceiling is not None:
        return measure.ceiling
    return max((measure.told(host.stats) or 0.0 for host in hosts), default=0.0)


def share(value: float | None, top: float) -> float | None:
    """A value's place on a scale from 0 to 1."""
    if value is None or isnan(value):
        return None
    return min(1.0, max(0.0, value / top)) if top > 0 else 0.0


def place_of_cursor(hosts: Sequence[Host], look: HostsLook) -> int:
    """Where the cursor stands: on the first host, if on none."""
    return next((place for place, host in enumerate(hosts) if host.name == look.cursor), 0)
