"""The line that shows what is kept of the past, and where in it one is.

Rules: pure functions, as scenes are; the line runs from the oldest that is kept to the present; a column
of it and the moment that it stands for are told by the same function.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Row, Run
from dashctl_tui.plots.palette import ACCENT, FAINT, FAINTER, HEADING, MUTED, WARNING
from dashctl_tui.plots.sparkline import draw_sparkline
from dashctl_tui.plots.text import fill
from dashctl_tui.scenes.moments import behind, when
from dashctl_tui.travel import Stretch

_LEAST_TRACK: Final = 8
_SHORTEST: Final = 1e-3
"""Seconds that a stretch and the whole are long at least."""
_PRESENT: Final = "now"


class TimeBar(msgspec.Struct, frozen=True):
    """What the line shows. All moments are seconds since 1970.

    cursor: the moment that is shown, None for the present. goal: where a jump is on its way to.
    """

    first: float
    now: float
    cursor: float | None = None
    goal: float | None = None
    density: Sequence[Stretch] = ()

    @property
    def seconds(self) -> float:
        """How long a time it covers."""
        return max(self.now - self.first, _SHORTEST)


def draw_time_bar(bar: TimeBar, width: int) -> Row:
    """The line: the moment that is shown and how far behind the present, then the way from the oldest on."""
    head, start, cells = _layout(bar, width)
    if not cells:
        return head.fit(width)
    track = Row.join(_cells(bar, cells))
    oldest = Row.of((f"{when(bar.first, bar.now)} ", MUTED))
    present = Row.of((f" {_PRESENT}", MUTED if bar.cursor is not None else ACCENT))
    return (head + Row.blank(start - head.width - oldest.width) + oldest + track + present).fit(width)


def moment_at(bar: TimeBar, width: int, column: int) -> float | None:
    """The moment that a column of the line stands for; None is the present."""
    _, start, cells = _layout(bar, width)
    if column >= start + cells - 1:
        return None
    return bar.first + bar.seconds * max(0.0, column - start + 0.5) / cells


def _layout(bar: TimeBar, width: int) -> tuple[Row, int, int]:
    """What stands before the way, in which column it begins, and how long it is: 0 if there is no room."""
    head = _head(bar)
    start = head.width + len(when(bar.first, bar.now)) + 1
    cells = width - start - len(_PRESENT) - 2
    return (head, start, cells) if cells >= _LEAST_TRACK else (head, head.width, 0)


def _head(bar: TimeBar) -> Row:
    """As wide for every moment of a day, so that the way does not move while one goes along it."""
    # A jump that is under way shows where to: what is asked for is answered at once.
    shown = bar.cursor if bar.goal is None else bar.goal
    if shown is None:
        return Row.of((" live", ACCENT), "  ")
    ago = fill(behind(bar.now - shown), 9)
    waiting = glyphs.ELLIPSIS if bar.goal is not None else " "
    return Row.of((f" {when(shown, bar.now)}", HEADING), (f"  {ago}", WARNING), (f"{waiting} ", MUTED))


def _cells(bar: TimeBar, cells: int) -> list[Run]:
    at = _column(bar, bar.cursor, cells) if bar.cursor is not None else cells
    goal = _column(bar, bar.goal, cells) if bar.goal is not None else None
    runs: list[Run] = []
    for column, block in enumerate(_blocks(bar, cells)):
        if column == at:
            runs.append((glyphs.CURSOR, WARNING))
        elif column == goal:
            runs.append((glyphs.GOAL, WARNING))
        else:
            runs.append(
                (
                    block,
                    (ACCENT if bar.density else FAINT) if column < at else FAINT if bar.density else FAINTER,
                )
            )
    return runs


def _column(bar: TimeBar, moment: float, cells: int) -> int:
    return min(cells - 1, max(0, int((moment - bar.first) / bar.seconds * cells)))


def _blocks(bar: TimeBar, cells: int) -> str:
    """How many events there were, cell by cell, or a plain line if that is not known."""
    if not bar.density:
        return glyphs.AXIS_HORIZONTAL * cells
    spans = np.array([(each.first, each.last, each.events) for each in bar.density])
    # They come in order: how many there were up to a moment rises along them.
    times = np.maximum.accumulate(
        np.column_stack((spans[:, 0], np.maximum(spans[:, 1], spans[:, 0] + _SHORTEST))).ravel()
    )
    events = np.cumsum(np.column_stack((np.zeros(len(spans)), spans[:, 2])).ravel())
    edges = np.linspace(bar.first, bar.first + bar.seconds, cells + 1)
    counts = np.diff(np.interp(edges, times, events)).clip(0.0)
    # By square root, so that a burst does not press everything else to the ground.
    blocks = draw_sparkline(np.sqrt(counts), cells, 1)[0].text
    return "".join(
        block if count else glyphs.UNKNOWN for block, count in zip(blocks, counts.tolist(), strict=True)
    )
