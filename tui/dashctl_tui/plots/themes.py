"""The themes: tables of a colour for each role that a drawing may name.

Rules: nothing outside this file spells a colour; every theme knows every role. Colours of one set differ in
lightness as well as in hue, so that they stay apart for colour-blind eyes and among the 256 standard colours;
any first few of the categories are as far apart as they can be. Of sixteen colours, whose shades each
terminal chooses, a role has one by its number, picked by hand and never by distance; text and background are
then the terminal's own.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec

Number = TypeVar("Number", str, int)

PHASES: Final = ("clean", "armed", "infecting", "infected_running", "dormant")
MODELS: Final = ("rnn", "gru", "lstm", "bert", "knn")
CATEGORIES: Final = 12


class Depths(msgspec.Struct, frozen=True):
    """How the three depths of a colour come from it: mixed with the colour `to`, by so much of that."""

    near_to: str
    near: float
    middle: float
    far: float


class Theme(msgspec.Struct, frozen=True):
    """One set of colours.

    colours: "#rrggbb" by role. sixteen: a number in 0..15 by role; a role that has none there is drawn in
    the terminal's own colour. depths: middle and far are mixed with the background. scale: from little to
    much, away from the background in lightness; what lies between two of them is mixed of both.
    """

    name: str
    dark: bool
    colours: Mapping[str, str]
    sixteen: Mapping[str, int]
    depths: Depths
    scale: Sequence[str]
    scale_of_sixteen: Sequence[int]

    @property
    def background(self) -> str:
        """What everything stands on."""
        return self.colours["background"]


def _sets(
    phases: Sequence[Number], models: Sequence[Number], categories: Sequence[Number]
) -> dict[str, Number]:
    """The roles of the three sets, each with its colour."""
    return {
        **{f"phase.{name}": colour for name, colour in zip(PHASES, phases, strict=True)},
        **{f"model.{name}": colour for name, colour in zip(MODELS, models, strict=True)},
        **{
            f"category.{number}": colour for number, colour in zip(range(CATEGORIES), categories, strict=True)
        },
    }


# The names of the sixteen.
_RED, _GREEN, _YELLOW, _BLUE, _MAGENTA, _CYAN = 1, 2, 3, 4, 5, 6
_GREY, _BRIGHT_RED, _BRIGHT_BLUE, _WHITE = 8, 9, 12, 15
_BRIGHT_GREEN, _BRIGHT_YELLOW, _BRIGHT_MAGENTA, _BRIGHT_CYAN = 10, 11, 13, 14

# No dark blue, which is lost on black, and for words nothing that is lost on white.
_SIXTEEN_ON_DARK: Final[Mapping[str, int]] = MappingProxyType(
    {
        "muted": _GREY,
        "faint": _GREY,
        "fainter": _GREY,
        "track": _GREY,
        "accent": _BRIGHT_BLUE,
        "good": _GREEN,
        "warning": _YELLOW,
        "alert": _BRIGHT_RED,
        **_sets(
            (_GREEN, _YELLOW, _RED, _BRIGHT_MAGENTA, _BRIGHT_BLUE),
            (_BRIGHT_BLUE, _CYAN, _BRIGHT_MAGENTA, _YELLOW, _GREEN),
            (
                _CYAN,
                _MAGENTA,
                _YELLOW,
                _BRIGHT_BLUE,
                _GREEN,
                _RED,
                _BRIGHT_CYAN,
                _BRIGHT_MAGENTA,
                _BRIGHT_YELLOW,
                _BRIGHT_GREEN,
                _BRIGHT_RED,
                _BLUE,
            ),
        ),
    }
)
# Yellow, and what is bright, is lost on white.
_SIXTEEN_ON_LIGHT: Final[Mapping[str, int]] = MappingProxyType(
    {
        "muted": _GREY,
        "faint": _GREY,
        "fainter": _GREY,
        "track": 7,
        "accent": _BLUE,
        "good": _GREEN,
        "warning": _MAGENTA,
        "alert": _RED,
        **_sets(
            (_GREEN, _YELLOW, _RED, _MAGENTA, _BLUE),
            (_BLUE, _CYAN, _MAGENTA, _RED, _GREEN),
            (
                _BLUE,
                _RED,
                _GREEN,
                _MAGENTA,
                _CYAN,
                _YELLOW,
                _BRIGHT_BLUE,
                _BRIGHT_RED,
                _BRIGHT_MAGENTA,
                _GREY,
                _BRIGHT_GREEN,
                _BRIGHT_CYAN,
            ),
        ),
    }
)

_SCALE_ON_DARK: Final = (_GREY, _BRIGHT_BLUE, _CYAN, _GREEN, _YELLOW, _BRIGHT_YELLOW)
_SCALE_ON_LIGHT: Final = (_GREY, _CYAN, _GREEN, _BRIGHT_BLUE, _MAGENTA, _RED)

_ON_DARK: Final = Depths("#ffffff", 0.16, 0.22, 0.48)
_ON_LIGHT: Final = Depths("#000000", 0.16, 0.28, 0.52)

DARK: Final = Theme(
    name="dark",
    dark=True,
    colours=MappingProxyType(
        {
            "background": "#101016",
            "track": "#26262f",
            "chosen": "#26262f",
            "on": "#121218",
            "text": "#d0d0d7",
            "heading": "#eeeef2",
            "muted": "#8a8a94",
            "faint": "#4e4e58",
            "fainter": "#3a3a42",
            "accent": "#87afff",
            "good": "#5fd7af",
            "warning": "#ffaf5f",
            "alert": "#ff5f5f",
            **_sets(
                ("#5fd7af", "#ffd75f", "#ff875f", "#ff0087", "#8787d7"),
                ("#5f87d7", "#5fafaf", "#ffafff", "#d78700", "#afd75f"),
                (
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
                ),
            ),
        }
    ),
    sixteen=_SIXTEEN_ON_DARK,
    depths=_ON_DARK,
    scale=("#2b3a67", "#2a6f97", "#2a9d8f", "#8ac926", "#ffd75f"),
    scale_of_sixteen=_SCALE_ON_DARK,
)

LIGHT: Final = Theme(
    name="light",
    dark=False,
    colours=MappingProxyType(
        {
            "background": "#ffffff",
            "track": "#e4e4e8",
            "chosen": "#e4e4e8",
            "on": "#ffffff",
            "text": "#303036",
            "heading": "#101016",
            "muted": "#62626c",
            "faint": "#a8a8b0",
            "fainter": "#c6c6cc",
            "accent": "#005fd7",
            "good": "#00805a",
            "warning": "#a85800",
            "alert": "#d70000",
            **_sets(
                ("#00805a", "#5f0000", "#d70000", "#af00af", "#0000af"),
                ("#5f5faf", "#00875f", "#8700d7", "#af5f00", "#005f00"),
                (
                    "#0087d7",
                    "#ff005f",
                    "#00005f",
                    "#0000d7",
                    "#5f0000",
                    "#af0000",
                    "#5f0087",
                    "#af5f00",
                    "#8700ff",
                    "#d700af",
                    "#00875f",
                    "#87005f",
                ),
            ),
        }
    ),
    sixteen=_SIXTEEN_ON_LIGHT,
    depths=_ON_LIGHT,
    scale=("#d7d787", "#87c787", "#2f9f9f", "#2f5faf", "#3f0f5f"),
    scale_of_sixteen=_SCALE_ON_LIGHT,
)

# After M. Okabe and K. Ito, "Color Universal Design", 2008: their seven colours on black, without the blue
# that is too dark to read, and others that stay apart from them for every kind of colour sight.
OKABE_ITO: Final = Theme(
    name="okabe-ito",
    dark=True,
    colours=MappingProxyType(
        {
            **DARK.colours,
            "accent": "#56b4e9",
            "good": "#009e73",
            "warning": "#e69f00",
            "alert": "#d55e00",
            **_sets(
                ("#009e73", "#f0e442", "#e69f00", "#d55e00", "#56b4e9"),
                ("#56b4e9", "#009e73", "#cc79a7", "#e69f00", "#f0e442"),
                (
                    "#56b4e9",
                    "#e69f00",
                    "#875fff",
                    "#afff87",
                    "#87af5f",
                    "#d7afaf",
                    "#00ffff",
                    "#d55e00",
                    "#cc79a7",
                    "#f0e442",
                    "#af87ff",
                    "#009e73",
                ),
            ),
        }
    ),
    sixteen=_SIXTEEN_ON_DARK,
    depths=_ON_DARK,
    scale=("#2c4470", "#5f6c87", "#818686", "#aca57a", "#efd54f"),
    scale_of_sixteen=_SCALE_ON_DARK,
)

HIGH_CONTRAST: Final = Theme(
    name="high-contrast",
    dark=True,
    colours=MappingProxyType(
        {
            "background": "#000000",
            "track": "#303030",
            "chosen": "#303030",
            "on": "#000000",
            "text": "#eeeeee",
            "heading": "#ffffff",
            "muted": "#bcbcbc",
            "faint": "#808080",
            "fainter": "#585858",
            "accent": "#5fd7ff",
            "good": "#00ff87",
            "warning": "#ffd700",
            "alert": "#ff875f",
            # Steps of lightness, too, so that they differ where no colour is seen at all.
            **_sets(
                ("#5fd7af", "#ffffaf", "#d787ff", "#d700af", "#5f87ff"),
                ("#5f87ff", "#5fd7af", "#d787ff", "#d700af", "#ffffaf"),
                (
                    "#ffffaf",
                    "#d787ff",
                    "#d700af",
                    "#00ff87",
                    "#5f87ff",
                    "#5fd7af",
                    "#ff5f00",
                    "#00ffff",
                    "#5f5fff",
                    "#d75faf",
                    "#00af00",
                    "#00afd7",
                ),
            ),
        }
    ),
    sixteen=_SIXTEEN_ON_DARK,
    depths=_ON_DARK,
    scale=("#404040", "#808080", "#bcbcbc", "#ffffff"),
    scale_of_sixteen=_SCALE_ON_DARK,
)

THEMES: Final[Mapping[str, Theme]] = MappingProxyType(
    {theme.name: theme for theme in (DARK, LIGHT, OKABE_ITO, HIGH_CONTRAST)}
)
"""By name, in the order in which one goes through them."""
