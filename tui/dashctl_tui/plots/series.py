"""One curve's numbers: what is drawn, what a place on its x axis reads, and a window of it.

Rules: x may go back where a run began again, and a new part begins there; a window keeps the neighbours on
either side, so that lines enter and leave it; nothing is read where nothing was measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import isfinite
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.smoothing import FORGOTTEN, smoothed

MarkKind = Literal["nan", "+inf", "-inf"]
Values = NDArray[np.float64]


class Mark(msgspec.Struct, frozen=True):
    """A value at `x` that is not finite."""

    x: float
    kind: MarkKind


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One named curve, in the order in which it grew; x goes back a few times at most.

    x, y: (n,). low, high: (n,) the extremes that each point stands for, or None when it stands for itself.
    marks: values that are not finite and are not in `y`; those that are in `y` are marked without it.
    ink: its colour, or None for the one of its name. last: its newest value, or None for the last in `y`.
    not_finite: how many values are not, where points stand for several; None where each stands for itself.
    means: (n,) what is smoothed instead of `y`, whose newest point may be a single value. dashed: drawn so,
    that it stands apart without colour. note: what stands beside the name, None for the newest value.
    letter: stands at its end where there are several, None for one of its name.
    """

    name: str
    x: Values
    y: Values
    low: Values | None = None
    high: Values | None = None
    marks: Sequence[Mark] = field(default=())
    ink: Ink | None = None
    last: float | None = None
    not_finite: int | None = None
    means: Values | None = None
    dashed: bool = False
    note: str | None = None
    letter: str | None = None

    def nearest(self, x: float, within: float) -> int | None:
        """The point that is nearest to a place, the newest of equals; None outside of what was measured.

        within: so far beyond either end still counts.
        """
        if not self.x.size or not isfinite(x):
            return None
        away = np.abs(self.x - x)
        least = float(away.min())
        # Written so that what is not a number is outside.
        if not (least <= within or bool((self.x < x).any() and (self.x > x).any())):
            return None
        return int(np.flatnonzero(away == least)[-1])

    def smooth(self, reach: float, begin: float) -> Values:
        """(n,) as `smoothed`, each part for itself; what lies too far before `begin` to count stays."""
        values = self.y if self.means is None else self.means
        out = self.y.copy()
        for part in parts_of(self.x):
            skipped = int(np.searchsorted(self.x[part], begin - FORGOTTEN * reach))
            near = slice(part.start + skipped, part.stop)
            if part.stop > near.start:
                out[near] = smoothed(self.x[near], values[near], reach)
        return out

    def within(self, low: float, high: float) -> "Curve":
        """The points from `low` to `high` and one neighbour at each side."""
        inside = (self.x >= low) & (self.x <= high)
        if inside.all():
            return self
        kept = inside.copy()
        kept[1:] |= inside[:-1]
        kept[:-1] |= inside[1:]
        if not inside.any():
            # A line may pass through between two points that both lie outside.
            across = (self.x[:-1] < low) & (self.x[1:] > high)
            kept[:-1] |= across
            kept[1:] |= across
        columns = (self.y, self.low, self.high, self.means)
        y, lowest, highest, means = (None if each is None else each[kept] for each in columns)
        assert y is not None
        marks = tuple(mark for mark in self.marks if low <= mark.x <= high)
        return replace(self, x=self.x[kept], y=y, low=lowest, high=highest, means=means, marks=marks)


def parts_of(x: Values) -> list[slice]:
    """From each place where x goes back to the next."""
    edges = [0, *(np.flatnonzero(x[1:] < x[:-1]) + 1).tolist(), x.size]
    return [slice(start, stop) for start, stop in pairwise(edges)]
