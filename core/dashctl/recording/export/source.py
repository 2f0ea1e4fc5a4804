"""What is exported: events in the order in which they arrived, from a recording or a journal.

Rule: filters look at the run, the type and the time of arrival, and at nothing else.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

from dashctl.events import Event, Stamped
from dashctl.recording.recording import Recorded, Recording
from dashctl.wire import open_frame


class Row(NamedTuple):
    """An event, and when it arrived (seconds since 1970)."""

    arrived: float
    item: Stamped[Event]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: by the run's name (a shell pattern), by type, and by time of arrival."""

    runs: str = "*"
    types: frozenset[str] = frozenset()
    """Empty: all."""
    since: float = -math.inf
    until: float = math.inf
    """Seconds since 1970, excluded."""

    def has(self, row: Row) -> bool:
        """Whether it is wanted."""
        item = row.item
        return (
            (not self.types or item.event.type_name() in self.types)
            and (self.runs == "*" or fnmatchcase(item.run, self.runs))
            and self.since <= row.arrived < self.until
        )


def rows_of_recording(recording: Recording, wanted: Wanted) -> Iterator[Row]:
    """The wanted events of a recording; of the state at its start there are no events."""
    for each in recording:
        if isinstance(each, Recorded):
            row = Row(each.log_time / 1e9, each.item)
            if row.arrived >= wanted.until:
                return
            if wanted.has(row):
                yield row


def rows_of_frames(frames: Iterable[tuple[float, bytes]], wanted: Wanted) -> Iterator[Row]:
    """The wanted events of frames that came at these times."""
    for arrived, frame in frames:
        for item in open_frame(frame).events:
            row = Row(arrived, item)
            if wanted.has(row):
                yield row
