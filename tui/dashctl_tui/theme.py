"""The monitor's colours for Textual's own widgets: the palette and the line where a filter is typed.

Rule: every colour comes from the drawings' palette.
"""

from textual.theme import Theme

from dashctl_tui.plots.palette import ACCENT, ALERT, BACKGROUND, GOOD, TEXT, TRACK, WARNING

THEME = Theme(
    name="dashctl",
    primary=ACCENT.colour,
    accent=ACCENT.colour,
    success=GOOD.colour,
    warning=WARNING.colour,
    error=ALERT.colour,
    foreground=TEXT.colour,
    background=BACKGROUND,
    surface=BACKGROUND,
    panel=TRACK,
    dark=True,
)
