"""The broker of the scene Stack, its journal and the broker upstream.

Rules: what was lost, waits or is not safe on disk stands out, and what is zero does not; a broker that is
late says by how much.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from dashctl.events import BusStats
from dashctl_tui.plots.canvas import Row, Run
from dashctl_tui.plots.palette import ACCENT, ALERT, GOOD, HEADING, MUTED, TEXT, WARNING
from dashctl_tui.plots.sparkline import draw_sparkline
from dashctl_tui.plots.text import fill
from dashctl_tui.scenes.hosts.measures import about_bytes, in_bytes
from dashctl_tui.scenes.layout import panel
from dashctl_tui.scenes.moments import roughly
from dashctl_tui.scenes.prose import paragraph
from dashctl_tui.scenes.stack.view import Stack
from dashctl_tui.scenes.stack.wording import in_seconds, joined

TALL_BOX: Final = 4
_LATE: Final = 3.0
"""Seconds after which the broker, which tells every second, is late."""
_LABEL: Final = 10


def broker_box(
    view: Stack, facts: Sequence[tuple[str, list[Run]]], spark: int, width: int, height: int
) -> list[Row]:
    late = view.late
    title = f"Broker, late by {roughly(late)}" if late > _LATE else "Broker"

    def content(inner: int, rows: int) -> list[Row]:
        lines = [_fact(label, runs, inner) for label, runs in facts]
        curve = draw_sparkline(view.rates[-inner:], inner, spark, ACCENT, stretch=False) if spark else []
        return [*curve, *lines]

    return panel(title, content, width, height, heading=ALERT if late > _LATE else HEADING)


def facts_of(stats: BusStats, now: float) -> Iterator[tuple[str, list[Run]]]:
    yield "in", [(in_seconds(stats.rate), TEXT), (f"  {in_bytes(stats.bytes_in)}/s", MUTED)]
    yield "out", [(in_seconds(stats.rate_out), TEXT), (f"  {in_bytes(stats.bytes_out)}/s", MUTED)]
    vanished: list[Run] = [(f", {stats.vanished:,} vanished", WARNING)] if stats.vanished else []
    yield "producers", [(f"{stats.producers:,}", TEXT), (" heard", MUTED), *vanished]
    yield "lost", [(f"{stats.lost:,}", ALERT if stats.lost else TEXT), (" events", MUTED)]
    yield "waiting", _waiting(stats)
    yield "services", [(", ".join(stats.services), ACCENT) if stats.services else ("none", MUTED)]
    yield "up", [(roughly(now - stats.started), TEXT)]


def _fact(label: str, runs: Sequence[Run], width: int) -> Row:
    return (Row.of((fill(label, min(_LABEL, width)), MUTED)) + joined(runs, width - _LABEL)).fit(width)


def _waiting(stats: BusStats) -> list[Run]:
    """The fullest queue, and nothing where none has more than a moment's traffic."""
    passing = {True: stats.bytes_in + 1e6, False: stats.rate + 1_000}
    waiting = {name: count for name, count in stats.queues.items() if count > passing[name.endswith("bytes")]}
    if not waiting:
        return [("nothing", MUTED)]
    name = max(waiting, key=lambda each: waiting[each])
    count = in_bytes(waiting[name]) if name.endswith("bytes") else f"{waiting[name]:,}"
    return [(count, TEXT), (f" in {name.removesuffix(' bytes')}", MUTED)]


def journal_box(stats: BusStats, width: int) -> list[Row]:
    journal = stats.journal
    if journal is None:
        return []
    safe: Run = ("durable", GOOD) if journal.durable else ("NOT durable", ALERT)
    lag: list[Run] = [(f", lag {roughly(journal.lag)}", WARNING)] if journal.lag >= 1 else []
    size = f"{about_bytes(journal.bytes)} in {journal.segments:,} segment{'s' * (journal.segments != 1)}"
    lines: list[list[Run]] = [[safe, *lag], [(size, MUTED)]]
    ink = HEADING if journal.durable else ALERT
    return panel("Journal", lambda w, h: [joined(line, w) for line in lines], width, TALL_BOX, heading=ink)


def journal_fact(stats: BusStats) -> list[Run]:
    if stats.journal is None:
        return []
    safe: Run = ("durable", GOOD) if stats.journal.durable else ("NOT durable", ALERT)
    return [safe, (f"  {about_bytes(stats.journal.bytes)}", MUTED)]


def upstream_box(stats: BusStats, width: int) -> list[Row]:
    if not stats.upstream:
        return []
    return panel("Upstream", lambda w, h: paragraph(stats.upstream, w, TEXT), width, TALL_BOX)
