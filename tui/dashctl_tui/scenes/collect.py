"""Collect: episodes as they are recorded, and what has been recorded so far.

Rules: who records is a run whose progress counts episodes, whatever program it is; what comes next is told
only where the run says which profiles it takes in turn; the newest episodes stand on top.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, nan
from typing import Final

import msgspec
import numpy as np

from dashctl.events import (
    AttackProfile,
    Episode,
    HostStats,
    Progress,
    RunFinished,
    RunStarted,
    Snapshot,
    Stamped,
)
from dashctl.phases import PHASES
from dashctl.state import State
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, beside, fit
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, GOOD, HEADING, MUTED, TEXT, WARNING, phase_ink
from dashctl_tui.plots.sparkline import draw_sparkline
from dashctl_tui.plots.text import clip, fill, fill_left
from dashctl_tui.scenes.counts import Counted, counts_panel, ranked
from dashctl_tui.scenes.episodes import episode_rows, newest_panel, written
from dashctl_tui.scenes.hosts.measures import bytes_per_second
from dashctl_tui.scenes.layout import PANEL_ROWS, panel, shares
from dashctl_tui.scenes.moments import age, duration, roughly
from dashctl_tui.scenes.prose import paragraph
from dashctl_tui.scenes.run_views import Step, step_line
from dashctl_tui.scenes.scene import Picture, Scene, Scrolled, Viewport

_SILENT_AFTER: Final = 60.0
_MOST_RECORDERS: Final = 6
_TOTALS: Final = len(PHASES) + PANEL_ROWS
"""Rows of the totals at least."""
_LABEL: Final = 10
_VALUE: Final = 11
_IDLE: Final = (
    "Nothing is being recorded: `dashctl collect` records this machine, one episode after the other."
)
_PARTS: Final[Mapping[str, Ink]] = {"cpu": ACCENT, "disk_write": WARNING, "net_in": GOOD, "memory": MUTED}


class Recorder(msgspec.Struct, frozen=True):
    """A run that records. whole: how many episodes; part: how far the one at hand is."""

    run: str
    name: str
    host: str
    profiles: tuple[str, ...]
    started: float | None
    ended: str
    """How, or "" while it goes on."""
    heard: float
    whole: Step
    part: Step | None
    load: tuple[float, ...]
    """Of the episode at hand so far, as its profile measures it."""

    def silent(self, now: float) -> bool:
        return not self.ended and now - self.heard > _SILENT_AFTER

    def going_on(self, now: float) -> bool:
        return not self.ended and not self.silent(now)

    @property
    def per_hour(self) -> float:
        """Episodes an hour since it began; NaN before the first."""
        done, since = self.whole.progress.done, self.whole.time - (self.started or self.whole.time)
        return done / since * 3600 if done and since > 0 else nan

    @property
    def next_profile(self) -> str:
        """What it records after the episode at hand; "" if that is not known or it is the last."""
        after = int(self.whole.progress.done) + 1
        if not self.profiles or (self.whole.progress.total or 0) <= after:
            return ""
        return self.profiles[after % len(self.profiles)]


class Telemetry(msgspec.Struct, frozen=True):
    """A host's history: so many values of each number, oldest first."""

    host: str
    seconds: float
    values: Mapping[str, Sequence[float]]


class Collecting(msgspec.Struct, frozen=True):
    """Who records, the totals, the newest episodes, newest first, out of `known`."""

    recorders: tuple[Recorder, ...]
    totals: Snapshot | None
    episodes: tuple[Stamped[Episode], ...]
    telemetry: Telemetry | None


def _select(state: State, viewport: Viewport[Scrolled]) -> Collecting | None:
    recorders = tuple(_recorders(state, viewport))
    known = [
        item
        for item in state.latest(Episode).values()
        if viewport.shows(item.event.episode_id, item.event.profile, item.event.host)
    ]
    episodes = tuple(sorted(known, key=written, reverse=True))
    newest = max(state.latest(Snapshot).values(), key=lambda item: item.time, default=None)
    totals = None if newest is None or viewport.filter else newest.event
    if not recorders and not episodes and totals is None:
        return None
    host = recorders[0].host if recorders else ""
    return Collecting(recorders[:_MOST_RECORDERS], totals, episodes, _telemetry(state, host))


def _recorders(state: State, viewport: Viewport[Scrolled]) -> Iterator[Recorder]:
    """Those that go on first, then the newest."""
    progress = state.latest(Progress)
    found = [
        _recorder(state, item)
        for item in progress.values()
        if item.event.unit == "episodes" and viewport.shows(item.run, item.event.name)
    ]
    now = viewport.now
    yield from sorted(found, key=lambda one: (not one.going_on(now), -(one.started or one.heard), one.run))


def _recorder(state: State, whole: Stamped[Progress]) -> Recorder:
    run = whole.run
    begun, over = state.latest(RunStarted).get((run,)), state.latest(RunFinished).get((run,))
    if over is not None and begun is not None and over.time < begun.time:
        over = None
    part = state.latest(Progress).get((run, "episode"))
    loads = [item for item in state.latest(AttackProfile).values() if item.run == run]
    load = max(loads, key=lambda item: item.time, default=None)
    config = begun.event.config if begun else {}
    profiles = str(config.get("profiles") or "")
    return Recorder(
        run,
        (begun.event.name if begun else None) or run or whole.event.name,
        begun.event.host if begun else "",
        tuple(name.strip() for name in profiles.split(",") if name.strip()),
        begun.time if begun else None,
        over.event.outcome if over else "",
        max(item.time for item in (whole, part, begun, over) if item is not None),
        Step(run, whole.event, whole.time, over is None),
        None if part is None else Step(run, part.event, part.time, over is None),
        load.event.curve if load else (),
    )


def _telemetry(state: State, host: str) -> Telemetry | None:
    traced = state.trace(HostStats, (host,))
    if traced is None or not traced.times:
        return None
    values = {name: tuple(traced.values[name]) for name in _PARTS if name in traced.values}
    return Telemetry(host, traced.times[-1] - traced.times[0], values)


def _draw(view: Collecting, viewport: Viewport[Scrolled]) -> Picture:
    width, height = viewport.width, viewport.height
    rows = _top(view, viewport)
    if view.totals is not None and height - len(rows) >= _TOTALS + PANEL_ROWS + 2:
        rows += _totals(view.totals, viewport, max(_TOTALS, (height - len(rows)) // 2))
    left = height - len(rows)
    if left < _least(view):
        rows, left = [], height
    newest, scrollable = newest_panel(view.episodes, viewport, left)
    rows += newest
    return Picture(fit(rows, width, height), scrollable)


def _least(view: Collecting) -> int:
    return PANEL_ROWS + 1 if view.episodes else 0


# What goes on


def _top(view: Collecting, viewport: Viewport[Scrolled]) -> list[Row]:
    width, height = viewport.width, viewport.height
    if not view.recorders:
        return panel("Recording", lambda w, h: paragraph(_IDLE, w), width, 3 + (width < 100))
    beside_it = view.telemetry is not None and not viewport.narrow
    left, right = shares(width, [3, 2]) if beside_it else (width, 0)
    most = max(3, height // 2 - PANEL_ROWS)
    lines = [line for one in view.recorders for line in _recorder_lines(one, viewport.now, left - 4)][:most]
    going_on = sum(one.going_on(viewport.now) for one in view.recorders)
    title = "Recording" if going_on else "Recorded last"
    front = panel(title, lambda w, h: lines, left, len(lines) + PANEL_ROWS)
    telemetry = view.telemetry
    if not beside_it or telemetry is None:
        return front
    return beside(front, _machine(telemetry, right, len(front)), gap=1)


def _recorder_lines(one: Recorder, now: float, width: int) -> list[Row]:
    rows = [_state_line(one, now, width), step_line(one.whole, width, _LABEL)]
    part = one.part
    if part is not None and one.going_on(now):
        note = part.progress.note or ""
        rows.append(step_line(part, width, _LABEL))
        rows.append(_fact("now", note, _note_ink(note), width))
        if one.load:
            rows += _load(one, width)
    if one.going_on(now):
        rows += _ahead(one, width)
    return rows


def _state_line(one: Recorder, now: float, width: int) -> Row:
    if one.ended:
        state, ink = f"{one.ended} {age(one.heard, now)}", MUTED
    elif one.silent(now):
        state, ink = f"silent for {roughly(now - one.heard)}", WARNING
    else:
        state, ink = "recording", ACCENT
    mark = glyphs.DOT if one.going_on(now) else glyphs.UNKNOWN
    where = f" on {clip(one.host, width // 3)}" if one.host else ""
    return Row.of(
        (f"{mark} ", ink), (clip(one.name, width // 3), HEADING), (f"{where}  ", MUTED), (state, ink)
    ).fit(width)


def _note_ink(note: str) -> Ink:
    phase = note.rpartition(" ")[2]
    return phase_ink(phase) if phase in PHASES else TEXT


def _load(one: Recorder, width: int) -> list[Row]:
    """The load of the episode at hand, which fills the line when the episode is whole."""
    progress = one.part.progress if one.part is not None else None
    share = min(1.0, progress.done / progress.total) if progress is not None and progress.total else 1.0
    room = max(1, width - _LABEL)
    curve = draw_sparkline(np.array(one.load), max(1, round(room * share)), 2, ACCENT)
    return [
        Row.of((fill(label, _LABEL), MUTED)) + row for label, row in zip(("load", ""), curve, strict=True)
    ]


def _ahead(one: Recorder, width: int) -> list[Row]:
    rows = []
    if one.next_profile:
        rows.append(_fact("next", one.next_profile, TEXT, width))
    total = one.whole.progress.total
    if total is not None and isfinite(one.per_hour):
        left = max(0.0, total - one.whole.progress.done) / one.per_hour * 3600
        words = f"{compact(one.per_hour)} episodes an hour, done in {roughly(left)}"
        rows.append(_fact("pace", words, TEXT, width))
    return rows


def _fact(label: str, value: str, ink: Ink, width: int) -> Row:
    return Row.of((fill(label, _LABEL), MUTED), (clip(value, max(1, width - _LABEL)), ink)).fit(width)


def _machine(telemetry: Telemetry, width: int, height: int) -> list[Row]:
    def content(inner: int, rows: int) -> list[Row]:
        each = max(1, rows // max(1, len(telemetry.values)))
        return [
            row
            for name, values in telemetry.values.items()
            for row in _history(name, values, inner, min(3, each))
        ][:rows]

    return panel(telemetry.host, content, width, height, note=f"last {duration(telemetry.seconds)}")


def _history(name: str, values: Sequence[float], width: int, height: int) -> list[Row]:
    newest = values[-1]
    percent = name in {"cpu", "memory"}
    written = (
        f"{newest:.0f} %" if percent else bytes_per_second(newest) if isfinite(newest) else glyphs.UNKNOWN
    )
    label = Row.of((fill(name.replace("_", " "), _LABEL), MUTED), (fill_left(written, _VALUE), TEXT), "  ")
    room = max(1, width - label.width)
    known = np.array([value for value in values if isfinite(value)][-room:])
    if percent:
        # A value of 100 that is then cut off fixes the scale.
        scaled = draw_sparkline(np.append(known, 100.0), room + 1, height, _PARTS[name], stretch=False)
        return beside(fit([label], label.width, height), [row.cut(0, room) for row in scaled])
    return beside(
        fit([label], label.width, height), draw_sparkline(known, room, height, _PARTS[name], stretch=False)
    )


# What there is


def _totals(totals: Snapshot, viewport: Viewport[Scrolled], most: int) -> list[Row]:
    """Per phase, profile and host, side by side; in few columns, phases alone."""
    phases = [Counted(name, (totals.phases or {}).get(name, 0), phase_ink(name)) for name in PHASES]
    parts = (
        ("Windows by phase", phases),
        ("Episodes by profile", ranked(totals.profiles)),
        ("Episodes by host", ranked(totals.hosts)),
    )
    shown = parts[: 1 if viewport.width < 70 else 2 if viewport.narrow else 3]
    lines = max(3, min(most - PANEL_ROWS, max(len(items) for _, items in shown)))
    widths = shares(viewport.width, [1] * len(shown))
    count = totals.episodes
    note = f"{count:,} episodes" if count is not None else ""
    return beside(
        *(
            counts_panel(title, items, size, lines + PANEL_ROWS, "" if number else note)
            for number, ((title, items), size) in enumerate(zip(shown, widths, strict=True))
        ),
        gap=1,
    )


SCENE = Scene(
    name="collect",
    title="Collect",
    key="3",
    draws=(Episode, Snapshot, Progress, HostStats, AttackProfile, RunStarted, RunFinished),
    select=_select,
    draw=_draw,
    empty="No episode was recorded yet",
    remedy=(
        "`dashctl collect` records this machine's telemetry as labelled episodes; `dashctl demo` does so too."
    ),
    ticks=True,
    table=lambda view, viewport: episode_rows(view.episodes),
)
