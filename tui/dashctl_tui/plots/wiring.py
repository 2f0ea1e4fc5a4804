"""Wires between boxes that stand side by side: many to one, or one to many.

Rules: a wire says what runs through it; one that is cut is dotted, so that it shows without colour; all meet
in one upright line, whose corners and branches are those of a frame.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from rich.cells import cell_len

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, fit
from dashctl_tui.plots.palette import TEXT
from dashctl_tui.plots.text import clip

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_JOINTS: Final[Mapping[int, str]] = {
    0: " ",
    _UP: glyphs.AXIS_VERTICAL,
    _DOWN: glyphs.AXIS_VERTICAL,
    _LEFT: glyphs.AXIS_HORIZONTAL,
    _RIGHT: glyphs.AXIS_HORIZONTAL,
    _UP | _DOWN: glyphs.AXIS_VERTICAL,
    _LEFT | _RIGHT: glyphs.AXIS_HORIZONTAL,
    _LEFT | _DOWN: glyphs.FRAME_TOP_RIGHT,
    _LEFT | _UP: glyphs.FRAME_BOTTOM_RIGHT,
    _RIGHT | _DOWN: glyphs.FRAME_TOP_LEFT,
    _RIGHT | _UP: glyphs.FRAME_BOTTOM_LEFT,
    _UP | _DOWN | _LEFT: glyphs.AXIS_TICK_LEFT,
    _UP | _DOWN | _RIGHT: glyphs.WIRE_RIGHT,
    _LEFT | _RIGHT | _DOWN: glyphs.AXIS_TICK_BOTTOM,
    _LEFT | _RIGHT | _UP: glyphs.WIRE_UP,
    _UP | _DOWN | _LEFT | _RIGHT: glyphs.WIRE_CROSS,
}


class Wire(msgspec.Struct, frozen=True):
    """One wire. row: where its box is, counted from the top; label: what runs through it."""

    row: int
    label: str
    ink: Ink
    cut: bool = False


def draw_wires(
    wires: Sequence[Wire], hub: int, width: int, height: int, trunk: Ink, *, inwards: bool
) -> list[Row]:
    """The wires and the upright line that joins them to row `hub`.

    inwards: boxes are at the left and the hub at the right; otherwise the other way round. Arrows point to
    the right in both.
    """
    by_row = {wire.row: wire for wire in wires}
    joined = [wire.row for wire in wires if not wire.cut] + [hub] * bool(wires)
    rows: list[Row] = []
    for row in range(height):
        wire = by_row.get(row)
        joint = Row.of((_JOINTS[_sides(row, hub, wire, joined, inwards=inwards)], trunk))
        if inwards:
            arrow = (glyphs.AXIS_HORIZONTAL + glyphs.ARROW_RIGHT, trunk) if row == hub and joined else "  "
            rows.append(_strand(wire, width - 3, arrow=False) + joint + Row.of(arrow))
        else:
            start = (glyphs.AXIS_HORIZONTAL, trunk) if row == hub and joined else " "
            rows.append(Row.of(start) + joint + _strand(wire, width - 2, arrow=True))
    return fit(rows, width, height)


def _sides(row: int, hub: int, wire: Wire | None, joined: Sequence[int], *, inwards: bool) -> int:
    """Where the upright line goes on from this row."""
    if not joined:
        return 0
    top, bottom = min(joined), max(joined)
    towards_boxes, towards_hub = (_LEFT, _RIGHT) if inwards else (_RIGHT, _LEFT)
    sides = _UP if top < row <= bottom else 0
    sides |= _DOWN if top <= row < bottom else 0
    sides |= towards_boxes if wire is not None and not wire.cut else 0
    return sides | (towards_hub if row == hub else 0)


def _strand(wire: Wire | None, width: int, *, arrow: bool) -> Row:
    """A wire on its way between a box and the upright line, its label in the middle."""
    if wire is None or width <= 0:
        return Row.blank(max(0, width))
    if wire.cut:
        line = Row.of(((glyphs.UNKNOWN + " ") * width, wire.ink)).fit(width)
    else:
        head = glyphs.ARROW_RIGHT if arrow else ""
        line = Row.of((glyphs.AXIS_HORIZONTAL * (width - len(head)) + head, wire.ink))
    label = clip(wire.label, max(0, width - 4))
    if not label:
        return line
    return line.overlay(
        (width - cell_len(label) - 2) // 2, Row.of((f" {label} ", wire.ink if wire.cut else TEXT))
    )
