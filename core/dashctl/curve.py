"""A curve of any length in bounded memory.

Rules: a sample goes into the newest bucket; when the buckets are full, neighbours merge in pairs, so
every bucket but the newest holds the same number of samples; a bucket keeps minimum, maximum and mean
of the finite values and marks the others, so no peak and no NaN is ever lost. What results depends on
the samples and their order alone, never on when somebody looks.
"""

import math
from array import array
from typing import Any, Final

import msgspec

NAN: Final = 1
PLUS_INF: Final = 2
MINUS_INF: Final = 4

_SETTLE_AT: Final = 4096


class Columns(msgspec.Struct, frozen=True, array_like=True):
    """The buckets of a curve, oldest first, each column packed in this machine's byte order.

    `steps` int64, `counts` (finite samples) uint64, `marks` (NAN, PLUS_INF, MINUS_INF combined) uint8,
    the others float64. `low`, `high` and `mean` are NaN in a bucket without a finite value.
    """

    width: int
    """Samples in every bucket but the newest."""
    filled: int
    """Samples in the newest bucket."""
    total: int
    """Samples ever."""
    last: float
    """The newest sample."""
    steps: bytes
    """The last step in each bucket."""
    times: bytes
    """The last time in each bucket, seconds since 1970."""
    low: bytes
    high: bytes
    sums: bytes
    """Of the finite samples: infinite where they are too large to be added up."""
    counts: bytes
    marks: bytes

    @property
    def mean(self) -> bytes:
        """The mean of the finite samples per bucket, never outside low and high."""
        columns = (memoryview(column).cast("d") for column in (self.low, self.high, self.sums))
        counts = memoryview(self.counts).cast("Q")
        means = array("d")
        for low, high, total, count in zip(*columns, counts, strict=True):
            means.append(min(high, max(low, total / count)) if count else math.nan)
        return means.tobytes()


class CurveBuffer:
    """Takes samples one by one, gives `Columns`."""

    def __init__(self, points: int) -> None:
        self._points = points
        self._width, self._filled, self._total, self._last = 1, 1, 0, math.nan
        self._steps, self._counts, self._marks = array("q"), array("Q"), array("B")
        self._times, self._low, self._high, self._sums = array("d"), array("d"), array("d"), array("d")
        self._pending: list[tuple[int, float, float]] = []

    @classmethod
    def from_columns(cls, points: int, columns: Columns) -> "CurveBuffer":
        """The buffer that gave these columns. Raises ValueError where their lengths disagree."""
        curve = cls(points)
        curve._width, curve._filled = columns.width, columns.filled
        curve._total, curve._last = columns.total, columns.last
        for own, packed in zip(curve._columns(), columns_of(columns), strict=True):
            own.frombytes(packed)
        if len({len(own) for own in curve._columns()}) != 1:
            raise ValueError("columns of different lengths")
        return curve

    def append(self, step: int, time: float, value: float) -> None:
        """Take one sample."""
        self._pending.append((step, time, value))
        if len(self._pending) >= _SETTLE_AT:
            self._settle()

    def copy(self) -> "CurveBuffer":
        """The curve as it is now, which goes on by itself."""
        made = CurveBuffer(self._points)
        made._width, made._filled = self._width, self._filled
        made._total, made._last = self._total, self._last
        made._pending = self._pending.copy()
        for own, other in zip(made._columns(), self._columns(), strict=True):
            own.extend(other)
        return made

    def columns(self) -> Columns:
        """All buckets, as of now."""
        self._settle()
        packed = (column.tobytes() for column in self._columns())
        return Columns(self._width, self._filled, self._total, self._last, *packed)

    @property
    def total(self) -> int:
        """Samples ever taken."""
        return self._total + len(self._pending)

    def _columns(self) -> "tuple[array[Any], ...]":
        return self._steps, self._times, self._low, self._high, self._sums, self._counts, self._marks

    def _settle(self) -> None:
        """Move what is pending into buckets, a bucket's share at a time."""
        pending, taken = self._pending, 0
        while taken < len(pending):
            if not self._steps or self._filled == self._width:
                self._open_bucket()
            share = pending[taken : taken + self._width - self._filled]
            self._take(share)
            taken += len(share)
        if pending:
            self._total += taken
            self._last = pending[-1][2]
            self._pending = []

    def _open_bucket(self) -> None:
        if len(self._steps) >= self._points:
            self._merge_pairs()
            if self._filled < self._width:
                return
        for column, empty in zip(self._columns(), (0, 0.0, math.nan, math.nan, 0.0, 0, 0), strict=True):
            column.append(empty)
        self._filled = 0

    def _take(self, share: list[tuple[int, float, float]]) -> None:
        """Let the newest bucket take in samples that it has room for."""
        total, marks, finite = self._sums[-1], self._marks[-1], []
        for _, _, value in share:
            if value - value == 0.0:
                finite.append(value)
                total += value
            else:
                marks |= NAN if math.isnan(value) else PLUS_INF if value > 0 else MINUS_INF
        if finite:
            self._widen(-1, min(finite), max(finite))
        self._sums[-1], self._marks[-1] = total, marks
        self._counts[-1] += len(finite)
        self._steps[-1], self._times[-1], _ = share[-1]
        self._filled += len(share)

    def _widen(self, at: int, low: float, high: float) -> None:
        had = self._counts[at]
        self._low[at] = min(self._low[at], low) if had else low
        self._high[at] = max(self._high[at], high) if had else high

    def _merge_pairs(self) -> None:
        buckets = len(self._steps)
        for right in range(1, buckets, 2):
            left = right - 1
            self._steps[left], self._times[left] = self._steps[right], self._times[right]
            if self._counts[right]:
                self._widen(left, self._low[right], self._high[right])
            self._sums[left] += self._sums[right]
            self._counts[left] += self._counts[right]
            self._marks[left] |= self._marks[right]
        for column in self._columns():
            del column[1::2]
        self._width *= 2
        if buckets % 2 == 0:
            self._filled = self._width


def columns_of(columns: Columns) -> tuple[bytes, ...]:
    """The packed columns, in the order in which a CurveBuffer holds them."""
    c = columns
    return c.steps, c.times, c.low, c.high, c.sums, c.counts, c.marks
