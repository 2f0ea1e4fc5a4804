"""Where a value lies between two ends, and which round values to write beside it.

Rules: a scale is never empty (low < high); it survives the widest and the narrowest range of float64; ticks
are 1, 2 or 5 times a power of ten, or a clock's where the unit is seconds; what is counted has no fractions.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashctl_tui.plots.moment_ticks import clock_label, clock_ticks, duration_label, duration_ticks
from dashctl_tui.plots.numbers import compact, tick_labels

Unit = Literal["number", "count", "seconds", "moment"]
"""What lies on a scale: any number, what is counted, a duration, or a time since 1970 in seconds."""

_LARGEST = sys.float_info.max
_SMALLEST = 1e-307
_COUNTED = 1e12
"""Counts from here on are written short."""


class Tick(msgspec.Struct, frozen=True):
    """A round value on a scale, and how it is written."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low` to `high`, evenly or, with `log`, by powers of ten (both ends above 0 then).

    unit: says which values are round, and how they are written; only numbers can be logarithmic.
    Raises ValueError unless low < high, both are finite, and a logarithmic scale starts above 0.
    """

    low: float
    high: float
    log: bool = False
    unit: Unit = "number"

    def __post_init__(self) -> None:
        if not (isfinite(self.low) and isfinite(self.high) and self.low < self.high):
            raise ValueError(f"scale: {self.low}..{self.high}, allowed are finite ends with low < high")
        if self.log and self.low <= 0:
            raise ValueError(f"scale: a logarithmic one starts at {self.low}, allowed is above 0")

    @classmethod
    def around(cls, values: ArrayLike, log: bool = False, unit: Unit = "number") -> "Scale":
        """The scale that just holds every finite value (with `log`, every one above 0).

        A single value gets room on both sides; with no value at all it is 0..1, or 0.1..1 with `log`.
        """
        numbers = np.asarray(values, dtype=np.float64)
        usable = numbers[np.isfinite(numbers) & ((numbers > 0) if log else True)]
        if not usable.size:
            return cls(0.1 if log else 0.0, 1.0, log, unit)
        low = max(float(usable.min()), _SMALLEST if log else -_LARGEST)
        high = max(float(usable.max()), low)
        if high - low > 1e-9 * max(abs(low), abs(high)) and high / 2 - low / 2 > _SMALLEST:
            return cls(low, high, log, unit)
        if log:
            return cls(low / 2, min(high, _LARGEST / 2) * 2, log)
        if unit != "number" and low - 0.5 < low < low + 0.5:
            return cls(low - 0.5, low + 0.5, unit=unit)
        room = max(abs(low) / 10, _SMALLEST * 10) if low else 1.0
        return cls(max(low - room, -_LARGEST), min(high + room, _LARGEST), unit=unit)

    def widened(self, share: float) -> "Scale":
        """A scale that reaches farther by `share` of its length at both ends, as far as numbers go."""
        if self.log:
            factor = 10 ** ((log10(self.high) - log10(self.low)) * share)
            low = min(self.low, max(self.low / factor, sys.float_info.min))
            return Scale(low, min(self.high * factor, _LARGEST), log=True)
        room = (self.high / 2 - self.low / 2) * 2 * share
        return Scale(max(self.low - room, -_LARGEST), min(self.high + room, _LARGEST), unit=self.unit)

    def place(self, values: ArrayLike) -> NDArray[np.float64]:
        """0 at `low`, 1 at `high`, beyond them outside 0..1; NaN where a value has no place."""
        numbers = np.asarray(values, dtype=np.float64)
        low, high = self.low, self.high
        if self.log:
            numbers = np.log10(np.where(numbers > 0, numbers, np.nan))
            low, high = log10(low), log10(high)
        # A value far outside is at infinity; on a range of one denormal number there is no place.
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            # Halved first, so that a range wider than the largest number does not overflow.
            placed: NDArray[np.float64] = (numbers / 2 - low / 2) / (high / 2 - low / 2)
        return placed

    def place_one(self, value: float) -> float:
        """As `place`, for one value."""
        return float(self.place(value))

    def ticks(self, most: int) -> list[Tick]:
        """At most `most` round values within the scale, ascending; none when there is no room for any."""
        if most < 1:
            return []
        if self.log:
            return self._log_ticks(most)
        if self.unit in ("seconds", "moment"):
            of_a_clock = duration_ticks if self.unit == "seconds" else clock_ticks
            return [Tick(value, label) for value, label in of_a_clock(self.low, self.high, most)]
        return self._even_ticks(most)

    def label(self, value: float) -> str:
        """A single value in full: `1,234`, `2:05`, `12:03:04`."""
        if not isfinite(value) or self.unit == "number":
            return compact(value)
        if self.unit == "count":
            return f"{value:,.0f}" if abs(value) < _COUNTED else compact(value)
        fine = min(1.0, (self.high - self.low) / 100)
        return duration_label(value, fine) if self.unit == "seconds" else clock_label(value)

    def _even_ticks(self, most: int) -> list[Tick]:
        least = (self.high / 2 - self.low / 2) / most * 2
        for step in _round_steps(max(least, 1.0) if self.unit == "count" else least):
            values = _multiples(step, self.low, self.high)
            if len(values) <= most:
                return _labelled(values, step)
        return []

    def _log_ticks(self, most: int) -> list[Tick]:
        first, last = ceil(log10(self.low) - 1e-9), floor(log10(self.high) + 1e-9)
        decades = last - first + 1
        if decades < 2:
            return self._few_decades(most)
        stride = ceil(decades / most)
        return [Tick(10.0**power, compact(10.0**power)) for power in range(first, last + 1, stride)]

    def _few_decades(self, most: int) -> list[Tick]:
        start = floor(log10(self.low))
        candidates = [
            digit * 10.0**power for power in range(start, min(start + 3, 309)) for digit in (1, 2, 5)
        ]
        values = [value for value in candidates if self.low <= value <= self.high]
        if 2 <= len(values) <= most:
            return [Tick(value, compact(value)) for value in values]
        return self._even_ticks(most)


def _round_steps(least: float) -> Iterable[float]:
    """1-2-5 steps from the first that is not below `least`, upwards."""
    if not isfinite(least) or least <= 0:
        return
    power = floor(log10(least))
    for exponent in range(power, min(power + 4, 308)):
        for digit in (1, 2, 5):
            if digit * 10.0**exponent >= least * (1 - 1e-9):
                yield digit * 10.0**exponent


def _multiples(step: float, low: float, high: float) -> list[float]:
    slack = 1e-9
    first, last = low / step, high / step
    if not (isfinite(first) and isfinite(last)):
        return []
    return [index * step for index in range(ceil(first - slack), floor(last + slack) + 1)]


def _labelled(values: list[float], step: float) -> list[Tick]:
    return [Tick(value, label) for value, label in zip(values, tick_labels(values, step), strict=True)]
