"""Overview: the story's first page. What runs here, how it is doing, and which key leads to the rest of it.

Rule: every panel has a scene of its own where the rest of it stands; here is what matters first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import merge
from itertools import islice
from typing import Final

import msgspec
from rich.cells import cell_len

from dashctl.events import (
    Alert,
    LogLine,
    ModelMetric,
    PhaseEvent,
    Progress,
    RunFinished,
    RunStarted,
    Snapshot,
)
from dashctl.phases import PHASES
from dashctl.state import State
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.bars import ACCURACY
from dashctl_tui.plots.canvas import Ink, Row, beside, fit
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import (
    ACCENT,
    ALERT,
    FAINT,
    GOOD,
    HEADING,
    MUTED,
    TEXT,
    WARNING,
    model_ink,
)
from dashctl_tui.plots.stack import draw_stack
from dashctl_tui.plots.text import clip, fill, fill_left, inert
from dashctl_tui.scenes.baseline import Mix, mix_shares, phase_mix
from dashctl_tui.scenes.firing import firing
from dashctl_tui.scenes.guide import Outline, guide, headline, outline
from dashctl_tui.scenes.hosts.measures import in_bytes
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS, Block, panel, seen, shares
from dashctl_tui.scenes.meter import meter
from dashctl_tui.scenes.models import Standing, standings
from dashctl_tui.scenes.moments import time_of_day
from dashctl_tui.scenes.run_views import (
    RunView,
    Step,
    config_pairs,
    configs_of,
    run_line,
    runs_of,
    step_line,
    steps_of,
)
from dashctl_tui.scenes.scene import Picture, Scene, Scrolled, Table, Viewport

_MIX_ROWS = 2 + PANEL_ROWS
_LEAST_LOG = 3 + PANEL_ROWS
_WORD = 8
_LABEL = 9
_MOST_LINES = 1_000
"""Of the log; it has a scene of its own for the rest."""
_LEVELS: Final[Mapping[str, Ink]] = {
    "debug": FAINT,
    "info": MUTED,
    "warning": WARNING,
    "error": ALERT,
    "critical": ALERT,
    "resolved": GOOD,
}


class Line(msgspec.Struct, frozen=True):
    """A log line, or an alert with its name as the source."""

    time: float
    level: str
    source: str
    message: str
    alert: bool = False


class Overview(msgspec.Struct, frozen=True):
    """All that the first page shows, the newest line last."""

    runs: tuple[RunView, ...]
    steps: tuple[Step, ...]
    models: tuple[Standing, ...]
    recorded: Snapshot | None
    mix: Mix | None
    mix_title: str
    lines: tuple[Line, ...]
    open_alerts: tuple[str, ...]
    outline: Outline | None
    """None behind a filter, which leaves a part."""

    @property
    def is_empty(self) -> bool:
        return not (self.runs or self.steps or self.models or self.recorded or self.mix or self.lines)


def _select(state: State, viewport: Viewport[Scrolled]) -> Overview | None:
    runs, configs = runs_of(state, viewport.now), configs_of(state)
    recorded = _recorded_by(state, runs) if not viewport.filter else None
    mix, title = _mix_of(state, recorded, viewport)
    view = Overview(
        tuple(
            run for run in runs if viewport.shows(run.run, run.name, run.host, config=configs.get(run.run))
        ),
        tuple(
            step
            for step in steps_of(state, runs)
            if viewport.shows(step.run, step.progress.name, config=configs.get(step.run))
        ),
        tuple(one for one in standings(state) if viewport.shows(one.model, config=configs.get(one.run))),
        recorded,
        mix,
        title,
        tuple(line for line in _lines(state) if viewport.shows(line.message, line.source)),
        tuple(each.alert.name for each in firing(state).alerts),
        None if viewport.filter else outline(state, runs, recorded.episodes if recorded else None),
    )
    return None if view.is_empty else view


def _recorded_by(state: State, runs: Sequence[RunView]) -> Snapshot | None:
    """Totals of the run in front while it goes on, or else the newest: runs would take turns otherwise."""
    told = {item.run: item for item in state.latest(Snapshot).values()}
    if not told:
        return None
    front = told.get(runs[0].run) if runs and runs[0].running else None
    return (front or max(told.values(), key=lambda item: item.time)).event


def _mix_of(state: State, recorded: Snapshot | None, viewport: Viewport[Scrolled]) -> tuple[Mix | None, str]:
    if viewport.filter:
        return None, ""
    mix = phase_mix(state, viewport.now)
    if mix is not None:
        return mix, "Phase mix, last 5 minutes"
    if recorded is None or not recorded.phases:
        return None, ""
    mix = Mix({phase: recorded.phases.get(phase, 0) for phase in PHASES})
    return (mix if mix.total else None), "Phases of the recorded windows"


def _lines(state: State) -> Iterator[Line]:
    """Log lines and alerts in order of time."""
    logged = (
        Line(item.time, item.event.level, item.event.source or "", item.event.message)
        for item in list(islice(reversed(state.last(LogLine).get((), ())), _MOST_LINES))[::-1]
    )
    alerted = (
        Line(
            item.time,
            "resolved" if item.event.resolved else item.event.severity,
            item.event.name,
            item.event.message,
            alert=True,
        )
        for item in state.last(Alert).get((), ())
    )
    return merge(logged, alerted, key=lambda line: line.time)


def _draw(view: Overview, viewport: Viewport[Scrolled]) -> Picture:
    width = viewport.width
    head = [headline(view.outline, width)] if view.outline is not None and viewport.height >= 14 else []
    foot = (
        [guide(view.outline, width, viewport.keys)]
        if view.outline is not None and viewport.height >= 18
        else []
    )
    inner = replace(viewport, height=viewport.height - len(head) - len(foot))
    picture = _panels(view, inner)
    return Picture([*head, *picture.rows, *foot], picture.scrollable)


def _panels(view: Overview, viewport: Viewport[Scrolled]) -> Picture:
    width, height = viewport.width, viewport.height
    mix_rows = _MIX_ROWS + viewport.narrow if view.mix is not None and height >= 16 else 0
    log_rows = _LEAST_LOG if view.lines and height >= 12 else 0
    rows = _top(view, viewport, height - mix_rows - log_rows)
    if view.mix is not None and mix_rows:
        rows += _mix_panel(
            view, view.mix, width, mix_rows, note=_totals(view.recorded) if viewport.narrow else ""
        )
    log_rows = height - len(rows) if log_rows else 0
    fitting = max(0, log_rows - PANEL_ROWS)
    scrollable = max(0, len(view.lines) - fitting)
    if fitting:
        rows += _log_panel(view, width, log_rows, min(viewport.look.scroll, scrollable))
    return Picture(fit(rows, width, height), scrollable if fitting else 0)


def _top(view: Overview, viewport: Viewport[Scrolled], most: int) -> list[Row]:
    """Runs, models and, where there is room, totals, side by side."""
    wide = not viewport.narrow and view.recorded is not None
    widths = shares(viewport.width, [44, 34, 26] if wide else [44, 32])
    content = [
        _runs(view, viewport.now, widths[0] - PANEL_COLUMNS, config_rows=1 if viewport.height < 30 else 4),
        _models(view.models, widths[1] - PANEL_COLUMNS),
    ]
    if wide and view.recorded is not None:
        content.append(_recorded(view.recorded, widths[2] - PANEL_COLUMNS))
    # The log takes what is left, so that the panels above are as high as they need to be.
    rows = max(3, min(most, max(len(lines) for lines in content) + PANEL_ROWS, max(9, viewport.height // 2)))
    running = sum(run.running for run in view.runs)
    titles = [
        "Run" if len(view.runs) < 2 else f"Runs, {running} going on" if running else "Runs",
        "Accuracy, from 0.5 to 1",
        "Recorded",
    ]
    return beside(
        *(
            panel(title, _listed(lines), size, rows)
            for title, lines, size in zip(titles, content, widths, strict=False)
        ),
        gap=1,
    )


def _listed(lines: Sequence[Row]) -> Block:
    return lambda width, height: lines[:height]


def _runs(view: Overview, now: float, width: int, *, config_rows: int) -> list[Row]:
    """The foremost run with its progress and configuration, then the others in one line each."""
    if not view.runs:
        return [*_steps(view.steps, width)] or [Row.of(("no run yet", MUTED))]
    first = view.runs[0]
    own = [step for step in view.steps if step.run == first.run]
    rows = [run_line(first, now, width)]
    if first.reason:
        rows.append(Row.of((clip(first.reason, width), WARNING)))
    rows += _facts(first, width, config_rows)
    # Where there is little room, it is better used.
    between = [Row.blank(width)] if config_rows > 1 else []
    if own:
        rows += [*between, *_steps(own, width)]
    others = view.runs[1:]
    if others:
        rows += [*between, *(run_line(run, now, width) for run in others[:12])]
    return rows


def _steps(steps: Sequence[Step], width: int) -> list[Row]:
    names = max((len(inert(step.progress.name)) for step in steps), default=0) + 2
    return [step_line(step, width, min(names, max(4, width // 3))) for step in steps[:6]]


def _facts(run: RunView, width: int, config_rows: int) -> list[Row]:
    pairs = [("host", run.host), ("command", run.command)]
    rows = [_fact(label, value, width) for label, value in pairs if value]
    settings = [f"{inert(key)}={inert(value)}" for key, value in config_pairs(run)]
    lines = [""]
    for setting in settings:
        # The last line takes what is left, and is clipped.
        if len(lines) < config_rows and lines[-1] and cell_len(f"{lines[-1]}  {setting}") > width - _LABEL:
            lines.append("")
        lines[-1] = f"{lines[-1]}  {setting}" if lines[-1] else setting
    rows += [_fact("" if number else "config", line, width) for number, line in enumerate(lines) if line]
    return rows


def _table(view: Overview, viewport: Viewport[Scrolled]) -> Table:
    """Everything on the page, one fact a line."""
    rows: list[Sequence[str | int | float | None]] = [("what", "name", "run", "value", "of", "time")]
    rows += [("run", run.name, run.run, run.outcome or "running", run.host, run.started) for run in view.runs]
    for step in view.steps:
        progress = step.progress
        rows.append(("progress", progress.name, step.run, progress.done, progress.total, step.time))
    rows += [("accuracy", one.model, one.run, one.accuracy, None, one.time) for one in view.models]
    if view.recorded is not None:
        for name in ("episodes", "windows", "bytes"):
            rows.append(("recorded", name, "", getattr(view.recorded, name), None, None))
    if view.mix is not None:
        rows += [
            ("phase", phase, "", count, view.mix.total, None) for phase, count in view.mix.counts.items()
        ]
    rows += [
        ("alert" if line.alert else "log", line.source, "", line.message, line.level, line.time)
        for line in view.lines
    ]
    return rows


def _fact(label: str, value: str, width: int) -> Row:
    return Row.of((fill(label, _LABEL), MUTED), (clip(value, max(1, width - _LABEL)), TEXT))


def _models(models: Sequence[Standing], width: int) -> list[Row]:
    if not models:
        return [Row.of(("none tested yet", MUTED))]
    names = min(max(len(inert(one.model)) for one in models) + 2, max(4, width // 2))
    return [_model(one, names, width, best=one is models[0]) for one in models[:12]]


def _model(one: Standing, names: int, width: int, *, best: bool) -> Row:
    flag = glyphs.BELOW_SCALE if one.accuracy < ACCURACY.low else " "
    value = f" {flag} {one.accuracy:.3f}"
    name = Row.of((fill(one.model, names), HEADING if best else TEXT))
    ink = WARNING if flag.strip() else HEADING if best else TEXT
    room = max(1, width - names - len(value))
    share = ACCURACY.place_one(one.accuracy)
    return (name + meter(share, room, model_ink(one.model)) + Row.of((value, ink))).fit(width)


def _recorded(snapshot: Snapshot, width: int) -> list[Row]:
    facts = [
        ("episodes", None if snapshot.episodes is None else f"{snapshot.episodes:,}"),
        ("windows", None if snapshot.windows is None else f"{snapshot.windows:,}"),
        ("size", None if snapshot.bytes is None else in_bytes(snapshot.bytes)),
        ("hosts", f"{len(snapshot.hosts):,}" if snapshot.hosts else None),
    ]
    rows = [_total(label, value, width) for label, value in facts if value is not None]
    if snapshot.profiles:
        rows.append(Row.blank(width))
        rows += [_total(name, f"{count:,}", width) for name, count in sorted(snapshot.profiles.items())]
    return rows or [Row.of(("nothing yet", MUTED))]


def _total(label: str, value: str, width: int) -> Row:
    return Row.of((fill(label, max(1, width - 10)), MUTED), (fill_left(value, min(10, width - 1)), TEXT))


def _totals(snapshot: Snapshot | None) -> str:
    if snapshot is None:
        return ""
    parts = [(snapshot.episodes, "episodes"), (snapshot.windows, "windows")]
    words = [f"{compact(count)} {what}" for count, what in parts if count is not None]
    words += [in_bytes(snapshot.bytes)] if snapshot.bytes is not None else []
    return f"recorded: {', '.join(words)}" if words else ""


def _mix_panel(view: Overview, mix: Mix, width: int, height: int, note: str) -> list[Row]:
    return panel(
        view.mix_title,
        lambda w, h: draw_stack([share for share in mix_shares(mix) if share.amount], w, h),
        width,
        height,
        note=note,
    )


def _log_panel(view: Overview, width: int, height: int, scroll: int) -> list[Row]:
    """The newest lines at the bottom; scrolling goes back in time."""
    fitting = height - PANEL_ROWS
    stop = len(view.lines) - scroll
    shown = view.lines[max(0, stop - fitting) : stop]
    sources = min(16, max((len(inert(line.source)) for line in shown), default=0))
    part = seen(stop - len(shown), len(shown), len(view.lines)) if scroll else ""

    def content(inner: int, rows: int) -> list[Row]:
        return [_log_line(line, sources, inner) for line in shown]

    if not view.open_alerts:
        return panel("Log and alerts", content, width, height, note=part)
    title = f"Log and alerts, {_open(view.open_alerts, width - 40)}"
    return panel(title, content, width, height, note=part, heading=WARNING)


def _open(names: Sequence[str], width: int) -> str:
    return clip(f"{len(names)} open: {', '.join(names)}", max(12, width))


def _log_line(line: Line, sources: int, width: int) -> Row:
    ink = _LEVELS.get(line.level, MUTED)
    mark = glyphs.DOT if line.alert else " "
    head = Row.of((time_of_day(line.time), FAINT), (f" {mark} ", ink), (fill(line.level, _WORD + 1), ink))
    source = (
        Row.of((fill(line.source, sources) + "  ", ACCENT if line.alert else MUTED))
        if sources
        else Row.of("")
    )
    room = width - head.width - source.width
    if room < 8:
        return Row.of((clip(line.message, width), TEXT))
    return head + source + Row.of((clip(line.message, room), HEADING if line.alert else TEXT))


SCENE = Scene(
    name="overview",
    title="Overview",
    key="1",
    draws=(Snapshot, RunStarted, RunFinished, Progress, ModelMetric, PhaseEvent, LogLine, Alert),
    select=_select,
    draw=_draw,
    empty="Nothing has happened yet",
    remedy=(
        "`dashctl demo` records this machine and trains on it, `dashctl train detector` only trains, "
        "and `dashctl.Run` in a program of your own is all it takes to see it here."
    ),
    ticks=True,
    table=_table,
)
