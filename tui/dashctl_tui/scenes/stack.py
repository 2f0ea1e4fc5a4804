"""Stack: who publishes, the broker, and who watches, with what runs between them at this moment.

Rules: everything is what the broker told last, nothing is drawn that is not there; producers keep their
places while their rates change; who is silent, has left or has vanished is told apart in words, too;
what does not fit is summed up.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec

from dashctl.events import BusStats, DoorStats, ProducerStats, RunStarted, Scalar
from dashctl.state import State
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, Run, beside, fit
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, ALERT, FAINT, GOOD, HEADING, MUTED, TEXT, WARNING, name_ink
from dashctl_tui.plots.sparkline import draw_sparkline
from dashctl_tui.plots.text import clip, fill, fill_left, inert
from dashctl_tui.plots.wiring import Wire, draw_wires
from dashctl_tui.scenes.acts import SCROLLING, At, ShowScene, Taken
from dashctl_tui.scenes.hosts.measures import in_bytes
from dashctl_tui.scenes.layout import PANEL_ROWS, panel, seen, shares, spread
from dashctl_tui.scenes.moments import roughly
from dashctl_tui.scenes.prose import paragraph
from dashctl_tui.scenes.scene import Picture, Scene, Scrolled, Table, Viewport

_LATE: Final = 3.0
"""Seconds after which the broker, which tells every second, is late."""
_SILENT: Final = 10.0
_LEFT_SHOWN: Final = 60.0
"""Seconds for which a producer that left is shown."""
_VANISHED_SHOWN: Final = 900.0
_BOX: Final = 3
_TALL_BOX: Final = 4
_LABEL: Final = 10
_ID: Final = 8


class Node(msgspec.Struct, frozen=True):
    """A producer, and what its run said of the program."""

    stats: ProducerStats
    name: str
    host: str
    silent: float
    """Seconds since it was heard last."""
    config: Mapping[str, Scalar] | None = None
    """Of its run, if that told."""

    @property
    def state(self) -> str:
        if self.stats.ended:
            return self.stats.ended
        return "silent" if self.silent > _SILENT else ""

    @property
    def word(self) -> str:
        """How it is, if that is worth a word."""
        if not self.state:
            return f"{self.stats.lost:,} lost" if self.stats.lost else ""
        return f"{self.state} {roughly(self.silent)}{'' if self.state == 'silent' else ' ago'}"

    @property
    def ink(self) -> Ink:
        known = {"": ACCENT if self.stats.rate else MUTED, "silent": WARNING, "left": FAINT}
        return known.get(self.state, ALERT)


@dataclass(frozen=True)
class Stack:
    """What the broker told last, the rates before, and the producers that the filter leaves.

    late: seconds since the broker told anything.
    """

    stats: BusStats
    late: float
    rates: tuple[float, ...]
    nodes: tuple[Node, ...]

    @cached_property
    def doors(self) -> tuple[DoorStats, ...]:
        """Where monitors are connected; a broker that names no doors has one without an address."""
        used = tuple(door for door in self.stats.doors if door.monitors)
        return used or (DoorStats("", self.stats.monitors, self.stats.connections),)


def _select(state: State, viewport: Viewport[Scrolled]) -> Stack | None:
    history = state.last(BusStats).get((), ())
    if not history:
        return None
    newest, told = history[-1].event, history[-1].time
    begun = {item.run: item.event for item in state.latest(RunStarted).values()}
    late = max(0.0, viewport.now - told)
    nodes = [_node(one, begun.get(one.run), one.silent + late) for one in newest.by_producer]
    shown = [node for node in nodes if _is_shown(node) and viewport.shows(*_names(node), config=node.config)]
    if viewport.filter and not shown:
        return None
    return Stack(newest, late, tuple(item.event.rate for item in history), tuple(sorted(shown, key=_place)))


def _node(one: ProducerStats, begun: RunStarted | None, silent: float) -> Node:
    name = (begun.name if begun else None) or one.run
    return Node(one, name, begun.host if begun else "", silent, begun.config if begun else None)


def _names(node: Node) -> tuple[str, ...]:
    return node.name, node.stats.run, node.stats.producer, node.host, node.stats.user


def _is_shown(node: Node) -> bool:
    if node.state == "left":
        return node.silent < _LEFT_SHOWN
    return node.state != "vanished" or node.silent < _VANISHED_SHOWN


def _place(node: Node) -> tuple[bool, str, str]:
    """Not by rate: boxes would change places all the time."""
    return bool(node.stats.ended), node.name.casefold(), node.stats.producer


def _draw(view: Stack, viewport: Viewport[Scrolled]) -> Picture:
    return _stacked(view, viewport) if viewport.narrow else _side_by_side(view, viewport)


# Side by side, from 100 columns on


def _side_by_side(view: Stack, viewport: Viewport[Scrolled]) -> Picture:
    width, height = viewport.width, viewport.height
    wire = min(28, max(16, width // 7))
    left, middle, right = shares(width - 2 * wire, [34, 38, 28], gap=0)
    tall = len(view.nodes) * _TALL_BOX <= height
    each = _TALL_BOX if tall else _BOX
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
        wires.append(Wire(places[-1], _rate(sum(node.stats.rate for node in rest)), MUTED))
    broker, hub = _broker_column(view, viewport.now, middle, height)
    watching, doors = _column([_door_box(view.stats, door, right) for door in view.doors], right, height)
    flows = [
        Wire(row, _out(view.stats, door), _flowing(view.stats.rate_out))
        for door, row in zip(view.doors, doors, strict=False)
    ]
    rows = beside(
        producers,
        draw_wires(wires, hub, wire, height, _flowing(view.stats.rate), inwards=True),
        broker,
        draw_wires(flows, hub, wire, height, _flowing(view.stats.rate_out), inwards=False),
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
    title = f"{_mark(node)} {clip(node.name or 'no run', max(1, width - 8))}"
    note = node.word
    return panel(
        title, lambda w, h: [_runs(runs, w) for runs in lines], width, height, note=note, heading=ink
    )


def _mark(node: Node) -> str:
    return (
        glyphs.MISMATCH
        if node.state == "vanished"
        else glyphs.DOT
        if not node.stats.ended
        else glyphs.UNKNOWN
    )


def _producer_lines(node: Node) -> Iterator[list[Run]]:
    stats = node.stats
    from_ = [(f"{node.host}  ", TEXT)] if node.host else []
    who = [(f"as {stats.user}  ", ACCENT)] if stats.user else []
    yield [*from_, *who, (f"{compact(stats.events)} events", MUTED), *_lost(stats)]
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
    return node.state if node.stats.ended else _rate(node.stats.rate)


def _rate(rate: float) -> str:
    return f"{compact(round(rate, 1))}/s"


def _flowing(rate: float) -> Ink:
    return ACCENT if rate else FAINT


def _out(stats: BusStats, door: DoorStats) -> str:
    """Each monitor is sent everything."""
    return _rate(stats.rate_out * door.monitors / max(1, stats.monitors))


def _broker_column(view: Stack, now: float, width: int, height: int) -> tuple[list[Row], int]:
    """The broker, its journal and the broker upstream below each other; and the middle row of the first."""
    stats = view.stats
    facts = list(_facts(stats, now))
    spark = 3 if height >= 26 else 2 if height >= 18 else 0
    broker = _broker_box(view, facts, spark, width, min(height, len(facts) + spark + PANEL_ROWS))
    boxes = [broker]
    for below in (_journal_box(stats, width), _upstream_box(stats, width)):
        if below and sum(map(len, boxes)) + len(below) + 2 <= height:
            boxes += [_arrow_down(stats, width), below]
    # The broker stands in the middle, where the wires come from both sides, if there is room below.
    above = max(0, min(height - sum(map(len, boxes)), (height - len(broker)) // 2))
    rows = [Row.blank(width)] * above + [row for box in boxes for row in box]
    return fit(rows, width, height), above + (len(broker) - 1) // 2


def _broker_box(
    view: Stack, facts: Sequence[tuple[str, list[Run]]], spark: int, width: int, height: int
) -> list[Row]:
    late = view.late
    title = f"Broker, late by {roughly(late)}" if late > _LATE else "Broker"

    def content(inner: int, rows: int) -> list[Row]:
        lines = [_fact(label, runs, inner) for label, runs in facts]
        curve = draw_sparkline(view.rates[-inner:], inner, spark, ACCENT, stretch=False) if spark else []
        return [*curve, *lines]

    return panel(title, content, width, height, heading=ALERT if late > _LATE else HEADING)


def _facts(stats: BusStats, now: float) -> Iterator[tuple[str, list[Run]]]:
    yield "in", [(_rate(stats.rate), TEXT), (f"  {in_bytes(stats.bytes_in)}/s", MUTED)]
    yield "out", [(_rate(stats.rate_out), TEXT), (f"  {in_bytes(stats.bytes_out)}/s", MUTED)]
    vanished: list[Run] = [(f", {stats.vanished:,} vanished", WARNING)] if stats.vanished else []
    yield "producers", [(f"{stats.producers:,}", TEXT), (" heard", MUTED), *vanished]
    yield "lost", [(f"{stats.lost:,}", ALERT if stats.lost else TEXT), (" events", MUTED)]
    yield "waiting", _waiting(stats)
    yield "services", [(", ".join(stats.services), ACCENT) if stats.services else ("none", MUTED)]
    yield "up", [(roughly(now - stats.started), TEXT)]


def _waiting(stats: BusStats) -> list[Run]:
    """The fullest queue, and nothing where none has more than a moment's traffic."""
    passing = {True: stats.bytes_in + 1e6, False: stats.rate + 1_000}
    waiting = {name: count for name, count in stats.queues.items() if count > passing[name.endswith("bytes")]}
    if not waiting:
        return [("nothing", MUTED)]
    name = max(waiting, key=lambda each: waiting[each])
    count = in_bytes(waiting[name]) if name.endswith("bytes") else f"{waiting[name]:,}"
    return [(count, TEXT), (f" in {name.removesuffix(' bytes')}", MUTED)]


def _journal_box(stats: BusStats, width: int) -> list[Row]:
    journal = stats.journal
    if journal is None:
        return []
    safe: Run = ("durable", GOOD) if journal.durable else ("NOT durable", ALERT)
    lag: list[Run] = [(f", lag {roughly(journal.lag)}", WARNING)] if journal.lag >= 1 else []
    size = f"{_about(journal.bytes)} in {journal.segments:,} segment{'s' * (journal.segments != 1)}"
    lines: list[list[Run]] = [[safe, *lag], [(size, MUTED)]]
    ink = HEADING if journal.durable else ALERT
    return panel("Journal", lambda w, h: [_runs(line, w) for line in lines], width, _TALL_BOX, heading=ink)


def _about(size: int) -> str:
    """To two digits: the broker's own word makes a journal grow every second."""
    step = 10 ** max(0, len(str(size)) - 2)
    return in_bytes(size // step * step)


def _upstream_box(stats: BusStats, width: int) -> list[Row]:
    if not stats.upstream:
        return []
    return panel("Upstream", lambda w, h: paragraph(stats.upstream, w, TEXT), width, _TALL_BOX)


def _arrow_down(stats: BusStats, width: int) -> list[Row]:
    return [Row.blank(width // 2) + Row.of((glyphs.ARROW_DOWN, _flowing(stats.rate))).fit(width - width // 2)]


def _door_box(stats: BusStats, door: DoorStats, width: int) -> list[Row]:
    lines: list[list[Run]] = [[(door.address, MUTED)]] if door.address else []
    each: list[Run] = [(f"{in_bytes(stats.bytes_in)}/s", TEXT), (" to each", MUTED)]
    lines.append(each if door.monitors else [("nobody is watching", MUTED)])
    if stats.slow:
        lines.append([(f"{stats.slow:,} slow in the last minute", WARNING)])
    title = f"{door.monitors:,} monitor{'s' * (door.monitors != 1)}" if door.monitors else "No monitor"
    return panel(title, lambda w, h: [_runs(line, w) for line in lines], width, len(lines) + PANEL_ROWS)


def _fact(label: str, runs: Sequence[Run], width: int) -> Row:
    return (Row.of((fill(label, min(_LABEL, width)), MUTED)) + _runs(runs, width - _LABEL)).fit(width)


def _runs(runs: Sequence[Run], width: int) -> Row:
    row = Row.blank(0)
    for text, ink in runs:
        row += Row.of((clip(text, max(0, width - row.width)), ink))
    return row


# Below each other, in fewer columns


def _stacked(view: Stack, viewport: Viewport[Scrolled]) -> Picture:
    width, height = viewport.width, viewport.height
    stats = view.stats
    doors = [_door_line(stats, door) for door in view.doors][: max(1, height // 8)]
    monitors = panel(
        "Monitors", lambda w, h: [_runs(line, w) for line in doors], width, len(doors) + PANEL_ROWS
    )
    facts = list(_facts(stats, viewport.now))
    journal = _journal_fact(stats)
    facts[4:4] = [("journal", journal)] if journal else []
    producers_need = max(_BOX, min(len(view.nodes) + PANEL_ROWS, height // 3))
    lines = max(1, min(len(facts), height - len(monitors) - 2 - producers_need - PANEL_ROWS))
    broker = _broker_box(view, facts[:lines], 0, width, lines + PANEL_ROWS)
    room = max(1, height - len(monitors) - len(broker) - 2)
    fitting = max(1, room - PANEL_ROWS)
    if len(view.nodes) > fitting > 1:
        fitting -= 1
    scrollable = max(0, len(view.nodes) - fitting)
    first = min(viewport.look.scroll, scrollable)
    producers = _producer_list(view, first, fitting, width, room)
    rows = [
        *producers,
        _arrow_between(f"{_rate(stats.rate)}  {in_bytes(stats.bytes_in)}/s", stats.rate, width),
        *broker,
        _arrow_between(f"{_rate(stats.rate_out)}  {in_bytes(stats.bytes_out)}/s", stats.rate_out, width),
        *monitors,
    ]
    return Picture(fit(rows, width, height), scrollable)


def _journal_fact(stats: BusStats) -> list[Run]:
    if stats.journal is None:
        return []
    safe: Run = ("durable", GOOD) if stats.journal.durable else ("NOT durable", ALERT)
    return [safe, (f"  {_about(stats.journal.bytes)}", MUTED)]


def _door_line(stats: BusStats, door: DoorStats) -> list[Run]:
    slow: list[Run] = [(f", {stats.slow:,} slow", WARNING)] if stats.slow else []
    return [(f"{door.monitors:,}", TEXT), (f"  {door.address or 'connected'}", MUTED), *slow]


def _arrow_between(label: str, rate: float, width: int) -> Row:
    return Row.of("    ", (glyphs.ARROW_DOWN, _flowing(rate)), (f"  {label}", TEXT)).fit(width)


def _producer_list(view: Stack, first: int, fitting: int, width: int, height: int) -> list[Row]:
    shown = view.nodes[first : first + fitting]
    rest = [node for node in view.nodes if node not in shown]
    names = min(max((len(inert(node.name)) for node in shown), default=6), max(6, width // 3))

    def content(inner: int, rows: int) -> list[Row]:
        lines = [_producer_line(node, names, inner) for node in shown]
        if rest and len(lines) < rows:
            total = _rate(sum(node.stats.rate for node in rest))
            lines.append(Row.of((f"+{len(rest)} more, {total}", MUTED)))
        return lines or [Row.of(("none was heard", MUTED))]

    rows = min(height, max(1, len(shown) + bool(rest)) + PANEL_ROWS)
    return panel("Producers", content, width, rows, note=seen(first, len(shown), len(view.nodes)))


def _producer_line(node: Node, names: int, width: int) -> Row:
    left = Row.of(
        (f"{_mark(node)} ", node.ink), (fill(node.name or "no run", names), name_ink(node.stats.run))
    )
    left += Row.of(
        (f"  {clip(node.host, 20)}", MUTED),
        (f"  {node.word}" if node.word else "", node.ink if node.state else ALERT),
    )
    right = Row.of(
        (fill_left(_rate(node.stats.rate), 9), TEXT), (fill_left(compact(node.stats.events), 8), MUTED)
    )
    return spread(left, right, width)


def _table(view: Stack, viewport: Viewport[Scrolled]) -> Table:
    heading = (
        "role",
        "name",
        "run",
        "producer",
        "host",
        "key",
        "state",
        "events_per_second",
        "events",
        "lost",
        "silent_seconds",
    )
    rows: list[Sequence[str | int | float | None]] = [heading]
    for node in view.nodes:
        one = node.stats
        rows.append(
            (
                "producer",
                node.name,
                one.run,
                one.producer,
                node.host,
                one.user,
                node.state or "sending",
                one.rate,
                one.events,
                one.lost,
                round(node.silent, 1),
            )
        )
    stats = view.stats
    rows.append(
        (
            "broker",
            "",
            "",
            "",
            "",
            "",
            "",
            stats.rate,
            stats.events,
            stats.lost,
            round(view.late, 1),
        )
    )
    rows += [
        (
            "monitors",
            door.address,
            "",
            "",
            "",
            "",
            f"{door.monitors} connected",
            stats.rate_out * door.monitors / max(1, stats.monitors),
            None,
            None,
            None,
        )
        for door in view.doors
    ]
    return rows


def _open(_: At[Stack, Scrolled]) -> Taken:
    return Taken(effects=(ShowScene("bus"),))


SCENE = Scene(
    name="stack",
    title="Stack",
    key="2",
    draws=(BusStats, RunStarted),
    select=_select,
    draw=_draw,
    empty="The broker has told nothing of itself yet",
    remedy=(
        "It tells once a second who is connected; `dashctl broker run` starts one by hand, and "
        "`dashctl demo` brings producers."
    ),
    ticks=True,
    acts={**SCROLLING, "open": _open},
    table=_table,
)
