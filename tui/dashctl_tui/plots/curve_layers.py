"""Which dots curves cover: envelopes at the back, then what was measured, then lines.

Rules: an envelope is woven, so that what lies behind it shows; where values lie closer than columns, an
envelope needs no lines between them, because each column covers all that falls into it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.chart import Chart
from dashctl_tui.plots.grid import braille_bits
from dashctl_tui.plots.palette import shades
from dashctl_tui.plots.series import Curve, Values, parts_of
from dashctl_tui.plots.trace import Columnwise, Spans, covered, trace

_DASH = 6
"""Dots from the beginning of a dash to that of the next."""
_DENSE = 2
"""From so many points to a column on there is no gap between them."""

_MOST_DOTS = 2**21
"""Dots that are held at once."""

Dots = NDArray[np.bool_]
Bits = NDArray[np.uint8]


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


def layers(prepared: Sequence[Prepared], chart: Chart) -> Iterator[tuple[Bits, Ink]]:
    """Braille patterns and ink from back to front: envelopes, raw curves if smoothed, curves.

    The first curve lies in front. A pattern is (height, width).
    """
    shown = [one for one in reversed(prepared) if one.curve.x.size]
    if not shown:
        return
    row, column = np.arange(chart.rows)[:, None], np.arange(chart.columns)
    placed = _Placed.on(chart, [one.curve for one in shown])
    if any(_has_band(one.curve) for one in shown):
        weave = braille_bits((row + column) % 2 == 0)
        for one, bits in zip(shown, _patterns(placed.bands()), strict=True):
            if _has_band(one.curve):
                yield bits & weave, shades(one.ink).far
    if any(one.smooth is not None for one in shown):
        raw = placed.lines([one.curve.y for one in shown])
        for one, bits in zip(shown, _patterns(raw), strict=True):
            if one.smooth is not None:
                yield bits, shades(one.ink).far
    # On the diagonal, so that flat and steep lines both have gaps.
    dashes = braille_bits((row + column) % _DASH < _DASH // 2)
    lines = placed.lines([one.curve.y if one.smooth is None else one.smooth for one in shown])
    for one, bits in zip(shown, _patterns(lines), strict=True):
        yield bits & dashes if one.curve.dashed else bits, one.ink


def _has_band(curve: Curve) -> bool:
    return curve.low is not None or curve.high is not None


def _patterns(blocks: Iterable[Dots]) -> Iterator[Bits]:
    """Of dots (curves, rows, columns), a few curves at a time, curve by curve."""
    for block in blocks:
        bits = braille_bits(block.reshape(-1, block.shape[-1]))
        yield from bits.reshape(len(block), -1, bits.shape[-1])


@dataclass(frozen=True, slots=True)
class _Placed:
    """The columns of all curves' points, one curve behind the other: each at its place.

    dense: of all curves together, None where one of them leaves columns empty.
    """

    chart: Chart
    curves: Sequence[Curve]
    places: Sequence[slice]
    columns: Values
    dense: Columnwise | None

    @classmethod
    def on(cls, chart: Chart, curves: Sequence[Curve]) -> "_Placed":
        sizes = [curve.x.size for curve in curves]
        edges = [0, *accumulate(sizes)]
        x = np.concatenate([curve.x for curve in curves])
        back = x[1:] < x[:-1]
        back[[edge - 1 for edge in edges[1:-1]]] = False
        columns = chart.columns_of(x)
        dense = None if back.any() else Columnwise.of(columns, chart.columns, sizes)
        return cls(chart, curves, [slice(*ends) for ends in pairwise(edges)], columns, dense)

    def lines(self, values: Sequence[Values]) -> Iterator[Dots]:
        """Lines through these values of each curve: dots (curves, rows, columns), a few curves at a time."""
        rows = self.chart.rows_of(np.concatenate(values))
        if self.dense is not None:
            yield from self._blocks(self.dense.trace(rows, self._across, self.chart.rows))
            return
        for curve, place in zip(self.curves, self.places, strict=True):
            dots = np.zeros((self.chart.rows, self.chart.columns), dtype=np.bool_)
            for part in _parts(curve, place):
                dots |= _line(self.columns[part], rows[part], self.chart).dots(self.chart.rows)
            yield dots[None]

    def bands(self) -> Iterator[Dots]:
        """Envelopes, in the same way."""
        lows = [curve.y if curve.low is None else curve.low for curve in self.curves]
        highs = [curve.y if curve.high is None else curve.high for curve in self.curves]
        low, high = (self.chart.rows_of(np.concatenate(each)) for each in (lows, highs))
        if self.dense is not None:
            yield from self._blocks(self.dense.covered(high, low, self._across, self.chart.rows))
            return
        for curve, place in zip(self.curves, self.places, strict=True):
            dots = np.zeros((self.chart.rows, self.chart.columns), dtype=np.bool_)
            for part in _parts(curve, place):
                dots |= _band(self.columns[part], high[part], low[part], self.chart).dots(self.chart.rows)
            yield dots[None]

    @property
    def _across(self) -> int:
        return len(self.curves) * self.chart.columns

    def _blocks(self, spans: Spans) -> Iterator[Dots]:
        """So many curves at a time that many large ones take no more memory than a few."""
        apart = spans.apart(len(self.curves))
        many = max(1, _MOST_DOTS // (self.chart.rows * self.chart.columns))
        for start in range(0, len(self.curves), many):
            few = slice(start, start + many)
            yield Spans(apart.first[few], apart.last[few]).dots(self.chart.rows)


def _parts(curve: Curve, place: slice) -> list[slice]:
    """Where its parts are among all curves' points."""
    return [slice(place.start + part.start, place.start + part.stop) for part in parts_of(curve.x)]


def _line(columns: Values, rows: Values, chart: Chart) -> Spans:
    dense = Columnwise.of(columns, chart.columns)
    if dense is not None:
        return dense.trace(rows, chart.columns, chart.rows)
    return trace(columns, rows, chart.columns, chart.rows)


def _band(columns: Values, high: Values, low: Values, chart: Chart) -> Spans:
    dense = Columnwise.of(columns, chart.columns)
    if dense is not None:
        return dense.covered(high, low, chart.columns, chart.rows)
    reach = float(columns[-1]) - float(columns[0]) if columns.size else 0.0
    if columns.size > _DENSE * (reach + 1):
        return covered(columns, high, low, chart.columns, chart.rows)
    lower = trace(columns, low, chart.columns, chart.rows)
    return lower.joined(trace(columns, high, chart.columns, chart.rows))
