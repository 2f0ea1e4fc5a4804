"""Runs side by side: what differs in their configurations, beside their curves.

Rules: a key whose value is the same in all runs is only counted; each run has the same colour
in the table and in the chart; runs that there is no room for are counted, and reached sideways.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec
from rich.cells import cell_len

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, beside
from dashctl_tui.plots.curve import draw_curves
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, FAINT, HEADING, MUTED, TEXT, cluster_ink, inks_apart
from dashctl_tui.plots.text import clip, fill, fill_left
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS, panel, seen
from dashctl_tui.scenes.moments import duration
from dashctl_tui.scenes.run_views import Told, setting, standing_mark
from dashctl_tui.scenes.runs.look import Comparison, Runs, RunsLook
from dashctl_tui.scenes.runs.table import BASELINE, metric_words, place_sign
from dashctl_tui.scenes.scene import Picture, Viewport
from dashctl_tui.scenes.training.curves import curve_of
from dashctl_tui.scenes.training.names import labels_of
from dashctl_tui.scenes.viewport import Keycaps

_COLUMN: Final = 14
_GAP: Final = 2
_KEY: Final = 22
_LEAST_KEY: Final = 16
_LEAST_COLUMN: Final = 8
_MEASURED: Final = 50
"""So many runs decide how wide a column is."""
_HEAD: Final = 5
"""Lines above the settings: names, how they stand, how long, last and best."""
_LEAST_CHART: Final = 10

Cell = tuple[str, Ink]


class Layout(msgspec.Struct, frozen=True):
    """Cells for the names of settings and for each run, of which `fitting` are seen; width of the table."""

    key: int
    column: int
    fitting: int
    width: int


def layout_of(comparison: Comparison, viewport: Viewport[RunsLook]) -> Layout:
    """As much as the texts need, and beside a chart at most three fifths of the width."""
    width = viewport.width if viewport.narrow else viewport.width * 3 // 5
    keys = [key for key, _ in comparison.differing]
    values = [_value(value) or "" for _, row in comparison.differing for value in row[:_MEASURED]]
    names = [_name(place, comparison, viewport)[0] for place in range(len(comparison.runs))[:_MEASURED]]
    key = min(_KEY, max(_LEAST_KEY, *(cell_len(clip(one, _KEY)) for one in ["", *keys])))
    texts = [clip(one, _COLUMN) for one in [*values, *names]]
    column = min(_COLUMN, max(_LEAST_COLUMN, *(cell_len(one) for one in ["", *texts])))
    fitting = max(1, (width - PANEL_COLUMNS - key) // (column + _GAP))
    wanted = PANEL_COLUMNS + key + min(fitting, len(comparison.runs)) * (column + _GAP)
    return Layout(key, column, fitting, width if viewport.narrow else max(viewport.width // 3, wanted))


def draw_comparison(view: Runs, comparison: Comparison, viewport: Viewport[RunsLook]) -> Picture:
    """What differs, and the curves of the chosen metric."""
    width, height = viewport.width, viewport.height
    layout = layout_of(comparison, viewport)
    if viewport.narrow:
        lines = len(comparison.differing) + _HEAD + PANEL_ROWS + 1
        rows = min(lines, max(height - _LEAST_CHART, height // 2))
        table, scrollable = _table(view, comparison, viewport, layout, rows)
        return Picture([*table, *_chart(view, comparison, viewport, width, height - rows)], scrollable)
    table, scrollable = _table(view, comparison, viewport, layout, height)
    chart = _chart(view, comparison, viewport, width - layout.width - 1, height)
    return Picture(beside(table, chart, gap=1), scrollable)


def _table(
    view: Runs, comparison: Comparison, viewport: Viewport[RunsLook], layout: Layout, height: int
) -> tuple[list[Row], int]:
    total = len(comparison.runs)
    across = min(viewport.look.across, max(0, total - layout.fitting))
    places = range(across, min(total, across + layout.fitting))
    head = [_line(label, cells, layout) for label, cells in _head(view, comparison, viewport, places)]
    lines = [
        _line(key, [_known(_value(values[place])) for place in places], layout, ACCENT)
        for key, values in comparison.differing
    ]
    room = max(1, height - PANEL_ROWS - len(head))
    scrollable = max(0, len(lines) - room)
    first = min(viewport.look.scroll, scrollable)
    body = [*lines[first : first + room], *([] if scrollable else [_foot(comparison, viewport.keys)])]
    note = seen(across, len(places), total)
    pinned = viewport.shared.baseline == comparison.runs[0].run
    parts = [f"{BASELINE} is the baseline" if pinned else "", f"runs {note}" if note else ""]
    parts.append(seen(first, len(lines[first : first + room]), len(lines)))
    rows = panel(
        f"What differs among {total:,} runs" if total > 1 else "One run",
        lambda width, height: [row.fit(width) for row in [*head, *body][:height]],
        layout.width,
        height,
        note=", ".join(filter(None, parts)),
    )
    return rows, scrollable


def _foot(comparison: Comparison, keys: Keycaps) -> Row:
    """What there is to say when all that differs was said."""
    if len(comparison.runs) < 2:
        return Row.of((f"{keys('m')} marks others in the table", MUTED))
    if not comparison.differing:
        return Row.of(("nothing differs in their configurations", MUTED))
    return Row.of((f"{comparison.alike:,} more are the same in all" if comparison.alike else "", MUTED))


def _head(
    view: Runs, comparison: Comparison, viewport: Viewport[RunsLook], places: range
) -> list[tuple[str, list[Cell]]]:
    look, now, runs = viewport.look, viewport.now, comparison.runs
    lower = look.lower(view.metric)
    found = [view.readings.get(runs[place].run) for place in places]
    names = [_name(place, comparison, viewport) for place in places]
    states = [(word := runs[place].standing(now), standing_mark(word)[1]) for place in places]
    lasted = [runs[place].lasted(now) for place in places]
    bests = [None if one is None else one.best(lower=lower) for one in found]
    return [
        ("", names),
        ("state", [(str(word), ink) for word, ink in states]),
        ("duration", [_known(None if one is None else duration(one)) for one in lasted]),
        (f"last {view.metric}", [_known(None if one is None else compact(one.last)) for one in found]),
        (
            f"{'lowest' if lower else 'highest'} {view.metric}",
            [_known(None if one is None else compact(one)) for one in bests],
        ),
    ]


def _value(value: object) -> str | None:
    return None if value is ... else setting(value)  # type: ignore[arg-type]


def _line(label: str, cells: Sequence[Cell], layout: Layout, ink: Ink = MUTED) -> Row:
    row = Row.of((fill(label, layout.key), ink))
    for text, colour in cells:
        row += Row.of(" " * _GAP, (fill_left(text, layout.column), colour))
    return row


def _known(text: str | None) -> tuple[str, Ink]:
    return (glyphs.UNKNOWN, FAINT) if text is None else (text, TEXT)


def _ink(run: Told, comparison: Comparison, viewport: Viewport[RunsLook]) -> Ink:
    """The colour of a run's curve; of marked ones here as in the scene of curves."""
    shared = viewport.shared
    if run.run == shared.baseline:
        return HEADING._replace(bold=False)
    if run.run in shared.marked:
        return cluster_ink(shared.marked.index(run.run))
    return inks_apart(tuple(one.run for one in comparison.runs))[run.run]


def _sign(place: int, run: Told, viewport: Viewport[RunsLook]) -> str:
    """What stands for a run in the chart: B for the baseline, else its place, as it is in the list."""
    shared = viewport.shared
    if run.run == shared.baseline:
        return BASELINE
    place = shared.marked.index(run.run) if run.run in shared.marked else place
    return place_sign(place)


def _name(place: int, comparison: Comparison, viewport: Viewport[RunsLook]) -> Cell:
    run = comparison.runs[place]
    sign = _sign(place, run, viewport)
    return f"{sign} {comparison.label_of(run)}", _ink(run, comparison, viewport)._replace(bold=True)


def _chart(
    view: Runs, comparison: Comparison, viewport: Viewport[RunsLook], width: int, height: int
) -> list[Row]:
    drawn = [(place, run) for place, run in enumerate(comparison.runs) if run.run in comparison.curves]
    labels = labels_of([(run.run, run.name, run.config) for _, run in drawn])
    curves = [
        replace(
            curve_of(labels[run.run], comparison.curves[run.run], _ink(run, comparison, viewport)),
            dashed=run.run == viewport.shared.baseline,
            letter=_sign(place, run, viewport),
        )
        for place, run in drawn
    ]
    left_out = sum(run.run not in comparison.curves for run in comparison.runs)

    def content(inner: int, rows: int) -> list[Row]:
        return (
            draw_curves(curves, inner, rows)
            if curves
            else [Row.of(("none of them has such a metric", MUTED))]
        )

    note = f"{left_out:,} runs without a curve here" if curves and left_out else ""
    title = metric_words(view.metric, viewport.look) or "no metric yet"
    return panel(title, content, width, height, note=note)
