"""What each curve of a chart reads at the crosshair, and how far that is from the baseline.

Rules: what is read is a point that was measured (or a bucket's mean), never a guess between two; without a
crosshair it is the newest value; a baseline is read at the same place, or at its end if it has nothing there.
"""

from collections.abc import Sequence
from math import isfinite

import msgspec
import numpy as np

from dashctl_tui.plots.curve import Curve
from dashctl_tui.plots.numbers import compact
from dashctl_tui.scenes.training.look import TrainingLook
from dashctl_tui.scenes.training.view import Line

_BESIDE = 0.02
"""So much of the axis beyond its end a curve still reads its last value."""


class Reading(msgspec.Struct, frozen=True):
    """A curve's value, and the baseline's; None where there is none."""

    value: float | None
    base: float | None = None

    @property
    def difference(self) -> float | None:
        return None if self.value is None or self.base is None else self.value - self.base

    @property
    def text(self) -> str:
        return "" if self.value is None else compact(self.value)

    @property
    def change(self) -> str:
        """`+0.012`, `-3`; "" where there is nothing to compare."""
        difference = self.difference
        return "" if difference is None or not isfinite(difference) else _signed(difference)

    @property
    def share(self) -> str:
        """`+3.1 %`: the difference as a share of the baseline."""
        difference = self.difference
        if difference is None or not self.base or not isfinite(difference):
            return ""
        percentage = 100 * (difference / abs(self.base))
        if abs(percentage) < 100:
            return f"{percentage:+.1f} %"
        return f"{percentage:+.0f} %" if abs(percentage) < 1000 else f"{_signed(percentage)} %"


def readings(
    lines: Sequence[Line], curves: Sequence[Curve], look: TrainingLook, baseline: str
) -> list[Reading]:
    """A reading for each curve."""
    within = _BESIDE * _extent(curves, look)
    bases = {
        line.part: curve
        for line, curve in zip(lines, curves, strict=True)
        if baseline and line.run == baseline
    }
    return [
        Reading(
            _value(curve, look.crosshair, within),
            None if line.run == baseline else _base(bases.get(line.part), curve, look.crosshair, within),
        )
        for line, curve in zip(lines, curves, strict=True)
    ]


def _extent(curves: Sequence[Curve], look: TrainingLook) -> float:
    if look.window is not None:
        return look.window[1] - look.window[0]
    ends = [(float(curve.x.min()), float(curve.x.max())) for curve in curves if curve.x.size]
    return max((high for _, high in ends), default=0.0) - min((low for low, _ in ends), default=0.0)


def _value(curve: Curve, crosshair: float | None, within: float) -> float | None:
    if crosshair is None:
        return curve.last
    at = curve.nearest(crosshair, within)
    return None if at is None else float(curve.y[at])


def _base(base: Curve | None, curve: Curve, crosshair: float | None, within: float) -> float | None:
    if base is None:
        return None
    if crosshair is not None:
        return _value(base, crosshair, within)
    at = base.nearest(float(curve.x[-1]), within) if curve.x.size else None
    return base.last if at is None or not np.isfinite(base.y[at]) else float(base.y[at])


def _signed(number: float) -> str:
    return compact(number) if number < 0 else "+" + compact(number)
