"""Bus: how the broker is doing, as it says itself once a second.

Rules: what was lost, refused or is not safe on disk stands out and what is zero does not; figures that the
broker told long ago say how long; the filter chooses among producers; what this terminal is sent is told too.
"""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from dashctl.events import BusStats, JournalStats, ProducerStats, Stamped
from dashctl.state import State
from dashctl_tui.budgets import most_a_second
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, Run, beside, fit
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
    name_ink,
)
from dashctl_tui.plots.sparkline import draw_sparkline
from dashctl_tui.plots.table import Column, draw_table
from dashctl_tui.plots.text import clip, fill, fill_left
from dashctl_tui.scenes.hosts.measures import about_bytes, in_bytes
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS, panel, seen, shares
from dashctl_tui.scenes.meter import meter
from dashctl_tui.scenes.moments import brief, roughly, when
from dashctl_tui.scenes.run_views import configs_of
from dashctl_tui.scenes.scene import Picture, Scene, Scrolled, Table, Viewport
from dashctl_tui.scenes.viewport import ScreenStats

_OLD = 3.0
"""Seconds after which the broker, which tells every second, is late."""
_SILENT = 10.0
_LAG = 0.1
"""Seconds of the journal's lag that are worth a word: until then it is what syncing takes."""
_TALLER = 6
_FACTS = 9
"""Lines of the broker's panel at least; the rest are further addresses."""
_LEAST_BELOW = 3
"""Lines of the panels in the middle at least."""
_AROUND = PANEL_ROWS + 1
"""Rows of the table that are no producer: frame and heading."""
_LEAST_PRODUCERS = _AROUND + 2
_LABEL = 10
_KIB = 1024
_RATE = 9
_ID = 8
_COLUMNS = (
    Column("run"),
    Column("producer"),
    Column("events/s", "right"),
    Column("events", "right"),
    Column("lost", "right"),
    Column("silent"),
)


class Bus(msgspec.Struct, frozen=True):
    """What the broker told, oldest first, and the producers that the filter leaves, busiest first."""

    history: tuple[Stamped[BusStats], ...]
    producers: tuple[ProducerStats, ...]

    @property
    def told(self) -> float:
        """When the newest was told."""
        return self.history[-1].time

    @property
    def newest(self) -> BusStats:
        return self.history[-1].event


def _select(state: State, viewport: Viewport[Scrolled]) -> Bus | None:
    history = tuple(state.last(BusStats).get((), ()))
    if not history:
        return None
    configs = configs_of(state)
    found = [
        one
        for one in history[-1].event.by_producer
        if viewport.shows(one.run, one.producer, config=configs.get(one.run))
    ]
    if viewport.filter and not found:
        return None
    return Bus(history, tuple(sorted(found, key=lambda one: (-one.rate, -one.events, one.producer))))


def _draw(view: Bus, viewport: Viewport[Scrolled]) -> Picture:
    width, height = viewport.width, viewport.height
    top, middle = _rows_above(view, height)
    rows: list[Row] = []
    if top:
        rows += _top(view, viewport, top)
    if middle:
        rows += _middle(view.newest, viewport, middle)
    if not top and height >= _LEAST_PRODUCERS + 1:
        rows += _in_short(view, viewport, min(2, height - _LEAST_PRODUCERS))
    left = height - len(rows)
    scrollable = max(0, len(view.producers) - max(1, left - _AROUND))
    rows += _producers(view, min(viewport.look.scroll, scrollable), viewport, left)
    return Picture(fit(rows, width, height), scrollable)


def _rows_above(view: Bus, height: int) -> tuple[int, int]:
    """Rows of the two lines of panels above the producers; 0 for one that there is no room for."""
    stats = view.newest
    facts = _FACTS + max(0, len(stats.listening) - 1) + PANEL_ROWS
    listed = max(_LEAST_BELOW, len(stats.queues), len(stats.rejected)) + PANEL_ROWS
    producers = max(_LEAST_PRODUCERS, min(len(view.producers) + _AROUND, height // 3))
    if height < _FACTS + PANEL_ROWS + _LEAST_PRODUCERS:
        return 0, 0
    # The curves take what the lists leave, up to a height at which they say no more.
    spare = height - producers - listed - facts
    top = facts + min(max(0, spare), _TALLER) if spare >= 0 else max(_FACTS + PANEL_ROWS, facts + spare)
    middle = min(listed, height - top - producers)
    return top, middle if middle >= _LEAST_BELOW + PANEL_ROWS else 0


# Above: traffic and the broker itself


def _in_short(view: Bus, viewport: Viewport[Scrolled], rows: int) -> list[Row]:
    """The broker in a line or two, where there is no room for its panels."""
    stats, late = view.newest, viewport.now - view.told
    traffic: list[Run] = [
        ("in ", MUTED),
        (f"{compact(round(stats.rate, 1))}/s", TEXT),
        ("  out ", MUTED),
        (f"{compact(round(stats.rate_out, 1))}/s", TEXT),
        (f"  {stats.producers:,} producers, {stats.monitors:,} monitors", MUTED),
    ]
    if late > _OLD:
        traffic.insert(0, (f"last heard {roughly(late)} ago  ", ALERT))
    refused = sum(stats.rejected.values())
    state: list[Run] = [
        ("lost ", MUTED),
        (f"{stats.lost:,}", ALERT if stats.lost else TEXT),
        ("  rejected ", MUTED),
        (compact(refused), WARNING if refused else TEXT),
        ("  journal ", MUTED),
        _safety(stats.journal),
    ]
    return [Row.of(" ") + Row.join(line).cut(0, viewport.width - 1) for line in (traffic, state)[:rows]]


def _safety(journal: JournalStats | None) -> Run:
    if journal is None:
        return "none", MUTED
    return ("durable", GOOD) if journal.durable else ("NOT durable", ALERT)


def _top(view: Bus, viewport: Viewport[Scrolled], rows: int) -> list[Row]:
    left, right = shares(viewport.width, [36, 50] if viewport.narrow else [54, 50])
    late = viewport.now - view.told
    title = f"Broker, last heard {roughly(late)} ago" if late > _OLD else "Broker"
    facts = list(_facts(view.newest, viewport))
    return beside(
        _traffic(view, left, rows),
        panel(
            title,
            lambda w, h: [_fact(label, runs, w) for label, runs in facts[:h]],
            right,
            rows,
            heading=ALERT if late > _OLD else HEADING,
        ),
        gap=1,
    )


def _traffic(view: Bus, width: int, rows: int) -> list[Row]:
    room = max(1, width - PANEL_COLUMNS - _RATE - 4)
    shown = view.history

    def content(inner: int, height: int) -> list[Row]:
        each = max(1, (height - 1) // 2)
        coming = _rate("in", [item.event.rate for item in shown], room, each, ACCENT)
        going = _rate("out", [item.event.rate_out for item in shown], room, each, GOOD)
        between = [Row.blank(inner)] if height > 2 * each else []
        return [*coming, *between, *going]

    covered = f"last {roughly(shown[-1].time - shown[0].time)}"
    return panel("Events a second", content, width, rows, note=covered)


def _rate(label: str, values: Sequence[float], width: int, height: int, ink: Ink) -> list[Row]:
    words = [
        Row.of((fill(label, 4), MUTED), (fill_left(compact(round(values[-1], 1)), _RATE - 2), TEXT), "  ")
    ]
    if height > 1:
        words.append(Row.of((fill_left(f"peak {compact(max(values))}", _RATE + 2) + "  ", FAINT)))
    curve = draw_sparkline(np.array(values), width, height, ink, stretch=False)
    return fit(beside(fit(words, _RATE + 4, height), curve), _RATE + 4 + width, height)


def _facts(stats: BusStats, viewport: Viewport[Scrolled]) -> Iterator[tuple[str, list[Run]]]:
    now = viewport.now
    yield "up", [(roughly(now - stats.started), TEXT), (f"  since {when(stats.started, now)}", MUTED)]
    yield "events", [(f"{stats.events:,}", TEXT), (f" in {compact(stats.frames)} frames", MUTED)]
    yield "monitors", [(f"{stats.monitors:,}", TEXT), *_noted(stats.slow, "slow", WARNING)]
    yield (
        "producers",
        [
            (f"{stats.producers:,}", TEXT),
            (f" heard, {stats.connections:,} connected", MUTED),
            *_noted(stats.vanished, "vanished", WARNING),
        ],
    )
    yield (
        "lost",
        [
            (f"{stats.lost:,}", ALERT if stats.lost else TEXT),
            (" events", MUTED),
            *_noted(stats.duplicates, "came twice", MUTED),
        ],
    )
    yield "services", [(", ".join(stats.services), ACCENT) if stats.services else ("none", MUTED)]
    yield "screen", list(_screen(viewport.screen))
    yield "keys", list(_keys(viewport.screen))
    for number, address in enumerate(stats.listening):
        yield "" if number else "listening", [(address, TEXT)]


def _screen(stats: ScreenStats) -> Iterator[Run]:
    """What goes to this terminal, of what the dearest scene may send."""
    if not stats.interval:
        yield "none", MUTED
        return
    most = f" of {most_a_second(stats.interval) / _KIB:,.0f}"
    if stats.bytes_a_second < _KIB:
        # To tell this line's own bytes would send some each second, for ever.
        yield "under 1 KiB/s", TEXT
        yield most, MUTED
    else:
        yield f"{stats.bytes_a_second / _KIB:,.1f} KiB/s", TEXT
        yield most, MUTED
        yield f", {stats.frames_a_second:.0f} fps", TEXT
    if stats.slow:
        yield ", slow", WARNING


def _keys(stats: ScreenStats) -> Iterator[Run]:
    """How long a key takes until its picture is out."""
    if stats.latency is None:
        yield "none yet", MUTED
        return
    yield f"{stats.latency * 1e3:.0f} ms", TEXT
    yield " to their picture", MUTED


def _noted(count: int, words: str, ink: Ink) -> list[Run]:
    return [(f", {count:,} {words}", ink)] if count else []


def _fact(label: str, runs: Sequence[Run], width: int) -> Row:
    row, room = Row.of((fill(label, _LABEL), MUTED)), width - _LABEL
    for text, ink in runs:
        shown = clip(text, max(0, room))
        row += Row.of((shown, ink))
        room = width - row.width
    return row.fit(width)


# In the middle: journal, queues, refusals


def _middle(stats: BusStats, viewport: Viewport[Scrolled], rows: int) -> list[Row]:
    journal, queues, rejected = shares(viewport.width, [1, 1, 1])
    unsafe = stats.journal is not None and not stats.journal.durable
    total = sum(stats.rejected.values())
    return beside(
        panel(
            "Journal, NOT durable" if unsafe else "Journal",
            lambda w, h: _journal(stats.journal, w, viewport.now),
            journal,
            rows,
            heading=ALERT if unsafe else HEADING,
        ),
        panel("Waiting", lambda w, h: _queues(stats, w, h), queues, rows),
        panel(
            f"Rejected, {compact(total)}" if total else "Rejected",
            lambda w, h: _rejected(stats, w, h),
            rejected,
            rows,
            heading=WARNING if total else HEADING,
        ),
        gap=1,
    )


def _journal(journal: JournalStats | None, width: int, now: float) -> list[Row]:
    if journal is None:
        return [Row.of(("none is kept", MUTED))]
    # The broker's own word makes it grow every second.
    on_disk = f"{about_bytes(journal.bytes)} in {journal.segments:,} segment{'s' * (journal.segments != 1)}"
    state = _safety(journal)
    lag = f", lag {brief(journal.lag)}" if journal.lag >= _LAG else ""
    return [
        Row.of((f"{glyphs.DOT} ", state[1]), (clip(state[0], width - 2), state[1]), (lag, MUTED)).fit(width),
        Row.of((clip(on_disk, width), TEXT)),
        Row.of((clip(f"from {when(journal.oldest, now)}", width), MUTED)),
    ]


def _queues(stats: BusStats, width: int, height: int) -> list[Row]:
    written = [
        (name.removesuffix(" bytes"), in_bytes(count) if name.endswith("bytes") else f"{count:,}", count)
        for name, count in stats.queues.items()
    ]
    value = max((len(text) for _, text, _ in written), default=0)
    lines = [
        Row.of(
            (fill(name, max(1, width - value - 1)) + " ", MUTED),
            (fill_left(text, value), TEXT if count else MUTED),
        )
        for name, text, count in written
    ]
    return _as_many(lines, height) or [Row.of(("nothing", MUTED))]


def _rejected(stats: BusStats, width: int, height: int) -> list[Row]:
    if not stats.rejected:
        return [Row.of(("nothing", MUTED))]
    ranked = sorted(stats.rejected.items(), key=lambda item: -item[1])
    most = ranked[0][1]
    names = max(1, min(max(len(name) for name, _ in ranked), width // 2))
    value = max(len(compact(count)) for _, count in ranked)

    def line(name: str, count: int) -> Row:
        room = max(0, width - names - value - 2)
        bar = meter(count / max(1, most), room, WARNING)
        return Row.of((fill(name, names) + " ", TEXT)) + bar + Row.of((f" {compact(count):>{value}}", TEXT))

    return _as_many([line(name, count) for name, count in ranked], height)


def _as_many(lines: Sequence[Row], height: int) -> list[Row]:
    """The lines, or those that fit and how many more there are."""
    if len(lines) <= height:
        return list(lines)
    rest = len(lines) - height + 1
    return [*lines[: height - 1], Row.of((f"{glyphs.ELLIPSIS} {rest} more", MUTED))]


# Below: who publishes


def _producers(view: Bus, first: int, viewport: Viewport[Scrolled], rows: int) -> list[Row]:
    late = max(0.0, viewport.now - view.told)
    cells = [_cells(one, late) for one in view.producers[first : first + max(1, rows - _AROUND)]]

    def content(width: int, height: int) -> list[Row]:
        return draw_table(_COLUMNS, cells, width, height) if cells else [Row.of(("none yet", MUTED))]

    part = seen(first, len(cells), len(view.producers))
    return panel("Producers, busiest first", content, viewport.width, rows, note=part)


def _cells(one: ProducerStats, late: float) -> list[str | Run]:
    silent = one.silent + late
    return [
        (clip(one.run, 40), name_ink(one.run)) if one.run else ("no run", FAINT),
        (clip(one.name, 20) or one.producer[:_ID], MUTED),
        compact(round(one.rate, 1)),
        f"{one.events:,}",
        (f"{one.lost:,}", ALERT if one.lost else MUTED),
        _silence(one, silent),
    ]


def _silence(one: ProducerStats, seconds: float) -> Run:
    if one.ended:
        return f"{one.ended} {roughly(seconds)} ago", FAINT if one.ended == "left" else ALERT
    return (roughly(seconds), WARNING) if seconds > _SILENT else ("", MUTED)


def _table(view: Bus, viewport: Viewport[Scrolled]) -> Table:
    """The broker's rates second by second, then the producers as they stand."""
    heading = (
        "what",
        "time",
        "run",
        "producer",
        "in_per_second",
        "out_per_second",
        "events",
        "lost",
        "silent",
    )
    rows: list[Sequence[str | int | float | None]] = [heading]
    for item in view.history:
        stats = item.event
        rows.append(("broker", item.time, "", "", stats.rate, stats.rate_out, stats.events, stats.lost, None))
    rows += [
        ("producer", view.told, one.run, one.producer, one.rate, None, one.events, one.lost, one.silent)
        for one in view.producers
    ]
    return rows


SCENE = Scene(
    name="bus",
    title="Bus",
    key="B",
    draws=(BusStats,),
    select=_select,
    draw=_draw,
    empty="The broker has told nothing of itself yet",
    remedy="A broker tells how it is doing once a second; `dashctl broker run` starts one by hand.",
    ticks=True,
    table=_table,
)
