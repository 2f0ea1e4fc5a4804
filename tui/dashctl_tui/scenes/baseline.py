"""Baseline: which phases were seen in the last five minutes.

Rule: the window ends now, not at the newest event, so an old mix does not stay for ever.
"""

import msgspec

from dashctl.events import PhaseEvent
from dashctl.phases import PHASES
from dashctl.state import State
from dashctl_tui.plots.bars import bar
from dashctl_tui.plots.canvas import Row
from dashctl_tui.plots.numbers import percent
from dashctl_tui.plots.palette import MUTED, PHASE_LETTERS, TEXT, phase_ink
from dashctl_tui.plots.scale import Scale
from dashctl_tui.plots.stack import Share, draw_stack
from dashctl_tui.plots.text import fill, fill_left
from dashctl_tui.scenes.layout import PANEL_ROWS, panel
from dashctl_tui.scenes.scene import Picture, Scene, Scrolled, Table, Viewport

_TALLEST_BAR = 9
_NAME = 18
_COUNT = 9
_PERCENT = 7


class Mix(msgspec.Struct, frozen=True):
    """How often each phase was seen, by name."""

    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def phase_mix(state: State, now: float) -> Mix | None:
    """The mix of the window that ends now, or None if nothing was seen in it."""
    counts = state.counts(PhaseEvent, now)
    mix = Mix({phase: counts.get((phase,), 0) for phase in PHASES})
    return mix if mix.total else None


def mix_shares(mix: Mix) -> list[Share]:
    """The parts of the stacked bar, phases in their order."""
    return [Share(phase, mix.counts[phase], phase_ink(phase), PHASE_LETTERS[phase]) for phase in PHASES]


def _select(state: State, viewport: Viewport[Scrolled]) -> Mix | None:
    return phase_mix(state, viewport.now)


def _draw(mix: Mix, viewport: Viewport[Scrolled]) -> Picture:
    width, height = viewport.width, viewport.height
    count_rows = min(height, len(PHASES) * (2 if height >= 22 else 1) + PANEL_ROWS + 1)
    bar_rows = height - count_rows
    top = panel(
        "Phase mix, last 5 minutes",
        lambda w, h: draw_stack(mix_shares(mix), w, min(h, _TALLEST_BAR + 3)),
        width,
        min(bar_rows, _TALLEST_BAR + 4 + PANEL_ROWS),
        note=f"{mix.total:,} seen",
    )
    below = panel("Seen", lambda w, h: _counts(mix, w, h), width, count_rows)
    rest = height - len(top) - len(below)
    return Picture([*top, *below, *[Row.blank(width)] * rest][:height])


def _counts(mix: Mix, width: int, height: int) -> list[Row]:
    heading = Row.of((fill("phase", _NAME) + fill_left("seen", _COUNT) + fill_left("share", _PERCENT), MUTED))
    rows = [heading.fit(width)]
    airy = height >= 2 * len(PHASES)
    for phase in PHASES:
        rows.append(_count_row(phase, mix, width))
        if airy:
            rows.append(Row.blank(width))
    return rows[:height]


def _count_row(phase: str, mix: Mix, width: int) -> Row:
    count = mix.counts[phase]
    numbers = fill_left(f"{count:,}", _COUNT) + fill_left(percent(count / mix.total), _PERCENT) + "  "
    left = Row.of((fill(phase, _NAME), phase_ink(phase)), (numbers, TEXT))
    room = width - left.width
    return (left + bar(count, Scale(0, mix.total), room, phase_ink(phase)) if room > 3 else left).fit(width)


def _table(mix: Mix, viewport: Viewport[Scrolled]) -> Table:
    return [
        ("phase", "seen", "share"),
        *((phase, count, count / mix.total if mix.total else None) for phase, count in mix.counts.items()),
    ]


SCENE = Scene(
    name="baseline",
    title="Baseline",
    key="6",
    draws=(PhaseEvent,),
    select=_select,
    draw=_draw,
    empty="No phase was seen in the last five minutes",
    remedy=(
        "`dashctl collect` and `dashctl demo` report what this machine is going through; so does "
        "`dashctl publish phase phase=clean`."
    ),
    ticks=True,
    table=_table,
)
