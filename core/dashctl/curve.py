"""A curve of any length in bounded memory.

Rules: a sample goes into the newest bucket; when the buckets are full, neighbours merge in pairs, so
every bucket but the newest holds the same number of samples; a bucket keeps minimum, maximum and mean
of the finite values and marks the others, so no peak and no NaN is ever lost. What results depends on
the samples and their order alone, never on how many came at once or on when somebody looks: samples
are added up one after the other, in the order in which they came.
"""

import math
from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import accumulate, repeat
from operator import add
from typing import Any, Final, Generic, TypeVar

import msgspec

NAN: Final = 1
PLUS_INF: Final = 2
MINUS_INF: Final = 4

_NARROW: Final = 8
"""Up to this width, buckets are made side by side where many fill at once; wider ones, one by one."""
_SHORT: Final = 32
"""Samples that are added up sooner by `reduce`."""
_EMPTY: Final = memoryview(b"")
_NOTHING: Final = -0.0
"""The sum of no samples: the one number that changes no other, not even -0.0, by being added."""


B_co = TypeVar("B_co", bytes, memoryview, covariant=True)


class Packed(msgspec.Struct, Generic[B_co], frozen=True, array_like=True):
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
    steps: B_co
    """The last step in each bucket."""
    times: B_co
    """The last time in each bucket, seconds since 1970."""
    low: B_co
    high: B_co
    sums: B_co
    """Of the finite samples: infinite where they are too large to be added up."""
    counts: B_co
    marks: B_co


class Views(Packed[memoryview], frozen=True, array_like=True):
    """Columns that belong to somebody else, and change when that one goes on.

    `counts` and `marks` are empty where all samples are finite: then the widths say it.
    """


class Columns(Packed[bytes], frozen=True, array_like=True):
    """Columns that are a value."""

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
    """Takes samples, one by one or many at once, and gives `Columns`."""

    def __init__(self, points: int) -> None:
        self._points = points
        self._width, self._filled, self._total, self._last = 1, 1, 0, math.nan
        self._steps, self._counts, self._marks = array("q"), array("Q"), array("B")
        self._times, self._low, self._high, self._sums = array("d"), array("d"), array("d"), array("d")

    @classmethod
    def from_columns(cls, points: int, columns: Columns | Views) -> "CurveBuffer":
        """The buffer that gave these columns. Raises ValueError where their lengths disagree."""
        curve = cls(points)
        curve._width, curve._filled = columns.width, columns.filled
        curve._total, curve._last = columns.total, columns.last
        for own, packed in zip(curve._columns(), columns_of(columns), strict=True):
            own.frombytes(packed)
        if not curve._marks and not curve._counts:
            curve._fill_unmarked()
        if len({len(own) for own in curve._columns()}) != 1:
            raise ValueError("columns of different lengths")
        return curve

    def append(self, step: int, time: float, value: float) -> None:
        """Take one sample."""
        self.extend((step,), (time,), (value,))

    def extend(self, steps: Sequence[int], times: Sequence[float], values: Sequence[float]) -> None:
        """Take samples in their order: three columns of one length."""
        # A list, for what an array gives is made anew each time it is looked at.
        values = list(values)
        taken, count = 0, len(values)
        while taken < count:
            room = self._width - self._filled
            if room:
                end = min(count, taken + room)
                self._take(steps[end - 1], times[end - 1], values[taken:end])
            elif len(self._steps) >= self._points:
                self._merge_pairs()
                continue
            elif buckets := min((count - taken) // self._width, self._points - len(self._steps)):
                end = taken + buckets * self._width
                each = slice(taken + self._width - 1, end, self._width)
                self._take_whole(steps[each], times[each], values[taken:end])
            else:
                self._open_bucket()
                continue
            taken = end
        if count:
            self._total += count
            self._last = values[-1]

    def copy(self) -> "CurveBuffer":
        """The curve as it is now, which goes on by itself."""
        made = CurveBuffer(self._points)
        made._width, made._filled = self._width, self._filled
        made._total, made._last = self._total, self._last
        for own, other in zip(made._columns(), self._columns(), strict=True):
            own.extend(other)
        return made

    def columns(self) -> Columns:
        """All buckets, as of now."""
        packed = (column.tobytes() for column in self._columns())
        return Columns(self._width, self._filled, self._total, self._last, *packed)

    def views(self) -> Views:
        """All buckets, uncopied: to be let go of before the next sample is taken."""
        packed = [memoryview(column) for column in self._columns()]
        if not self._is_marked():
            packed[-2:] = _EMPTY, _EMPTY
        return Views(self._width, self._filled, self._total, self._last, *packed)

    @property
    def total(self) -> int:
        """Samples ever taken."""
        return self._total

    def _columns(self) -> "tuple[array[Any], ...]":
        return self._steps, self._times, self._low, self._high, self._sums, self._counts, self._marks

    def _is_marked(self) -> bool:
        return bool(bytes(self._marks).strip(b"\0"))

    def _fill_unmarked(self) -> None:
        buckets = len(self._steps)
        self._marks.frombytes(bytes(buckets))
        self._counts.extend(array("Q", (self._width,)) * buckets)
        if buckets:
            self._counts[-1] = self._filled

    def _open_bucket(self) -> None:
        self._steps.append(0)
        self._times.append(0.0)
        self._low.append(math.nan)
        self._high.append(math.nan)
        self._sums.append(_NOTHING)
        self._counts.append(0)
        self._marks.append(0)
        self._filled = 0

    def _take(self, step: int, time: float, values: list[float]) -> None:
        """Let the newest bucket take in samples that it has room for; the last has that step and time."""
        former, finite = self._sums[-1], values
        total = _added_up(values, former)
        if not math.isfinite(total):
            finite = [value for value in values if value - value == 0.0]
            total = _added_up(finite, former)
            for value in values:
                if value - value != 0.0:
                    self._marks[-1] |= NAN if math.isnan(value) else PLUS_INF if value > 0 else MINUS_INF
        if finite:
            self._widen(-1, min(finite), max(finite))
        self._sums[-1] = total
        self._counts[-1] += len(finite)
        self._steps[-1], self._times[-1] = step, time
        self._filled += len(values)

    def _take_whole(self, steps: Sequence[int], times: Sequence[float], values: list[float]) -> None:
        """Make as many buckets as there are steps, all of them full."""
        width = self._width
        if not math.isfinite(sum(values)):
            for at, (step, time) in enumerate(zip(steps, times, strict=True)):
                self._open_bucket()
                self._take(step, time, values[at * width : (at + 1) * width])
            return
        many = width <= _NARROW and 2 * len(steps) >= width * width
        low, high, total = (_side_by_side if many else _one_by_one)(values, width)
        self._steps.extend(steps)
        self._times.extend(times)
        self._low.fromlist(low)
        self._high.fromlist(high)
        self._sums.fromlist(total)
        self._counts.extend(array("Q", (width,)) * len(steps))
        self._marks.frombytes(bytes(len(steps)))
        self._filled = width

    def _widen(self, at: int, low: float, high: float) -> None:
        had = self._counts[at]
        self._low[at] = min(self._low[at], low) if had else low
        self._high[at] = max(self._high[at], high) if had else high

    def _merge_pairs(self) -> None:
        """Every two become one; the newest stays as it is if it has no neighbour left."""
        buckets = len(self._steps)
        left = slice(0, buckets - 1, 2)
        if self._is_marked():
            self._merge_marked(buckets)
        else:
            # All are full of finite values.
            low, high = self._low.tolist(), self._high.tolist()
            self._low[left] = array("d", _lower(low[::2], low[1::2]))
            self._high[left] = array("d", _higher(high[::2], high[1::2]))
            self._counts[left] = array("Q", (2 * self._width,)) * (buckets // 2)
        self._steps[left], self._times[left] = self._steps[1::2], self._times[1::2]
        self._sums[left] = array("d", list(map(add, self._sums[::2], self._sums[1::2])))
        for column in self._columns():
            del column[1::2]
        self._width *= 2
        if buckets % 2 == 0:
            self._filled = self._width

    def _merge_marked(self, buckets: int) -> None:
        for right in range(1, buckets, 2):
            left = right - 1
            if self._counts[right]:
                self._widen(left, self._low[right], self._high[right])
            self._counts[left] += self._counts[right]
            self._marks[left] |= self._marks[right]


def check_views(views: Views) -> None:
    """Raises ValueError where columns disagree about how many buckets there are."""
    steps, times, low, high, sums, counts, marks = map(len, columns_of(views))
    whole = steps % 8 == 0 and steps == times == low == high == sums
    if not whole or (counts, marks) not in {(0, 0), (steps, steps // 8)}:
        raise ValueError("columns of different lengths")


def columns_of(columns: Columns | Views) -> "tuple[bytes | memoryview, ...]":
    """The packed columns, in the order in which a CurveBuffer holds them."""
    c = columns
    return c.steps, c.times, c.low, c.high, c.sums, c.counts, c.marks


Bounds = tuple[list[float], list[float], list[float]]
"""Minima, maxima and sums."""


def _side_by_side(values: list[float], width: int) -> Bounds:
    """Of every `width` values: first of all the first ones, then the second ones."""
    low = high = total = values[::width]
    for place in range(1, width):
        column = values[place::width]
        low, high, total = _lower(low, column), _higher(high, column), list(map(add, total, column))
    return low, high, total


def _one_by_one(values: list[float], width: int) -> Bounds:
    """Of every `width` values, one bucket after the other."""
    buckets = [values[at : at + width] for at in range(0, len(values), width)]
    return list(map(min, buckets)), list(map(max, buckets)), list(map(_added_up, buckets, repeat(_NOTHING)))


def _added_up(values: list[float], former: float) -> float:
    # Not `sum`, which is exact beyond a float's own digits since Python 3.12: what it gives depends on
    # how many values it is given at once.
    if len(values) <= _SHORT:
        return reduce(add, values, former)
    return deque(accumulate(values, initial=former), maxlen=1)[0]


def _lower(left: Iterable[float], right: Iterable[float]) -> list[float]:
    # Comparing costs a third of calling `min`, and does as it does: among equals (0.0, -0.0) the first.
    return [b if b < a else a for a, b in zip(left, right, strict=False)]  # noqa: FURB136


def _higher(left: Iterable[float], right: Iterable[float]) -> list[float]:
    return [b if b > a else a for a, b in zip(left, right, strict=False)]  # noqa: FURB136
