"""What was acknowledged against what the journal and a fresh monitor hold.

Rules: an event that was acknowledged and is missing is lost; one that is there twice is duplicated; one
that nobody logged is invented. An event that was logged and never acknowledged may be there or not.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from dashctl import wire
from dashctl.bus import Address
from dashctl.bus.control import ask_snapshot
from dashctl.bus.past import Past
from dashctl.events import Metric
from dashctl.state import State


@dataclass
class Told:
    """What the producers said, by name: steps below `acked` are acknowledged but for those that were
    `given_up` by then, no step reaches `planned`."""

    acked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    given_up: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    planned: dict[str, int] = field(default_factory=dict)
    volatile: int = 0
    """How often the broker took something and said that it is not durable."""
    dropped: int = 0
    """Events that producers gave up because their queues were full."""
    left: int = 0
    """Events that were not acknowledged when a producer gave up waiting."""

    def hear(self, line: str) -> None:
        """One line that a producer printed."""
        match line.split():
            case ["acked", name, steps, dropped] if int(steps) >= self.acked[name]:
                self.acked[name], self.given_up[name] = int(steps), int(dropped)
            case ["volatile", _, _]:
                self.volatile += 1
            case ["done", _, _, left, dropped]:
                self.left += int(left)
                self.dropped += int(dropped)

    def owed(self, name: str) -> int:
        """How many events of this name are acknowledged."""
        return max(0, self.acked[name] - self.given_up[name])


@dataclass(frozen=True)
class Row:
    """The outcome of a scenario."""

    scenario: str
    acknowledged: int
    journal: int | None
    """Events of the audited names in the journal; None where its past has a known hole."""
    monitor: int
    lost: int
    duplicated: int
    invented: int
    note: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was lost, duplicated or invented."""
        return not (self.lost or self.duplicated or self.invented)


HEADINGS = ("scenario", "acknowledged", "journal", "monitor", "lost", "duplicated", "invented", "")


def table(rows: list[Row]) -> str:
    """Rows under headings, for a person."""
    cells = [
        (
            row.scenario,
            *(
                "–" if number is None else f"{number:,}"
                for number in (
                    row.acknowledged,
                    row.journal,
                    row.monitor,
                    row.lost,
                    row.duplicated,
                    row.invented,
                )
            ),
            row.note,
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in (HEADINGS, *cells)) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if column in {0, len(widths) - 1} else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (HEADINGS, *cells)
    )


def audit(
    scenario: str,
    address: Address,
    told: Told,
    note: str = "",
    *,
    whole_past: bool = True,
    strangers: bool = False,
) -> Row:
    """Compare. Without `whole_past` the journal's records have a hole that is known, and its state alone
    is held to what was acknowledged; with `strangers` others may have published what they like."""
    state = ask_snapshot(address, 30.0)
    shown = {name: samples(state, ("", name)) for name in told.planned}
    acknowledged, in_monitor = sum(map(told.owed, told.planned)), sum(shown.values())
    if not whole_past:
        lost = sum(max(0, told.owed(name) - count) for name, count in shown.items())
        invented = sum(max(0, count - told.planned[name]) for name, count in shown.items())
        return Row(scenario, acknowledged, None, in_monitor, lost, 0, invented, note)
    kept, others = in_journal(address, told.planned)
    lost = duplicated = 0
    invented = 0 if strangers else sum(others.values())
    for name, planned in told.planned.items():
        counts = kept[name]
        early = counts[: told.acked[name]]
        present = len(counts) - counts.count(0)
        lost += max(0, told.owed(name) - len(early) + early.count(0)) + max(0, present - shown[name])
        duplicated += sum(counts) - present
        invented += sum(map(bool, counts[planned:])) + max(0, shown[name] - present)
        marks = kept[f"{name}!"]
        duplicated += sum(marks) - sum(map(bool, marks))
    in_records = sum(sum(kept[name]) for name in told.planned)
    return Row(scenario, acknowledged, in_records, in_monitor, lost, duplicated, invented, note)


def in_journal(address: Address, names: Iterable[str]) -> tuple[dict[str, bytearray], Counter[str]]:
    """How often each step of these metrics and their markers is in the journal, and all other metrics."""
    counts = {f"{name}{mark}": bytearray() for name in names for mark in ("", "!")}
    others: Counter[str] = Counter()
    with Past(address, timeout=30.0) as past:
        for _, frame in past.frames(0.0, inf):
            for item in wire.open_frame(frame).events:
                match item.event:
                    case Metric(name=name, step=step) if name in counts:
                        _count(counts[name], step)
                    case Metric(name=name):
                        others[name] += 1
    return counts, others


def samples(state: State, key: tuple[str, ...]) -> int:
    """How many samples a curve has taken, thinned or not."""
    curve = state.curve(Metric, key)
    return 0 if curve is None else curve.total


def _count(counts: bytearray, step: int) -> None:
    if step >= len(counts):
        counts.extend(bytes(step + 1 - len(counts)))
    counts[step] = min(255, counts[step] + 1)
