"""What is kept of one event type: one store per kind of retention.

Rules: a store folds and encodes itself; it knows nothing of any particular event; keys that were
silent longest go first when there are too many; `version` counts what was folded, so that a picture
knows whether it is out of date.
"""

from array import array
from collections import deque
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, Protocol, Self

import msgspec

from dashctl.curve import CurveBuffer, Views, check_views
from dashctl.events import AnyEvent, Event, Stamped
from dashctl.metric_columns import MOST_NAMES, MetricColumns, places_by_code, taken, translated
from dashctl.retention import Last, Latest, Retention, Series, Trace, Transient, Window
from dashctl.trace import TraceStore

Key = tuple[Any, ...]
KeyOf = Callable[[Event, str], Key]

Kept = Stamped[AnyEvent]

WAITING: Final = 32_768
"""Samples that wait at most before curves take them in."""


class Store(Protocol):
    """What is kept of one event type."""

    version: int

    def fold(self, event: Event, time: float, run: str) -> None:
        """Take one event in."""

    def copy(self) -> Self:
        """The same, to be kept apart; events are shared."""

    def keep_runs(self, wanted: Callable[[str], bool]) -> None:
        """Forget what is not known to be of these runs; `version` stays."""

    def dump(self) -> object:
        """Everything kept, to be encoded at once as msgpack; it may be views into what is kept."""

    def load(self, dumped: msgspec.Raw) -> None:
        """Become what was dumped. Raises msgspec.DecodeError or ValueError if it is none."""


def key_function(fields: tuple[str, ...]) -> KeyOf:
    """The key of an event with these fields; `run` is the run that it happened in."""
    if not fields:
        return lambda event, run: ()
    if fields == ("run",):
        return lambda event, run: (run,)
    if fields[0] == "run" and len(fields) == 2:
        named = attrgetter(fields[1])
        return lambda event, run: (run, named(event))
    if fields[0] == "run":
        rest = key_function(fields[1:])
        return lambda event, run: (run, *rest(event, run))
    if len(fields) == 1:
        field = attrgetter(fields[0])
        return lambda event, run: (field(event),)
    several = attrgetter(*fields)
    return lambda event, run: tuple(several(event))


class LatestStore:
    """The newest event per key, least recently updated first."""

    def __init__(self, retention: Latest) -> None:
        self.version = 0
        self.items: dict[Key, Kept] = {}
        self._retention = retention
        self._key = key_function(retention.key)

    def fold(self, event: Event, time: float, run: str) -> None:
        self.version += 1
        key = self._key(event, run)
        former = self.items.pop(key, None)
        if former is not None and self._retention.merge:
            event = _merged(former.event, event)
        self.items[key] = Stamped(time, run, event)  # type: ignore[arg-type]
        if len(self.items) > self._retention.keys:
            del self.items[next(iter(self.items))]

    def copy(self) -> "LatestStore":
        made = LatestStore(self._retention)
        made.version, made.items = self.version, self.items.copy()
        return made

    def keep_runs(self, wanted: Callable[[str], bool]) -> None:
        self.items = {key: item for key, item in self.items.items() if wanted(item.run)}

    def dump(self) -> object:
        return self.version, list(self.items.values())

    def load(self, dumped: msgspec.Raw) -> None:
        self.version, kept = _kept_decoder.decode(dumped)
        self.items = {self._key(item.event, item.run): item for item in kept}


class LastStore:
    """The last events per key, least recently updated key first."""

    def __init__(self, retention: Last) -> None:
        self.version = 0
        self.items: dict[Key, deque[Kept]] = {}
        self._retention = retention
        self._key = key_function(retention.key)
        self._characters: dict[Key, int] = {}
        """Of the texts that are kept, where the retention bounds them."""

    def fold(self, event: Event, time: float, run: str) -> None:
        self.version += 1
        key = self._key(event, run)
        kept = self.items.pop(key, None)
        if kept is None:
            kept = deque(maxlen=self._retention.count)
        elif self._retention.newest_only:
            kept[-1] = _without(kept[-1], self._retention.newest_only)
        if self._retention.characters:
            self._make_room(key, kept, event)
        kept.append(Stamped(time, run, event))  # type: ignore[arg-type]
        self.items[key] = kept
        if len(self.items) > self._retention.keys:
            gone = next(iter(self.items))
            del self.items[gone]
            self._characters.pop(gone, None)

    def _make_room(self, key: Key, kept: deque[Kept], event: Event) -> None:
        """Forget the oldest events for one that is about to be kept."""
        characters = self._characters.get(key, 0) + _characters(event)
        while kept and (len(kept) == kept.maxlen or characters > self._retention.characters):
            characters -= _characters(kept.popleft().event)
        self._characters[key] = characters

    def _count_characters(self) -> None:
        if self._retention.characters:
            self._characters = {
                key: sum(_characters(item.event) for item in kept) for key, kept in self.items.items()
            }

    def copy(self) -> "LastStore":
        made = LastStore(self._retention)
        made.version, made._characters = self.version, self._characters.copy()
        made.items = {key: kept.copy() for key, kept in self.items.items()}
        return made

    def keep_runs(self, wanted: Callable[[str], bool]) -> None:
        few = {key: [item for item in kept if wanted(item.run)] for key, kept in self.items.items()}
        self.items = {key: deque(kept, maxlen=self._retention.count) for key, kept in few.items() if kept}
        self._count_characters()

    def dump(self) -> object:
        return self.version, [list(kept) for kept in self.items.values()]

    def load(self, dumped: msgspec.Raw) -> None:
        self.version, groups = _groups_decoder.decode(dumped)
        self.items = {
            self._key(group[0].event, group[0].run): deque(group, maxlen=self._retention.count)
            for group in groups
            if group
        }
        self._count_characters()


class WindowStore:
    """How often each key came, per second of event time, oldest second first to go.

    Twice the window's seconds are kept: a clock that ran ahead for a while fills seconds of its own, and
    does not push out what others say of the present.
    """

    def __init__(self, retention: Window) -> None:
        self.version = 0
        self.bins: dict[int, dict[Key, int]] = {}
        self._retention = retention
        self._key = key_function(retention.key)

    def fold(self, event: Event, time: float, run: str) -> None:
        self.version += 1
        second = int(time)
        counts = self.bins.get(second)
        if counts is None:
            counts = self.bins[second] = {}
            if len(self.bins) > 2 * self._retention.seconds:
                del self.bins[min(self.bins)]
        key = self._key(event, run)
        if key in counts or len(counts) < self._retention.keys:
            counts[key] = counts.get(key, 0) + 1

    def counts(self, now: float) -> dict[Key, int]:
        """Events per key in the `seconds` before `now`, and in any second that claims to be later."""
        oldest = int(now) - self._retention.seconds
        total: dict[Key, int] = {}
        for second, counts in self.bins.items():
            if second > oldest:
                for key, count in counts.items():
                    total[key] = total.get(key, 0) + count
        return total

    def copy(self) -> "WindowStore":
        made = WindowStore(self._retention)
        made.version = self.version
        made.bins = {second: counts.copy() for second, counts in self.bins.items()}
        return made

    def keep_runs(self, wanted: Callable[[str], bool]) -> None:
        self.bins = {}

    def dump(self) -> object:
        bins = [(second, list(counts.items())) for second, counts in sorted(self.bins.items())]
        return self.version, bins

    def load(self, dumped: msgspec.Raw) -> None:
        self.version, bins = _bins_decoder.decode(dumped)
        self.bins = {second: {tuple(key): count for key, count in counts} for second, counts in bins}


class SeriesStore:
    """A thinned curve per key, least recently updated first.

    Samples wait in columns until there are many or somebody looks, and are then handed to their curves
    together: which are as if each had been handed over when it came.
    """

    def __init__(self, retention: Series) -> None:
        self.version = 0
        self._retention = retention
        self._key = key_function(retention.key)
        self._curves: dict[Key, CurveBuffer | Views] = {}
        """Views are of one that was loaded, and not looked at or gone on with since."""
        self._code_of: dict[Key, int] = {}
        """Of the keys that wait."""
        self._codes, self._steps = array("H"), array("q")
        self._times, self._values = array("d"), array("d")

    def keys(self) -> list[Key]:
        """Of all curves, as of now."""
        self._settle()
        return list(self._curves)

    def curve(self, key: Key) -> CurveBuffer | None:
        """One of them, as of now."""
        self._settle()
        curve = self._curves.get(key)
        if isinstance(curve, Views):
            curve = self._curves[key] = CurveBuffer.from_columns(self._retention.points, curve)
        return curve

    def views(self, key: Key) -> Views | None:
        """One of them, as of now, uncopied."""
        self._settle()
        curve = self._curves.get(key)
        return curve.views() if isinstance(curve, CurveBuffer) else curve

    def fold(self, event: Event, time: float, run: str) -> None:
        self.version += 1
        self._codes.append(self._code_of.setdefault(self._key(event, run), len(self._code_of)))
        self._steps.append(event.step)  # type: ignore[attr-defined]
        self._times.append(time)
        self._values.append(event.value)  # type: ignore[attr-defined]
        self._settle_if_many()

    def fold_columns(self, columns: MetricColumns) -> None:
        """Take many samples in, keyed by run and name: as `fold` would, one after the other."""
        self.version += len(columns)
        if len(self._code_of) + len(columns.names) > MOST_NAMES:
            self._settle()
        run, code_of = columns.run, self._code_of
        codes = array("H", [code_of.setdefault((run, name), len(code_of)) for name in columns.names])
        self._codes.extend(translated(columns.codes, codes))
        self._steps.extend(columns.steps)
        self._times.extend(columns.times)
        self._values.extend(columns.values)
        self._settle_if_many()

    def copy(self) -> "SeriesStore":
        made = SeriesStore(self._retention)
        made.version = self.version
        self._settle()
        made._curves = {
            key: curve if isinstance(curve, Views) else curve.copy() for key, curve in self._curves.items()
        }
        return made

    def keep_runs(self, wanted: Callable[[str], bool]) -> None:
        place = self._retention.key.index("run")
        self._settle()
        self._curves = {key: curve for key, curve in self._curves.items() if wanted(key[place])}

    def dump(self) -> object:
        self._settle()
        return self.dump_unsettled()

    def dump_unsettled(self) -> object:
        """As `dump`, at once: what waits goes on waiting, here and where it is loaded."""
        return (
            self.version,
            [(key, each if isinstance(each, Views) else each.views()) for key, each in self._curves.items()],
            list(self._code_of),
            *[memoryview(column) for column in self._waiting()],
        )

    def load(self, dumped: msgspec.Raw) -> None:
        self.version, curves, keys, *waiting = _curves_decoder.decode(dumped)
        for _, views in curves:
            check_views(views)
        self._forget_waiting()
        self._code_of = {tuple(key): code for code, key in enumerate(keys)}
        for column, packed in zip(self._waiting(), waiting, strict=True):
            column.frombytes(packed)
        if len(set(map(len, self._waiting()))) != 1 or max(self._codes, default=-1) >= len(self._code_of):
            self._forget_waiting()
            raise ValueError("samples that wait in columns of different lengths, or without a key")
        # Copied as late as when somebody asks for it: whoever joins is there at once.
        self._curves = {tuple(key): views for key, views in curves}

    def settle(self, at_least: int) -> None:
        """Hand over what waits now, if it is so much: it costs no less later, but nobody waits for it now."""
        if len(self._codes) >= at_least:
            self._settle()

    def _settle_if_many(self) -> None:
        if len(self._codes) >= WAITING or len(self._code_of) > self._retention.keys:
            self._settle()

    def _settle(self) -> None:
        """Hand what waits to the curves."""
        if not self._codes:
            return
        keys, most = list(self._code_of), self._retention.keys
        waiting = self._steps, self._times, self._values
        if len(self._curves) + sum(key not in self._curves for key in keys) <= most:
            for code, places in places_by_code(self._codes):
                self._curve_of(keys[code]).extend(*(taken(column, places) for column in waiting))
        else:
            # Some go, and may come again: that happens in the order of the samples.
            for code, step, time, value in zip(self._codes, *waiting, strict=True):
                self._curve_of(keys[code]).append(step, time, value)
                if len(self._curves) > most:
                    del self._curves[next(iter(self._curves))]
        self._forget_waiting()

    def _curve_of(self, key: Key) -> CurveBuffer:
        """A key's curve, which is now the one updated last."""
        curve = self._curves.pop(key, None)
        if curve is None:
            curve = CurveBuffer(self._retention.points)
        elif isinstance(curve, Views):
            curve = CurveBuffer.from_columns(self._retention.points, curve)
        self._curves[key] = curve
        return curve

    def _forget_waiting(self) -> None:
        self._code_of = {}
        for column in self._waiting():
            del column[:]

    def _waiting(self) -> "tuple[array[Any], ...]":
        return self._codes, self._steps, self._times, self._values


class TransientStore:
    """Keeps nothing, and counts."""

    def __init__(self) -> None:
        self.version = 0

    def fold(self, event: Event, time: float, run: str) -> None:
        self.version += 1

    def copy(self) -> "TransientStore":
        made = TransientStore()
        made.version = self.version
        return made

    def keep_runs(self, wanted: Callable[[str], bool]) -> None:
        pass

    def dump(self) -> object:
        return self.version

    def load(self, dumped: msgspec.Raw) -> None:
        self.version = msgspec.msgpack.decode(dumped, type=int)


def store_for(retention: Retention) -> Store:
    """An empty store that keeps what the retention says."""
    match retention:
        case Latest():
            return LatestStore(retention)
        case Last():
            return LastStore(retention)
        case Window():
            return WindowStore(retention)
        case Series():
            return SeriesStore(retention)
        case Trace():
            return TraceStore(retention, key_function(retention.key))
        case Transient():
            return TransientStore()


def _merged(former: Event, event: Event) -> Event:
    left_out = {
        name: getattr(former, name) for name in event.__struct_fields__ if getattr(event, name) is None
    }
    return msgspec.structs.replace(event, **left_out) if left_out else event


def _characters(event: Event) -> int:
    """How long all texts of an event are."""
    values = [getattr(event, name) for name in event.__struct_fields__]
    return sum([len(value) for value in values if type(value) is str])


def _without(kept: Kept, fields: tuple[str, ...]) -> Kept:
    """What is kept with these fields as if they had never been given."""
    known = {field.name: field for field in msgspec.structs.fields(kept.event)}
    defaults = {
        name: known[name].default_factory()
        if known[name].default is msgspec.NODEFAULT
        else known[name].default
        for name in fields
    }
    return Stamped(kept.time, kept.run, msgspec.structs.replace(kept.event, **defaults))


_kept_decoder: Final = msgspec.msgpack.Decoder(tuple[int, list[Stamped[AnyEvent]]])
_groups_decoder: Final = msgspec.msgpack.Decoder(tuple[int, list[list[Stamped[AnyEvent]]]])
_bins_decoder: Final = msgspec.msgpack.Decoder(tuple[int, list[tuple[int, list[tuple[list[Any], int]]]]])
_DumpedSeries = tuple[
    int, list[tuple[list[Any], Views]], list[list[Any]], memoryview, memoryview, memoryview, memoryview
]
_curves_decoder: Final = msgspec.msgpack.Decoder(_DumpedSeries)
