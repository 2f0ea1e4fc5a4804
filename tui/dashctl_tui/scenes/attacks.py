"""Attacks: what each profile's load looks like over an episode.

Rule: every curve is scaled to its own peak, which is written beside it, so shapes compare and sizes are
not lost.
"""

import msgspec
import numpy as np

from dashctl.events import AttackProfile
from dashctl.state import State
from dashctl_tui.plots.canvas import Row, beside, fit
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, HEADING, MUTED
from dashctl_tui.plots.sparkline import draw_sparkline
from dashctl_tui.plots.text import clip
from dashctl_tui.scenes.layout import PANEL_ROWS, panel, seen
from dashctl_tui.scenes.prose import paragraph
from dashctl_tui.scenes.scene import Picture, Scene, Scrolled, Table, Viewport

_TALLEST = 8
_SMALLEST = 2


class Profiles(msgspec.Struct, frozen=True):
    """All profiles by name."""

    profiles: tuple[AttackProfile, ...]


def _select(state: State, viewport: Viewport[Scrolled]) -> Profiles | None:
    found = [item.event for item in state.latest(AttackProfile).values()]
    shown = sorted((profile for profile in found if viewport.shows(profile.name)), key=lambda each: each.name)
    return Profiles(tuple(shown)) if shown else None


def _draw(view: Profiles, viewport: Viewport[Scrolled]) -> Picture:
    total = len(view.profiles)
    room = viewport.height - PANEL_ROWS
    each = max(_SMALLEST + 1, min(_TALLEST + 1, (room + 1) // total))
    fitting = max(1, (room + 1) // each)
    scrollable = max(0, total - fitting)
    first = min(viewport.look.scroll, scrollable)
    shown = view.profiles[first : first + fitting]

    def content(width: int, height: int) -> list[Row]:
        rows = [row for profile in shown for row in (*_profile(profile, width, each - 1), Row.blank(width))]
        return rows[:height]

    height = min(viewport.height, len(shown) * each - 1 + PANEL_ROWS)
    rows = panel(
        "Load over an episode, each scaled to its own peak",
        content,
        viewport.width,
        height,
        note=seen(first, len(shown), total),
    )
    return Picture(fit(rows, viewport.width, viewport.height), scrollable)


def _profile(profile: AttackProfile, width: int, height: int) -> list[Row]:
    left = min(38, max(1, width // 3))
    title = Row.of((clip(profile.name, left), HEADING))
    peak = f"peak {compact(max(profile.curve))}" if profile.curve else "no curve"
    words = paragraph(profile.shape.replace("`", "'"), left, MUTED)
    lines = [title, *words[: max(0, height - 2)]]
    if height > 1:
        lines.append(Row.of((clip(peak, left), MUTED)))
    curve = draw_sparkline(np.array(profile.curve), max(1, width - left - 2), height, ACCENT)
    return fit(beside(fit(lines, left, height), curve, gap=2), width, height)


def _table(view: Profiles, viewport: Viewport[Scrolled]) -> Table:
    """A line for each point of a curve, counted from 0."""
    points = [
        (profile.name, place, load) for profile in view.profiles for place, load in enumerate(profile.curve)
    ]
    return [("profile", "point", "load"), *points]


SCENE = Scene(
    name="attacks",
    title="Attacks",
    key="7",
    draws=(AttackProfile,),
    select=_select,
    draw=_draw,
    empty="No profile is known yet",
    remedy=("`dashctl collect` publishes the profile of every episode that it records."),
    table=_table,
)
