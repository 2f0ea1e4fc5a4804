"""DB: what the episode store holds, how balanced its classes are, and how fast it grows.

Rules: totals are those that were told last, or, where none were told or a filter leaves a part, counted from
the episodes that are known; an episode was written when its recording ended, so that a set that was recorded
long ago and is told at once makes no burst.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Final

import msgspec
import numpy as np

from dashctl.events import Episode, Snapshot, Stamped
from dashctl.phases import PHASES, Phase
from dashctl.state import State
from dashctl_tui.plots.canvas import Row, Run, beside, fit
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, GOOD, HEADING, MUTED, TEXT, phase_ink
from dashctl_tui.plots.sparkline import draw_sparkline
from dashctl_tui.plots.text import clip
from dashctl_tui.scenes.counts import Counted, counts_panel, draw_counts, ranked
from dashctl_tui.scenes.episodes import episode_rows, newest_panel, written
from dashctl_tui.scenes.hosts.measures import in_bytes
from dashctl_tui.scenes.layout import PANEL_ROWS, panel, shares
from dashctl_tui.scenes.moments import age, when
from dashctl_tui.scenes.scene import Picture, Scene, Scrolled, Table, Viewport

_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR
_LABEL: Final = 10
_BALANCE_ROWS: Final = len(PHASES) + PANEL_ROWS


class Totals(msgspec.Struct, frozen=True):
    """Counts over the store; None for what is not known."""

    episodes: int
    windows: int
    hosts: Mapping[str, int]
    phases: Mapping[Phase, int]
    profiles: Mapping[str, int]
    bytes: int | None


@dataclass(frozen=True)
class Store:
    """The totals, and the episodes that are known, newest first."""

    totals: Totals
    counted: bool
    """Whether the totals were counted from the episodes."""
    episodes: tuple[Stamped[Episode], ...]

    @cached_property
    def written(self) -> tuple[float, ...]:
        """When each episode's recording ended, seconds since 1970, oldest first."""
        return tuple(sorted(map(written, self.episodes)))


class Growth(msgspec.Struct, frozen=True):
    """What was written in the last hour, per episode an hour, window a minute, byte a second."""

    episodes: float
    windows: float
    bytes: float | None


def _select(state: State, viewport: Viewport[Scrolled]) -> Store | None:
    known = state.latest(Episode).values()
    episodes = tuple(
        sorted(
            (
                item
                for item in known
                if viewport.shows(item.event.episode_id, item.event.profile, item.event.host)
            ),
            key=written,
            reverse=True,
        )
    )
    newest = max(state.latest(Snapshot).values(), key=lambda item: item.time, default=None)
    if newest is not None and not viewport.filter:
        return Store(_told(newest.event), False, episodes)
    return Store(_counted(episodes), True, episodes) if episodes else None


def _told(snapshot: Snapshot) -> Totals:
    return Totals(
        snapshot.episodes or 0,
        snapshot.windows or 0,
        snapshot.hosts or {},
        snapshot.phases or {},
        snapshot.profiles or {},
        snapshot.bytes,
    )


def _counted(episodes: Sequence[Stamped[Episode]]) -> Totals:
    events = [item.event for item in episodes]
    phases = Counter(phase for event in events for phase in event.phases or ())
    return Totals(
        len(events),
        phases.total(),
        Counter(event.host for event in events if event.host),
        phases,
        Counter(event.profile for event in events if event.profile),
        None,
    )


def growth(store: Store, now: float) -> Growth:
    """What was written in the hour before `now`; bytes are those of the store's mean episode."""
    recent = [item.event for item in store.episodes if 0 <= now - written(item) < _HOUR]
    windows = sum(len(event.phases or ()) for event in recent)
    size = store.totals.bytes
    mean = size / store.totals.episodes if size is not None and store.totals.episodes else None
    return Growth(len(recent), windows / 60, None if mean is None else mean * len(recent) / _HOUR)


def _draw(view: Store, viewport: Viewport[Scrolled]) -> Picture:
    width, height = viewport.width, viewport.height
    blocks = [_balance(view, viewport), _where(view, viewport), _throughput(view, viewport)]
    rows: list[Row] = _facts(view, viewport) if height >= 8 else []
    least = min(len(view.episodes), 4) + PANEL_ROWS
    for block in blocks:
        if len(rows) + len(block) + least <= height:
            rows += block
    newest, scrollable = newest_panel(view.episodes, viewport, height - len(rows))
    return Picture(fit([*rows, *newest], width, height), scrollable)


def _facts(view: Store, viewport: Viewport[Scrolled]) -> list[Row]:
    """The totals side by side."""
    tiles = list(_tiles(view))
    note = "of what the filter leaves" if viewport.filter else "counted here" if view.counted else ""
    across = max(1, min(len(tiles), (viewport.width - 4) // 16))
    lines = [tiles[start : start + across] for start in range(0, len(tiles), across)][:2]

    def content(width: int, rows: int) -> list[Row]:
        sizes = shares(width, [1] * across)
        return [
            Row.join(run for tile, size in zip(line, sizes, strict=False) for run in _tile(tile, size).runs)
            for line in lines
        ]

    return panel("Episode store", content, viewport.width, len(lines) + PANEL_ROWS, note=note)


def _tiles(view: Store) -> Iterator[tuple[str, str]]:
    totals = view.totals
    yield f"{totals.episodes:,}", "episodes"
    yield f"{totals.windows:,}", "windows"
    if totals.bytes is not None:
        yield in_bytes(totals.bytes), "on disk"
        if totals.episodes:
            yield in_bytes(totals.bytes / totals.episodes), "an episode"
    yield f"{len(totals.profiles):,}", f"profile{'s' * (len(totals.profiles) != 1)}"
    yield f"{len(totals.hosts):,}", f"host{'s' * (len(totals.hosts) != 1)}"


def _tile(tile: tuple[str, str], width: int) -> Row:
    number, label = tile
    return Row.of((clip(number, width), HEADING), (f" {label}", MUTED)).fit(width + 1)


def _balance(view: Store, viewport: Viewport[Scrolled]) -> list[Row]:
    """Windows per phase, as bars with percentages."""
    items = [Counted(phase, view.totals.phases.get(phase, 0), phase_ink(phase)) for phase in PHASES]
    seen = [item.number for item in items if item.number]
    note = f"largest is {max(seen) / min(seen):.1f} × the smallest" if len(seen) > 1 else ""
    missing = [item.name for item in items if not item.number]
    if missing and seen:
        note = f"none of {', '.join(missing)}"
    return panel(
        "Class balance, windows",
        lambda w, h: draw_counts(items, w, h, percent=True),
        viewport.width,
        _BALANCE_ROWS,
        note=note,
    )


def _where(view: Store, viewport: Viewport[Scrolled]) -> list[Row]:
    parts = (
        ("Episodes by profile", ranked(view.totals.profiles)),
        ("Episodes by host", ranked(view.totals.hosts, GOOD)),
    )
    most = 4 if viewport.height < 30 else 8
    lines = min(most, max(1, *(len(items) for _, items in parts)))
    left, right = (
        counts_panel(title, items, size, lines + PANEL_ROWS)
        for (title, items), size in zip(parts, shares(viewport.width, [1, 1]), strict=True)
    )
    return beside(left, right, gap=1)


def _throughput(view: Store, viewport: Viewport[Scrolled]) -> list[Row]:
    """What the last hour brought, over when the episodes were written."""
    if not view.written:
        return []
    now, tall = viewport.now, viewport.height >= 30
    high = 3 if tall else 1

    def content(width: int, rows: int) -> list[Row]:
        words = Row.join(_growing(view, now)).fit(width)
        counts, _ = np.histogram(view.written, bins=width, range=_span(view.written, now, width))
        return [words, *draw_sparkline(counts, width, high, ACCENT)]

    return panel(
        "Throughput", content, viewport.width, high + 1 + PANEL_ROWS, note=_spanned(view.written, now)
    )


def _is_recent(written: Sequence[float], now: float) -> bool:
    return 0 <= now - written[-1] < _DAY


def _span(written: Sequence[float], now: float, bins: int) -> tuple[float, float]:
    """The last day, or, if nothing was written in it, all the time in which anything was.

    A day ends where a bin does: it would move with every second otherwise.
    """
    if not _is_recent(written, now):
        return written[0], max(written[-1], written[0] + 1)
    stop = ceil(now / _DAY * bins) * _DAY / bins
    return stop - _DAY, stop


def _spanned(written: Sequence[float], now: float) -> str:
    if _is_recent(written, now):
        return "written in the last 24 hours"
    return f"written from {when(written[0], now)} to {when(written[-1], now)}"


def _growing(view: Store, now: float) -> Iterator[Run]:
    last = age(view.written[-1], now)
    grown = growth(view, now)
    if not grown.episodes:
        yield "nothing in the last hour", MUTED
        yield f", the last {last}", MUTED
        return
    yield f"{compact(grown.episodes)}", TEXT
    yield f" episode{'s' * (grown.episodes != 1)} an hour   ", MUTED
    yield f"{compact(grown.windows)}", TEXT
    yield " windows a minute   ", MUTED
    if grown.bytes is not None:
        yield f"{in_bytes(grown.bytes)}", TEXT
        yield " a second   ", MUTED
    yield f"last {last}", MUTED


def _table(view: Store, viewport: Viewport[Scrolled]) -> Table:
    return episode_rows(view.episodes)


SCENE = Scene(
    name="db",
    title="DB",
    key="5",
    draws=(Snapshot, Episode),
    select=_select,
    draw=_draw,
    empty="The store of episodes is empty, or nobody told of it",
    remedy=(
        "`dashctl collect` records episodes and tells how many there are; `dashctl train detector` tells "
        "what it trains on, which is the set that comes with dashctl if there is no other."
    ),
    ticks=True,
    table=_table,
)
