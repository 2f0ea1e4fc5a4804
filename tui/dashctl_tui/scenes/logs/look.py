"""How log lines are looked at, and what is picked out of the state for it.

Rules: a line is known by its number, counted from the first that was ever logged, so that the cursor stays
on it when others come; lines are references to what was told, in the order in which they came.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec
from rich.cells import cell_len

from dashctl.events import Level, LogLine, RunStarted, Stamped
from dashctl.stores import Key
from dashctl_tui.plots.text import clip
from dashctl_tui.scenes.training.names import told_apart

LEVELS: Final[tuple[Level, ...]] = ("debug", "info", "warning", "error", "critical")

LONGEST: Final = 18
"""Cells at most for the name of a run or a source."""
_MEASURED: Final = 50


@dataclass(frozen=True, slots=True)
class LogsLook:
    """cursor: a line's number, None to follow the newest; top: that of the first line that is seen.

    came: how many lines had come when the newest was left. level: what is shown at least. everyone: whether
    runs that are not marked are shown though others are. scroll: rows of an opened line that are left out.
    """

    cursor: int | None = None
    top: int = 0
    came: int = 0
    wraps: bool = False
    level: Level = "debug"
    everyone: bool = False
    opened: bool = False
    scroll: int = 0


class _Same(msgspec.Struct, frozen=True):
    """Runs of one name: how many, how many ends their ids have, the first and the last id."""

    runs: int
    ends: int
    extremes: tuple[str, str]


def _end(run: str) -> str:
    return run.rpartition("-")[2]


@dataclass(frozen=True)
class Logs:
    """The lines that are wanted, oldest first; numbers[i] is that of lines[i].

    kept: how many there are, wanted or not. came: how many ever came.
    """

    lines: Sequence[Stamped[LogLine]]
    numbers: Sequence[int]
    begun: Mapping[Key, Stamped[RunStarted]]
    kept: int
    came: int

    @cached_property
    def runs(self) -> frozenset[str]:
        """Those that the lines are of."""
        return frozenset(line.run for line in self.lines)

    @cached_property
    def source_cells(self) -> int:
        """How long the longest source is, as far as anybody would show it."""
        sources = {line.event.source for line in self.lines}
        return max((cell_len(clip(source, LONGEST)) for source in sources if source), default=0)

    @cached_property
    def run_cells(self) -> int:
        """The same of the runs' names."""
        if len(self.runs) > _MEASURED:
            return LONGEST
        return max((cell_len(clip(self.label_of(run), LONGEST)) for run in self.runs), default=0)

    @cached_property
    def _same(self) -> Mapping[str, "_Same"]:
        """Runs by their name."""
        same: dict[str, list[str]] = {}
        for run in self.runs:
            same.setdefault(self.name_of(run), []).append(run)
        return {
            name: _Same(len(runs), len({_end(run) for run in runs}), (min(runs), max(runs)))
            for name, runs in same.items()
        }

    def label_of(self, run: str) -> str:
        """A run's name, and where several have the same what their ids differ by."""
        name = self.name_of(run)
        same = self._same.get(name)
        if same is None or same.runs < 2:
            return name
        return f"{name} {_end(run) if same.ends == same.runs else told_apart(run, same.extremes)}"

    def name_of(self, run: str) -> str:
        """What a run is called."""
        begun = self.begun.get((run,))
        return (begun.event.name if begun else None) or run

    def place(self, look: LogsLook) -> int:
        """Where the cursor is: at the newest, on its line, or on the next one if that is not shown."""
        newest = len(self.numbers) - 1
        return newest if look.cursor is None else min(newest, self.place_of(look.cursor))

    def place_of(self, number: int) -> int:
        """Where the line with this number is, or the next one."""
        return bisect_left(self.numbers, number)

    def new_since(self, came: int) -> int:
        """How many of the lines came after so many had come."""
        return len(self.numbers) - self.place_of(came)
