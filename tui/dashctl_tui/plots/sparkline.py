"""A curve as a row of blocks, for a glance.

Rules: a curve is scaled to its own peak; when it is longer than the picture each cell shows its maximum, so
that no peak is lost; values that are not finite are marked, never dropped.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, fit
from dashctl_tui.plots.palette import ACCENT, ALERT

_LEVELS = len(glyphs.BLOCKS_UP) - 1


def draw_sparkline(
    values: ArrayLike, width: int, height: int, ink: Ink = ACCENT, *, stretch: bool = True
) -> list[Row]:
    """The values from left to right, from zero (or the lowest, if negative) to their peak.

    values: (n,) numbers of any kind. stretch: fewer values than cells fill the width; otherwise they stand at
    the right end, where the newest of a running history belong. No values: blank rows.
    """
    numbers = np.asarray(values, dtype=np.float64).ravel()
    if not numbers.size:
        return fit([], width, height)
    shown, marks = _resampled(numbers, width, stretch)
    levels = _levels(shown, height)
    rows = [
        _row(levels - _LEVELS * below, marks, ink, bottom=below == 0) for below in reversed(range(height))
    ]
    return [Row.blank(width - row.width) + row for row in rows]


def _resampled(
    numbers: NDArray[np.float64], width: int, stretch: bool
) -> tuple[NDArray[np.float64], list[str]]:
    """One value (-inf where there is no finite one) and one mark ("" for none) per cell."""
    finite = np.where(np.isfinite(numbers), numbers, -np.inf)
    marks = np.full(numbers.shape, "", dtype="<U1")
    marks[np.isneginf(numbers)] = glyphs.MINUS_INFINITY
    marks[np.isnan(numbers)] = glyphs.NOT_A_NUMBER
    marks[np.isposinf(numbers)] = glyphs.PLUS_INFINITY
    if numbers.size <= width:
        index = np.arange(width) * numbers.size // width if stretch else np.arange(numbers.size)
        return finite[index], marks[index].tolist()
    starts = np.arange(width) * numbers.size // width
    return np.maximum.reduceat(finite, starts), _marks_per_cell(marks, starts)


def _marks_per_cell(marks: NDArray[np.str_], starts: NDArray[np.intp]) -> list[str]:
    cells = [""] * len(starts)
    for at in np.flatnonzero(marks != "").tolist():
        cell = int(np.searchsorted(starts, at, side="right")) - 1
        cells[cell] = cells[cell] or str(marks[at])
    return cells


def _levels(shown: NDArray[np.float64], height: int) -> NDArray[np.int64]:
    """How many eighths of a cell each column reaches, at least one: (width,)."""
    finite = shown[np.isfinite(shown)]
    low, high = float(finite.min(initial=0.0)), float(finite.max(initial=0.0))
    half = high / 2 - low / 2
    share = (np.where(np.isfinite(shown), shown, low) / 2 - low / 2) / half if half else np.zeros(shown.shape)
    return np.clip(np.ceil(share * _LEVELS * height), 1, _LEVELS * height).astype(np.int64)


def _row(levels: NDArray[np.int64], marks: Sequence[str], ink: Ink, *, bottom: bool) -> Row:
    blocks = [glyphs.BLOCKS_UP[level] for level in levels.clip(0, _LEVELS).tolist()]
    cells = zip(blocks, marks, strict=True)
    return Row.join((mark, ALERT) if mark and bottom else (block, ink) for block, mark in cells)
