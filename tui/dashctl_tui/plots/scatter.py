"""Named dots on two scales, such as latency against accuracy.

Rules: every dot is named, in its own colour: a label stands where it touches neither another dot nor another
label, and a name that finds no such place is written above the chart with its values.
"""

from collections.abc import Iterator, Sequence
from math import isfinite

import msgspec
import numpy as np
from rich.cells import cell_len

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, fit
from dashctl_tui.plots.chart import Chart
from dashctl_tui.plots.grid import braille_bits, grid_rows
from dashctl_tui.plots.legend import Key, flow_legend
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import FAINTER, MUTED, model_ink
from dashctl_tui.plots.scale import Scale
from dashctl_tui.plots.text import clip

_WIDEST_NAME = 20
_FARTHEST = 3
# So that no dot sits on the frame.
_ROOM = 0.08


class Dot(msgspec.Struct, frozen=True):
    """One named point. ink: its colour, or None for the one of its name."""

    name: str
    x: float
    y: float
    ink: Ink | None = None


class _Label(msgspec.Struct, frozen=True):
    column: int
    row: int
    text: str
    dot: Dot

    def cells(self) -> list[tuple[int, int]]:
        return [(self.column + offset, self.row) for offset in range(cell_len(self.text))]

    def sides(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """One cell more on either side, which no other dot or label may touch."""
        return (self.column - 1, self.row), (self.column + cell_len(self.text), self.row)


def draw_scatter(
    dots: Sequence[Dot],
    width: int,
    height: int,
    *,
    log_x: bool = True,
    x_label: str = "",
    y_label: str = "",
) -> list[Row]:
    """The dots in one chart.

    log_x: powers of ten. What has no place (NaN, Inf, not above 0 with `log_x`) is listed above.
    """
    drawn = [dot for dot in dots if isfinite(dot.x) and isfinite(dot.y) and (dot.x > 0 or not log_x)]
    x = Scale.around([dot.x for dot in drawn], log_x).widened(_ROOM)
    y = Scale.around([dot.y for dot in drawn]).widened(_ROOM)
    heading = [Row.of((clip(y_label, width), MUTED))] if y_label and height > 3 else []
    room = height - len(heading)
    chart = Chart.within(x, y, width, max(1, room))
    labels = _place(drawn, chart)
    named = {label.dot for label in labels}
    unplaced = [dot for dot in dots if dot not in named]
    if unplaced and height > 3:
        also = flow_legend([_listed(dot, log_x) for dot in unplaced], width, min(3, height // 4 + 1))
        chart = Chart.within(x, y, width, max(1, room - len(also)))
        labels = [label for label in _place(drawn, chart) if label.dot in named]
        heading += also
    rows = chart.framed(_plane(drawn, labels, chart), x_label)
    return fit([*heading, *rows], width, height)


def _ink(dot: Dot) -> Ink:
    return dot.ink or model_ink(dot.name)


def _listed(dot: Dot, log_x: bool) -> Key:
    place = f"({compact(dot.x)}, {compact(dot.y)})"
    legal = isfinite(dot.x) and isfinite(dot.y) and (dot.x > 0 or not log_x)
    return Key(dot.name, _ink(dot), glyphs.DOT, place if legal else "", "" if legal else place)


def _place(dots: Sequence[Dot], chart: Chart) -> list[_Label]:
    """The labels that found a place, best dots (high, then left) first."""
    places = {dot: chart.cell_of(dot.x, dot.y) for dot in dots}
    taken = set(places.values())
    placed: list[_Label] = []
    for dot in sorted(dots, key=lambda one: (-one.y, one.x, one.name)):
        own = places[dot]
        for label in _candidates(dot, own, chart):
            inside = 0 <= label.row < chart.height and 0 <= label.column <= chart.width - cell_len(label.text)
            if not inside or any(side in taken and side != own for side in label.sides()):
                continue
            cells = label.cells()
            if taken.isdisjoint(cells):
                placed.append(label)
                taken.update(cells)
                break
    return placed


def _candidates(dot: Dot, cell: tuple[int, int], chart: Chart) -> Iterator[_Label]:
    """Right, left, above, below, then diagonally and farther away."""
    column, row = cell
    text = clip(dot.name, min(_WIDEST_NAME, chart.width))
    size = cell_len(text)
    middle = column - size // 2
    yield _Label(column + 2, row, text, dot)
    yield _Label(column - size - 1, row, text, dot)
    for away in range(1, _FARTHEST + 1):
        for line in (row - away, row + away):
            for start in (middle, column + 1, column - size):
                yield _Label(start, line, text, dot)


def _plane(dots: Sequence[Dot], labels: Sequence[_Label], chart: Chart) -> list[Row]:
    if not dots:
        text = "no data yet".center(chart.width)[: chart.width]
        rows = [Row.blank(chart.width) for _ in range(chart.height)]
        rows[(chart.height - 1) // 2] = Row.of((text, MUTED))
        return rows
    lines = braille_bits(chart.grid_lines())
    rows = grid_rows(lines, np.zeros(lines.shape, dtype=np.int16), [FAINTER])
    for label in labels:
        rows[label.row] = rows[label.row].overlay(label.column, Row.of((label.text, _ink(label.dot))))
    seen: set[tuple[int, int]] = set()
    for dot in dots:
        column, row = cell = chart.cell_of(dot.x, dot.y)
        glyph = glyphs.SHARED_DOT if cell in seen else glyphs.DOT
        seen.add(cell)
        rows[row] = rows[row].overlay(column, Row.of((glyph, _ink(dot))))
    return rows
