"""Chunking: what was predicted for each window of an episode, over what was the case.

Rules: one timeline per episode and model; what was the case may come with a prediction, on its own, or
with the episode; a timeline shows windows 0–5, counts those alone, and says how many come after them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from dashctl.events import Episode, Prediction, Stamped
from dashctl.phases import PHASES
from dashctl.state import State
from dashctl_tui.plots.canvas import Ink, Row, beside, fit
from dashctl_tui.plots.legend import Key, flow_legend
from dashctl_tui.plots.palette import FAINT, HEADING, MUTED, PHASE_LETTERS, WARNING, model_ink, phase_ink
from dashctl_tui.plots.text import clip
from dashctl_tui.plots.timeline import WINDOWS, Window, draw_timeline
from dashctl_tui.scenes.layout import seen, shares, spread
from dashctl_tui.scenes.prose import no_match
from dashctl_tui.scenes.scene import Picture, Scene, Scrolled, Table, Viewport

_CARD_WIDTH = 64
_CARD_ROWS = 4
_GAP = 3


class Card(msgspec.Struct, frozen=True):
    """One episode as one model sees it; an episode that no model has seen has none."""

    episode: str
    model: str | None
    about: str
    windows: tuple[Window, ...]
    hidden: int
    """Windows after those."""

    @property
    def told(self) -> tuple[int, int]:
        """Windows predicted rightly, and windows where that can be told."""
        known = [window for window in self.windows if window.predicted and window.actual]
        return sum(not window.mismatch for window in known), len(known)


@dataclass(frozen=True)
class Told:
    """Episodes and predictions as they came, and, once somebody asks, put together."""

    episodes: tuple[Episode, ...]
    predictions: tuple[Stamped[Prediction], ...]
    """The newest first."""

    @cached_property
    def by_name(self) -> dict[str, Episode]:
        return {episode.episode_id: episode for episode in self.episodes}

    @cached_property
    def predicted(self) -> dict[tuple[str, str | None], dict[int, str]]:
        """Phases by window, for every episode and model, as the run says that spoke of them last."""
        found: dict[tuple[str, str | None], dict[int, str]] = {}
        runs: dict[tuple[str, str | None], str] = {}
        for item in self.predictions:
            told, pair = item.event, (item.event.episode_id, item.event.model)
            if told.predicted is not None and runs.setdefault(pair, item.run) == item.run:
                found.setdefault(pair, {})[told.window_idx] = told.predicted
        return found

    @cached_property
    def actual(self) -> dict[str, dict[int, str]]:
        """Phases by window, for every episode of which they are known."""
        found: dict[str, dict[int, str]] = {
            episode.episode_id: dict(enumerate(episode.phases or ())) for episode in self.episodes
        }
        for told in (item.event for item in reversed(self.predictions)):
            if told.actual is not None:
                found.setdefault(told.episode_id, {})[told.window_idx] = told.actual
        return found

    def pairs(self, viewport: Viewport[Scrolled]) -> list[tuple[str, str | None]]:
        """What there is a card of: predicted episodes by name and model, then the others."""
        pairs = sorted(self.predicted, key=lambda pair: (pair[0], pair[1] or ""))
        seen_by_a_model = {episode for episode, _ in pairs}
        pairs += [(name, None) for name in sorted({*self.by_name, *self.actual} - seen_by_a_model)]
        return [pair for pair in pairs if viewport.shows(*pair, self.about(pair[0]))]

    def about(self, name: str) -> str:
        episode = self.by_name.get(name)
        return " on ".join(part for part in (episode.profile, episode.host) if part) if episode else ""

    def card(self, name: str, model: str | None) -> Card:
        predicted, actual = self.predicted.get((name, model), {}), self.actual.get(name, {})
        windows = (Window(index, predicted.get(index), actual.get(index)) for index in range(WINDOWS))
        hidden = sum(index >= WINDOWS for index in predicted.keys() | actual.keys())
        return Card(name, model, self.about(name), tuple(windows), hidden)


def _select(state: State, viewport: Viewport[Scrolled]) -> Told | None:
    predictions = [item for item in state.latest(Prediction).values() if item.event.window_idx >= 0]
    told = Told(tuple(item.event for item in state.latest(Episode).values()), tuple(predictions[::-1]))
    return told if told.episodes or told.predictions else None


def _draw(told: Told, viewport: Viewport[Scrolled]) -> Picture:
    pairs = told.pairs(viewport)
    if not pairs:
        return Picture(no_match(viewport.filter, viewport.width, viewport.height, viewport.keys("Esc")))
    width, height = max(1, viewport.width - 2), viewport.height
    columns = max(1, min(len(pairs), width // _CARD_WIDTH))
    widths = shares(width, [1] * columns, gap=_GAP)
    fitting = max(1, (height - 1) // (_CARD_ROWS + 1))
    lines = -(-len(pairs) // columns)
    scrollable = max(0, lines - fitting)
    first = min(viewport.look.scroll, scrollable)
    shown = [told.card(*pair) for pair in pairs[first * columns : (first + fitting) * columns]]
    rows: list[Row] = []
    for start in range(0, len(shown), columns):
        cards = zip(shown[start : start + columns], widths, strict=False)
        rows += [*beside(*(_card(card, size) for card, size in cards), gap=_GAP), Row.blank(width)]
    part = seen(first * columns, len(shown), len(pairs))
    rows = [*fit(rows, width, height - 1), _legend(part, width)]
    return Picture(fit([Row.of(" ") + row for row in rows], viewport.width, height), scrollable)


def _card(card: Card, width: int) -> list[Row]:
    score = _score(card)
    model: tuple[str, Ink] = (clip(card.model, 16), model_ink(card.model)) if card.model else ("", MUTED)
    title = Row.of((clip(card.episode, width // 2), HEADING), "  " if card.model else "", model)
    room = width - title.width - score.width - 4
    if card.about and room > 8:
        title += Row.of((f"  {clip(card.about, room)}", MUTED))
    return [spread(title, score, width), *draw_timeline(card.windows, width, _CARD_ROWS - 1)]


def _score(card: Card) -> Row:
    right, known = card.told
    shown = " shown" if card.hidden else ""
    score = (f"{right} of {known}{shown} right", MUTED) if known else ("not predicted yet", FAINT)
    if not card.hidden:
        return Row.of(score)
    return Row.of(score, (f", +{card.hidden} window{'s' * (card.hidden > 1)} not shown", WARNING))


def _legend(part: str, width: int) -> Row:
    keys = [Key(phase, phase_ink(phase), PHASE_LETTERS[phase]) for phase in PHASES]
    legend = flow_legend(keys, width, 1)
    return spread(legend[0] if legend else Row.blank(0), Row.of((part, MUTED)), width)


def _table(told: Told, viewport: Viewport[Scrolled]) -> Table:
    """A line for each window that is known, those too that the timelines leave out."""
    rows: list[Sequence[str | int | float | None]] = [("episode", "model", "window", "predicted", "actual")]
    for episode, model in told.pairs(viewport):
        predicted, actual = told.predicted.get((episode, model), {}), told.actual.get(episode, {})
        rows += [
            (episode, model, window, predicted.get(window), actual.get(window))
            for window in sorted(predicted.keys() | actual.keys())
        ]
    return rows


SCENE = Scene(
    name="chunking",
    title="Chunking",
    key="8",
    draws=(Episode, Prediction),
    select=_select,
    draw=_draw,
    empty="No episode is known yet",
    remedy=(
        "`dashctl collect` records episodes, and `dashctl train detector` predicts the windows of "
        "those held out."
    ),
    table=_table,
)
