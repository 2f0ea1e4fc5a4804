"""Which dots curves cover: envelopes at the back, then what was measured, then lines.

Rules: an envelope is woven, so that what lies behind it shows; where values lie closer than columns, an
envelope needs no lines between them, because each column covers all that falls into it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.chart import Chart
from dashctl_tui.plots.palette import shades
from dashctl_tui.plots.series import Curve, Values, parts_of
from dashctl_tui.plots.trace import Columnwise, covered, trace

_DASH = 6
"""Dots from the beginning of a dash to that of the next."""
_DENSE = 2
"""From so many points to a column on there is no gap between them."""

Dots = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A curve with what was found out about it: its colour, its letter, its marks (x and kind).

    smooth: (n,) its moving average, None for none.
    """

    curve: Curve
    ink: Ink
    letter: str
    marks: tuple[tuple[float, str], ...]
    smooth: Values | None = None


def layers(prepared: Sequence[Prepared], chart: Chart) -> Iterator[tuple[Dots, Ink]]:
    """Dots and ink from back to front: envelopes, raw curves if smoothed, curves; the first one in front."""
    row, column = np.arange(chart.rows)[:, None], np.arange(chart.columns)
    weave = (row + column) % 2 == 0
    # On the diagonal, so that flat and steep lines both have gaps.
    dashes = (row + column) % _DASH < _DASH // 2
    placed = [(one, _Placed.on(chart, one.curve)) for one in reversed(prepared) if one.curve.x.size]
    for one, places in placed:
        if one.curve.low is not None or one.curve.high is not None:
            yield places.band(one.curve) & weave, shades(one.ink).far
    for one, places in placed:
        if one.smooth is not None:
            yield places.line(one.curve.y), shades(one.ink).far
    for one, places in placed:
        line = places.line(one.curve.y if one.smooth is None else one.smooth)
        yield line & dashes if one.curve.dashed else line, one.ink


@dataclass(frozen=True, slots=True)
class _Placed:
    """The columns of a curve's points, part by part."""

    chart: Chart
    parts: Sequence[slice]
    columns: Values
    dense: Columnwise | None

    @classmethod
    def on(cls, chart: Chart, curve: Curve) -> "_Placed":
        parts, columns = parts_of(curve.x), chart.columns_of(curve.x)
        dense = Columnwise.of(columns, chart.columns) if len(parts) == 1 else None
        return cls(chart, parts, columns, dense)

    def line(self, y: Values) -> Dots:
        chart = self.chart
        rows = chart.rows_of(y)
        if self.dense is not None:
            return self.dense.trace(rows, chart.columns, chart.rows).dots(chart.rows)
        dots = np.zeros((chart.rows, chart.columns), dtype=np.bool_)
        for part in self.parts:
            dots |= trace(self.columns[part], rows[part], chart.columns, chart.rows).dots(chart.rows)
        return dots

    def band(self, curve: Curve) -> Dots:
        chart = self.chart
        low = chart.rows_of(curve.y if curve.low is None else curve.low)
        high = chart.rows_of(curve.y if curve.high is None else curve.high)
        if self.dense is not None:
            return self.dense.covered(high, low, chart.columns, chart.rows).dots(chart.rows)
        dots = np.zeros((chart.rows, chart.columns), dtype=np.bool_)
        for part in self.parts:
            columns = self.columns[part]
            reach = float(columns[-1]) - float(columns[0]) if columns.size else 0.0
            if columns.size > _DENSE * (reach + 1):
                spans = covered(columns, high[part], low[part], chart.columns, chart.rows)
            else:
                lower = trace(columns, low[part], chart.columns, chart.rows)
                spans = lower.joined(trace(columns, high[part], chart.columns, chart.rows))
            dots |= spans.dots(chart.rows)
        return dots
