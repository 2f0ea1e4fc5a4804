"""How often each of several things was counted, as bars with their numbers.

Rules: bars of one colour are thin, since solid ones would run into a block; they are scaled to the longest;
what does not fit is counted in the last line; the commonest come first, if they have no order of their own.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from dashctl_tui.plots.bars import bar
from dashctl_tui.plots.canvas import Ink, Row
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, MUTED, TEXT
from dashctl_tui.plots.scale import Scale
from dashctl_tui.plots.stack import whole_parts
from dashctl_tui.plots.text import clip, fill, fill_left
from dashctl_tui.scenes.layout import panel
from dashctl_tui.scenes.meter import meter

_LONGEST = 40


class Counted(NamedTuple):
    """One line."""

    name: str
    number: int
    ink: Ink = ACCENT


def ranked(counts: Mapping[str, int] | None, ink: Ink = ACCENT) -> list[Counted]:
    """The commonest first."""
    by_count = sorted((counts or {}).items(), key=lambda item: (-item[1], item[0]))
    return [Counted(name, count, ink) for name, count in by_count]


def counts_panel(title: str, items: Sequence[Counted], width: int, height: int, note: str = "") -> list[Row]:
    """A frame of this size around the bars."""
    return panel(title, lambda w, h: draw_counts(items, w, h), width, height, note=note)


def draw_counts(items: Sequence[Counted], width: int, height: int, *, percent: bool = False) -> list[Row]:
    """A line each: name, bar, number, and if wanted its share of all; not padded below."""
    shown = items if len(items) <= height else items[: max(0, height - 1)]
    names = min(max((cell_len(clip(each.name, _LONGEST)) for each in shown), default=1), max(1, width // 2))
    shares = whole_parts([each.number for each in items], 100)
    numbers = [
        compact(each.number, 4) + (fill_left(f"{share} %", 6) if percent else "")
        for each, share in zip(shown, shares, strict=False)
    ]
    value = max(map(len, numbers), default=1)
    most = max((each.number for each in shown), default=0)
    rows = []
    for each, written in zip(shown, numbers, strict=True):
        room = max(0, width - names - value - 2)
        drawn = _drawn(each, max(1, most), room, thin=len({each.ink for each in shown}) == 1)
        rows.append(
            Row.of((fill(each.name, names) + " ", TEXT))
            + drawn
            + Row.of((f" {fill_left(written, value)}", TEXT))
        )
    if len(shown) < len(items):
        rows.append(Row.of((f"+{len(items) - len(shown)} more", MUTED)))
    return rows or [Row.of(("none yet", MUTED))]


def _drawn(each: Counted, most: int, width: int, *, thin: bool) -> Row:
    if width < 3:
        return Row.blank(width)
    return (
        meter(each.number / most, width, each.ink)
        if thin
        else bar(each.number, Scale(0, most), width, each.ink)
    )
