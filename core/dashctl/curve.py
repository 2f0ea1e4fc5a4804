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
    """The buckets of a curve, oldest first, packed: steps int64, counts and marks as named, others float64.

    `low`, `high` and `mean` are NaN in a bucket without a finite value. `marks` are NAN, PLUS_INF and
    MINUS_INF combined, uint8. `counts` are finite samples per bucket, uint64.
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
    low: bytes
    high: bytes
    mean: bytes
    counts: bytes
    marks: bytes


class CurveBuffer:
    """Takes samples one by one, gives `Columns`."""

    __slots__ = (
        "_counts",
        "_filled",
        "_high",
        "_last",
        "_low",
        "_marks",
        "_mean",
        "_pending",
        "_points",
        "_steps",
        "_times",
        "_total",
        "_width",
    )

    def __init__(self, points: int) -> None:
        self._points = points
        self._width, self._filled, self._total, self._last = 1, 1, 0, math.nan
        self._steps, self._counts, self._marks = array("q"), array("Q"), array("B")
        self._times, self._low, self._high, self._mean = array("d"), array("d"), array("d"), array("d")
        self._pending: list[tuple[int, float, float]] = []

    @classmethod
    def from_columns(cls, points: int, columns: Columns) -> "CurveBuffer":
        """The buffer that gave these columns. Raises ValueError where their lengths disagree."""
        curve = cls(points)
        curve._width, curve._filled = columns.width, columns.filled
        curve._total, curve._last = columns.total, columns.last
        for own, packed in zip(curve._columns(), _packed(columns), strict=True):
            own.frombytes(packed)
        if len({len(own) for own in curve._columns()}) != 1:
            raise ValueError("columns of different lengths")
        return curve

    def append(self, step: int, time: float, value: float) -> None:
        """Take one sample."""
        self._pending.append((step, time, value))
        if len(self._pending) >= _SETTLE_AT:
            self._settle()

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
        return self._steps, self._times, self._low, self._high, self._mean, self._counts, self._marks

    def _settle(self) -> None:
        for step, time, value in self._pending:
            if not self._steps or self._filled == self._width:
                self._open_bucket(step, time, value)
            else:
                self._join_bucket(step, time, value)
        if self._pending:
            self._total += len(self._pending)
            self._last = self._pending[-1][2]
            self._pending.clear()

    def _open_bucket(self, step: int, time: float, value: float) -> None:
        if len(self._steps) >= self._points:
            self._merge_pairs()
            if self._filled != self._width:
                self._join_bucket(step, time, value)
                return
        finite = math.isfinite(value)
        kept = value if finite else math.nan
        self._steps.append(step)
        self._times.append(time)
        self._low.append(kept)
        self._high.append(kept)
        self._mean.append(kept)
        self._counts.append(int(finite))
        self._marks.append(_mark(value))
        self._filled = 1

    def _join_bucket(self, step: int, time: float, value: float) -> None:
        self._steps[-1], self._times[-1] = step, time
        self._marks[-1] |= _mark(value)
        if math.isfinite(value):
            self._absorb(-1, value, value, value, 1)
        self._filled += 1

    def _absorb(self, at: int, low: float, high: float, mean: float, count: int) -> None:
        """Let bucket `at` take in `count` > 0 finite samples."""
        had = self._counts[at]
        self._low[at] = min(self._low[at], low) if had else low
        self._high[at] = max(self._high[at], high) if had else high
        # Weights rather than a difference: the difference of two finite numbers can be infinite.
        share = count / (had + count)
        self._mean[at] = self._mean[at] * (1.0 - share) + mean * share if had else mean
        self._counts[at] = had + count

    def _merge_pairs(self) -> None:
        buckets = len(self._steps)
        self._filled += self._width if buckets % 2 == 0 else 0
        for left in range(0, buckets, 2):
            right = min(left + 1, buckets - 1)
            into = left // 2
            self._move(left, into)
            if right != left:
                self._steps[into], self._times[into] = self._steps[right], self._times[right]
                self._marks[into] |= self._marks[right]
                if self._counts[right]:
                    self._absorb(
                        into, self._low[right], self._high[right], self._mean[right], self._counts[right]
                    )
        for column in self._columns():
            del column[(buckets + 1) // 2 :]
        self._width *= 2

    def _move(self, source: int, target: int) -> None:
        for column in self._columns():
            column[target] = column[source]


def _packed(columns: Columns) -> tuple[bytes, ...]:
    return (
        columns.steps,
        columns.times,
        columns.low,
        columns.high,
        columns.mean,
        columns.counts,
        columns.marks,
    )


def _mark(value: float) -> int:
    if value - value == 0.0:
        return 0
    return NAN if value != value else PLUS_INF if value > 0 else MINUS_INF  # noqa: PLR0124
