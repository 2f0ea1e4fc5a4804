"""One host's numbers, a line or a block each: its name, its newest value, and how it ran.

Rules: a history is scaled to its own peak, but one whose scale has an end, as percentages have, runs up to
that; a moment at which nothing was told is a gap, so that what is gone does not look as if it went on.
"""

from collections.abc import Sequence

import numpy as np

from dashctl.events import HostStats
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, beside, fit
from dashctl_tui.plots.palette import ACCENT, ALERT, FAINT, MUTED, TEXT
from dashctl_tui.plots.sparkline import draw_sparkline
from dashctl_tui.plots.text import fill, fill_left
from dashctl_tui.scenes.hosts.measures import Measure, Values, in_bytes
from dashctl_tui.scenes.layout import spread

LABEL = 9
VALUE = 11
_GAP = 2
_HIGH = 90.0
_FEW_CORES = 24


def room_for_history(width: int) -> int:
    """Cells, and so moments, beside a gauge's name and value."""
    return max(1, width - LABEL - VALUE - _GAP)


def gauge(measure: Measure, values: Values, width: int, height: int) -> list[Row]:
    """One measure in exactly this size; values: (n,), not all of them NaN."""
    newest = float(values[-1])
    told = not np.isnan(newest)
    written = measure.written(newest) if told else glyphs.UNKNOWN
    ink = ALERT if told and is_high(measure, newest) else TEXT
    room = room_for_history(width)
    label = [Row.of((fill(measure.name, LABEL), MUTED), (fill_left(written, VALUE) + " " * _GAP, ink))]
    tall = height > 1
    if height > 2 and measure.ceiling is None:
        label.append(_peak(measure, values[-room:]))
    block = beside(label, history(values, room, height - tall, measure.ink, measure.ceiling))
    return fit([*block, Row.blank(width)] if tall else block, width, height)


def is_high(measure: Measure, value: float) -> bool:
    """Whether a value is so near the end of its scale that it stands out."""
    return measure.ceiling is not None and value >= _HIGH / 100 * measure.ceiling


def history(values: Values, width: int, height: int, ink: Ink, ceiling: float | None) -> list[Row]:
    """The newest moments, one to a cell, at the right end; NaN is a gap."""
    shown = values[-width:]
    gaps = np.isnan(shown)
    drawn = np.where(gaps, 0.0, shown)
    if ceiling is None:
        rows = draw_sparkline(drawn, width, height, ink, stretch=False)
    else:
        # A value at the end of the scale that is then cut off fixes the scale.
        wider = draw_sparkline(np.append(drawn, ceiling), width + 1, height, ink, stretch=False)
        rows = [row.cut(0, width) for row in wider]
    if not gaps.any():
        return rows
    first = width - shown.size
    blank = {first + place for place in np.flatnonzero(gaps).tolist()}
    return [_without(row, blank, ink) for row in rows]


def whole(values: Values, width: int) -> Values:
    """All moments in at most so many cells: of those that share one the highest, which no gap hides."""
    if values.size <= width:
        return values
    thinned: Values = np.fmax.reduceat(values, np.arange(width) * values.size // width)
    return thinned


def _without(row: Row, places: set[int], ink: Ink) -> Row:
    return Row.of(("".join(" " if at in places else each for at, each in enumerate(row.text)), ink))


def _peak(measure: Measure, values: Values) -> Row:
    known = values[~np.isnan(values)]
    peak = f"peak {measure.written(float(known.max()))}" if known.size else ""
    return Row.of((fill_left(peak, LABEL + VALUE) + " " * _GAP, FAINT))


def facts(stats: HostStats) -> str:
    """What has no history."""
    told = [f"{stats.processes:,} processes"] if stats.processes is not None else []
    told += [f"{in_bytes(stats.memory_bytes)} in use"] if stats.memory_bytes is not None else []
    return "   ".join(told)


def summary(stats: HostStats, width: int) -> list[Row]:
    """The cores, one block each, and what has no history; nothing of a host that tells neither."""
    told, cores = facts(stats), stats.cores or ()
    if not told and not cores:
        return []
    label = ("cores", str(len(cores))) if cores else ("", "")
    row = Row.of((fill(label[0], LABEL), MUTED), (fill_left(label[1], VALUE) + " " * _GAP, TEXT))
    row += core_blocks(cores)
    # Cores that are cut off would look as if there were no more.
    return [spread(row, Row.of((told if row.width + len(told) < width else "", MUTED)), width)]


def core_blocks(cores: Sequence[float]) -> Row:
    """One block for each core, apart from each other if they are few."""
    top = len(glyphs.BLOCKS_UP) - 1
    gap = " " if len(cores) <= _FEW_CORES else ""
    return Row.join(
        (glyphs.BLOCKS_UP[max(1, round(core / 100 * top))] + gap, ALERT if core >= _HIGH else ACCENT)
        for core in cores
    )
