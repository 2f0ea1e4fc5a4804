"""A few hosts, a card each.

Rules: all of them are seen at once as long as each has room for its most important numbers; what does not
fit into a card is in the full view of its host.
"""

from collections.abc import Sequence

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, beside, fit
from dashctl_tui.plots.palette import ACCENT, ALERT, HEADING, MUTED
from dashctl_tui.scenes.hosts.gauges import gauge, room_for_history, summary
from dashctl_tui.scenes.hosts.view import CARD_COLUMNS, Host, Hosts, HostsLook, ordered, place_of_cursor
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS, panel, seen, shares
from dashctl_tui.scenes.moments import duration, roughly
from dashctl_tui.scenes.viewport import Picture, Viewport

_LEAST = 3 + PANEL_ROWS
"""Rows of a card."""
_TALLEST = 5


def columns_of(hosts: int, width: int) -> int:
    """How many cards stand side by side."""
    return max(1, min(hosts, width // CARD_COLUMNS))


def draw_cards(view: Hosts, viewport: Viewport[HostsLook]) -> Picture:
    """The cards, and how far they can be scrolled."""
    width, height = viewport.width, viewport.height
    hosts = ordered(view, viewport)
    columns = columns_of(len(hosts), width)
    lines = -(-len(hosts) // columns)
    fitting = max(1, min(lines, height // _LEAST))
    scrollable = lines - fitting
    first = min(viewport.look.scroll, scrollable)
    chosen = hosts[place_of_cursor(hosts, viewport.look)] if len(hosts) > 1 else None
    rows: list[Row] = []
    for line, card_rows in zip(range(first, first + fitting), _heights(height, fitting), strict=True):
        here = hosts[line * columns : (line + 1) * columns]
        widths = shares(width, [1] * columns)
        rows += beside(
            *(
                _card(host, size, card_rows, viewport.now, chosen=host is chosen)
                for host, size in zip(here, widths, strict=False)
            ),
            gap=1,
        )
    part = seen(first * columns, min(len(hosts) - first * columns, fitting * columns), len(hosts))
    if part and rows:
        rows[-1] = rows[-1].overlay(width - len(part) - 4, Row.of((f" {part} ", MUTED)))
    return Picture(fit(rows, width, height), scrollable)


def _heights(height: int, cards: int) -> Sequence[int]:
    return shares(height, [1] * cards, gap=0)


def _card(host: Host, width: int, height: int, now: float, *, chosen: bool) -> list[Row]:
    silent, note = host.silent(now), note_on(host, width, now)
    ink: Ink = ALERT if silent else ACCENT._replace(bold=True) if chosen else HEADING
    title = f"{glyphs.ARROW_RIGHT} {host.name}" if chosen else host.name
    needed = _TALLEST * max(1, len(host.gauges())) + 1 + PANEL_ROWS
    return panel(title, lambda w, h: _content(host, w, h), width, min(height, needed), note=note, heading=ink)


def note_on(host: Host, width: int | None, now: float) -> str:
    """For how long a host is silent, or how much of the past its histories show; None: all of it."""
    if host.silent(now):
        return f"silent for {roughly(now - host.newest.time)}"
    if host.traced is None:
        return ""
    room = 0 if width is None else room_for_history(max(1, width - PANEL_COLUMNS))
    shown = host.traced.times[-room:]
    return f"last {duration(shown[-1] - shown[0])}"


def _content(host: Host, width: int, height: int) -> list[Row]:
    gauges = host.gauges()
    rows = summary(host.stats, width)
    if rows and height - len(rows) < min(_LEAST - PANEL_ROWS, len(gauges)):
        rows = []
    room = height - len(rows)
    tall = max(1, min(_TALLEST, room // max(1, len(gauges))))
    if rows and tall > 1 and room > tall * len(gauges):
        rows.append(Row.blank(width))
    for measure, values in gauges:
        rows += gauge(measure, values, width, tall)
    return rows[:height]
