"""Many metrics of one run as columns, alone or among other events.

Rules: columns are a value: nobody changes them once they are made; a column has one entry per sample;
names that repeat are held once and meant by their place in `names`; events are built when somebody
asks for them, and who folds or stores them never does.
"""

from array import array
from collections.abc import Hashable, Iterator, Sequence
from itertools import islice, repeat
from typing import Any, Final, overload

from dashctl.events import Event, Metric, Stamped

MOST_NAMES = 2**16
"""Names in one table: a code is a uint16."""

Places = slice | list[int]
"""Where in a column."""


class MetricColumns(Sequence[Stamped[Event]]):
    """Samples in the order in which they were logged: a sequence of `Stamped[Metric]`.

    All columns are of one length, every code is a place in `names`, steps are not negative, times are
    seconds since 1970; values may be NaN or infinite.
    """

    __slots__ = ("codes", "names", "run", "steps", "times", "values")

    def __init__(
        self,
        run: str,
        times: "array[float]",
        names: tuple[str, ...],
        *,
        codes: "array[int]",
        steps: "array[int]",
        values: "array[float]",
    ) -> None:
        self.run: Final = run
        self.times: Final = times
        """float64."""
        self.names: Final = names
        self.codes: Final = codes
        """uint16: which name."""
        self.steps: Final = steps
        """int64."""
        self.values: Final = values
        """float64."""

    @classmethod
    def from_events(cls, run: str, times: Sequence[float], metrics: Sequence[Metric]) -> "MetricColumns":
        """Metrics and their times, one for each, in columns. At most MOST_NAMES different names."""
        names, codes = coded([metric.name for metric in metrics])
        steps = array("q", [metric.step for metric in metrics])
        values = array("d", [metric.value for metric in metrics])
        return cls(run, array("d", times), names, codes=codes, steps=steps, values=values)

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, at: int) -> Stamped[Event]: ...
    @overload
    def __getitem__(self, at: slice) -> "MetricColumns": ...
    def __getitem__(self, at: int | slice) -> "Stamped[Event] | MetricColumns":
        if isinstance(at, slice):
            codes, steps, values = self.codes[at], self.steps[at], self.values[at]
            return MetricColumns(
                self.run, self.times[at], self.names, codes=codes, steps=steps, values=values
            )
        metric = Metric(self.names[self.codes[at]], self.steps[at], self.values[at])
        return Stamped(self.times[at], self.run, metric)

    def __iter__(self) -> Iterator[Stamped[Event]]:
        return map(Stamped, self.times, repeat(self.run), self.metrics())

    def metrics(self) -> Iterator[Metric]:
        """The events alone, without time and run."""
        return map(Metric, map(self.names.__getitem__, self.codes), self.steps, self.values)

    def __repr__(self) -> str:
        return f"<MetricColumns of run {self.run!r}: {len(self)} samples of {len(self.names)} names>"


class MixedEvents(Sequence[Stamped[Event]]):
    """Metrics in columns and what was logged between them: a sequence of all, in its order."""

    __slots__ = ("before", "metrics", "others")

    def __init__(
        self, metrics: MetricColumns, others: Sequence[Stamped[Event]], before: Sequence[int]
    ) -> None:
        self.metrics: Final = metrics
        self.others: Final = others
        """No metrics."""
        self.before: Final = before
        """How many of the metrics come before each of the others; never falling."""

    def __len__(self) -> int:
        return len(self.metrics) + len(self.others)

    @overload
    def __getitem__(self, at: int) -> Stamped[Event]: ...
    @overload
    def __getitem__(self, at: slice) -> list[Stamped[Event]]: ...
    def __getitem__(self, at: int | slice) -> Stamped[Event] | list[Stamped[Event]]:
        return list(self)[at]

    def __iter__(self) -> Iterator[Stamped[Event]]:
        metrics, passed = iter(self.metrics), 0
        for before, other in zip(self.before, self.others, strict=True):
            yield from islice(metrics, before - passed)
            yield other
            passed = before
        yield from metrics

    def __repr__(self) -> str:
        return f"<MixedEvents: {self.metrics!r} and {len(self.others)} others>"


def period_of(values: Sequence[Hashable]) -> int:
    """After how many places a row of values begins again, none coming twice before; 0: never.

    So it is with what one loop logs: the same names in the same order each time.
    """
    try:
        period = values.index(values[0], 1)
    except (ValueError, IndexError):
        period = len(values)
    repeats = values[period:] == values[:-period] and len(set(values[:period])) == period
    return period if repeats else 0


def coded(names: list[str]) -> "tuple[tuple[str, ...], array[int]]":
    """Each name once, in the order in which they come, and which one stands in each place."""
    if period := period_of(names):
        rounds, rest = divmod(len(names), period)
        once = array("H", range(period))
        return tuple(names[:period]), once * rounds + once[:rest]
    code_of = {name: code for code, name in enumerate(dict.fromkeys(names))}
    return tuple(code_of), array("H", [code_of[name] for name in names])


def places_by_code(codes: "array[int]") -> Iterator[tuple[int, Places]]:
    """Where each code stands, those whose last place comes first being first."""
    period = period_of(codes)
    if period:
        count = len(codes)
        for last in range(count - period, count):
            yield codes[last], slice(last % period, None, period)
        return
    places: dict[int, list[int]] = {code: [] for code in reversed(dict.fromkeys(reversed(codes)))}
    for place, code in enumerate(codes):
        places[code].append(place)
    yield from places.items()


def translated(codes: "array[int]", meanings: "array[int]") -> "array[int]":
    """What each code means, for codes that are places in `meanings`."""
    once = array("H", range(len(meanings)))
    if meanings == once:
        return codes
    rounds, rest = divmod(len(codes), len(meanings))
    if codes == once * rounds + once[:rest]:
        return meanings * rounds + meanings[:rest]
    return array("H", map(meanings.__getitem__, codes))


def taken(column: "array[Any]", places: Places) -> Sequence[Any]:
    """The entries of a column in these places."""
    return column[places] if isinstance(places, slice) else [column[place] for place in places]
