"""What the scene Stack shows: the broker's last word, and who publishes, with what became of each.

Rules: who is silent, has left or has vanished is told apart in words, too; producers keep their places while
their rates change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec

from dashctl.events import BusStats, DoorStats, ProducerStats, RunStarted, Scalar
from dashctl.state import State
from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.palette import ACCENT, ALERT, FAINT, MUTED, WARNING
from dashctl_tui.scenes.moments import roughly
from dashctl_tui.scenes.scene import Scrolled, Viewport

_SILENT: Final = 10.0
_LEFT_SHOWN: Final = 60.0
"""Seconds for which a producer that left is shown."""
_VANISHED_SHOWN: Final = 900.0


class Node(msgspec.Struct, frozen=True):
    """A producer, and what its run said of the program."""

    stats: ProducerStats
    name: str
    host: str
    silent: float
    """Seconds since it was heard last."""
    config: Mapping[str, Scalar] | None = None
    """Of its run, if that told."""

    @property
    def state(self) -> str:
        if self.stats.ended:
            return self.stats.ended
        return "silent" if self.silent > _SILENT else ""

    @property
    def word(self) -> str:
        """How it is, if that is worth a word."""
        if not self.state:
            return f"{self.stats.lost:,} lost" if self.stats.lost else ""
        return f"{self.state} {roughly(self.silent)}{'' if self.state == 'silent' else ' ago'}"

    @property
    def ink(self) -> Ink:
        known = {"": ACCENT if self.stats.rate else MUTED, "silent": WARNING, "left": FAINT}
        return known.get(self.state, ALERT)


@dataclass(frozen=True)
class Stack:
    """What the broker told last, the rates before, and the producers that the filter leaves.

    late: seconds since the broker told anything.
    """

    stats: BusStats
    late: float
    rates: tuple[float, ...]
    nodes: tuple[Node, ...]

    @cached_property
    def doors(self) -> tuple[DoorStats, ...]:
        """Where monitors are connected; a broker that names no doors has one without an address."""
        used = tuple(door for door in self.stats.doors if door.monitors)
        return used or (DoorStats("", self.stats.monitors, self.stats.connections),)


def select_stack(state: State, viewport: Viewport[Scrolled]) -> Stack | None:
    history = state.last(BusStats).get((), ())
    if not history:
        return None
    newest, told = history[-1].event, history[-1].time
    begun = {item.run: item.event for item in state.latest(RunStarted).values()}
    late = max(0.0, viewport.now - told)
    nodes = [_node(one, begun.get(one.run), one.silent + late) for one in newest.by_producer]
    shown = [node for node in nodes if _is_shown(node) and viewport.shows(*_names(node), config=node.config)]
    if viewport.filter and not shown:
        return None
    return Stack(newest, late, tuple(item.event.rate for item in history), tuple(sorted(shown, key=_place)))


def _node(one: ProducerStats, begun: RunStarted | None, silent: float) -> Node:
    name = one.name or (begun.name if begun else None) or one.run
    return Node(one, name, begun.host if begun else "", silent, begun.config if begun else None)


def _names(node: Node) -> tuple[str, ...]:
    return node.name, node.stats.run, node.stats.producer, node.host, node.stats.user


def _is_shown(node: Node) -> bool:
    if node.state == "left":
        return node.silent < _LEFT_SHOWN
    return node.state != "vanished" or node.silent < _VANISHED_SHOWN


def _place(node: Node) -> tuple[bool, str, str]:
    """Not by rate: boxes would change places all the time."""
    return bool(node.stats.ended), node.name.casefold(), node.stats.producer
