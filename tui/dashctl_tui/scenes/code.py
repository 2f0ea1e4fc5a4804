"""Code: the source of the training loop that is running, with how far it is beside the line of its loop.

Rules: the text is what the run told, with the numbers that its lines have in their file; the loop is in view
until somebody scrolls; a run that goes on stands before one that has ended.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
from rich.cells import cell_len

from dashctl.events import Metric, Progress, RunFinished, RunStarted, SourceCode
from dashctl.state import State
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, fit
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, FAINT, HEADING, MUTED, TEXT
from dashctl_tui.plots.text import clip, fill_left, inert
from dashctl_tui.scenes.acts import WHEEL_ROWS, Act, At, Gesture
from dashctl_tui.scenes.highlight import code_rows
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS, panel, seen
from dashctl_tui.scenes.meter import meter
from dashctl_tui.scenes.run_views import RunView, Step, configs_of, run_line, runs_of, step_line
from dashctl_tui.scenes.scene import Picture, Scene, SceneAction, Table, Viewport

_MOST_STEPS: Final = 2
_MOST_METRICS: Final = 8
_ASIDE: Final = 8
"""Columns that one press of an arrow key moves the text."""
_LEAST_BESIDE: Final = 24
"""Columns that progress takes beside its line at least."""
_METER: Final = 16


@dataclass(frozen=True, slots=True)
class CodeLook:
    """follows: the loop is kept in view. left: so many columns are left out. item: which run's code."""

    scroll: int = 0
    follows: bool = True
    left: int = 0
    item: int = 0


class Value(msgspec.Struct, frozen=True):
    """A metric's newest value."""

    name: str
    value: float
    step: int


class Running(msgspec.Struct, frozen=True):
    """One run's code, out of several, and how far the run is."""

    code: SourceCode
    run: RunView | None
    steps: tuple[Step, ...]
    values: tuple[Value, ...]
    position: int
    total: int

    @property
    def lines(self) -> int:
        return len(self.code.text.splitlines())

    @property
    def loop(self) -> int | None:
        """The loop's place in the text, counted from 0, if it has one there."""
        if self.code.loop is None:
            return None
        place = self.code.loop - self.code.first_line
        return place if 0 <= place < self.lines else None


def _select(state: State, viewport: Viewport[CodeLook]) -> Running | None:
    told = {item.run: item for item in state.latest(SourceCode).values()}
    runs = {run.run: run for run in runs_of(state, viewport.now) if run.run in told}
    rank = {run: place for place, run in enumerate(runs)}
    configs = configs_of(state)
    shown = []
    for item in told.values():
        name = runs[item.run].name if item.run in runs else None
        if viewport.shows(item.run, item.event.path, name, config=configs.get(item.run)):
            shown.append(item)
    if not shown:
        return None
    ordered = sorted(shown, key=lambda item: (rank.get(item.run, len(rank)), -item.time, item.run))
    position = viewport.look.item % len(ordered)
    code = ordered[position]
    run = runs.get(code.run)
    moving = run is None or run.running
    steps = [
        Step(item.run, item.event, item.time, moving)
        for item in state.latest(Progress).values()
        if item.run == code.run
    ]
    steps.sort(key=lambda step: (step.over, -step.time, step.progress.name))
    return Running(code.event, run, tuple(steps), _values(state, code.run), position, len(ordered))


def _values(state: State, run: str) -> tuple[Value, ...]:
    """The newest values of the curves that grew last."""
    keys = [key for key in state.series(Metric) if key[0] == run][-_MOST_METRICS:]
    found = []
    for key in sorted(keys):
        columns = state.curve(Metric, key)
        if columns is not None and columns.total:
            found.append(Value(key[1], columns.last, memoryview(columns.steps).cast("B").cast("q")[-1]))
    return tuple(found)


def _draw(view: Running, viewport: Viewport[CodeLook]) -> Picture:
    width, height = viewport.width, viewport.height
    strip = _strip(view, viewport) if height >= 12 else []
    room = height - len(strip)
    fitting = max(1, room - PANEL_ROWS)
    scrollable = max(0, view.lines - fitting)
    first = _first(view, viewport.look, fitting, scrollable)

    def content(inner: int, rows: int) -> list[Row]:
        return _code(view, viewport.look, first, inner, rows)

    part = seen(first, min(fitting, view.lines - first), view.lines)
    several = f"{view.position + 1} of {view.total} runs, n: next" if view.total > 1 else ""
    rows = panel(
        _place(view.code, width - 8), content, width, min(room, view.lines + PANEL_ROWS), note=part or several
    )
    if part and several:
        rows[-1] = rows[-1].overlay(3, Row.of((f" {several} ", MUTED)))
    return Picture(fit([*strip, *rows], width, height), scrollable)


def _first(view: Running, look: CodeLook, fitting: int, scrollable: int) -> int:
    """The uppermost line: the loop stands in the upper third while it is followed."""
    if look.follows and view.loop is not None:
        return max(0, min(scrollable, view.loop - fitting // 3))
    return min(look.scroll, scrollable)


def _place(code: SourceCode, width: int) -> str:
    """Path and first line; of a long path, its end."""
    place = f"{inert(code.path)}:{code.first_line}"
    if cell_len(place) <= width:
        return place
    return glyphs.ELLIPSIS + place[max(0, len(place) - max(1, width - 1)) :]


# Above the code: how far the run is


def _strip(view: Running, viewport: Viewport[CodeLook]) -> list[Row]:
    width = viewport.width - 2
    rows = [run_line(view.run, viewport.now, width)] if view.run else []
    steps = view.steps[:_MOST_STEPS]
    names = max((cell_len(inert(step.progress.name)) for step in steps), default=0) + 2
    rows += [step_line(step, width, max(4, min(names, width // 3))) for step in steps]
    if view.values:
        rows.append(_metrics(view.values, width))
    return [Row.of(" ") + row for row in rows]


def _metrics(values: Sequence[Value], width: int) -> Row:
    """As many as fit."""
    row = Row.blank(0)
    for each in values:
        piece = Row.of((clip(each.name, 32), MUTED), (f" {compact(each.value, 4)}   ", TEXT))
        if row.width + piece.width > width + 3:
            break
        row += piece
    return row.fit(width)


# The code


def _code(view: Running, look: CodeLook, first: int, width: int, height: int) -> list[Row]:
    lines = code_rows(view.code.text, view.code.language, first + height)
    digits = len(str(view.code.first_line + view.lines))
    loop, body = view.loop, _body(view)
    rows = []
    for place in range(first, min(first + height, len(lines))):
        number = fill_left(str(view.code.first_line + place), digits)
        ink = HEADING if place == loop else FAINT
        gutter = Row.of((number, ink), *_mark(view, place == loop, place in body))
        line = lines[place]
        room = width - gutter.width
        shown = line.cut(look.left, look.left + room)
        if line.width - look.left > room > 0:
            shown = shown.cut(0, room - 1) + Row.of((glyphs.ELLIPSIS, MUTED))
        rows.append(_annotated(gutter + shown, view, width) if place == loop else gutter + shown)
    return rows


def _mark(view: Running, is_loop: bool, is_body: bool) -> list[tuple[str, Ink]]:
    ink = ACCENT if view.run is None or view.run.running else MUTED
    mark = glyphs.ARROW_RIGHT if is_loop else glyphs.AXIS_VERTICAL if is_body else " "
    return [(f" {mark} ", ink)]


def _body(view: Running) -> range:
    """The lines that the loop repeats: those below it that are indented more."""
    lines = view.code.text.expandtabs().splitlines()
    loop = view.loop
    if loop is None:
        return range(0)
    indent = _indent(lines[loop])
    stop = loop + 1
    for place in range(loop + 1, len(lines)):
        if lines[place].strip():
            if _indent(lines[place]) <= indent:
                break
            stop = place + 1
    return range(loop + 1, stop)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _annotated(row: Row, view: Running, width: int) -> Row:
    """How far the loop is, at the right end of its line."""
    step = _step_of_loop(view)
    room = width - row.width - 3
    if step is None or room < _LEAST_BESIDE:
        return row
    progress = step.progress
    words = progress.note or _amount(progress)
    told = Row.of((clip(words, room - 8), HEADING))
    if progress.total:
        share = min(1.0, progress.done / progress.total)
        percent = Row.of((f" {int(share * 100)} %", TEXT))
        ink = ACCENT if step.moving else MUTED
        drawn = min(_METER, room - told.width - percent.width - 1)
        told += Row.of(" ") + meter(share, drawn, ink) + percent if drawn > 3 else percent
    return row.fit(width - told.width) + told


def _amount(progress: Progress) -> str:
    """`36 of 200 epochs`."""
    whole = f" of {compact(progress.total)}" if progress.total is not None else ""
    return f"{compact(progress.done)}{whole} {progress.unit or ''}".rstrip()


def _step_of_loop(view: Running) -> Step | None:
    """The progress that counts what the loop counts, judging by its variable, or else the newest."""
    if view.loop is None or not view.steps:
        return None
    line = view.code.text.splitlines()[view.loop]
    found = re.match(r"\s*(?:async\s+)?for\s+(\w+)", line)
    variable = found[1].casefold() if found else ""
    for step in view.steps:
        counted = (step.progress.name, step.progress.unit or "", step.progress.note or "")
        if variable and any(word.casefold().startswith(variable) for word in counted):
            return step
    return view.steps[0]


# Acts


def _scrolled(by: Any) -> Act:
    def act(at: At[Running, CodeLook]) -> CodeLook:
        if at.view is None:
            return at.look
        strip = _strip(at.view, at.viewport) if at.viewport.height >= 12 else []
        fitting = max(1, at.viewport.height - len(strip) - PANEL_ROWS)
        first = _first(at.view, at.look, fitting, at.scrollable)
        return replace(at.look, scroll=min(at.scrollable, max(0, first + by(at))), follows=False)

    return act


def _page(at: At[Running, CodeLook]) -> int:
    return max(1, at.viewport.height // 2)


def _aside(columns: int) -> Act:
    def act(at: At[Running, CodeLook]) -> CodeLook:
        widest = max(map(len, at.view.code.text.splitlines()), default=0) if at.view is not None else 0
        most = max(0, widest - at.viewport.width // 2 + PANEL_COLUMNS)
        return replace(at.look, left=min(most, max(0, at.look.left + columns)))

    return act


def _follow(at: At[Running, CodeLook]) -> CodeLook:
    return replace(at.look, follows=True, left=0)


def _next(at: At[Running, CodeLook]) -> CodeLook:
    return CodeLook(item=at.look.item + 1)


def _mouse(at: At[Running, CodeLook], gesture: Gesture) -> Any:
    if gesture.kind != "wheel":
        return at.look
    return _scrolled(lambda _: gesture.steps * WHEEL_ROWS)(at)


def _table(view: Running, viewport: Viewport[CodeLook]) -> Table:
    numbered = enumerate(view.code.text.splitlines(), view.code.first_line)
    return [
        ("line", "code", "loop"),
        *((number, line, int(number == view.code.loop)) for number, line in numbered),
    ]


SCENE = Scene(
    name="code",
    title="Code",
    key="0",
    draws=(SourceCode, Progress, Metric, RunStarted, RunFinished),
    select=_select,
    draw=_draw,
    empty="No run has shown its code yet",
    remedy=(
        "`dashctl train detector` shows its training loop; in a program of your own it takes "
        "`run.source(train)`, where train is the function that trains."
    ),
    ticks=True,
    look=CodeLook(),
    picks=lambda look: look.item,
    acts={
        "up": _scrolled(lambda at: -1),
        "down": _scrolled(lambda at: 1),
        "page_up": _scrolled(lambda at: -_page(at)),
        "page_down": _scrolled(_page),
        "top": _scrolled(lambda at: -1_000_000),
        "bottom": _scrolled(lambda at: 1_000_000),
        "left": _aside(-_ASIDE),
        "right": _aside(_ASIDE),
        "back": _follow,
    },
    actions=(
        SceneAction("follow", "f", "f", "Follow", "Back to the loop that is running", _follow),
        SceneAction("next_run", "n", "n", "Next run", "The code of another run", _next),
    ),
    mouse=_mouse,
    table=_table,
)
