"""Stack in few columns: producers, broker and monitors below each other, a line for each.

Rule: what does not fit is summed up.
"""

from typing import Final

from dashctl.events import BusStats, DoorStats
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Row, Run, fit
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ALERT, MUTED, TEXT, WARNING, name_ink
from dashctl_tui.plots.text import clip, fill, fill_left, inert
from dashctl_tui.scenes.hosts.measures import in_bytes
from dashctl_tui.scenes.layout import PANEL_ROWS, panel, seen, spread
from dashctl_tui.scenes.scene import Picture, Scrolled, Viewport
from dashctl_tui.scenes.stack.broker import broker_box, facts_of, journal_fact
from dashctl_tui.scenes.stack.view import Node, Stack
from dashctl_tui.scenes.stack.wording import flowing, in_seconds, joined, mark

_LEAST_PRODUCERS: Final = 3


def draw_one_column(view: Stack, viewport: Viewport[Scrolled]) -> Picture:
    width, height = viewport.width, viewport.height
    stats = view.stats
    doors = [_door_line(stats, door) for door in view.doors][: max(1, height // 8)]
    monitors = panel(
        "Monitors", lambda w, h: [joined(line, w) for line in doors], width, len(doors) + PANEL_ROWS
    )
    facts = list(facts_of(stats, viewport.now))
    journal = journal_fact(stats)
    facts[4:4] = [("journal", journal)] if journal else []
    producers_need = max(_LEAST_PRODUCERS, min(len(view.nodes) + PANEL_ROWS, height // 3))
    lines = max(1, min(len(facts), height - len(monitors) - 2 - producers_need - PANEL_ROWS))
    broker = broker_box(view, facts[:lines], 0, width, lines + PANEL_ROWS)
    room = max(1, height - len(monitors) - len(broker) - 2)
    fitting = max(1, room - PANEL_ROWS)
    if len(view.nodes) > fitting > 1:
        fitting -= 1
    scrollable = max(0, len(view.nodes) - fitting)
    first = min(viewport.look.scroll, scrollable)
    producers = _producer_list(view, first, fitting, width, room)
    rows = [
        *producers,
        _arrow_between(f"{in_seconds(stats.rate)}  {in_bytes(stats.bytes_in)}/s", stats.rate, width),
        *broker,
        _arrow_between(f"{in_seconds(stats.rate_out)}  {in_bytes(stats.bytes_out)}/s", stats.rate_out, width),
        *monitors,
    ]
    return Picture(fit(rows, width, height), scrollable)


def _door_line(stats: BusStats, door: DoorStats) -> list[Run]:
    slow: list[Run] = [(f", {stats.slow:,} slow", WARNING)] if stats.slow else []
    return [(f"{door.monitors:,}", TEXT), (f"  {door.address or 'connected'}", MUTED), *slow]


def _arrow_between(label: str, rate: float, width: int) -> Row:
    return Row.of("    ", (glyphs.ARROW_DOWN, flowing(rate)), (f"  {label}", TEXT)).fit(width)


def _producer_list(view: Stack, first: int, fitting: int, width: int, height: int) -> list[Row]:
    shown = view.nodes[first : first + fitting]
    rest = [node for node in view.nodes if node not in shown]
    names = min(max((len(inert(node.name)) for node in shown), default=6), max(6, width // 3))

    def content(inner: int, rows: int) -> list[Row]:
        lines = [_producer_line(node, names, inner) for node in shown]
        if rest and len(lines) < rows:
            total = in_seconds(sum(node.stats.rate for node in rest))
            lines.append(Row.of((f"+{len(rest)} more, {total}", MUTED)))
        return lines or [Row.of(("none was heard", MUTED))]

    rows = min(height, max(1, len(shown) + bool(rest)) + PANEL_ROWS)
    return panel("Producers", content, width, rows, note=seen(first, len(shown), len(view.nodes)))


def _producer_line(node: Node, names: int, width: int) -> Row:
    left = Row.of(
        (f"{mark(node)} ", node.ink), (fill(node.name or "no run", names), name_ink(node.stats.run))
    )
    left += Row.of(
        (f"  {clip(node.host, 20)}", MUTED),
        (f"  {node.word}" if node.word else "", node.ink if node.state else ALERT),
    )
    right = Row.of(
        (fill_left(in_seconds(node.stats.rate), 9), TEXT), (fill_left(compact(node.stats.events), 8), MUTED)
    )
    return spread(left, right, width)
