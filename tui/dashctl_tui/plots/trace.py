"""A curve over dots: which dots of each column it runs through.

Rules: the work grows with the number of points and columns, never with their product; a peak that falls
between two columns' centres is still drawn, because each column covers all values that fall into it.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

# A little less than half, so that rounding cannot leave a gap in a steep line.
_HALF_DOT = 0.499
_FEWEST = 2
"""So many points to a column on average are worth being taken together."""
_FARTHEST = 2.0**31
"""Rows farther outside are as good as these, and whole numbers."""


class Spans(msgspec.Struct, frozen=True):
    """Per column of dots, the first and last row (from the top) that is covered; first > last for none.

    Both (columns,), or (curves, columns) for several curves.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def joined(self, other: "Spans") -> "Spans":
        """From the upper to the lower of two: the band between them."""
        return Spans(np.minimum(self.first, other.first), np.maximum(self.last, other.last))

    def dots(self, rows: int) -> NDArray[np.bool_]:
        """(rows, columns), true where covered; (curves, rows, columns) for several curves."""
        row = np.arange(rows)[:, None]
        covered: NDArray[np.bool_] = row >= self.first[..., None, :]
        covered &= row <= self.last[..., None, :]
        return covered

    def apart(self, curves: int) -> "Spans":
        """Those of several curves, whose columns stand behind each other."""
        return Spans(self.first.reshape(curves, -1), self.last.reshape(curves, -1))


class Columnwise(msgspec.Struct, frozen=True):
    """Points that fill columns without a gap: those of column at[i] begin at starts[i].

    The columns of several curves stand behind each other.
    """

    at: NDArray[np.int64]
    starts: NDArray[np.int64]
    begins: NDArray[np.bool_]
    """(n,) whether a curve begins with this column."""

    @classmethod
    def of(
        cls, column: NDArray[np.float64], columns: int, sizes: Sequence[int] | None = None
    ) -> "Columnwise | None":
        """column: (n,) in dots, ascending in each curve; sizes: of the curves, all above 0.

        None where some are outside, columns are empty, or the points of a curve are few.
        """
        if not column.size or not (column.min() > -0.5 and column.max() < columns - 0.5):
            return None
        of_curves = np.array([column.size] if sizes is None else sizes)
        first = np.cumsum(of_curves) - of_curves
        at = np.rint(column).astype(np.int64) + np.repeat(np.arange(of_curves.size) * columns, of_curves)
        starts = np.concatenate([[0], np.flatnonzero(at[1:] != at[:-1]) + 1])
        places = starts.searchsorted(first)
        filled = np.diff(places, append=starts.size)
        if (_FEWEST * filled > of_curves).any():
            return None
        begins = np.zeros(starts.size, dtype=np.bool_)
        begins[places] = True
        own = at[starts]
        return cls(own, starts, begins) if (begins[1:] | (own[1:] - own[:-1] == 1)).all() else None

    def trace(self, row: NDArray[np.float64], columns: int, rows: int) -> Spans:
        """As the function of that name."""
        spans = self.covered(row, row, columns, rows)
        tails, heads = row[self.starts[1:] - 1], row[self.starts[1:]]
        joined = np.isfinite(tails) & np.isfinite(heads) & ~self.begins[1:]
        if joined.any():
            tails, heads = tails[joined], heads[joined]
            _cover_neighbours(spans.first, spans.last, self.at[:-1][joined], tails, heads - tails)
        return Spans(np.maximum(spans.first, 0), np.minimum(spans.last, rows - 1))

    def covered(
        self, upper: NDArray[np.float64], lower: NDArray[np.float64], columns: int, rows: int
    ) -> Spans:
        """As the function of that name."""
        first, last = np.full(columns, rows), np.full(columns, -1)
        # What has no place hides no neighbour in its column.
        odd = ~(np.isfinite(upper) & np.isfinite(lower))
        if odd.any():
            upper, lower = np.where(odd, np.nan, upper), np.where(odd, np.nan, lower)
        top = np.fmin.reduceat(upper, self.starts)
        bottom = np.fmax.reduceat(lower, self.starts)
        usable = np.isfinite(top) & np.isfinite(bottom)
        own = self.at[usable]
        first[own], last[own] = _rounded(top[usable]), _rounded(bottom[usable])
        return Spans(np.maximum(first, 0), np.minimum(last, rows - 1))


def trace(
    column: NDArray[np.float64], row: NDArray[np.float64], columns: int, rows: int, *, join: bool = True
) -> Spans:
    """The spans of a curve through points given in dots, ascending by column; NaN breaks the line.

    column, row: (n,). Parts outside 0..columns and 0..rows are cut off.
    """
    usable = np.isfinite(column) & np.isfinite(row)
    at = np.rint(np.where(usable, column, -1))
    inside = usable & (at >= 0) & (at < columns)
    first, last = np.full(columns, rows), np.full(columns, -1)
    _cover(first, last, at[inside].astype(np.int64), row[inside])
    pairs = np.flatnonzero(usable[:-1] & usable[1:] & (at[:-1] != at[1:])) if join else np.empty(0, np.int64)
    if pairs.size:
        _cover_between(first, last, at, row, pairs)
    return Spans(np.maximum(first, 0), np.minimum(last, rows - 1))


def covered(
    column: NDArray[np.float64],
    upper: NDArray[np.float64],
    lower: NDArray[np.float64],
    columns: int,
    rows: int,
) -> Spans:
    """The spans from `upper` down to `lower` at each point, and nothing between points.

    column, upper, lower: (n,) in dots; NaN covers nothing. Parts outside are cut off.
    """
    usable = np.isfinite(column) & np.isfinite(upper) & np.isfinite(lower)
    at = np.rint(np.where(usable, column, -1))
    inside = usable & (at >= 0) & (at < columns)
    first, last = np.full(columns, rows), np.full(columns, -1)
    at = at[inside].astype(np.int64)
    np.minimum.at(first, at, _rounded(upper[inside]))
    np.maximum.at(last, at, _rounded(lower[inside]))
    return Spans(np.maximum(first, 0), np.minimum(last, rows - 1))


def _cover(
    first: NDArray[np.int64], last: NDArray[np.int64], at: NDArray[np.int64], row: NDArray[np.float64]
) -> None:
    rounded = _rounded(row)
    np.minimum.at(first, at, rounded)
    np.maximum.at(last, at, rounded)


def _cover_between(
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    at: NDArray[np.float64],
    row: NDArray[np.float64],
    pairs: NDArray[np.int64],
) -> None:
    """Straight lines from each point of `pairs` to the next, as far as they are inside.

    A column covers half a step to either side, less half a dot, so that a line is one dot thick.
    """
    columns = len(first)
    # A line that comes from far outside costs no more than its part inside.
    begin = np.minimum(np.maximum(at[pairs], -1), columns).astype(np.int64)
    end = np.minimum(np.maximum(at[pairs + 1], -1), columns).astype(np.int64)
    steps = end - begin
    # From one end of float64 to the other a line is as good as level.
    with np.errstate(over="ignore", invalid="ignore"):
        slopes = (row[pairs + 1] - row[pairs]) / (at[pairs + 1] - at[pairs])
        slopes[~np.isfinite(slopes)] = 0.0
        starts = row[pairs] + slopes * (begin - at[pairs])
    if steps.max() == 1 and begin[0] >= 0 and end[-1] < columns:
        _cover_neighbours(first, last, begin, starts, slopes)
        return
    step = np.arange(int(np.sum(steps + 1))) - np.repeat(np.cumsum(steps + 1) - (steps + 1), steps + 1)
    slope, start = np.repeat(slopes, steps + 1), np.repeat(starts, steps + 1)
    whole, column = np.repeat(steps, steps + 1), np.repeat(begin, steps + 1) + step
    inside = (column >= 0) & (column < columns)
    half = 0.5 - _HALF_DOT / np.maximum(np.abs(slope), 2 * _HALF_DOT)
    for side in (-half, half):
        reach = np.minimum(np.maximum(step + side, 0), whole)
        _cover(first, last, column[inside], (start + slope * reach)[inside])


def _cover_neighbours(
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    begin: NDArray[np.int64],
    starts: NDArray[np.float64],
    slopes: NDArray[np.float64],
) -> None:
    """As `_cover_between` where each line reaches from one column into the next: the most common case."""
    size = np.abs(slopes)
    # Half of the way, less half a dot, but never less than nothing.
    reach = np.maximum(0.5 - _HALF_DOT / np.maximum(size, 2 * _HALF_DOT), 0.0) * slopes
    for column, row in ((begin, starts + reach), (begin + 1, starts + slopes - reach)):
        rounded = _rounded(row)
        first[column] = np.minimum(first[column], rounded)
        last[column] = np.maximum(last[column], rounded)


def _rounded(row: NDArray[np.float64]) -> NDArray[np.int64]:
    # Not np.rint, which rounds halves to even and so makes steps of two.
    return np.floor(np.minimum(np.maximum(row, -1), _FARTHEST) + 0.5).astype(np.int64)
