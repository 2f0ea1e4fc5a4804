"""Stack where there is room: producers, broker and monitors beside each other, with wires between them.

Rule: what does not fit is summed up.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from dashctl.events import BusStats, DoorStats, ProducerStats
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Row, Run, beside, fit
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, ALERT, FAINT, HEADING, MUTED, TEXT, WARNING
from dashctl_tui.plots.text import clip
from dashctl_tui.plots.wiring import Wire, draw_wires
from dashctl_tui.scenes.hosts.measures import in_bytes
from dashctl_tui.scenes.layout import PANEL_ROWS, panel, shares
from dashctl_tui.scenes.scene import Picture, Scrolled, Viewport
from dashctl_tui.scenes.stack.broker import TALL_BOX, broker_box, facts_of, journal_box, upstream_box
from dashctl_tui.scenes.stack.view import Node, Stack
from dashctl_tui.scenes.stack.wording import flowing, in_seconds, joined, mark, sent_to

_BOX: Final = 3
_ID: Final = 8


def draw_side_by_side(view: Stack, viewport: Viewport[Scrolled]) -> Picture:
    width, height = viewport.width, viewport.height
    wire = min(28, max(16, width // 7))
    left, middle, right = shares(width - 2 * wire, [34, 38, 28], gap=0)
    tall = len(view.nodes) * TALL_BOX <= height
    each = TALL_BOX if tall else _BOX
    fitting = len(view.nodes) if len(view.nodes) * each <= height else max(1, height // each - 1)
    scrollable = len(view.nodes) - fitting
    first = min(viewport.look.scroll, scrollable)
    shown = view.nodes[first : first + fitting]
    boxes = [_producer_box(node, left, each) for node in shown]
    rest = [node for node in view.nodes if node not in shown]
    if rest and height > each:
        boxes.append(_rest_box(rest, left, _BOX))
    if not boxes:
        boxes = [panel("No producer", lambda w, h: [Row.of(("none was heard", MUTED))], left, _BOX)]
    producers, places = _column(boxes, left, height)
    wires = [
        Wire(row, _edge(node), node.ink, cut=bool(node.stats.ended))
        for node, row in zip(shown, places, strict=False)
    ]
    if rest and height > each:
        wires.append(Wire(places[-1], in_seconds(sum(node.stats.rate for node in rest)), MUTED))
    broker, hub = _broker_column(view, viewport.now, middle, height)
    watching, doors = _column([_door_box(view.stats, door, right) for door in view.doors], right, height)
    flows = [
        Wire(row, sent_to(view.stats, door), flowing(view.stats.rate_out))
        for door, row in zip(view.doors, doors, strict=False)
    ]
    rows = beside(
        producers,
        draw_wires(wires, hub, wire, height, flowing(view.stats.rate), inwards=True),
        broker,
        draw_wires(flows, hub, wire, height, flowing(view.stats.rate_out), inwards=False),
        watching,
    )
    return Picture(fit(rows, width, height), scrollable)


def _column(boxes: Sequence[list[Row]], width: int, height: int) -> tuple[list[Row], list[int]]:
    """Boxes below each other in the middle of a column, and the middle row of each."""
    free = max(0, height - sum(map(len, boxes)))
    gap = min(1, free // (len(boxes) + 1))
    rows = [Row.blank(width)] * max(0, (free - gap * (len(boxes) - 1)) // 2)
    places = []
    for box in boxes:
        places.append(min(height - 1, len(rows) + (len(box) - 1) // 2))
        rows += [*box, *[Row.blank(width)] * gap]
    return fit(rows, width, height), places


def _producer_box(node: Node, width: int, height: int) -> list[Row]:
    lines = list(_producer_lines(node))
    ink = HEADING if node.state in {"", "silent"} else MUTED
    title = f"{mark(node)} {clip(node.name or 'no run', max(1, width - 8))}"
    note = node.word
    return panel(
        title, lambda w, h: [joined(runs, w) for runs in lines], width, height, note=note, heading=ink
    )


def _producer_lines(node: Node) -> Iterator[list[Run]]:
    stats = node.stats
    from_ = [(f"{node.host}  ", TEXT)] if node.host else []
    who = [(f"as {stats.user}  ", ACCENT)] if stats.user else []
    yield [*from_, *who, (f"{compact(stats.events)} event{'s' * (stats.events != 1)}", MUTED), *_lost(stats)]
    yield [(stats.run if stats.run != node.name else "", MUTED), (f"  {stats.producer[:_ID]}", FAINT)]


def _lost(stats: ProducerStats) -> list[Run]:
    return [(f", {stats.lost:,} lost", ALERT)] if stats.lost else []


def _rest_box(rest: Sequence[Node], width: int, height: int) -> list[Row]:
    silent = sum(node.state == "silent" for node in rest)
    ended = sum(bool(node.stats.ended) for node in rest)
    words = [f"{compact(sum(node.stats.events for node in rest))} events"]
    words += [f"{silent} silent"] if silent else []
    words += [f"{ended} ended"] if ended else []
    return panel(
        f"+{len(rest)} more", lambda w, h: [Row.of((", ".join(words), MUTED))], width, height, heading=MUTED
    )


def _edge(node: Node) -> str:
    return node.state if node.stats.ended else in_seconds(node.stats.rate)


def _broker_column(view: Stack, now: float, width: int, height: int) -> tuple[list[Row], int]:
    """The broker, its journal and the broker upstream below each other; and the middle row of the first."""
    stats = view.stats
    facts = list(facts_of(stats, now))
    spark = 3 if height >= 26 else 2 if height >= 18 else 0
    broker = broker_box(view, facts, spark, width, min(height, len(facts) + spark + PANEL_ROWS))
    boxes = [broker]
    for below in (journal_box(stats, width), upstream_box(stats, width)):
        if below and sum(map(len, boxes)) + len(below) + 2 <= height:
            boxes += [_arrow_down(stats, width), below]
    # The broker stands in the middle, where the wires come from both sides, if there is room below.
    above = max(0, min(height - sum(map(len, boxes)), (height - len(broker)) // 2))
    rows = [Row.blank(width)] * above + [row for box in boxes for row in box]
    return fit(rows, width, height), above + (len(broker) - 1) // 2


def _arrow_down(stats: BusStats, width: int) -> list[Row]:
    return [Row.blank(width // 2) + Row.of((glyphs.ARROW_DOWN, flowing(stats.rate))).fit(width - width // 2)]


def _door_box(stats: BusStats, door: DoorStats, width: int) -> list[Row]:
    lines: list[list[Run]] = [[(door.address, MUTED)]] if door.address else []
    each: list[Run] = [(f"{in_bytes(stats.bytes_in)}/s", TEXT), (" to each", MUTED)]
    lines.append(each if door.monitors else [("nobody is watching", MUTED)])
    if stats.slow:
        lines.append([(f"{stats.slow:,} slow in the last minute", WARNING)])
    title = f"{door.monitors:,} monitor{'s' * (door.monitors != 1)}" if door.monitors else "No monitor"
    return panel(title, lambda w, h: [joined(line, w) for line in lines], width, len(lines) + PANEL_ROWS)
