"""What keys and the mouse do among hosts.

Rules: the cursor stands on a host, whatever place that has, and the list follows it; in the full view of one
host the keys scroll, and left and right go from host to host.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from dashctl_tui.scenes.acts import SCROLLING, WHEEL_ROWS, Act, At, Gesture
from dashctl_tui.scenes.hosts.cards import columns_of
from dashctl_tui.scenes.hosts.heat import cells_for, host_at
from dashctl_tui.scenes.hosts.measures import HEAT
from dashctl_tui.scenes.hosts.view import Hosts, HostsLook, have_cards, ordered, place_of_cursor

Here = At[Hosts, HostsLook]


def _moved(scrolling: str, places: Callable[[Here, int, int], int]) -> Act:
    """The cursor on by so many places, or, in the full view, what `scrolling` does there."""

    def act(at: Here) -> HostsLook:
        if at.view is None:
            return at.look
        if at.view.opened is not None:
            scrolled: HostsLook = SCROLLING[scrolling](at)
            return scrolled
        hosts = ordered(at.view, at.viewport)
        columns, fitting = _layout(at)
        place = place_of_cursor(hosts, at.look) + places(at, columns, fitting)
        return _with_cursor(at, min(len(hosts) - 1, max(0, place)))

    return act


def _layout(at: Here) -> tuple[int, int]:
    """How many hosts stand side by side, and how many lines of them are seen."""
    assert at.view is not None
    hosts, viewport = ordered(at.view, at.viewport), at.viewport
    if have_cards(len(at.view.hosts), viewport):
        columns = columns_of(len(hosts), viewport.width)
        return columns, max(1, -(-len(hosts) // columns) - at.scrollable)
    cells = cells_for(tuple(host.name for host in hosts), viewport.width, viewport.height)
    return cells.columns, cells.fitting


def _with_cursor(at: Here, place: int) -> HostsLook:
    assert at.view is not None
    hosts = ordered(at.view, at.viewport)
    columns, fitting = _layout(at)
    line = place // columns
    scroll = min(at.scrollable, max(line - fitting + 1, min(at.look.scroll, line), 0))
    return replace(at.look, cursor=hosts[place].name, scroll=scroll)


def _beside(by: int) -> Act:
    """The cursor one to the side; in the full view, the next host's."""
    move = _moved("up", lambda at, columns, fitting: by)

    def act(at: Here) -> HostsLook:
        if at.view is None or at.view.opened is None:
            look: HostsLook = move(at)
            return look
        hosts = ordered(at.view, at.viewport)
        names = [host.name for host in hosts]
        here = names.index(at.view.opened.name) if at.view.opened.name in names else -1
        name = names[(here + by) % len(names)]
        return replace(at.look, opened=name, cursor=name, scroll=0)

    return act


def _open(at: Here) -> HostsLook:
    if at.view is None or at.view.opened is not None:
        return at.look
    hosts = ordered(at.view, at.viewport)
    name = hosts[place_of_cursor(hosts, at.look)].name
    return replace(at.look, opened=name, cursor=name, scroll=0)


def _back(at: Here) -> HostsLook:
    return replace(at.look, opened="", scroll=0) if at.look.opened else at.look


MOVES: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "up": _moved("up", lambda at, columns, fitting: -columns),
        "down": _moved("down", lambda at, columns, fitting: columns),
        "left": _beside(-1),
        "right": _beside(1),
        "page_up": _moved("page_up", lambda at, columns, fitting: -columns * max(1, fitting // 2)),
        "page_down": _moved("page_down", lambda at, columns, fitting: columns * max(1, fitting // 2)),
        "top": _moved("top", lambda at, columns, fitting: -len(at.view.hosts) if at.view else 0),
        "bottom": _moved("bottom", lambda at, columns, fitting: len(at.view.hosts) if at.view else 0),
        "open": _open,
        "back": _back,
    }
)


def next_measure(at: Here) -> HostsLook:
    """The next measure that any host tells."""
    names = [measure.name for measure in HEAT]
    if at.view is not None:
        told = [
            measure.name
            for measure in HEAT
            if any(measure.told(host.stats) is not None for host in at.view.hosts)
        ]
        names = [name for name in names if name in told or name == at.look.measure] or names
    after = names.index(at.look.measure) + 1 if at.look.measure in names else 0
    return replace(at.look, measure=names[after % len(names)])


def other_order(at: Here) -> HostsLook:
    """By name, or the worst first."""
    return replace(at.look, worst_first=not at.look.worst_first, scroll=0)


def hide_silent(at: Here) -> HostsLook:
    """Only hosts that speak, or all of them."""
    return replace(at.look, without_silent=not at.look.without_silent, scroll=0)


def mouse(at: Here, gesture: Gesture) -> HostsLook:
    """A click puts the cursor on a host, a second one opens it; the wheel scrolls."""
    if gesture.kind == "wheel":
        scroll = at.look.scroll + gesture.steps * WHEEL_ROWS
        return replace(at.look, scroll=min(at.scrollable, max(0, scroll)))
    if gesture.kind != "release" or gesture.moved or at.view is None or at.view.opened is not None:
        return at.look
    name = _pointed_at(at, gesture)
    if name is None:
        return at.look
    return _open(at) if name == at.look.cursor else replace(at.look, cursor=name)


def _pointed_at(at: Here, gesture: Gesture) -> str | None:
    assert at.view is not None
    if not have_cards(len(at.view.hosts), at.viewport):
        return host_at(at.view, at.viewport, gesture.column, gesture.row)
    hosts = ordered(at.view, at.viewport)
    columns, fitting = _layout(at)
    line = min(at.look.scroll, at.scrollable) + gesture.row * fitting // max(1, at.viewport.height)
    place = line * columns + min(columns - 1, gesture.column * columns // max(1, at.viewport.width))
    return hosts[place].name if 0 <= place < len(hosts) else None
