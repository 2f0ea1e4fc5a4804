"""Chunking: what was predicted for each window of an episode, over what was the case.

Rules: one timeline per episode and model; what was the case may come with a prediction, on its own, or
with the episode; windows outside 0–5 are no windows of an episode and are ignored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashctl.events import Episode, Prediction
from dashctl.phases import PHASES
from dashctl.state import State
from dashctl_tui.plots.canvas import Ink, Row, beside, fit
from dashctl_tui.plots.legend import Key, flow_legend
from dashctl_tui.plots.palette import FAINT, HEADING, MUTED, PHASE_LETTERS, model_ink, phase_ink
from dashctl_tui.plots.text import clip
from dashctl_tui.plots.timeline import WINDOWS, Window, draw_timeline
from dashctl_tui.scenes.layout import seen, shares, spread
from dashctl_tui.scenes.scene import Picture, Scene, Viewport

_CARD_WIDTH = 64
_CARD_ROWS = 4


@dataclass(frozen=True, slots=True)
class Card:
    """One episode as one model sees it; an episode that no model has seen has none."""

    episode: str
    model: str | None
    about: str
    windows: tuple[Window, ...]

    @property
    def told(self) -> tuple[int, int]:
        """Windows predicted rightly, and windows where that can be told."""
        known = [window for window in self.windows if window.predicted and window.actual]
        return sum(not window.mismatch for window in known), len(known)


@dataclass(frozen=True, slots=True)
class Cards:
    """All episodes with their models, by name."""

    cards: tuple[Card, ...]


def _select(state: State, viewport: Viewport) -> Cards | None:
    episodes = {item.event.episode_id: item.event for item in state.latest(Episode).values()}
    actual = {name: dict(enumerate(episode.phases or ())) for name, episode in episodes.items()}
    predicted: dict[str, dict[str | None, dict[int, str]]] = {name: {} for name in episodes}
    for item in state.latest(Prediction).values():
        told = item.event
        if not 0 <= told.window_idx < WINDOWS:
            continue
        models = predicted.setdefault(told.episode_id, {})
        if told.actual is not None:
            actual.setdefault(told.episode_id, {})[told.window_idx] = told.actual
        if told.predicted is not None:
            models.setdefault(told.model, {})[told.window_idx] = told.predicted
    cards = [
        card
        for name in sorted(predicted)
        for card in _cards(name, episodes.get(name), predicted[name], actual.get(name, {}))
        if viewport.shows(card.episode, card.model, card.about)
    ]
    # Episodes that no model has seen come last: they have less to say.
    return Cards(tuple(sorted(cards, key=lambda card: not card.told[1]))) if cards else None


def _cards(
    name: str,
    episode: Episode | None,
    models: Mapping[str | None, Mapping[int, str]],
    actual: Mapping[int, str],
) -> Sequence[Card]:
    about = " on ".join(part for part in (episode.profile, episode.host) if part) if episode else ""
    return [
        Card(
            name,
            model,
            about,
            tuple(Window(index, windows.get(index), actual.get(index)) for index in range(WINDOWS)),
        )
        for model, windows in sorted(models.items(), key=lambda item: item[0] or "") or [(None, {})]
    ]


def _draw(view: Cards, viewport: Viewport) -> Picture:
    width, height = viewport.width - 2, viewport.height
    columns = max(1, min(len(view.cards), width // _CARD_WIDTH))
    widths = shares(width, [1] * columns, gap=3)
    fitting = max(1, (height - 1) // (_CARD_ROWS + 1))
    lines = -(-len(view.cards) // columns)
    scrollable = max(0, lines - fitting)
    first = min(viewport.scroll, scrollable)
    rows: list[Row] = []
    for line in range(first, min(lines, first + fitting)):
        cards = view.cards[line * columns : (line + 1) * columns]
        rows += beside(*(_card(card, size) for card, size in zip(cards, widths, strict=False)), gap=3)
        rows.append(Row.blank(width))
    shown = view.cards[first * columns : (first + fitting) * columns]
    part = seen(first * columns, len(shown), len(view.cards))
    rows = [*fit(rows, width, height - 1), _legend(part, width)]
    return Picture(fit([Row.of(" ") + row for row in rows], viewport.width, height), scrollable)


def _card(card: Card, width: int) -> list[Row]:
    right, known = card.told
    score = Row.of((f"{right} of {known} right", MUTED)) if known else Row.of(("not predicted yet", FAINT))
    model: tuple[str, Ink] = (clip(card.model, 16), model_ink(card.model)) if card.model else ("", MUTED)
    title = Row.of((clip(card.episode, width // 2), HEADING), "  " if card.model else "", model)
    room = width - title.width - score.width - 4
    if card.about and room > 8:
        title += Row.of((f"  {clip(card.about, room)}", MUTED))
    return [spread(title, score, width), *draw_timeline(card.windows, width, _CARD_ROWS - 1)]


def _legend(part: str, width: int) -> Row:
    keys = [Key(phase, phase_ink(phase), PHASE_LETTERS[phase]) for phase in PHASES]
    legend = flow_legend(keys, width, 1)
    return spread(legend[0] if legend else Row.blank(0), Row.of((part, MUTED)), width)


SCENE = Scene(
    name="chunking",
    title="Chunking",
    draws=(Episode, Prediction),
    select=_select,
    draw=_draw,
    empty="No episode is known yet",
    remedy=(
        "`dashctl collect` records episodes, and `dashctl train detector` predicts the windows of "
        "those held out."
    ),
)
