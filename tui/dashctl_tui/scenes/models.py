"""Models: how right each one is on data that it was not trained on.

Rule: bars run from 0.5 to 1.0, where classifiers differ; what is below is flagged and written, not cut off.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import msgspec

from dashctl.events import ModelMetric, Prediction, Stamped
from dashctl.phases import PHASES
from dashctl.state import State
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.bars import ACCURACY, bar
from dashctl_tui.plots.canvas import Row, beside, fit
from dashctl_tui.plots.palette import FAINT, HEADING, MUTED, TEXT, WARNING, model_ink
from dashctl_tui.plots.text import fill, fill_left
from dashctl_tui.scenes.confusion import COLUMNS, ROWS, Confusion, confusions, draw_confusion
from dashctl_tui.scenes.layout import PANEL_ROWS, panel, seen, shares
from dashctl_tui.scenes.moments import age
from dashctl_tui.scenes.run_views import configs_of
from dashctl_tui.scenes.scene import Picture, Scene, Scrolled, Table, Viewport

_NAME = 20
_VALUE = 9
_AGE = 12
_RUN = 26


class Standing(msgspec.Struct, frozen=True):
    """One model's accuracy, when it was told, and by which run."""

    model: str
    accuracy: float
    time: float
    run: str


def standings(state: State) -> tuple[Standing, ...]:
    """All models, the most accurate first."""
    found = [
        Standing(item.event.model, item.event.accuracy, item.time, item.run)
        for item in state.latest(ModelMetric).values()
    ]
    return tuple(sorted(found, key=lambda one: (-one.accuracy, one.model)))


@dataclass(frozen=True)
class Models:
    """All models, the most accurate first, and what they predicted."""

    standings: tuple[Standing, ...]
    predictions: tuple[Stamped[Prediction], ...]

    @cached_property
    def confusions(self) -> dict[str, Confusion]:
        """Those of the run that told a model's accuracy, so that both speak of the same."""
        return confusions(self.predictions, {one.model: one.run for one in self.standings})


def _select(state: State, viewport: Viewport[Scrolled]) -> Models | None:
    configs = configs_of(state)
    shown = tuple(
        one for one in standings(state) if viewport.shows(one.model, one.run, config=configs.get(one.run))
    )
    predictions = tuple(state.latest(Prediction).values())
    return Models(shown, predictions) if shown else None


def _draw(view: Models, viewport: Viewport[Scrolled]) -> Picture:
    width, height = viewport.width, viewport.height
    matrices = [view.confusions[one.model] for one in view.standings if one.model in view.confusions]
    needed = len(view.standings) + 1 + PANEL_ROWS
    # Matrices are shown where the table leaves room for them.
    below = ROWS if matrices and height - needed >= ROWS and width >= COLUMNS else 0
    table = _table(view.standings, replace(viewport, height=height - below))
    rows = list(table.rows)
    if below:
        used = min(
            height - below,
            needed + (len(view.standings) if height - below >= needed + len(view.standings) else 0),
        )
        rows = [*rows[:used], *_matrices(matrices, width, height - used)]
    return Picture(fit(rows, width, height), table.scrollable)


def _table(view: tuple[Standing, ...], viewport: Viewport[Scrolled]) -> Picture:
    room = viewport.height - PANEL_ROWS - 1
    step = 2 if room >= 2 * len(view) else 1
    fitting = max(1, room // step)
    scrollable = max(0, len(view) - fitting)
    first = min(viewport.look.scroll, scrollable)
    shown = view[first : first + fitting]

    def content(width: int, height: int) -> list[Row]:
        rows = [_heading(width)]
        for one in shown:
            rows.append(_row(one, viewport.now, width, best=one.accuracy == view[0].accuracy))
            rows += [Row.blank(width)] * (step - 1)
        return fit(rows, width, height)

    height = min(viewport.height, len(shown) * step + 1 + PANEL_ROWS)
    part = seen(first, len(shown), len(view))
    rows = panel("Accuracy on held-out episodes", content, viewport.width, height, note=part)
    return Picture(fit(rows, viewport.width, viewport.height), scrollable)


def _matrices(confusions: Sequence[Confusion], width: int, height: int) -> list[Row]:
    columns = min(len(confusions), width // COLUMNS)
    rows: list[Row] = []
    for start in range(0, len(confusions), columns):
        if len(rows) + ROWS > height:
            break
        line = confusions[start : start + columns]
        rows += beside(
            *(_matrix(one, size) for one, size in zip(line, shares(width, [1] * columns), strict=False)),
            gap=1,
        )
    return rows


def _matrix(one: Confusion, width: int) -> list[Row]:
    note = f"{one.right:,} of {one.total:,} windows right"
    title = f"{one.model} confuses"
    return panel(title, lambda w, h: draw_confusion(one, w), width, ROWS, note=note)


def _room(width: int) -> int:
    return max(1, width - min(_NAME, width // 3) - _VALUE - _tail(width))


def _tail(width: int) -> int:
    return _AGE + (_RUN if width >= 96 else 0) if width >= 60 else 0


def _heading(width: int) -> Row:
    room = _room(width)
    low, middle, high = "0.5", "0.75", "1.0"
    scale = Row.blank(room)
    if room >= 24:
        scale = scale.overlay(0, Row.of((low, MUTED))).overlay(room // 2 - 2, Row.of((middle, MUTED)))
        scale = scale.overlay(room - len(high), Row.of((high, MUTED)))
    tail = Row.of(
        (fill_left("told", _AGE) + ("  " + fill("run", _RUN - 2) if _tail(width) > _AGE else ""), MUTED)
    )
    head = (
        Row.of((fill("model", min(_NAME, width // 3)), MUTED))
        + scale
        + Row.of((fill_left("accuracy", _VALUE), MUTED))
    )
    return head + tail if _tail(width) else head


def _row(one: Standing, now: float, width: int, *, best: bool) -> Row:
    name = Row.of((fill(one.model, min(_NAME, width // 3) - 1) + " ", HEADING if best else TEXT))
    flag = glyphs.BELOW_SCALE if one.accuracy < ACCURACY.low else " "
    ink = WARNING if flag.strip() else HEADING if best else TEXT
    value = Row.of((fill_left(f"{flag} {one.accuracy:.3f}", _VALUE), ink))
    row = name + bar(one.accuracy, ACCURACY, _room(width), model_ink(one.model)) + value
    if not _tail(width):
        return row
    row += Row.of((fill_left(age(one.time, now), _AGE), MUTED))
    return (
        row + Row.of(("  " + fill(one.run, _RUN - 2), FAINT if not one.run else MUTED))
        if _tail(width) > _AGE
        else row
    )


def _standings(view: Models, viewport: Viewport[Scrolled]) -> Table:
    """Accuracies, and behind each how often each phase was taken for which."""
    pairs = [(actual, predicted) for actual in PHASES for predicted in PHASES]
    rows: list[Sequence[str | int | float | None]] = [
        ("model", "accuracy", "told", "run", *(f"{actual} as {predicted}" for actual, predicted in pairs))
    ]
    for one in view.standings:
        confusion = view.confusions.get(one.model)
        counts = [None if confusion is None else confusion.counts.get(pair, 0) for pair in pairs]
        rows.append((one.model, one.accuracy, one.time, one.run, *counts))
    return rows


SCENE = Scene(
    name="models",
    title="Models",
    key="9",
    draws=(ModelMetric, Prediction),
    select=_select,
    draw=_draw,
    empty="No model has been tested yet",
    remedy=(
        "`dashctl train detector` tests its models on held-out episodes; `dashctl publish "
        "model_metric model=lstm accuracy=0.928` adds one by hand."
    ),
    ticks=True,
    table=_standings,
)
