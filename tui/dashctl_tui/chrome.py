"""The two lines around a scene: the deck above and the status below.

Rule: pure functions, as scenes are; what matters most stands where it is never cut off.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from dashctl.bus import Connection
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Row
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, ALERT, FAINT, GOOD, HEADING, MUTED, TEXT, WARNING, filled
from dashctl_tui.plots.text import clip
from dashctl_tui.scenes.layout import spread
from dashctl_tui.scenes.moments import time_of_day

_BRAND = "dashctl"
_HINT = Row.of(("?", TEXT), (" help  ", MUTED), ("q", TEXT), (" quit ", MUTED))


@dataclass(frozen=True, slots=True)
class Tab:
    """Where a scene's tab is: cells `start` up to `stop` of the deck's line."""

    row: Row
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Status:
    """What the status line tells."""

    connection: Connection
    address: str
    paused: bool = False
    filter: str = ""


def deck_tabs(titles: Sequence[str], current: int, width: int) -> list[Tab]:
    """The tabs of the deck, as long as there is room: digit and title, or digits alone."""
    for brand, spaced, gap in ((True, True, 2), (False, True, 1), (False, False, 1)):
        tabs = _tabs(titles, current, brand=brand, spaced=spaced, gap=gap)
        if tabs[-1].stop + 1 <= width:
            return tabs
    return _tabs(["" if number != current else title for number, title in enumerate(titles)], current, gap=1)


def deck_line(titles: Sequence[str], current: int, width: int) -> Row:
    """The first line of the screen."""
    tabs = deck_tabs(titles, current, width)
    line = Row.blank(width)
    if tabs[0].start > len(_BRAND):
        line = line.overlay(1, Row.of((_BRAND, MUTED)))
    for tab in tabs:
        line = line.overlay(tab.start, tab.row)
    return line


def _tabs(
    titles: Sequence[str], current: int, *, brand: bool = False, spaced: bool = False, gap: int
) -> list[Tab]:
    tabs: list[Tab] = []
    at = len(_BRAND) + 3 if brand else 0
    for number, title in enumerate(titles):
        row = _tab(number, title, current=number == current, spaced=spaced)
        tabs.append(Tab(row, at, at + row.width))
        at += row.width + gap
    return tabs


def _tab(number: int, title: str, *, current: bool, spaced: bool) -> Row:
    digit = str(number + 1)
    space = " " if spaced and title else ""
    if current:
        return Row.of((f" {digit} {title} ", filled(ACCENT)._replace(underline=True)))
    return Row.of((f"{digit}{space}", FAINT), (title, TEXT))


def status_line(status: Status, width: int, *, keys: bool = True) -> Row:
    """The last line of the screen; with `keys` it names the two that lead to all others."""
    marks = _marks(status)
    counters = _counters(status.connection)
    head = _connected(status, max(12, width - counters.width - marks.width - 4))
    left = Row.of(" ") + head + Row.of("  ") + marks + counters
    return spread(left, _HINT, width) if keys and left.width + _HINT.width < width else left.fit(width)


def _marks(status: Status) -> Row:
    paused = Row.of((" paused ", filled(WARNING)), "  ") if status.paused else Row.of("")
    chosen = Row.of((f" /{clip(status.filter, 16)} ", filled(ACCENT)), "  ") if status.filter else Row.of("")
    return paused + chosen


def _counters(connection: Connection) -> Row:
    rejected = sum(connection.rejected.values())
    parts = [
        Row.of((compact(round(connection.rate)), TEXT), (" events/s", MUTED)),
        Row.of(("lost ", MUTED), (compact(connection.lost), ALERT if connection.lost else TEXT)),
        Row.of(("rejected ", MUTED), (compact(rejected), WARNING if rejected else TEXT)),
    ]
    gap = Row.of((f" {glyphs.SEPARATOR} ", FAINT))
    return parts[0] + gap + parts[1] + gap + parts[2]


def _connected(status: Status, room: int) -> Row:
    connection = status.connection
    since = time_of_day(connection.since)
    if connection.connected:
        texts = [f"connected since {since}", f"since {since}", "connected"]
        return Row.of((f"{glyphs.DOT} ", GOOD), (_longest(texts, room - 2), TEXT))
    known = ", showing what was known" if connection.epoch else ""
    texts = [
        f"no broker at {clip(status.address, 60)} since {since}{known}",
        f"no broker since {since}{known}",
        f"no broker since {since}",
        "no broker",
    ]
    return Row.of((f"{glyphs.DOT} ", ALERT), (_longest(texts, room - 2), HEADING))


def _longest(texts: Sequence[str], room: int) -> str:
    """The first text that fits."""
    return next((text for text in texts if cell_len(text) <= room), clip(texts[-1], room))
