"""Episodes as lines: a name, where it was recorded, and its windows' phases as cells of colour and letter.

Rules: a window's letter stands in its cell, so that it reads without colour; where there are more windows
than cells, each cell shows the window in its place; the newest episode stands on top, and its age is that of
its recording, whenever it was told.
"""

from collections.abc import Sequence

from dashctl.events import Episode, Stamped
from dashctl.phases import Phase
from dashctl_tui.plots.canvas import Row
from dashctl_tui.plots.palette import FAINT, MUTED, PHASE_LETTERS, TEXT, filled, phase_ink
from dashctl_tui.plots.text import fill, fill_left
from dashctl_tui.scenes.layout import PANEL_ROWS, panel, seen
from dashctl_tui.scenes.moments import age
from dashctl_tui.scenes.scene import Scrolled, Table, Viewport

_WIDEST = 4


def written(item: Stamped[Episode]) -> float:
    """When an episode's recording ended, seconds since 1970; when it was told, if it does not say."""
    episode = item.event
    return item.time if episode.started is None else episode.started + (episode.duration or 0.0)


def newest_panel(
    episodes: Sequence[Stamped[Episode]], viewport: Viewport[Scrolled], height: int
) -> tuple[list[Row], int]:
    """A list of episodes that is at most so high, and how far it can be scrolled."""
    fitting = max(1, height - PANEL_ROWS)
    scrollable = max(0, len(episodes) - fitting)
    first = min(viewport.look.scroll, scrollable)
    shown = episodes[first : first + fitting]

    def content(width: int, rows: int) -> list[Row]:
        lines = [episode_line(item, viewport.now, width) for item in shown]
        return lines or [Row.of(("none yet", MUTED))]

    rows = min(height, max(1, len(shown)) + PANEL_ROWS)
    part = seen(first, len(shown), len(episodes))
    return panel("Newest episodes", content, viewport.width, rows, note=part), scrollable


def episode_line(item: Stamped[Episode], now: float, width: int) -> Row:
    """An episode in one line: its name, what and where it was, its windows' phases, its age."""
    episode = item.event
    name = Row.of((fill(episode.episode_id, max(8, width // 4)), TEXT), "  ")
    what = Row.of((fill(episode.profile or "", 14) + "  ", MUTED)) if width >= 70 else Row.of("")
    where = Row.of((fill(episode.host or "", 14) + "  ", MUTED)) if width >= 90 else Row.of("")
    long = f"{episode.duration:g} s" if episode.duration is not None and width >= 60 else ""
    told = fill_left(age(written(item), now), 11)
    tail = Row.of((fill_left(long, 9) if width >= 60 else "", MUTED), (told, FAINT)).cut(0, width)
    room = width - name.width - what.width - where.width - tail.width
    strip = phase_strip(episode.phases or (), room)
    return (name + what + where + strip).fit(width - tail.width) + tail


def phase_strip(phases: Sequence[Phase], width: int) -> Row:
    """The windows from left to right, at most four cells each, in at most `width` cells; not padded."""
    if not phases or width <= 0:
        return Row.blank(0)
    each = min(_WIDEST, max(1, width // len(phases)))
    cells = min(len(phases), width)
    shown = [phases[cell * len(phases) // cells] for cell in range(cells)]
    return Row.join((PHASE_LETTERS[phase].center(each), filled(phase_ink(phase))) for phase in shown)


def episode_rows(episodes: Sequence[Stamped[Episode]]) -> Table:
    """Episodes as a table: a heading and a line each."""
    heading = ("episode", "profile", "host", "seconds", "windows", "phases", "started", "told")
    rows: list[Sequence[str | int | float | None]] = [heading]
    for item in episodes:
        one = item.event
        phases = one.phases or ()
        rows.append(
            (
                one.episode_id,
                one.profile,
                one.host,
                one.duration,
                len(phases),
                " ".join(phases),
                one.started,
                item.time,
            )
        )
    return rows
