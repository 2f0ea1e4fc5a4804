"""A key to the colours of a drawing.

Rule: every entry has a glyph as well as a colour, so that it can be told apart without colour.
"""

from collections.abc import Sequence

import msgspec

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row
from dashctl_tui.plots.palette import ALERT, MUTED, TEXT
from dashctl_tui.plots.text import clip

_GAP = Row.blank(2)


class Key(msgspec.Struct, frozen=True):
    """One entry: a coloured glyph, a name, a muted note behind it (a value, a share), and an alert."""

    name: str
    ink: Ink
    glyph: str = glyphs.DOT
    note: str = ""
    alert: str = ""


def flow_legend(keys: Sequence[Key], width: int, height: int) -> list[Row]:
    """The entries in reading order, in as few rows as it takes, not padded to `width`.

    height: at most so many rows; how many entries did not fit is said at the end.
    """
    lines: list[Row] = []
    if height < 1:
        return lines
    for number, key in enumerate(keys):
        entry = _entry(key, width)
        if lines and lines[-1].width + _GAP.width + entry.width <= width:
            lines[-1] = lines[-1] + _GAP + entry
        elif len(lines) < height:
            lines.append(entry)
        else:
            lines[-1] = _with_rest(lines[-1], len(keys) - number, width)
            break
    return lines


def _entry(key: Key, width: int) -> Row:
    note = (f" {clip(key.note, width)}", MUTED) if key.note else ""
    alert = (f" {clip(key.alert, width)}", ALERT) if key.alert else ""
    name = (f" {clip(key.name, max(1, width - 2))}" if key.name else "", TEXT)
    return Row.of((clip(key.glyph, width), key.ink), name, note, alert).cut(0, width)


def _with_rest(line: Row, rest: int, width: int) -> Row:
    more = Row.of((f" +{rest}", MUTED)).cut(0, width)
    return line.cut(0, width - more.width) + more
