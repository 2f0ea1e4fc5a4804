"""What an ink comes to: the colours and the characters that are really sent.

Rules: drawings name roles, and nothing before the edge (`strips`, `ansi`) knows a colour; a skin turns every
ink into something, whatever the terminal can do; with no colours no colour is left over; what stands in a
block of colour stays readable where there is no colour.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from rich.color import Color as RichColor
from rich.color import ColorSystem

from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.spelling import in_ascii
from dashctl_tui.plots.themes import THEMES, Theme

Depth = Literal["truecolor", "256", "16", "none"]
Colour = str | int | None
"""'#rrggbb', a number in 0..255 (the first sixteen are the terminal's to choose), or the terminal's own."""

DEPTHS: Final[tuple[Depth, ...]] = ("truecolor", "256", "16", "none")
ON: Final = "on"
"""The role of text on a cell that is filled with a colour: whichever can be read there."""
CHOSEN: Final = "chosen"
"""The role behind the line that is chosen: it has to show without colours, too."""
SCALE: Final = "scale:"
"""Begins a role that ends in a share from 0 to 1, as "scale:0.25"."""
_LITERAL: Final = "#"


class Paint(NamedTuple):
    """How a run is drawn by the terminal."""

    colour: Colour = None
    background: Colour = None
    bold: bool = False
    underline: bool = False
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Skin:
    """theme: by its name. ascii: nothing else is sent. fills: with the theme's own background."""

    theme: str = "dark"
    depth: Depth = "truecolor"
    ascii: bool = False
    fills: bool = True

    @property
    def colours(self) -> Theme:
        """The theme's tables."""
        return THEMES[self.theme]

    def paint(self, ink: Ink) -> Paint:
        """What an ink comes to. Raises KeyError for a role that no theme knows."""
        return _paint(self, ink)

    @property
    def ground(self) -> Paint:
        """What a screen is filled with: the colour of text, and the background if the theme has its own."""
        if self.depth in ("none", "16"):
            return Paint()
        return Paint(_colour(self, "text"), _colour(self, "background") if self.fills else None)

    def spelled(self, text: str) -> str:
        """A text as it is sent, in as many cells."""
        return in_ascii(text) if self.ascii else text


@lru_cache(maxsize=4096)
def _paint(skin: Skin, ink: Ink) -> Paint:
    filled = bool(ink.background) and ink.colour == ON
    if ink.background == CHOSEN and skin.depth in ("none", "16"):
        return Paint(None, None, ink.bold, ink.underline, not ink.reverse)
    if filled and skin.depth in ("none", "16"):
        # The terminal's own background on the colour is as readable as the colour on that background.
        return Paint(_colour(skin, ink.background), None, ink.bold, ink.underline, not ink.reverse)
    background = _colour(skin, ink.background)
    colour = _colour(skin, _readable_on(skin.colours, ink.background) if filled else ink.colour)
    if colour == background and ink.colour != ink.background:
        # Two roles share one of sixteen colours, and only what is hidden on purpose may vanish.
        colour = None
    return Paint(colour, background, ink.bold, ink.underline, ink.reverse)


@lru_cache(maxsize=4096)
def _colour(skin: Skin, role: str) -> Colour:
    if not role or skin.depth == "none":
        return None
    if skin.depth == "16":
        return _of_sixteen(skin.colours, role.partition("/")[0])
    colour = _true_colour(skin.colours, role)
    return colour if skin.depth == "truecolor" else _downgraded(colour, ColorSystem.EIGHT_BIT)


def _of_sixteen(theme: Theme, role: str) -> Colour:
    if role.startswith(_LITERAL):
        return _downgraded(role, ColorSystem.STANDARD)
    if role.startswith(SCALE):
        steps = theme.scale_of_sixteen
        return steps[min(len(steps) - 1, int(_share(role) * len(steps)))]
    return theme.sixteen.get(role)


def _true_colour(theme: Theme, role: str) -> str:
    plain, _, depth = role.partition("/")
    if plain.startswith(SCALE):
        colour = _on_the_scale(theme, _share(plain))
    else:
        colour = plain if plain.startswith(_LITERAL) else theme.colours[plain]
    depths = theme.depths
    match depth:
        case "near":
            return mixed(colour, depths.near_to, depths.near)
        case "middle":
            return mixed(colour, theme.background, depths.middle)
        case "far":
            return mixed(colour, theme.background, depths.far)
        case _:
            return colour


def _share(role: str) -> float:
    return min(1.0, max(0.0, float(role.removeprefix(SCALE))))


def _on_the_scale(theme: Theme, share: float) -> str:
    place = share * (len(theme.scale) - 1)
    low = min(int(place), len(theme.scale) - 2)
    return mixed(theme.scale[low], theme.scale[low + 1], place - low)


def _readable_on(theme: Theme, role: str) -> str:
    """The role, of the two extremes, that stands out more from a background."""
    behind = luminance(_true_colour(theme, role))
    return max((ON, "heading"), key=lambda each: _contrast(luminance(theme.colours[each]), behind))


def _contrast(one: float, other: float) -> float:
    """Of two luminances, as WCAG 2.1 defines it."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of '#rrggbb', from 0 to 1 (WCAG 2.1)."""
    channels = [channel / 255 for channel in _channels(colour)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@lru_cache(maxsize=4096)
def _downgraded(colour: str, system: ColorSystem) -> Colour:
    """The number of the nearest among 256, or, for a colour that is no role's, among sixteen."""
    return RichColor.parse(colour).downgrade(system).number


def mixed(colour: str, other: str, share: float) -> str:
    """`colour` with so much of another in it, both '#rrggbb'."""
    channels = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(mine + (theirs - mine) * share):02x}" for mine, theirs in channels)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
