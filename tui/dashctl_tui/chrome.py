"""The two lines around a scene: the deck above and the status below.

Rule: pure functions, as scenes are; what matters most stands where it is never cut off.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from rich.cells import cell_len

from dashctl.bus import Connection
from dashctl.events import Severity
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, ALERT, FAINT, GOOD, HEADING, MUTED, TEXT, WARNING, filled
from dashctl_tui.plots.text import clip
from dashctl_tui.scenes.firing import SEVERITY_INKS
from dashctl_tui.scenes.layout import spread
from dashctl_tui.scenes.moments import time_of_day
from dashctl_tui.scenes.scene import Scene
from dashctl_tui.scenes.viewport import USUAL_KEYS, Keycaps

Deck = Sequence[Scene[Any]]

_BRAND = "dashctl"


class Tab(msgspec.Struct, frozen=True):
    """Where a scene's tab is: cells `start` up to `stop` of the deck's line."""

    row: Row
    start: int
    stop: int


class Notice(msgspec.Struct, frozen=True):
    """What is said for some seconds in the place where the connection stands otherwise."""

    text: str
    ink: Ink


class Status(msgspec.Struct, frozen=True):
    """What the status line tells. shown: "" for the present, or "paused", "past" or "replay ended".

    slow: pictures a second that a slow line takes, 0 on any other. alerts: how many fire that nobody has
    seen, and how bad the worst of them is.
    """

    connection: Connection
    address: str
    shown: str = ""
    filter: str = ""
    notice: Notice | None = None
    slow: int = 0
    alerts: int = 0
    worst: Severity = "info"


def deck_tabs(deck: Deck, current: Scene[Any], width: int, keys: Keycaps = USUAL_KEYS) -> list[Tab]:
    """The tabs of the deck, as long as there is room: key and title, or keys alone."""
    chosen, names = keys(current.key), [(keys(scene.key), scene.title) for scene in deck]
    for brand, padding, gap in ((True, " ", 2), (False, " ", 1), (False, "", 1)):
        tabs = _tabs(names, chosen, brand=brand, padding=padding, gap=gap)
        if tabs[-1].stop + 1 <= width:
            return tabs
    alone = [(key, title if key == chosen else "") for key, title in names]
    return _tabs(alone, chosen, padding=" ", gap=1)


def deck_line(deck: Deck, current: Scene[Any], width: int, keys: Keycaps = USUAL_KEYS) -> Row:
    """The first line of the screen."""
    tabs = deck_tabs(deck, current, width, keys)
    line = Row.blank(width)
    if tabs[0].start > len(_BRAND):
        line = line.overlay(1, Row.of((_BRAND, MUTED)))
    for tab in tabs:
        line = line.overlay(tab.start, tab.row)
    return line


def _tabs(
    names: Sequence[tuple[str, str]], current: str, *, brand: bool = False, padding: str, gap: int
) -> list[Tab]:
    tabs: list[Tab] = []
    at = len(_BRAND) + 3 if brand else 0
    for key, title in names:
        row = _tab(key, title, padding, current=key == current)
        tabs.append(Tab(row, at, at + row.width))
        at += row.width + gap
    return tabs


def _tab(key: str, title: str, padding: str, *, current: bool) -> Row:
    """Key and title; a title that begins with its key says both at once."""
    before = "" if title.startswith(key) else f"{key}{padding if title else ''}"
    if current:
        ink = filled(ACCENT)._replace(underline=True)
        return Row.of((f"{padding}{before}{title}{padding}", ink))
    if before:
        return Row.of((before, MUTED), (title, TEXT))
    return Row.of((title[:1], ACCENT), (title[1:], TEXT))


def status_line(status: Status, width: int, keys: Keycaps | None = USUAL_KEYS) -> Row:
    """The last line of the screen; it names the two that lead to all others, unless there are none."""
    marks = _marks(status)
    counters = _counters(status.connection)
    room = width - counters.width - marks.width - 4
    if status.notice is not None:
        return _noticed(status.notice, marks, counters, width)
    left = Row.of(" ") + _connected(status, max(12, room)) + Row.of("  ") + marks + counters
    hint = _hint(keys) if keys else Row.of("")
    return spread(left, hint, width) if hint.width and left.width + hint.width < width else left.fit(width)


def _hint(keys: Keycaps) -> Row:
    return Row.of((keys("?"), TEXT), (" help  ", MUTED), (keys("q"), TEXT), (" quit ", MUTED))


def _noticed(notice: Notice, marks: Row, counters: Row, width: int) -> Row:
    """The notice, and of the counters as much as it leaves: they come back when it goes."""
    words = Row.of(" ") + marks + Row.of((clip(notice.text, max(1, width - marks.width - 2)), notice.ink))
    return spread(words, counters, width) if words.width + 2 + counters.width < width else words.fit(width)


def _marks(status: Status) -> Row:
    shown = Row.of((f" {status.shown} ", filled(WARNING)), "  ") if status.shown else Row.of("")
    chosen = Row.of((f" /{clip(status.filter, 16)} ", filled(ACCENT)), "  ") if status.filter else Row.of("")
    slow = Row.of((f" slow line: {status.slow} fps ", filled(WARNING)), "  ") if status.slow else Row.of("")
    count = f" {status.alerts} alert{'s' * (status.alerts != 1)} "
    alerts = Row.of((count, filled(SEVERITY_INKS[status.worst])), "  ") if status.alerts else Row.of("")
    return alerts + slow + shown + chosen


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
    if connection.refused:
        return Row.of((f"{glyphs.DOT} ", ALERT), (clip(connection.refused, room - 2), HEADING))
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
