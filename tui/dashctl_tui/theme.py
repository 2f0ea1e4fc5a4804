"""The monitor's colours for Textual's own widgets: the palette and the lines where something is typed.

Rule: every colour comes from the themes of the drawings.
"""

from textual.theme import Theme

from dashctl_tui.plots.skin import Skin

_EIGHT = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_ANSI = (*_EIGHT, *(f"bright_{name}" for name in _EIGHT))
_OWN = "ansi_default"
"""The terminal's own colour."""


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
    )
