"""Log lines as rows, and one of them in full.

Rules: a level is a letter as well as a colour; whatever was written is inert; of a message of several lines
stands the first and how many more there are, unless lines are wrapped; the lower edge says what is not seen.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from dashctl.events import Level, LogLine, Stamped
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row
from dashctl_tui.plots.palette import (
    ACCENT,
    ALERT,
    CHOSEN_LINE,
    FAINT,
    HEADING,
    MUTED,
    TEXT,
    WARNING,
    name_ink,
)
from dashctl_tui.plots.text import clip, fill, wrap
from dashctl_tui.scenes.layout import PANEL_ROWS, panel, seen
from dashctl_tui.scenes.logs.look import LEVELS, Logs, LogsLook
from dashctl_tui.scenes.logs.window import Columns, Window, columns_of, window_of
from dashctl_tui.scenes.moments import age, time_of_day, when
from dashctl_tui.scenes.scene import Picture, Table, Viewport
from dashctl_tui.scenes.viewport import Keycaps

_HINTS: Final = (
    ("v", "level"),
    ("w", "wrap"),
    ("m", "marked runs"),
    ("Enter", "whole line"),
    ("G", "follow"),
)
_LABEL: Final = 9
_INKS: Final[Mapping[Level, Ink]] = {
    "debug": FAINT,
    "info": MUTED,
    "warning": WARNING,
    "error": ALERT,
    "critical": ALERT._replace(reverse=True),
}


def draw_logs(view: Logs, viewport: Viewport[LogsLook]) -> Picture:
    """The lines that are seen, or one in full."""
    window = window_of(view, viewport)
    if viewport.look.opened and view.lines:
        return _draw_line(view, window.at, viewport)

    def content(width: int, height: int) -> list[Row]:
        rows = list(_rows(view, window, viewport, width))
        if not view.lines:
            rows = [Row.of((_nothing(view, viewport), MUTED))]
        return (
            [*rows, *[Row.blank(0)] * (height - len(rows) - 1), _hints(width, viewport.keys)][:height]
            if (height > window.fitting)
            else rows
        )

    heading = WARNING if viewport.look.cursor is not None and view.new_since(viewport.look.came) else HEADING
    note = _note(view, window, viewport)
    return Picture(
        panel(_title(view, viewport), content, viewport.width, viewport.height, note=note, heading=heading)
    )


def _title(view: Logs, viewport: Viewport[LogsLook]) -> str:
    shown, look, marked = len(view.lines), viewport.look, viewport.shared.marked
    words = ["Logs", f"{shown:,} lines" if shown == view.kept else f"{shown:,} of {view.kept:,} lines"]
    if look.level != LEVELS[0]:
        words.append(look.level if look.level == LEVELS[-1] else f"{look.level} and above")
    if marked:
        words.append(
            "all runs" if look.everyone else f"{len(marked)} marked run{'s' * (len(marked) > 1)} only"
        )
    if view.lines:
        words.append(f"since {when(view.lines[0].time, viewport.now)}")
    return f" {glyphs.SEPARATOR} ".join(words)


def _nothing(view: Logs, viewport: Viewport[LogsLook]) -> str:
    """Why no line is wanted."""
    keys = viewport.keys
    if viewport.shared.marked and not viewport.look.everyone:
        return f"no such line of a marked run; {keys('m')} shows all runs, {keys('v')} other levels"
    return f"no line is {viewport.look.level} or above; {keys('v')} shows others"


def _note(view: Logs, window: Window, viewport: Viewport[LogsLook]) -> str:
    look, end = viewport.look, f"{viewport.keys('G')} follows"
    if look.cursor is None:
        return "following" if window.first == 0 else f"following, {window.first:,} above"
    new = view.new_since(look.came)
    part = seen(window.first, len(window.heights), len(view.lines))
    return ", ".join(filter(None, [part, f"{new:,} new below, {end}" if new else end]))


def _hints(width: int, called: Keycaps) -> Row:
    row = Row.of("")
    for keys, words in _HINTS:
        more = Row.of((f"{called(keys)} ", TEXT), (f"{words}  ", MUTED))
        if row.width + more.width <= width:
            row += more
    return row


def _rows(view: Logs, window: Window, viewport: Viewport[LogsLook], width: int) -> Iterator[Row]:
    columns = columns_of(view, viewport)
    room = max(1, width - columns.before)
    for place, height in enumerate(window.heights, window.first):
        line = view.lines[place]
        head = _head(view, line, columns)
        texts = _message(line.event, room, height, wraps=viewport.look.wraps)
        for number, text in enumerate(texts):
            row = (Row.blank(columns.before) if number else head) + text
            yield _lit(row.fit(width)) if place == window.at else row


def _message(event: LogLine, room: int, height: int, *, wraps: bool) -> list[Row]:
    ink = MUTED if event.level == "debug" else TEXT
    if not wraps:
        return [_first(event.message, room, ink)]
    return [Row.of((text, ink)) for text in wrap(event.message, room, height)]


def _head(view: Logs, line: Stamped[LogLine], columns: Columns) -> Row:
    level = line.event.level
    row = Row.of((time_of_day(line.time), FAINT), " ", (level[0].upper(), _INKS[level]), " ")
    if columns.run:
        row += Row.of((fill(view.label_of(line.run), columns.run), name_ink(line.run)), " ")
    if columns.source:
        row += Row.of((fill(line.event.source or "", columns.source), MUTED), " ")
    return row


def _first(message: str, room: int, ink: Ink) -> Row:
    """The first line of a message that has any text, and how many more there are."""
    lines = message.strip("\r\n").split("\n", 1)
    if len(lines) == 1:
        return Row.of((clip(lines[0].expandtabs(4), room), ink))
    more = f" +{lines[1].count(chr(10)) + 1} lines"
    return Row.of((clip(lines[0].expandtabs(4), max(1, room - len(more))), ink), (more, ACCENT))


def _lit(row: Row) -> Row:
    """The line that the cursor is on."""
    return Row(tuple((text, ink._replace(background=CHOSEN_LINE)) for text, ink in row.runs), row.width)


def _draw_line(view: Logs, at: int, viewport: Viewport[LogsLook]) -> Picture:
    line = view.lines[at]
    width, height = viewport.width, viewport.height
    fitting = max(1, height - PANEL_ROWS)
    rows = list(_whole(view, line, viewport.now, max(1, width - 4)))
    scrollable = max(0, len(rows) - fitting)
    first = min(viewport.look.scroll, scrollable)
    part = seen(first, len(rows[first : first + fitting]), len(rows))
    note = ", ".join(filter(None, [part and f"rows {part}", f"{viewport.keys('Esc')} back"]))
    title = f"Line {at + 1:,} of {len(view.lines):,}"
    return Picture(panel(title, lambda w, h: rows[first : first + h], width, height, note=note), scrollable)


def _whole(view: Logs, line: Stamped[LogLine], now: float, width: int) -> Iterator[Row]:
    event = line.event
    name = view.name_of(line.run)
    facts = [
        ("time", f"{when(line.time, now)}, {age(line.time, now)}", TEXT),
        ("level", event.level, _INKS[event.level]),
        ("run", name if name == line.run else f"{name}, {line.run}", TEXT),
        ("source", event.source or "", TEXT),
    ]
    for label, value, ink in facts:
        if value:
            for number, text in enumerate(wrap(value, max(1, width - _LABEL))):
                yield Row.of((fill("" if number else label, _LABEL), MUTED), (text, ink))
    yield Row.blank(0)
    yield from (Row.of((text, TEXT)) for text in wrap(event.message, width))


def table_of_logs(view: Logs, viewport: Viewport[LogsLook]) -> Table:
    """All lines that are wanted."""
    heading = ("time", "level", "run", "source", "message")
    lines = [
        (line.time, line.event.level, line.run, line.event.source, line.event.message) for line in view.lines
    ]
    return [heading, *lines]
