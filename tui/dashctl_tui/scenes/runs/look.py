"""How the runs are looked at, and what is picked out of the state for it.

Rule: frozen values; what is kept of all runs are references to what was told, and only those on the screen
become more than that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import EllipsisType
from typing import Final, Literal

import msgspec

from dashctl.curve import Columns
from dashctl.events import Scalar
from dashctl_tui.scenes.run_metrics import Reading, lower_is_better
from dashctl_tui.scenes.run_views import RunView, Standing, Step, Told
from dashctl_tui.scenes.training.names import told_apart

Sort = Literal["started", "duration", "last", "best", "state", "name", "host"]
SORTS: Final[tuple[Sort, ...]] = ("started", "duration", "last", "best", "state", "name", "host")
Page = Literal["table", "run", "compare"]


@dataclass(frozen=True, slots=True)
class RunsLook:
    """page: what is open. scroll, across: rows and columns of an open page that are left out.

    cursor: a run, "" for the first; first: the table's first row that is seen. metric: "" for what most runs
    have. flipped: metrics whose best is at the other end than their name says.
    """

    page: Page = "table"
    scroll: int = 0
    across: int = 0
    cursor: str = ""
    first: int = 0
    sort: Sort = "started"
    inverted: bool = False
    metric: str = ""
    flipped: tuple[str, ...] = ()

    def lower(self, metric: str) -> bool:
        """Whether the lowest value of a metric is its best."""
        return lower_is_better(metric) is not (metric in self.flipped)


class Detail(msgspec.Struct, frozen=True):
    """One run in full, with the numbers of all its metrics by name, and the runs beside it."""

    run: RunView
    readings: Mapping[str, Reading]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Comparison:
    """Runs side by side: the baseline first if there is one, then as they were marked or stand in the table.

    curves: of the chosen metric, of the first few that have one.
    """

    runs: tuple[Told, ...]
    curves: Mapping[str, Columns]

    @cached_property
    def differing(self) -> Sequence[tuple[str, tuple[Scalar | EllipsisType, ...]]]:
        """Keys of the configuration whose values are not the same in all runs; `...` where one lacks it."""
        configs = [one.config or {} for one in self.runs]
        keys = dict.fromkeys(key for config in configs for key in config)
        rows = [(key, tuple(config.get(key, ...) for config in configs)) for key in keys]
        return [
            (key, values) for key, values in rows if len({(type(one) is bool, one) for one in values}) > 1
        ]

    @cached_property
    def _ids(self) -> Mapping[str, list[str]]:
        """The first and the last id of the runs with a name; one if there is one."""
        ids: dict[str, list[str]] = {}
        for one in self.runs:
            ids.setdefault(one.name, []).append(one.run)
        return {name: same if len(same) < 2 else [min(same), max(same)] for name, same in ids.items()}

    def label_of(self, run: Told) -> str:
        """The name, or where several have the same what their ids differ by."""
        ends = self._ids[run.name]
        return told_apart(run.run, ends) if len(ends) > 1 else run.name

    @cached_property
    def alike(self) -> int:
        """How many keys have one value in all runs."""
        return len({key for one in self.runs for key in one.config or {}}) - len(self.differing)


@dataclass(frozen=True, slots=True)
class Runs:
    """All runs that the filter leaves, in order; `at` is the place of the cursor.

    readings: of the chosen metric, by run, of those that are on the screen at least; complete: of all.
    metrics: the names of all, by how many runs have them.
    """

    order: tuple[Told, ...]
    at: int
    first: int
    fitting: int
    metric: str
    metrics: tuple[str, ...]
    readings: Mapping[str, Reading | None]
    counts: Mapping[Standing, int]
    detail: Detail | None = None
    comparison: Comparison | None = None

    @property
    def cursor(self) -> Told:
        """The run that the cursor is on in the picture."""
        return self.order[self.at]

    def place(self, look: RunsLook) -> int:
        """Where the cursor is by a look that may be newer than the picture: keys come faster than frames."""
        if look.cursor == self.cursor.run:
            return self.at
        return next((place for place, one in enumerate(self.order) if one.run == look.cursor), self.at)

    def top(self, look: RunsLook) -> int:
        """The first row that is seen, by such a look."""
        place = self.place(look)
        return max(place - self.fitting + 1, min(look.first, place, max(0, len(self.order) - self.fitting)))
