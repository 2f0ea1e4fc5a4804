"""The windows of an episode: what was predicted over what was the case.

Rules: an episode has six windows, and indices outside 0–5 are ignored; what is not known is a dim dot; every
cell says its phase in letters, and a mismatch carries a mark, so that nothing depends on colour.
"""

from collections.abc import Iterable, Mapping

import msgspec
from rich.cells import cell_len

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Row, fit
from dashctl_tui.plots.palette import ALERT, FAINT, MUTED, PHASE_LETTERS, TEXT, filled, phase_ink
from dashctl_tui.plots.stack import whole_parts
from dashctl_tui.plots.text import clip, inert

WINDOWS = 6
_LABELS = (("predicted ", "actual "), ("pred ", "act "), ("P ", "A "))
_THICKEST = 3
_ROOMY = 5
"""Cells from which on the mark of a mismatch has room beside its window, and does not touch the next."""
_WIDE = 12


class Window(msgspec.Struct, frozen=True):
    """One window of an episode. predicted, actual: a phase, or None while it is not known."""

    index: int
    predicted: str | None = None
    actual: str | None = None

    @property
    def mismatch(self) -> bool:
        return None not in (self.predicted, self.actual) and self.predicted != self.actual


def draw_timeline(windows: Iterable[Window], width: int, height: int) -> list[Row]:
    """Six cells across: their numbers (from 3 rows on), predicted, and actual below.

    A later window of the same index replaces an earlier one.
    """
    by_index = {window.index: window for window in windows if 0 <= window.index < WINDOWS}
    predicted_label, actual_label = _labels(width)
    sizes = whole_parts([1.0] * WINDOWS, width - cell_len(predicted_label))
    thick = min(_THICKEST, max(1, (height - 1) // 2))
    header = [_header(predicted_label, sizes)] if height > 2 else []
    predicted = _band(predicted_label, by_index, sizes, thick, predicted=True)
    actual = _band(actual_label, by_index, sizes, thick, predicted=False)
    between = [Row.blank(width)] if height > len(header) + 2 * thick and thick == _THICKEST else []
    return fit([*header, *predicted, *between, *actual], width, height)


def _labels(width: int) -> tuple[str, str]:
    for predicted, actual in _LABELS:
        if width >= len(predicted) + 4 * WINDOWS:
            return predicted, actual.ljust(len(predicted))
    return "", ""


def _header(label: str, sizes: list[int]) -> Row:
    numbers = (str(index).center(_body(size)).ljust(size) for index, size in enumerate(sizes))
    return Row.of(" " * len(label), ("".join(numbers), MUTED)).cut(0, len(label) + sum(sizes))


def _band(
    label: str, windows: Mapping[int, Window], sizes: list[int], thick: int, *, predicted: bool
) -> list[Row]:
    middle = (thick - 1) // 2
    return [
        Row.of((label if row == middle else " " * len(label), TEXT))
        + Row.join(
            run
            for index, size in enumerate(sizes)
            for run in _cell(windows.get(index), size, named=row == middle, predicted=predicted).runs
        )
        for row in range(thick)
    ]


def _body(size: int) -> int:
    """How much of a cell is coloured; the rest parts it from the next and holds the mark of a mismatch."""
    return size - _gap(size)


def _gap(size: int) -> int:
    return 0 if size < 3 else 1 if size < _ROOMY else 2 if size < _WIDE else 3


def _cell(window: Window | None, size: int, *, named: bool, predicted: bool) -> Row:
    body = _body(size)
    phase = None if window is None else window.predicted if predicted else window.actual
    if window is None or phase is None:
        return Row.of(((glyphs.UNKNOWN if named else "").center(body)[:body], FAINT)).fit(size)
    wrong = predicted and named and window.mismatch
    inside = wrong and size < _ROOMY
    label = (_label(phase, 1 if inside else body) if named else "") + glyphs.MISMATCH * inside
    label = (label if body > 1 else label[-1:]).center(body)
    gap = size - body
    mark = (glyphs.MISMATCH if wrong and not inside else "").rjust(gap // 2).ljust(gap)
    return Row.of((label, filled(phase_ink(phase)))).fit(body) + Row.of((mark, ALERT))


def _label(phase: str, room: int) -> str:
    name = inert(phase)
    if cell_len(name) <= room:
        return name
    for known, letter in PHASE_LETTERS.items():
        if known == phase:
            return letter
    return clip(name, min(room, 1))
