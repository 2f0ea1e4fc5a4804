"""What is kept of hosts and the like: the newest event per key, and in columns how its numbers ran.

Rules: a column has one number for each moment that is kept, NaN where the event told none; nothing is
rounded or thinned; the oldest moments go first. An event of fifty numbers takes 400 bytes a moment so, and a
snapshot of it is copied, where fifty objects would take several times as much and each be built anew.
"""

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import nan
from typing import Any, Final

import msgspec

from dashctl.events import AnyEvent, Event, Stamped
from dashctl.retention import Trace

Numbers = Callable[[Event], Iterator[tuple[str, float]]]


@dataclass(frozen=True, slots=True)
class Traced:
    """How the numbers of one key ran: seconds since 1970, and as many values of each, oldest first.

    A number is named by its field; one in a list of objects by list, place and field: `gpus.0.power`.
    """

    times: "array[float]"
    values: "Mapping[str, array[float]]"


class _Columns:
    """One key's newest event, and its numbers; up to twice the `count` stand there until they are cut."""

    __slots__ = ("_count", "newest", "times", "values")

    def __init__(self, count: int, newest: Stamped[AnyEvent]) -> None:
        self._count = count
        self.newest = newest
        self.times: array[float] = array("d")
        self.values: dict[str, array[float]] = {}

    def append(self, time: float, numbers: Iterator[tuple[str, float]]) -> None:
        before = len(self.times)
        self.times.append(time)
        for name, value in numbers:
            column = self.values.get(name)
            if column is None:
                column = self.values[name] = array("d", [nan]) * before
            column.append(value)
        for column in self.values.values():
            if len(column) == before:
                column.append(nan)
        if len(self.times) >= 2 * self._count:
            for column in (self.times, *self.values.values()):
                del column[: -self._count]

    def traced(self) -> Traced:
        most = self._count
        return Traced(self.times[-most:], {name: column[-most:] for name, column in self.values.items()})

    def copy(self) -> "_Columns":
        made = _Columns(self._count, self.newest)
        made.times = self.times[:]
        made.values = {name: column[:] for name, column in self.values.items()}
        return made

    def dump(self) -> object:
        most = self._count
        values = {name: memoryview(column)[-most:] for name, column in self.values.items()}
        return self.newest, memoryview(self.times)[-most:], values

    @classmethod
    def load(cls, count: int, dumped: "_Dumped") -> "_Columns":
        newest, times, values = dumped
        made = cls(count, newest)
        made.times.frombytes(times)
        for name, packed in values.items():
            column = made.values[name] = array("d")
            column.frombytes(packed)
            if len(column) != len(made.times):
                raise ValueError(f"{name}: {len(column)} numbers for {len(made.times)} moments")
        return made


class TraceStore:
    """The newest event and the columns of each key, least recently updated first."""

    def __init__(self, retention: Trace, key: Callable[[Event, str], tuple[Any, ...]]) -> None:
        self.version = 0
        self._retention = retention
        self._key = key
        self._numbers = _numbers_of(retention.numbers)
        self._columns: dict[tuple[Any, ...], _Columns] = {}

    @property
    def items(self) -> dict[tuple[Any, ...], Stamped[AnyEvent]]:
        """The newest event per key."""
        return {key: columns.newest for key, columns in self._columns.items()}

    def traced(self, key: tuple[Any, ...]) -> Traced | None:
        """A copy of one key's columns."""
        columns = self._columns.get(key)
        return None if columns is None else columns.traced()

    def fold(self, event: Event, time: float, run: str) -> None:
        self.version += 1
        key = self._key(event, run)
        newest: Any = Stamped(time, run, event)
        columns = self._columns.pop(key, None) or _Columns(self._retention.count, newest)
        columns.newest = newest
        columns.append(time, self._numbers(event))
        self._columns[key] = columns
        if len(self._columns) > self._retention.keys:
            del self._columns[next(iter(self._columns))]

    def copy(self) -> "TraceStore":
        made = TraceStore(self._retention, self._key)
        made.version = self.version
        made._columns = {key: columns.copy() for key, columns in self._columns.items()}
        return made

    def keep_runs(self, wanted: Callable[[str], bool]) -> None:
        self._columns = {key: each for key, each in self._columns.items() if wanted(each.newest.run)}

    def dump(self) -> object:
        return self.version, [columns.dump() for columns in self._columns.values()]

    def load(self, dumped: msgspec.Raw) -> None:
        self.version, every = _decoder.decode(dumped)
        loaded = [_Columns.load(self._retention.count, each) for each in every]
        self._columns = {self._key(each.newest.event, each.newest.run): each for each in loaded}


def _numbers_of(names: tuple[str, ...]) -> Numbers:
    """Reads the named numbers of an event that it tells."""
    plain = [name for name in names if "." not in name]
    nested: dict[str, list[str]] = {}
    for name in names:
        if "." in name:
            items, _, field = name.partition(".")
            nested.setdefault(items, []).append(field)

    def numbers(event: Event) -> Iterator[tuple[str, float]]:
        for name in plain:
            value = getattr(event, name)
            if value is not None:
                yield name, value
        for items, fields in nested.items():
            for place, item in enumerate(getattr(event, items) or ()):
                for field in fields:
                    value = getattr(item, field)
                    if value is not None:
                        yield f"{items}.{place}.{field}", value

    return numbers


_Dumped = tuple[Stamped[AnyEvent], memoryview, dict[str, memoryview]]
_decoder: Final = msgspec.msgpack.Decoder(tuple[int, list[_Dumped]])
