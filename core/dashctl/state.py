"""Events folded into a State that anything can draw.

Rules:
1. `fold` is deterministic: no clock, no I/O; how events were batched makes no difference.
2. What is kept is what the event's class declares as its retention; no event type has code here,
   but that metrics may come as columns.
3. A state that was copied, or encoded and decoded, is the same state: it goes on folding as the first
   would.
4. A state is not shared between threads without a lock.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, TypeVar, cast

import msgspec

from dashctl.curve import Columns, Views
from dashctl.errors import DashctlError
from dashctl.events import BY_NAME, EVENT_TYPES, Event, Metric, Stamped
from dashctl.metric_columns import MetricColumns, MixedEvents
from dashctl.stores import Key, LastStore, LatestStore, SeriesStore, Store, WindowStore, store_for
from dashctl.trace import Traced, TraceStore

E = TypeVar("E", bound=Event)

WORTH_COLUMNS: Final = 64
"""So many metrics are folded faster once they are put into columns."""


class BadSnapshot(DashctlError):
    """An encoded state that cannot be read."""


class State:
    """Everything that is remembered, by event type."""

    __slots__ = ("_stores", "time")

    def __init__(self) -> None:
        self.time = 0.0
        """The newest time that any event carried, seconds since 1970; 0 before the first."""
        self._stores: dict[type[Event], Store] = {cls: store_for(cls.retention) for cls in EVENT_TYPES}

    def take(self, event: Event, time: float, run: str) -> None:
        """What `fold` does."""
        self.time = max(self.time, time)
        self._stores[type(event)].fold(event, time, run)

    def take_all(self, stamped: Sequence[Stamped[Event]]) -> None:
        """Fold events in, in order; see `fold_all`."""
        if isinstance(stamped, MetricColumns):
            if stamped:
                self.time = max(self.time, *stamped.times)
                self._store(Metric, SeriesStore).fold_columns(stamped)
            return
        if isinstance(stamped, MixedEvents):
            # What is kept is kept by type, and of each type the order stays.
            self.take_all(stamped.metrics)
            stamped = stamped.others
        columns, stamped = _apart(stamped)
        for metrics in columns:
            self.take_all(metrics)
        # Not by way of `take`: a broker's time under load goes into this loop.
        stores, newest = self._stores, self.time
        for item in stamped:
            event, time = item.event, item.time
            if time > newest:  # noqa: PLR1730 - a call would cost more than the comparison
                newest = time
            stores[type(event)].fold(event, time, item.run)
        self.time = newest

    def settle(self, at_least: int) -> None:
        """Finish what was put off, if it is at least so many events: for who has time now.

        Whoever looks at the state sees it finished in any case.
        """
        for store in self._stores.values():
            if isinstance(store, SeriesStore):
                store.settle(at_least)

    def version(self, cls: type[Event]) -> int:
        """How many events of this type were folded: as long as it stays, so does its part of a picture."""
        return self._stores[cls].version

    def latest(self, cls: type[E]) -> Mapping[Key, Stamped[E]]:
        """The newest event per key, the most recently updated last.

        For types that keep `Latest` or `Trace`.
        """
        return cast("Mapping[Key, Stamped[E]]", self._store(cls, LatestStore, TraceStore).items)

    def trace(self, cls: type[Event], key: Key) -> Traced | None:
        """How one key's numbers ran, a copy, or None if there is no such key. For types that keep `Trace`."""
        traced: Traced | None = self._store(cls, TraceStore).traced(key)
        return traced

    def last(self, cls: type[E]) -> Mapping[Key, Sequence[Stamped[E]]]:
        """The last events per key, oldest first. For types that keep `Last`; without a key it is ()."""
        return cast("Mapping[Key, Sequence[Stamped[E]]]", self._store(cls, LastStore).items)

    def newest(self, cls: type[E], key: Key = ()) -> Stamped[E] | None:
        """The newest event of this key, None if there is none. For types that keep `Last`."""
        kept = self.last(cls).get(key)
        return kept[-1] if kept else None

    def counts(self, cls: type[Event], now: float) -> Mapping[Key, int]:
        """Events per key in the window that ends `now`. For types that keep `Window`."""
        counts: Mapping[Key, int] = self._store(cls, WindowStore).counts(now)
        return counts

    def series(self, cls: type[Event]) -> Sequence[Key]:
        """The keys of all curves. For types that keep `Series`."""
        return cast("Sequence[Key]", self._store(cls, SeriesStore).keys())

    def curve(self, cls: type[Event], key: Key) -> Columns | None:
        """One curve, or None if there is none with this key."""
        curve = self._store(cls, SeriesStore).curve(key)
        return None if curve is None else curve.columns()

    def curve_views(self, cls: type[Event], key: Key) -> Views | None:
        """One curve, uncopied: to be let go of before the next event is folded, or the lock is given back.

        For who looks at some numbers of many curves.
        """
        views: Views | None = self._store(cls, SeriesStore).views(key)
        return views

    def copy(self) -> "State":
        """The state as it is now, which goes on by itself; events are values, and shared.

        Far cheaper than encoding: for who holds a lock and wants to look longer than that.
        """
        made = State()
        made.time = self.time
        made._stores = {cls: store.copy() for cls, store in self._stores.items()}
        return made

    def keep_runs(self, wanted: Callable[[str], bool]) -> None:
        """Forget what is not known to be of these runs; versions stay."""
        for store in self._stores.values():
            store.keep_runs(wanted)

    def encode(self, *, settled: bool = True) -> bytes:
        """The state as bytes that `decode` reads: the same bytes for the same state if it is `settled`.

        If not, what was put off stays so, and is done where it is decoded: for who has no time now.
        """
        stores = {
            cls.type_name(): store.dump()
            if settled or not isinstance(store, SeriesStore)
            else store.dump_unsettled()
            for cls, store in self._stores.items()
        }
        return msgspec.msgpack.encode((self.time, stores))

    @classmethod
    def decode(cls, encoded: bytes | memoryview) -> "State":
        """The state that was encoded; types unknown here are passed over. Raises BadSnapshot."""
        state = cls()
        try:
            state.time, stores = msgspec.msgpack.decode(encoded, type=tuple[float, dict[str, msgspec.Raw]])
            for name, dumped in stores.items():
                if name in BY_NAME:
                    state._stores[BY_NAME[name]].load(dumped)
        except (msgspec.DecodeError, ValueError) as error:
            raise BadSnapshot(
                f"snapshot: cannot be read ({error}); is the broker of another version?"
            ) from None
        return state

    def _store(self, cls: type[Event], *kinds: type[Any]) -> Any:
        store = self._stores[cls]
        if not isinstance(store, kinds):
            raise TypeError(f"{cls.__name__} keeps {type(cls.retention).__name__}")
        return store


def _apart(stamped: Sequence[Stamped[Event]]) -> tuple[list[MetricColumns], Sequence[Stamped[Event]]]:
    """Metrics in columns where many came among others, and the others: of each type the order stays."""
    metrics = [item for item in stamped if type(item.event) is Metric]
    if len(metrics) < WORTH_COLUMNS:
        return [], stamped
    others = [item for item in stamped if type(item.event) is not Metric]
    columns = []
    for run, same in groupby(metrics, attrgetter("run")):
        items = list(same)
        events = [cast("Metric", item.event) for item in items]
        columns.append(MetricColumns.from_events(run, [item.time for item in items], events))
    return columns, others


def fold(state: State, event: Event, time: float, run: str = "") -> None:
    """Take one event into the state. `time` is when it happened, seconds since 1970."""
    state.take(event, time, run)


def fold_all(state: State, stamped: Sequence[Stamped[Event]]) -> None:
    """Take many events into the state, in order; columns far faster than their events one by one."""
    state.take_all(stamped)
