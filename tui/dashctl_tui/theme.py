"""The monitor's skin for Textual's own widgets: the palette and the lines where something is typed.

Rules: every colour comes from the themes of the drawings; whatever a widget of Textual's draws passes through
`InSkin` before it is sent, so that no colour and no character goes out that the skin does not have.
"""

from functools import lru_cache

from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import BUILTIN_THEMES, Theme

from dashctl_tui.plots.skin import Depth, Skin

_EIGHT = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_ANSI = (*_EIGHT, *(f"bright_{name}" for name in _EIGHT))
_OWN = "ansi_default"
"""The terminal's own colour."""
_SYSTEMS = {"256": ColorSystem.EIGHT_BIT, "16": ColorSystem.STANDARD}


def textual_theme(skin: Skin) -> Theme:
    """A skin as Textual has it. With sixteen colours or none its widgets use the terminal's own."""
    if skin.depth in ("16", "none"):
        return _of_sixteen(skin)
    colours = skin.colours.colours
    background = colours["background"] if skin.fills else _OWN
    return Theme(
        name=textual_name(skin),
        primary=colours["accent"],
        accent=colours["accent"],
        success=colours["good"],
        warning=colours["warning"],
        error=colours["alert"],
        foreground=colours["text"],
        background=background,
        surface=background,
        panel=colours["track"],
        dark=skin.colours.dark,
        # Where the terminal's own background is kept, it has to be sent as such.
        ansi=not skin.fills,
        variables={} if skin.fills else _given(skin),
    )


def textual_name(skin: Skin) -> str:
    """What Textual calls a skin's theme."""
    return f"dashctl-{skin.theme}"


def _of_sixteen(skin: Skin) -> Theme:
    accent, good, warning, alert = (
        f"ansi_{_ANSI[skin.colours.sixteen[role]]}" for role in ("accent", "good", "warning", "alert")
    )
    return Theme(
        name=textual_name(skin),
        primary=accent,
        accent=accent,
        success=good,
        warning=warning,
        error=alert,
        foreground=_OWN,
        background=_OWN,
        surface=_OWN,
        panel=_OWN,
        boost=_OWN,
        dark=skin.colours.dark,
        ansi=True,
        variables=_given(skin),
    )


class InSkin(LineFilter):
    """Brings finished segments down to what a skin has; those that are so already stay as they are."""

    def __init__(self, skin: Skin) -> None:
        super().__init__()
        self._skin = skin

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        skin = self._skin
        return [
            Segment(skin.spelled(text), style and _style_in(skin.depth, style), control)
            for text, style, control in segments
        ]


def _given(skin: Skin) -> dict[str, str]:
    """What Textual's own style sheets ask for where colours are the terminal's."""
    return BUILTIN_THEMES["ansi-dark" if skin.colours.dark else "ansi-light"].variables


@lru_cache(maxsize=4096)
def _style_in(depth: Depth, style: Style) -> Style:
    if depth == "none":
        return style.without_color
    system = _SYSTEMS.get(depth)
    if system is None:
        return style
    return style + Style(color=_downgraded(style.color, system), bgcolor=_downgraded(style.bgcolor, system))


def _downgraded(colour: RichColor | None, system: ColorSystem) -> RichColor | None:
    return colour and colour.downgrade(system)
