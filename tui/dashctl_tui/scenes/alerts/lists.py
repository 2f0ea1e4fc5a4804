"""The two lists: what fires, and what is over.

Rule: each shows the part around the cursor; where there is room for one alone, it is the one with the cursor.
"""

from collections.abc import Sequence
from typing import Final

from dashctl.alerts.standing import Standing
from dashctl.events import Severity
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Row, Run, fit
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, GOOD, HEADING, TEXT
from dashctl_tui.plots.table import Column, draw_table
from dashctl_tui.plots.text import clip
from dashctl_tui.scenes.alerts.view import LONGEST, Alerts, AlertsLook, inks_of, mark_of
from dashctl_tui.scenes.firing import SEVERITY_INKS
from dashctl_tui.scenes.layout import PANEL_ROWS, panel, seen
from dashctl_tui.scenes.moments import duration, when
from dashctl_tui.scenes.scene import Picture, Table, Viewport

AROUND: Final = PANEL_ROWS + 1
"""Rows of a list that are no alert: frame and heading."""
_LEAST_OVER: Final = AROUND + 3


def draw_lists(view: Alerts, viewport: Viewport[AlertsLook]) -> Picture:
    width, height = viewport.width, viewport.height
    above, below = heights_of(view, height)
    firing = view.alerts[: view.firing]
    rows = _list(view, viewport, 0, len(firing), above) if above else []
    if below:
        rows += _list(view, viewport, len(firing), len(view.alerts), below)
    return Picture(fit(rows, width, height))


def heights_of(view: Alerts, height: int) -> tuple[int, int]:
    """Rows for what fires and for what is over: the one with the cursor where there is room for one alone."""
    firing, over = view.firing, len(view.alerts) - view.firing
    if not over:
        return height, 0
    if not firing:
        # A line that says that all is well, above all that was not.
        return (PANEL_ROWS + 1, height - PANEL_ROWS - 1) if height >= 2 * _LEAST_OVER else (0, height)
    if height < 2 * _LEAST_OVER:
        return (height, 0) if view.cursor < firing else (0, height)
    above = min(firing + AROUND, height - min(over + AROUND, max(_LEAST_OVER, height // 3)))
    return above, height - above


def _list(view: Alerts, viewport: Viewport[AlertsLook], first: int, stop: int, rows: int) -> list[Row]:
    fires = first == 0 and view.firing > 0
    start, end = window_of(first, stop, view.cursor, max(1, rows - AROUND))
    cells = [_cells(view, at, viewport) for at in range(start, end)]
    unseen = sum(each.wants_eyes for each in view.alerts)
    worst: Severity = next((each.alert.severity for each in view.alerts if each.wants_eyes), "info")

    def content(width: int, height: int) -> list[Row]:
        if not cells:
            return [Row.of((f"{glyphs.MATCH} ", GOOD), ("nothing fires", TEXT))]
        return draw_table(_columns(viewport), cells, width, height)

    if first or not view.firing:
        title = f"Over, {stop - first}" if stop > first and first == view.firing else "Alerts"
        return panel(
            title, content, viewport.width, rows, note=seen(start - first, end - start, stop - first)
        )
    title = f"Firing, {view.firing}" + (f", {view.firing - unseen} seen" if unseen < view.firing else "")
    heading = SEVERITY_INKS[worst] if unseen and fires else HEADING
    return panel(title, content, viewport.width, rows, note=seen(start, end - start, stop), heading=heading)


def window_of(first: int, stop: int, cursor: int, fitting: int) -> tuple[int, int]:
    """The part of a list that is seen: around the cursor if that is in it."""
    inside = min(max(cursor, first), stop - 1) if first <= cursor < stop else first
    start = max(first, min(inside - fitting // 2, stop - fitting))
    return start, min(stop, start + fitting)


def _columns(viewport: Viewport[AlertsLook]) -> list[Column]:
    since = [] if viewport.narrow else [Column("since", "right")]
    run = [] if viewport.width < 60 else [Column("run")]
    return [
        Column(""),
        Column("severity"),
        *since,
        Column("for", "right"),
        *run,
        Column("name"),
        Column("value", "right"),
        Column("message"),
    ]


def _cells(view: Alerts, at: int, viewport: Viewport[AlertsLook]) -> list[str | Run]:
    one, now = view.alerts[at], viewport.now
    alert = one.alert
    ink, strong, plain = inks_of(one)
    lasted = duration((now if one.ended is None else one.ended) - one.since)
    cells: list[str | Run] = [(glyphs.POINTER if at == view.cursor else " ", ACCENT), (mark_of(one), ink)]
    if not viewport.narrow:
        cells.append((when(one.since, now), plain))
    cells.append((lasted, plain))
    if viewport.width >= 60:
        cells.append((clip(view.names[one.run] or "no run", LONGEST // 2), plain))
    value = "" if alert.value is None else compact(alert.value)
    return [*cells, (clip(alert.name, LONGEST), strong), (value, plain), (clip(_message(one), 200), plain)]


def _message(one: Standing) -> str:
    if one.seen is not None:
        by = f" by {clip(one.seen.event.by, 24)}" if one.seen.event.by else ""
        return f"seen{by}: {one.alert.message}"
    ending = one.ending.message if one.ending is not None and one.ending is not one.alert else ""
    return f"{one.alert.message} {glyphs.SEPARATOR} {ending}" if ending else one.alert.message


def table_of_alerts(view: Alerts, viewport: Viewport[AlertsLook]) -> Table:
    heading = ("name", "run", "severity", "since", "ended", "seen by", "metric", "value", "rule", "message")
    lines: list[Sequence[str | int | float | None]] = [heading]
    for one in view.alerts:
        alert = one.alert
        by = None if one.seen is None else one.seen.event.by
        known: list[str | float | None] = [alert.name, one.run, alert.severity, one.since, one.ended, by]
        lines.append([*known, alert.metric, alert.value, alert.rule, alert.message])
    return lines
