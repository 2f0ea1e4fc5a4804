"""The inks of the monitor, by what they mean.

Rules: an ink names a role ("accent", "phase.clean", "category.3/far"), and which colour that is, is the
skin's to say; the same name has the same ink in every process, so names are hashed with CRC-32 and never with
Python's salted hash.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from zlib import crc32

import msgspec

from dashctl.phases import PHASES, Phase
from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.skin import CHOSEN, ON, SCALE
from dashctl_tui.plots.themes import CATEGORIES, MODELS

BACKGROUND: Final = "background"
TRACK: Final = "track"
"""Background of the empty part of a bar."""
CHOSEN_LINE: Final = CHOSEN
"""Background of the line that is chosen."""
ON_COLOUR: Final = ON
"""Text on top of a coloured cell."""

TEXT: Final = Ink("text")
HEADING: Final = Ink("heading", bold=True)
MUTED: Final = Ink("muted")
FAINT: Final = Ink("faint")
FAINTER: Final = Ink("fainter")
ACCENT: Final = Ink("accent")
GOOD: Final = Ink("good")
WARNING: Final = Ink("warning")
ALERT: Final = Ink("alert", bold=True)

PHASE_LETTERS: Final[Mapping[Phase, str]] = MappingProxyType(
    {"clean": "C", "armed": "A", "infecting": "I", "infected_running": "R", "dormant": "D"}
)
"""One letter per phase, so that a cell says its phase without colour."""
_STEPS: Final = 15
"""Of a scale: finer ones would part runs of cells that look alike."""


def phase_ink(phase: str | None) -> Ink:
    """The colour of a phase; muted for None or a name that is no phase."""
    return Ink(f"phase.{phase}") if phase in PHASES else MUTED


def model_ink(name: str) -> Ink:
    """The colour of a model: its own for rnn, gru, lstm, bert and knn, else the one of `name_ink`."""
    known = name.lower()
    return Ink(f"model.{known}") if known in MODELS else name_ink(name)


def name_ink(name: str) -> Ink:
    """A colour for any name, the same in every process and on every machine."""
    return cluster_ink(crc32(name.encode("utf-8", "replace")))


@lru_cache(maxsize=64)
def inks_apart(names: tuple[str, ...]) -> Mapping[str, Ink]:
    """A colour for each of several names: its own, or the next one that no name before it has.

    So a name keeps its colour when others come after it; beyond twelve, colours repeat.
    """
    free: list[int] = []
    given: dict[str, Ink] = {}
    for name in names:
        free = free or list(range(CATEGORIES))
        own = crc32(name.encode("utf-8", "replace")) % CATEGORIES
        place = min(free, key=lambda index: (index - own) % CATEGORIES)
        free.remove(place)
        given[name] = cluster_ink(place)
    return given


def cluster_ink(index: int) -> Ink:
    """The colour of category number `index`; they repeat after twelve."""
    return Ink(f"category.{index % CATEGORIES}")


def scale_ink(share: float) -> Ink:
    """The colour of an amount from little (0) to much (1); less and NaN count as 0, more as 1."""
    step = round(min(1.0, share) * _STEPS) if share > 0.0 else 0
    return Ink(f"{SCALE}{step / _STEPS:.4f}")


def filled(ink: Ink, bold: bool = True) -> Ink:
    """Text on a cell filled with the colour of `ink`."""
    return Ink(ON_COLOUR, ink.colour, bold=bold)


def hidden_in(ink: Ink) -> Ink:
    """Text that vanishes in a solid block of colour, and appears where colours are off."""
    return Ink(ink.colour, ink.colour)


class Shades(msgspec.Struct, frozen=True):
    """One colour at three depths."""

    near: Ink
    middle: Ink
    far: Ink


@lru_cache(maxsize=1024)
def shades(ink: Ink) -> Shades:
    """`ink` a little stronger, faded a little, and faded more: nearest to farthest."""
    near, middle, far = (Ink(f"{ink.colour}/{depth}") for depth in ("near", "middle", "far"))
    return Shades(near, middle, far)


CloudPalette = tuple[Shades, ...]
"""Shades per class code, at least one; codes beyond its end start over."""


def cloud_palette(inks: Iterable[Ink]) -> CloudPalette:
    """The palette of a cloud whose class code i has the colour inks[i]."""
    return tuple(shades(ink) for ink in inks)
