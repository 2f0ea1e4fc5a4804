"""Values as horizontal bars on a common scale.

Rules: a bar is exact to an eighth of a cell; a value outside the scale is flagged and written, never clipped
silently; the number stands beside every bar, so nothing is lost without colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite

from rich.cells import cell_len

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, fit
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, ALERT, MUTED, TEXT, TRACK, WARNING
from dashctl_tui.plots.scale import Scale
from dashctl_tui.plots.text import fill, fill_left, inert

ACCURACY = Scale(0.5, 1.0)
"""Accuracy from guessing between two classes to perfect."""

_EIGHTHS = len(glyphs.BLOCKS_RIGHT) - 1
_WIDEST_NAME = 20
_SHORT = 10.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One named value. `text` is written beside the bar; the value, shortened, if empty."""

    name: str
    value: float
    ink: Ink = ACCENT
    text: str = ""


def bar(value: float, scale: Scale, width: int, ink: Ink = ACCENT) -> Row:
    """The bar alone, `width` cells: filled up to the value, the rest a dark track; empty for NaN."""
    share = scale.place_one(value)
    eighths = floor(min(1.0, max(0.0, share)) * width * _EIGHTHS + 0.5) if share == share else 0  # noqa: PLR0124
    whole, part = divmod(eighths, _EIGHTHS)
    tip = glyphs.BLOCKS_RIGHT[part] if part else ""
    on_track = Ink(ink.colour, TRACK)
    filled = Row.of((glyphs.BLOCKS_RIGHT[-1] * whole, on_track), (tip, on_track))
    return filled + Row.blank(width - filled.width, on_track)


def draw_bars(bars: Sequence[Bar], scale: Scale, width: int, height: int) -> list[Row]:
    """One row per bar (name, bar, value) in the given order; how many did not fit is said in the last row.

    Where there is room, blank rows part the bars, and the row below them carries the ends of the scale.
    """
    shown = bars if len(bars) <= height else bars[: max(0, height - 1)]
    airy = 2 * len(bars) <= height
    name_width, value_width = _column_widths(bars, scale, width)
    room = width - name_width - value_width
    rows = [_bar_row(one, scale, name_width, room, value_width) for one in shown]
    if airy:
        rows = [row for one in rows for row in (one, Row.blank(width))]
    if len(shown) < len(bars):
        rows.append(Row.of((f"{glyphs.ELLIPSIS} {len(bars) - len(shown)} more", MUTED)))
    elif len(rows) < height and rows:
        rows.append(Row.blank(name_width) + _ends(scale, room))
    return fit(rows, width, height)


def _column_widths(bars: Sequence[Bar], scale: Scale, width: int) -> tuple[int, int]:
    """Cells for the name and for the value, each with its gap; 0 where the width has no room for it."""
    name = min(_WIDEST_NAME, max((cell_len(inert(one.name)) for one in bars), default=0)) + 1
    value = max((cell_len(inert(_value_text(one, scale))) for one in bars), default=0) + 3
    if width < value + 4:
        return 0, 0
    return (name if width >= name + value + 4 else max(0, width - value - 4)), value


def _bar_row(one: Bar, scale: Scale, name_width: int, room: int, value_width: int) -> Row:
    name = Row.of((fill(one.name, name_width - 1) + " ", TEXT)) if name_width else Row.blank(0)
    flag, ink = _flag(one.value, scale)
    number = fill_left(_value_text(one, scale), value_width - 3)
    value = Row.of((f" {flag or ' '} {number}", ink)) if value_width else Row.blank(0)
    return name + bar(one.value, scale, room, one.ink) + value


def _value_text(one: Bar, scale: Scale) -> str:
    if one.text:
        return one.text
    # On a short scale all numbers get the same decimals, so that they line up.
    return (
        f"{one.value:.3f}" if isfinite(one.value) and scale.high - scale.low <= _SHORT else compact(one.value)
    )


def _flag(value: float, scale: Scale) -> tuple[str, Ink]:
    if not isfinite(value):
        return glyphs.NOT_A_NUMBER, ALERT
    if value < scale.low:
        return glyphs.BELOW_SCALE, WARNING
    if value > scale.high:
        return glyphs.ABOVE_SCALE, WARNING
    return "", TEXT


def _ends(scale: Scale, room: int) -> Row:
    low, middle, high = (compact(value) for value in (scale.low, scale.low / 2 + scale.high / 2, scale.high))
    row = Row.blank(room)
    if room < len(low) + len(high) + 1:
        return row
    row = row.overlay(0, Row.of((low, MUTED))).overlay(room - len(high), Row.of((high, MUTED)))
    at = (room - len(middle)) // 2
    has_room = not scale.log and at > len(low) and at + len(middle) < room - len(high)
    return row.overlay(at, Row.of((middle, MUTED))) if has_room else row
