"""What a rule is: which series it is about, what must not be, and for how long.

Rules: frozen values; one rule and one series make one alert, whose name has both.
"""

import re
from collections.abc import Mapping
from fnmatch import translate
from functools import lru_cache
from math import inf, isfinite
from typing import Final, Literal

import msgspec

from dashctl.errors import UsageError
from dashctl.events import Scalar, Severity
from dashctl.validation import sendable

Unit = Literal["s", "steps", "values"]
Mode = Literal["min", "max"]
"""Which values are good ones: small or large."""

LONGEST_METRIC: Final = 400
"""Characters of a metric's name in an alert."""
LONGEST_MESSAGE: Final = 2_000


class Moment(msgspec.Struct, frozen=True):
    """A place on a series: the time (seconds since 1970), the step, and how many values there were."""

    time: float
    step: int
    values: int


class Span(msgspec.Struct, frozen=True):
    """A length of time, of steps, or of values in a row."""

    amount: float = 0.0
    unit: Unit = "s"

    def passed(self, start: Moment, end: Moment) -> bool:
        """Whether it lies between two moments."""
        match self.unit:
            case "s":
                return end.time - start.time >= self.amount
            case "steps":
                return end.step - start.step >= self.amount
        return end.values - start.values >= self.amount

    def __str__(self) -> str:
        return f"{self.amount:g} {self.unit}"


class Pattern(msgspec.Struct, frozen=True):
    """A glob for a whole name, or a regex between strokes that is found in it: `*loss*`, `/loss$/`."""

    text: str

    def matches(self, *names: str) -> bool:
        """Whether it matches one of the names."""
        found = _compiled(self.text)
        return any(found.search(name) is not None for name in names)


class Condition(msgspec.Struct, frozen=True):
    """A value of a run's configuration compares so; a text is a glob."""

    key: str
    relation: str
    value: float | str

    def holds(self, config: Mapping[str, Scalar]) -> bool:
        """Whether it holds; not where the configuration lacks the key."""
        if self.key not in config:
            return False
        found = config[self.key]
        if isinstance(self.value, str):
            shown = str(found).lower() if isinstance(found, bool) or found is None else str(found)
            return Pattern(self.value).matches(shown) is (self.relation == "=")
        if isinstance(found, bool) or not isinstance(found, int | float):
            return self.relation == "!="
        match self.relation:
            case ">":
                return found > self.value
            case ">=":
                return found >= self.value
            case "<":
                return found < self.value
            case "<=":
                return found <= self.value
        return (found == self.value) is (self.relation == "=")


class About(msgspec.Struct, frozen=True):
    """Which series: metrics of runs, or a field of hosts."""

    metric: Pattern = Pattern("*")
    run: Pattern = Pattern("*")
    config: tuple[Condition, ...] = ()
    host: Pattern | None = None
    field: str = ""
    """Of HostStats; "" for metrics."""


class Threshold(msgspec.Struct, frozen=True, tag=True):
    """Beyond a limit; over once it is back behind `clear`."""

    limit: float
    clear: float
    above: bool

    def __str__(self) -> str:
        return f"{'above' if self.above else 'below'} {self.limit:g}"

    @property
    def back(self) -> str:
        """Where it is over, if that is elsewhere."""
        return (
            f", until {'below' if self.above else 'above'} {self.clear:g}" if self.clear != self.limit else ""
        )

    def judges(self, value: float) -> bool | None:
        """True: not as it has to be; False: it is; None: neither, so that all stays as it was."""
        if self.above:
            return True if value > self.limit else False if value <= self.clear else None
        return True if value < self.limit else False if value >= self.clear else None


class NotFinite(msgspec.Struct, frozen=True, tag=True):
    """NaN or infinite."""

    def __str__(self) -> str:
        return "NaN or infinite"


class Stalled(msgspec.Struct, frozen=True, tag=True):
    """No new value for so many seconds, while its run goes on."""

    seconds: float

    def __str__(self) -> str:
        return f"without a new value for {self.seconds:g} s"


class Plateau(msgspec.Struct, frozen=True, tag=True):
    """No new best value, better by more than `min_delta`, over a span."""

    over: Span
    mode: Mode
    min_delta: float

    def __str__(self) -> str:
        by = f" by {self.min_delta:g}" if self.min_delta else ""
        return f"no new {self.mode}imum{by} over {self.over}"

    def improves(self, value: float, best: float) -> bool:
        """Whether a value is a new best."""
        return value < best - self.min_delta if self.mode == "min" else value > best + self.min_delta


class Behind(msgspec.Struct, frozen=True, tag=True):
    """Worse than the baseline's curve at the same step, by more than a margin."""

    baseline: str
    mode: Mode
    margin: float
    clear: float
    """Worse by at most so much, it is over."""

    def __str__(self) -> str:
        return f"worse than {self.baseline} by more than {self.margin:g}"

    def judges(self, value: float, there: float) -> bool | None:
        """As Threshold.judges; `there` is the baseline's value."""
        worse = value - there if self.mode == "min" else there - value
        return True if worse > self.margin else False if worse <= self.clear else None


Cause = Threshold | NotFinite | Stalled | Plateau | Behind


class Rule(msgspec.Struct, frozen=True):
    """One rule. hold: for so long its cause must be there before it fires; clear: and away, to be over."""

    name: str
    about: About
    cause: Cause
    severity: Severity = "warning"
    hold: Span = Span()
    clear: Span = Span()
    message: str = ""

    @property
    def baseline(self) -> str:
        """The run that others are compared with, "" if there is none."""
        return self.cause.baseline if isinstance(self.cause, Behind) else ""

    @property
    def follows_clock(self) -> bool:
        """Whether it may fire without any event."""
        match self.cause:
            case Stalled():
                return True
            case Plateau(over=over):
                return over.unit == "s"
        return False

    def alert_name(self, metric: str) -> str:
        """The name of its alert on a metric."""
        return f"{self.name}: {sendable(metric, LONGEST_METRIC)}"

    def described(self) -> str:
        """What has to hold for it to fire, for a person to read."""
        about = self.about
        if about.field:
            host = about.host.text if about.host else "*"
            what = f"{about.field} of {'any host' if host == '*' else host}"
        else:
            what = about.metric.text if about.metric.text != "*" else "any metric"
        held = f" for {self.hold}" if self.hold.amount else ""
        back = self.cause.back if isinstance(self.cause, Threshold) else ""
        of_runs = f" in runs {about.run.text}" if about.run.text != "*" else ""
        config = " ".join(f"{each.key}{each.relation}{each.value}" for each in about.config)
        return f"{what} {self.cause}{held}{back}{of_runs}{f' with {config}' if config else ''}"


@lru_cache(maxsize=1_024)
def _compiled(text: str) -> "re.Pattern[str]":
    if len(text) > 2 and text.startswith("/") and text.endswith("/"):
        return re.compile(text[1:-1])
    return re.compile(translate(text))


def check_pattern(text: str) -> None:
    """Raises UsageError where the text is no pattern, with the reason alone."""
    try:
        _compiled(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(str(error)) from None


def shown_number(value: float) -> str:
    """A value in a message: six digits at most, NaN and infinities by their names."""
    if isfinite(value):
        return f"{value:.6g}"
    return "NaN" if value != value else "+Inf" if value == inf else "-Inf"  # noqa: PLR0124
