"""The colours of the monitor, for a dark background.

Rules: colours of one set differ in lightness as well as hue, so that they stay apart for colour-blind eyes
and after quantising to the 256 standard colours; the same name has the same colour in every process, so names
are hashed with CRC-32 and never with Python's salted hash; nothing outside this file spells a colour.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from zlib import crc32

from dashctl.phases import Phase
from dashctl_tui.plots.canvas import Ink

BACKGROUND: Final = "#101016"
TRACK: Final = "#26262f"
"""Background of the empty part of a bar."""
ON_COLOUR: Final = "#121218"
"""Text on top of a coloured cell."""

TEXT: Final = Ink("#d0d0d7")
HEADING: Final = Ink("#eeeef2", bold=True)
MUTED: Final = Ink("#8a8a94")
FAINT: Final = Ink("#4e4e58")
FAINTER: Final = Ink("#3a3a42")
ACCENT: Final = Ink("#87afff")
GOOD: Final = Ink("#5fd7af")
WARNING: Final = Ink("#ffaf5f")
ALERT: Final = Ink("#ff5f5f", bold=True)

_PHASE_COLOURS: Final[Mapping[Phase, str]] = MappingProxyType(
    {
        "clean": "#5fd7af",
        "armed": "#ffd75f",
        "infecting": "#ff875f",
        "infected_running": "#ff0087",
        "dormant": "#8787d7",
    }
)
PHASE_LETTERS: Final[Mapping[Phase, str]] = MappingProxyType(
    {"clean": "C", "armed": "A", "infecting": "I", "infected_running": "R", "dormant": "D"}
)
"""One letter per phase, so that a cell says its phase without colour."""

_MODEL_COLOURS: Final[Mapping[str, str]] = MappingProxyType(
    {"rnn": "#5f87d7", "gru": "#5fafaf", "lstm": "#ffafff", "bert": "#d78700", "knn": "#afd75f"}
)
# Ordered so that any first few of them are as far apart as they can be: for every kind of colour sight, and
# with the three depths of each against those of the others.
_CATEGORICAL: Final = (
    "#00afff",
    "#d75f87",
    "#afaf00",
    "#afd7ff",
    "#00ffd7",
    "#d7d787",
    "#d7875f",
    "#d787d7",
    "#5f87d7",
    "#00d7d7",
    "#af8700",
    "#ffafaf",
)


def phase_ink(phase: str | None) -> Ink:
    """The colour of a phase; muted for None or a name that is no phase."""
    for known, colour in _PHASE_COLOURS.items():
        if known == phase:
            return Ink(colour)
    return MUTED


def model_ink(name: str) -> Ink:
    """The colour of a model: its own for rnn, gru, lstm, bert and knn, else the one of `name_ink`."""
    own = _MODEL_COLOURS.get(name.lower())
    return Ink(own) if own else name_ink(name)


def name_ink(name: str) -> Ink:
    """A colour for any name, the same in every process and on every machine."""
    return cluster_ink(crc32(name.encode("utf-8", "replace")))


def cluster_ink(index: int) -> Ink:
    """The colour of category number `index`; they repeat after twelve."""
    return Ink(_CATEGORICAL[index % len(_CATEGORICAL)])


def filled(ink: Ink, bold: bool = True) -> Ink:
    """Dark text on a cell filled with the colour of `ink`."""
    return Ink(ON_COLOUR, ink.colour, bold=bold)


def hidden_in(ink: Ink) -> Ink:
    """Text that vanishes in a solid block of colour, and appears where colours are off."""
    return Ink(ink.colour, ink.colour)


@dataclass(frozen=True, slots=True)
class Shades:
    """One colour at three depths."""

    near: Ink
    middle: Ink
    far: Ink


@lru_cache(maxsize=1024)
def shades(ink: Ink) -> Shades:
    """`ink` lightened a little, as it is faded, and faded more: nearest to farthest."""
    return Shades(
        Ink(_mix(ink.colour, "#ffffff", 0.16)),
        Ink(_mix(ink.colour, BACKGROUND, 0.22)),
        Ink(_mix(ink.colour, BACKGROUND, 0.48)),
    )


def _mix(colour: str, other: str, share: float) -> str:
    channels = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(mine + (theirs - mine) * share):02x}" for mine, theirs in channels)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


CloudPalette = tuple[Shades, ...]
"""Shades per class code, at least one; codes beyond its end start over."""


def cloud_palette(inks: Iterable[Ink]) -> CloudPalette:
    """The palette of a cloud whose class code i has the colour inks[i]."""
    return tuple(shades(ink) for ink in inks)
