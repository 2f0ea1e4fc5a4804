"""One run in full: who started it with what, how it stands, all its metrics.

Rules: nothing is cut but what no line has room for: long texts are wrapped, and all of it scrolls as one; the
numbers of metrics stand at the right where there is room.
"""

from collections.abc import Iterator
from typing import Final

from dashctl_tui.plots.canvas import Ink, Row, Run, beside
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, HEADING, MUTED, TEXT, WARNING
from dashctl_tui.plots.table import Column, draw_table
from dashctl_tui.plots.text import clip, fill, wrap
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS, Block, panel, seen, shares
from dashctl_tui.scenes.moments import age, duration, when
from dashctl_tui.scenes.run_views import RunView, config_pairs, run_line, step_line
from dashctl_tui.scenes.runs.look import Detail, Runs, RunsLook
from dashctl_tui.scenes.scene import Picture, Viewport

_LABEL: Final = 10
_KEYS: Final = 28
"""Cells at most for the name of a setting."""
_LONGEST: Final = 60


def draw_detail(view: Runs, detail: Detail, viewport: Viewport[RunsLook]) -> Picture:
    """One run, and where it stands among the others."""
    width, height = viewport.width, viewport.height
    metrics = _metrics(detail, viewport)
    widths = [width] if viewport.narrow else shares(width, [5, 4])
    facts = list(_facts(detail, viewport.now, max(1, widths[0] - PANEL_COLUMNS)))
    lists = [facts + [Row.blank(0)] * bool(facts) + metrics] if viewport.narrow else [facts, metrics]
    fitting = max(1, height - PANEL_ROWS)
    scrollable = max(0, *(len(rows) - fitting for rows in lists))
    first = min(viewport.look.scroll, scrollable)
    titles = [clip(detail.run.name or detail.run.run, 60), "Metrics"]
    place = f"{view.at + 1} of {len(view.order)}, {viewport.keys('Esc')} back"
    blocks = []
    for rows, title, size in zip(lists, titles, widths, strict=False):
        at = min(first, max(0, len(rows) - fitting))
        note = seen(at, len(rows[at : at + fitting]), len(rows)) or (place if title == titles[0] else "")
        blocks.append(panel(title, _from(rows, at), size, height, note=note))
    return Picture(beside(*blocks, gap=1), scrollable)


def _from(rows: list[Row], at: int) -> Block:
    return lambda width, height: rows[at : at + height]


def _facts(detail: Detail, now: float, width: int) -> Iterator[Row]:
    run = detail.run
    yield run_line(run, now, width)
    yield Row.blank(0)
    yield from _fact("run", run.run, width)
    if run.reason:
        yield from _fact("reason", run.reason, width, WARNING)
    if run.host:
        yield from _fact("host", run.host, width)
    if run.started is not None:
        yield from _fact("started", f"{when(run.started, now)}, {age(run.started, now)}", width)
    if run.ended is not None:
        lasted = f" after {duration(run.ended - run.started)}" if run.started is not None else ""
        yield from _fact("ended", f"{when(run.ended, now)}{lasted}", width)
    if run.silent_since is not None:
        yield from _fact("silent", f"since {when(run.silent_since, now)}", width, WARNING)
    if run.command:
        yield from _fact("command", run.command, width)
    if detail.steps:
        yield from _headed("Progress", width)
        names = max(min(len(step.progress.name), _LONGEST) for step in detail.steps) + 2
        yield from (step_line(step, width, max(4, min(names, width // 3))) for step in detail.steps)
    yield from _configuration(run, width)


def _fact(label: str, value: str, width: int, ink: Ink = TEXT) -> Iterator[Row]:
    for number, line in enumerate(wrap(value, max(1, width - _LABEL))):
        yield Row.of((fill("" if number else label, _LABEL), MUTED), (line, ink))


def _headed(title: str, width: int) -> Iterator[Row]:
    yield Row.blank(0)
    yield Row.of((clip(title, width), HEADING))


def _configuration(run: RunView, width: int) -> Iterator[Row]:
    pairs = config_pairs(run)
    yield from _headed(f"Configuration, {len(pairs)}" if pairs else "No configuration", width)
    keys = min(max((len(clip(key, _KEYS)) for key, _ in pairs), default=0), max(1, width // 2)) + 2
    for key, value in pairs:
        for number, line in enumerate(wrap(value, max(1, width - keys))):
            yield Row.of((fill("" if number else key, keys - 2) + "  ", ACCENT), (line, TEXT))


def _metrics(detail: Detail, viewport: Viewport[RunsLook]) -> list[Row]:
    if not detail.readings:
        return [Row.of(("no metric yet", MUTED))]
    columns = [
        Column("metric"),
        *(Column(title, "right") for title in ("last", "best", "", "step", "values")),
    ]
    lines: list[list[str | Run]] = []
    for name, found in detail.readings.items():
        lower = viewport.look.lower(name)
        best = found.best(lower=lower)
        lines.append(
            [
                (clip(name, _LONGEST), HEADING),
                compact(found.last),
                "" if best is None else compact(best),
                ("lowest" if lower else "highest", MUTED),
                (f"{found.step:,}", MUTED),
                (f"{found.total:,}", MUTED),
            ]
        )
    width = viewport.width if viewport.narrow else shares(viewport.width, [5, 4])[1]
    return draw_table(columns, lines, max(1, width - PANEL_COLUMNS), len(lines) + 1)
