"""What any training run tells of itself."""

import sys
from typing import Annotated, ClassVar

import msgspec

from dashctl.events.base import Event, Level, Outcome, Scalar
from dashctl.retention import Last, Latest, Retention, Series
from dashctl.validation import (
    AnyFloat,
    Count,
    Few,
    Name,
    Positive,
    Text,
    make_legal,
)


class RunStarted(Event, frozen=True):
    """A run began. Scenes: Overview, Training, Runs."""

    retention: ClassVar[Retention] = Latest(("run",))

    config: Annotated[dict[Name, Scalar], Few] = msgspec.field(default_factory=dict)
    host: Text = ""
    command: Text = ""
    name: Text | None = None


class RunFinished(Event, frozen=True):
    """A run ended. Scenes: Overview, Training, Runs."""

    retention: ClassVar[Retention] = Latest(("run",))

    outcome: Outcome = "finished"
    reason: Text | None = None


class Metric(Event, frozen=True, gc=False):
    """One value of a curve. NaN and infinities are legal and reach the screen. Scene: Training."""

    retention: ClassVar[Retention] = Series(1_000, ("run", "name"))

    name: Name
    step: Count
    value: AnyFloat

    def __post_init__(self) -> None:
        # The hot path: Python's own types and a short plain name need no table of checks. For the same
        # reason the garbage collector passes over it: its fields cannot refer back to it.
        name, step = self.name, self.step
        exact = self.value.__class__ is float and step.__class__ is int and name.__class__ is str
        if not (exact and -1 < step < 2**63 and 0 < len(name) < 100 and name.isascii()):
            make_legal(self)


class Progress(Event, frozen=True):
    """How far something is. Scene: Training."""

    retention: ClassVar[Retention] = Latest(("run", "name"))

    name: Name
    done: Positive
    total: Positive | None = None
    unit: Text | None = None
    note: Text | None = None
    """What is being done at the moment."""


class LogLine(Event, frozen=True):
    """A line that a program wrote. Scenes: Logs, Overview."""

    retention: ClassVar[Retention] = Last(10_000, characters=8_000_000)

    message: Text
    level: Level = "info"
    source: Text | None = None


class SourceCode(Event, frozen=True):
    """The code that a run is running: its training loop. Scene: Code."""

    retention: ClassVar[Retention] = Latest(("run",), keys=50)

    path: Name
    text: Text
    first_line: Count = 1
    """The number of the text's first line in its file."""
    language: Text = "python"

    def __post_init__(self) -> None:
        make_legal(self)
        # A default stays off the wire only if it is the very same object.
        msgspec.structs.force_setattr(self, "language", sys.intern(self.language))

    loop: Count | None = None
    """The number in its file of the line that the run's progress belongs to."""
