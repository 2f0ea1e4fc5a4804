"""What each model takes for what: a confusion matrix from its predictions.

Rules: rows are what was the case, columns what was predicted; only windows where both are known count.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from dashctl.events import Prediction, Stamped
from dashctl.phases import PHASES
from dashctl_tui.plots.canvas import Row
from dashctl_tui.plots.palette import ALERT, FAINT, MUTED, PHASE_LETTERS, filled, phase_ink
from dashctl_tui.plots.text import fill
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS

ROWS = len(PHASES) + 1 + PANEL_ROWS
"""Rows of a matrix in its panel."""
COLUMNS = 18 + 6 * len(PHASES) + PANEL_COLUMNS
"""Columns of a matrix in its panel."""
_CELL = 6


class Confusion(msgspec.Struct, frozen=True):
    """How often a phase was taken for a phase: counts[actual, predicted]."""

    model: str
    counts: Counter[tuple[str, str]]

    @property
    def right(self) -> int:
        return sum(count for (actual, predicted), count in self.counts.items() if actual == predicted)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def confusions(predictions: Iterable[Stamped[Prediction]], runs: Mapping[str, str]) -> dict[str, Confusion]:
    """One matrix per model that predicted anything whose truth is known. `runs`: which run's, per model."""
    found: dict[str, Confusion] = {}
    for item in predictions:
        told = item.event
        if told.model is None or told.predicted is None or told.actual is None:
            continue
        if runs.get(told.model) == item.run:
            confusion = found.setdefault(told.model, Confusion(told.model, Counter()))
            confusion.counts[told.actual, told.predicted] += 1
    return found


def draw_confusion(confusion: Confusion, width: int) -> list[Row]:
    """A heading and one row per phase."""
    name = max(2, min(18, width - _CELL * len(PHASES)))
    cell = max(3, min(_CELL, (width - name) // len(PHASES)))
    heading = Row.of((fill("is ↓  taken for →", name), MUTED))
    heading += Row.join((PHASE_LETTERS[phase].center(cell), phase_ink(phase)) for phase in PHASES)
    return [heading.fit(width), *(_row(confusion, actual, name, cell).fit(width) for actual in PHASES)]


def _row(confusion: Confusion, actual: str, name: int, cell: int) -> Row:
    row = Row.of((fill(actual, name), phase_ink(actual)))
    for predicted in PHASES:
        count = confusion.counts[actual, predicted]
        text = (str(count) if count else "·").center(cell - 1)
        ink = FAINT if not count else filled(phase_ink(actual)) if actual == predicted else ALERT
        row += Row.of((text[: cell - 1], ink), " ")
    return row
