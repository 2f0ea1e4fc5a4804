"""What a picture is asked for, and what it is.

Rule: frozen values; how one scene is looked at belongs to that scene alone, what is shared belongs to all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import msgspec

from dashctl_tui.plots.canvas import Row
from dashctl_tui.query import Configuration, Query, parse

Look = TypeVar("Look")
"""A frozen dataclass of plain values, each with a default: it is written down when the monitor ends."""

NARROW = 100
"""Below so many columns a scene stacks what it would otherwise put side by side."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What a person chose for all scenes at once.

    filter: only what matches. marked: runs to be overlaid, in the order in which they were marked; none
    stands for all. baseline: the run that others are compared with, "" for none.
    """

    filter: str = ""
    marked: tuple[str, ...] = ()
    baseline: str = ""


class ScreenStats(msgspec.Struct, frozen=True):
    """How pictures come to this terminal, over about a second.

    interval: seconds between two of them at least. latency: seconds from a key until the terminal had its
    picture, None as long as no key changed one. slow: whether it is the line that takes no more.
    """

    bytes_a_second: float = 0.0
    frames_a_second: float = 0.0
    interval: float = 0.0
    latency: float | None = None
    slow: bool = False


NO_SCREEN = ScreenStats()
"""Of a picture that is on no terminal."""


class Keycaps(msgspec.Struct, frozen=True):
    """What is written on the keys, by what is written on them usually, where that is another."""

    others: tuple[tuple[str, str], ...] = ()

    def __call__(self, usual: str) -> str:
        """Keys with blanks between them, for words about them; what is no key is left as it is."""
        others = dict(self.others)
        return " ".join(others.get(key, key) for key in usual.split()) if others else usual


USUAL_KEYS = Keycaps()


@dataclass(frozen=True, slots=True)
class Scrolled:
    """The look of a scene that is a list: so many rows are left out above."""

    scroll: int = 0


@dataclass(frozen=True, slots=True)
class Viewport(Generic[Look]):
    """The size in cells, the moment (seconds since 1970), and what a person chose to see."""

    width: int
    height: int
    look: Look
    now: float = 0.0
    shared: Shared = field(default=Shared())
    screen: ScreenStats = field(default=NO_SCREEN)
    keys: Keycaps = field(default=USUAL_KEYS)

    @property
    def filter(self) -> str:
        """What was typed to be shown alone; "" for everything."""
        return self.shared.filter

    @property
    def narrow(self) -> bool:
        """Whether to stack rather than to put side by side."""
        return self.width < NARROW

    @property
    def query(self) -> Query:
        """What was typed, understood."""
        return parse(self.shared.filter)

    def shows(self, *names: str | None, config: Configuration | None = None) -> bool:
        """Whether a thing with these names is wanted; see `dashctl_tui.query`.

        config: of the run that it is of or came from. None where there is no run, or nobody told its
        configuration: such a thing is judged by its names alone.
        """
        return not self.shared.filter or self.query.shows(*names, config=config)


class Picture(msgspec.Struct, frozen=True):
    """Rows of the viewport's size, and how far they can be scrolled."""

    rows: Sequence[Row]
    scrollable: int = 0
