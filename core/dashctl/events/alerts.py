"""What a person should look at, and has looked at."""

from typing import ClassVar

from dashctl.events.base import Event, Severity
from dashctl.retention import Last, Latest, Retention
from dashctl.validation import (
    AnyFloat,
    Name,
    Text,
)


class Alert(Event, frozen=True):
    """Something that a person should look at, or that is over (`resolved`). Scenes: Alerts, Overview."""

    retention: ClassVar[Retention] = Last(500)

    name: Name
    message: Text = ""
    severity: Severity = "warning"
    resolved: bool = False
    metric: Text | None = None
    value: AnyFloat | None = None
    """Of the metric, when the alert began or ended."""
    rule: Text | None = None
    """What it was that came to hold, for a person to read."""


class AlertAcknowledged(Event, frozen=True):
    """A person has seen the alert of this name, in the event's run. Scene: Alerts."""

    retention: ClassVar[Retention] = Latest(("run", "name"), keys=1_000)

    name: Name
    by: Text = ""
    withdrawn: bool = False
    """Whether that is taken back."""
