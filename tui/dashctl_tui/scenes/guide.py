"""The first page's first and last line: what goes on, in a sentence, and which keys lead to the rest of it.

Rules: numbers that change without anybody doing anything are left out; a scene is named where there is
something to see in it, what wants eyes first; the keys are those of the deck, which a test holds them to.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from dashctl.events import (
    BusStats,
    Episode,
    HostStats,
    LogLine,
    Metric,
    ModelMetric,
    PointCloud,
    Prediction,
    Severity,
    SourceCode,
)
from dashctl.state import State
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, Run
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, FAINT, GOOD, HEADING, MUTED, TEXT
from dashctl_tui.plots.text import clip
from dashctl_tui.scenes.firing import SEVERITY_INKS, firing
from dashctl_tui.scenes.models import standings
from dashctl_tui.scenes.run_views import RunView
from dashctl_tui.scenes.viewport import NARROW, USUAL_KEYS, Keycaps

KEYS: Final = {
    "stack": "2",
    "collect": "3",
    "hosts": "4",
    "db": "5",
    "chunking": "8",
    "models": "9",
    "code": "0",
    "knn": "K",
    "training": "T",
    "runs": "R",
    "alerts": "A",
    "logs": "L",
}
_MORE: Final = " all keys "


class Lead(NamedTuple):
    """A scene that has something to show, and how much."""

    scene: str
    note: str
    ink: Ink = MUTED


class Outline(msgspec.Struct, frozen=True):
    """What there is, in numbers."""

    running: int
    runs: int
    silent: int
    """Runs that were not heard lately and never said that they ended."""
    recording: bool
    hosts: int
    episodes: int
    best: tuple[str, float] | None
    """The most accurate model."""
    models: int
    producers: int
    monitors: int
    rate: float
    curves: int
    points: int
    predictions: int
    lines: int
    codes: int
    """Runs that go on and have shown their code."""
    firing: int
    worst: Severity | Literal[""]


def outline(state: State, runs: Sequence[RunView], episodes: int | None) -> Outline:
    """Counts what a state has; `episodes` are those that were told in total, None if nobody told."""
    alerts = firing(state)
    best = next(iter(standings(state)), None)
    told = state.newest(BusStats)
    stats = told.event if told is not None else None
    going_on = {run.run for run in runs if run.running}
    return Outline(
        running=len(going_on),
        runs=len(runs),
        silent=sum(run.silent_since is not None for run in runs),
        recording=any(run.running and run.name == "collect" for run in runs),
        hosts=len(state.latest(HostStats)),
        episodes=len(state.latest(Episode)) if episodes is None else episodes,
        best=None if best is None else (best.model, best.accuracy),
        models=len(state.latest(ModelMetric)),
        producers=stats.producers if stats else 0,
        monitors=stats.monitors if stats else 0,
        rate=stats.rate if stats else 0.0,
        curves=len(state.series(Metric)),
        points=sum(len(item.event) for item in state.latest(PointCloud).values()),
        predictions=len(state.latest(Prediction)),
        lines=len(state.last(LogLine).get((), ())),
        codes=sum(item.run in going_on for item in state.latest(SourceCode).values()),
        firing=len(alerts.alerts),
        worst=alerts.worst if alerts.alerts else "",
    )


def headline(told: Outline, width: int) -> Row:
    """What goes on, as much of it as fits."""
    row = Row.of(" ")
    for number, piece in enumerate(_pieces(told)):
        words = Row.join(([(f" {glyphs.SEPARATOR} ", FAINT)] if number else []) + piece)
        if row.width + words.width > width and number:
            break
        row += words
    return row.fit(width)


def _pieces(told: Outline) -> Iterator[list[Run]]:
    if told.running:
        yield [(f"{glyphs.DOT} ", ACCENT), (_counted(told.running, "run"), HEADING), (" going on", TEXT)]
    else:
        yield [(f"{glyphs.UNKNOWN} ", MUTED), ("nothing is running", TEXT)]
    if told.worst:
        ink = SEVERITY_INKS[told.worst]
        yield [(f"{_counted(told.firing, 'alert')} firing", ink)]
    if told.silent:
        yield [(f"{_counted(told.silent, 'run')} silent", SEVERITY_INKS["warning"])]
    if told.best is not None:
        yield [("best ", MUTED), (clip(told.best[0], 20), TEXT), (f" {told.best[1]:.3f}", GOOD)]
    if told.rate:
        yield [(f"{compact(round(told.rate, 1))}", TEXT), (" events/s", MUTED)]
    if told.hosts:
        yield [(_counted(told.hosts, "host"), TEXT)]
    if told.episodes:
        yield [(_counted(told.episodes, "episode"), TEXT)]
    if told.monitors > 1:
        yield [(f"{told.monitors:,}", TEXT), (" are watching", MUTED)]


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def guide(told: Outline, width: int, keys: Keycaps = USUAL_KEYS) -> Row:
    """The keys of the scenes that have something to show, as many as fit beside where all keys are told."""
    more = Row.of((keys("?"), HEADING), (_MORE, MUTED))
    room = width - more.width - 2
    row = Row.of(" ")
    for lead in _leads(told):
        title = lead.scene.capitalize() if len(lead.scene) > 3 else lead.scene.upper()
        note = lead.note if width >= NARROW or lead.ink != MUTED else ""
        piece = Row.of((keys(KEYS[lead.scene]), HEADING), (f" {title} ", TEXT), (f"{note}  ", lead.ink))
        if row.width + piece.width > room:
            break
        row += piece
    return (row.fit(max(0, width - more.width)) + more).fit(width)


def _leads(told: Outline) -> Iterator[Lead]:
    """What wants eyes first, then what goes on, then what there is."""
    if told.worst:
        yield Lead("alerts", f"{told.firing:,} firing", SEVERITY_INKS[told.worst])
    leads = (
        (told.curves, "training", _counted(told.curves, "curve")),
        (told.codes, "code", "the loop"),
        (told.recording, "collect", "recording"),
        (told.producers, "stack", f"{told.producers:,} in, {told.monitors:,} out"),
        (told.models, "models", f"{told.models:,}"),
        (told.points, "knn", f"{compact(told.points)} points"),
        (told.hosts, "hosts", f"{told.hosts:,}"),
        (told.runs > 1, "runs", f"{told.runs:,}"),
        (told.episodes, "db", _counted(told.episodes, "episode")),
        (told.predictions, "chunking", _counted(told.predictions, "window")),
        (told.lines, "logs", _counted(told.lines, "line")),
    )
    yield from (Lead(scene, note) for there, scene, note in leads if there)
