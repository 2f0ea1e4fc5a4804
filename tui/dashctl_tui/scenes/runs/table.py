"""The table of all runs.

Rules: the cursor, what is marked and the baseline have a column of their own, so that they are seen without
colour; what is not known is a dot; below 100 columns the run's id and host give way; where there is room, the
settings by which the runs on the screen differ stand beside them.
"""

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Row, Run
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, CHOSEN_LINE, FAINT, HEADING, MUTED, TEXT
from dashctl_tui.plots.table import Column, draw_table
from dashctl_tui.plots.text import clip
from dashctl_tui.scenes.layout import panel, seen, spread
from dashctl_tui.scenes.moments import duration, when
from dashctl_tui.scenes.run_views import Standing, Told, setting, standing_mark
from dashctl_tui.scenes.runs.look import Runs, RunsLook
from dashctl_tui.scenes.scene import Picture, Table, Viewport
from dashctl_tui.scenes.viewport import Keycaps

_LONGEST: Final = 60
_SETTING: Final = 14
"""Cells at most for the value of a setting."""
_GAP: Final = 2
_HINTS: Final = (
    ("Enter", "open"),
    ("m", "mark"),
    ("c", "compare"),
    ("b", "baseline"),
    ("o i", "sort"),
    ("n p v", "metric"),
    ("f", "flip best"),
)
_STANDINGS: Final[tuple[Standing, ...]] = ("running", "silent", "failed", "interrupted", "finished")
_PLACES: Final = "123456789"
BASELINE: Final = "B"


def draw_runs(view: Runs, viewport: Viewport[RunsLook]) -> Picture:
    """The runs that are on the screen, under a heading."""
    shown = view.order[view.first : view.first + view.fitting]
    columns = _columns(view, viewport)
    cells = [_cells(one, view, viewport) for one in shown]

    def content(width: int, height: int) -> list[Row]:
        hinted = height > 1 + view.fitting
        more = _settings(shown, width - _width_of(columns, cells))
        titles = [*columns, *(column for column, _ in more)]
        lines = [[*line, *(texts[at] for _, texts in more)] for at, line in enumerate(cells)]
        rows = draw_table(titles, lines, width, height - hinted)
        pointed = 1 + view.at - view.first
        if pointed < len(rows):
            rows[pointed] = lit(rows[pointed])
        return [*rows, spread(_hints(width, viewport.keys), _legend(viewport), width)] if hinted else rows

    part = seen(view.first, len(shown), len(view.order))
    rows = panel(_title(view, viewport), content, viewport.width, viewport.height, note=part)
    return Picture(rows)


def lit(row: Row) -> Row:
    """The line that the cursor is on."""
    return Row(tuple((text, ink._replace(background=CHOSEN_LINE)) for text, ink in row.runs), row.width)


def pointer(view: Runs, row: int) -> int | None:
    """The place in the order of the run that is drawn in a row of the scene."""
    place = view.first + row - 2
    return place if view.first <= place < min(len(view.order), view.first + view.fitting) else None


def metric_words(metric: str, look: RunsLook) -> str:
    """`val_loss, the lowest is best`."""
    return (
        f"{clip(metric, 40)}, the {'lowest' if look.lower(metric) else 'highest'} is best" if metric else ""
    )


def _title(view: Runs, viewport: Viewport[RunsLook]) -> str:
    counts = [f"{view.counts[word]:,} {word}" for word in _STANDINGS if view.counts.get(word)]
    words = ["Runs", *counts] if len(view.order) > 1 else ["Run"]
    metric = metric_words(view.metric, viewport.look)
    return f" {glyphs.SEPARATOR} ".join([*words, metric] if metric else words)


def _columns(view: Runs, viewport: Viewport[RunsLook]) -> list[Column]:
    look = viewport.look
    titles = {
        "state": Column("state"),
        "name": Column("name"),
        "run": Column("run"),
        "host": Column("host"),
        "started": Column("started", "right"),
        "duration": Column("duration", "right"),
        "last": Column("last", "right"),
        "best": Column("lowest" if look.lower(view.metric) else "highest", "right"),
    }
    if viewport.narrow:
        del titles["run"], titles["host"]
    if look.sort in titles:
        found = titles[look.sort]
        # Whichever is first of all: the newest, the best, A.
        sign = glyphs.RISING if look.inverted else glyphs.FALLING
        titles[look.sort] = Column(f"{found.title} {sign}", found.align)
    return [Column(""), *titles.values()]


def _settings(shown: Sequence[Told], room: int) -> list[tuple[Column, list[str | Run]]]:
    """Columns for the settings by which the runs on the screen differ, as many as there is room for."""
    found: list[tuple[Column, list[str | Run]]] = []
    configs = [one.config or {} for one in shown]
    for key in dict.fromkeys(key for config in configs for key in config):
        texts = [clip(setting(config[key]), _SETTING) if key in config else None for config in configs]
        size = max(cell_len(text) for text in [clip(key, _SETTING), *(text or "" for text in texts)])
        if len(set(texts)) > 1 and size + _GAP <= room:
            room -= size + _GAP
            found.append((Column(clip(key, _SETTING), "right"), [_known(text) for text in texts]))
    return found


def _cells(one: Told, view: Runs, viewport: Viewport[RunsLook]) -> list[str | Run]:
    now, look = viewport.now, viewport.look
    standing = one.standing(now)
    sign, ink = standing_mark(standing)
    lasted, found = one.lasted(now), view.readings.get(one.run)
    best = None if found is None else found.best(lower=look.lower(view.metric))
    cells: list[str | Run] = [
        _gutter(one, view, viewport),
        (f"{sign} {standing}", ink),
        (clip(one.name, _LONGEST), HEADING),
    ]
    if not viewport.narrow:
        cells += [(clip(one.run, _LONGEST // 2), MUTED), (clip(one.host, _LONGEST // 2), TEXT)]
    return [
        *cells,
        _known(None if one.started is None else when(one.started, now)),
        _known(None if lasted is None else duration(lasted)),
        _known(None if found is None else compact(found.last)),
        _known(None if best is None else compact(best)),
    ]


def _width_of(columns: Sequence[Column], cells: Sequence[Sequence[str | Run]]) -> int:
    """What a table takes where nothing is cut."""
    texts = [[column.title, *(_text(line[at]) for line in cells)] for at, column in enumerate(columns)]
    return sum(max(map(cell_len, column)) + _GAP for column in texts) - _GAP


def _text(cell: str | Run) -> str:
    return cell if isinstance(cell, str) else cell[0]


def _known(text: str | None) -> Run:
    return (glyphs.UNKNOWN, FAINT) if text is None else (text, TEXT)


def _gutter(one: Told, view: Runs, viewport: Viewport[RunsLook]) -> Run:
    """The cursor, the place among those marked, and whether it is the baseline."""
    marked = viewport.shared.marked
    sign = place_sign(marked.index(one.run)) if one.run in marked else " "
    baseline = BASELINE if one.run == viewport.shared.baseline else " "
    return (glyphs.POINTER if one is view.cursor else " ") + sign + baseline, ACCENT


def place_sign(place: int) -> str:
    """One character for a place: 1 to 9, and + beyond."""
    return _PLACES[place] if place < len(_PLACES) else "+"


def _hints(width: int, called: Keycaps) -> Row:
    row = Row.of("")
    for keys, words in _HINTS:
        more = Row.of((f"{called(keys)} ", TEXT), (f"{words}  ", MUTED))
        if row.width + more.width <= width:
            row += more
    return row


def _legend(viewport: Viewport[RunsLook]) -> Row:
    shared = viewport.shared
    words = [f"{len(shared.marked)} marked"] if shared.marked else []
    words += [f"{BASELINE} baseline"] if shared.baseline else []
    return Row.of((", ".join(words), ACCENT))


def table_of_runs(view: Runs, viewport: Viewport[RunsLook]) -> Table:
    """All runs that the filter leaves; a metric's numbers of those whose curves were looked at."""
    look, metric, now = viewport.look, view.metric, viewport.now
    best = f"{'lowest' if look.lower(metric) else 'highest'} {metric}".rstrip()
    keys = list(dict.fromkeys(key for one in view.order for key in one.config or {}))
    heading = ["run", "name", "state", "host", "started", "duration", f"last {metric}".rstrip(), best]
    lines: list[Sequence[str | int | float | None]] = [[*heading, *(f"config {key}" for key in keys)]]
    for one in view.order:
        found, config = view.readings.get(one.run), one.config or {}
        numbers = [None, None] if found is None else [found.last, found.best(lower=look.lower(metric))]
        known = [one.run, one.name, one.standing(now), one.host, one.started, one.lasted(now)]
        lines.append([*known, *numbers, *(config.get(key) for key in keys)])
    return lines
