"""Moments as people write them: `10:02`, `+90s`, `2026-05-04T10:02:30`.

Rules: a moment without a date is the first such time of day in what it is looked for in; a moment
without a zone is local time; one with a plus is counted from the beginning.
"""

import re
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from dashctl.errors import UsageError

EXPECTED: Final = "a time as 10:02 or 10:02:30, a date and time as 2026-05-04T10:02, or +90s, +5min, +2h"
_SECONDS: Final = {"": 1.0, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_OFFSET: Final = re.compile(r"\+(\d{1,9}(?:\.\d{1,9})?)(s|min|m|h|d|)")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?")


class When(NamedTuple):
    """A moment, which may depend on what it is looked for in: exactly one of these is given."""

    offset: float | None = None
    """Seconds from the beginning."""
    clock: timedelta | None = None
    """Since midnight, local time."""
    date: datetime | None = None

    @classmethod
    def parse(cls, text: str) -> "When":
        """What a text says. Raises UsageError."""
        if found := _OFFSET.fullmatch(text):
            return cls(offset=float(found[1]) * _SECONDS[found[2]])
        if found := _CLOCK.fullmatch(text):
            return cls(clock=_time_of_day(text, *found.groups(default="0")))
        try:
            date = datetime.fromisoformat(text)
            date.timestamp()
        except (ValueError, OverflowError, OSError):
            raise UsageError(f"{text!r} is not a moment; expected {EXPECTED}") from None
        return cls(date=date)

    def after(self, beginning: float) -> float:
        """Seconds since 1970, in what begins then (seconds since 1970)."""
        if self.offset is not None:
            return beginning + self.offset
        if self.date is not None:
            return self.date.timestamp()
        assert self.clock is not None
        began = datetime.fromtimestamp(beginning).astimezone()
        midnight = datetime(began.year, began.month, began.day)  # noqa: DTZ001 - local, as the clock is
        moment = (midnight + self.clock).timestamp()
        # Asked for 10:02 in what began at 10:02:13, a person means its beginning.
        if moment < beginning - 60.0:
            moment = (midnight + timedelta(days=1) + self.clock).timestamp()
        return moment


def _time_of_day(text: str, hours: str, minutes: str, seconds: str, fraction: str) -> timedelta:
    if int(hours) > 23 or int(minutes) > 59 or int(seconds) > 59:
        raise UsageError(f"{text!r} is not a time of day; expected {EXPECTED}")
    micros = int(fraction.ljust(6, "0"))
    return timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds), microseconds=micros)
