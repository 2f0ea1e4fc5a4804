"""Round durations and times of day to write beside a scale of seconds.

Rules: steps are those of a clock (1, 2, 5, 10, 15, 30 seconds or minutes, hours, days); times of day are in
this machine's time zone; a moment that no calendar has is labelled with dashes.
"""

import time
from bisect import bisect_left
from math import ceil, floor, isfinite
from typing import Final

_MINUTE: Final = 60.0
_HOUR: Final = 3600.0
_DAY: Final = 86_400.0
_STEPS: Final = (
    *(power * digit for power in (0.001, 0.01, 0.1) for digit in (1.0, 2.0, 5.0)),
    *(1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * 10.0**power * _DAY for power in range(5) for days in (1, 2, 5)),
)


def duration_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """At most `most` round durations from `low` to `high` seconds, as `30 s` or `1:30:00`."""
    step, places = _round(low, high, most, 0.0)
    return [(place, duration_label(place, step)) for place in places]


def clock_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """At most `most` round moments, seconds since 1970, with labels such as `12:30` or `20 Nov`."""
    step, places = _round(low, high, most, _zone(low))
    return [(place, clock_label(place, step)) for place in places]


def duration_label(seconds: float, step: float = 1.0) -> str:
    """`-2:05`, `1:02:03`, `3d 4h`; below a minute `42 s`, with as many decimals as a step below 1 needs."""
    sign, size = ("-" if seconds < 0 else ""), abs(seconds)
    if not isfinite(size) or size > 1e15:
        return f"{seconds:.2g} s"
    if step < 1 or size < _MINUTE:
        decimals = 0 if step >= 1 else 1 if step >= 0.1 else 2 if step >= 0.01 else 3
        return f"{sign}{size:.{decimals}f} s" if size else "0"
    whole = round(size)
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours < 48:
        return sign + (f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}")
    return f"{sign}{hours // 24}d" + (f" {hours % 24}h" if step < _DAY else "")


def clock_label(moment: float, step: float = 1.0) -> str:
    """`12:30`, `12:30:05` for steps below a minute, `20 Nov` for steps of days."""
    form = "%H:%M:%S" if step < _MINUTE else "%H:%M" if step < _DAY else "%d %b"
    try:
        return time.strftime(form, time.localtime(moment))
    except (OverflowError, OSError, ValueError):
        return "--:--"


def _round(low: float, high: float, most: int, offset: float) -> tuple[float, list[float]]:
    if most < 1 or not isfinite(high - low):
        return 1.0, []
    first = bisect_left(_STEPS, (high - low) / most * (1 - 1e-9))
    for step in _STEPS[first:]:
        begin, end = ceil((low + offset) / step - 1e-9), floor((high + offset) / step + 1e-9)
        if end - begin < most:
            return step, [number * step - offset for number in range(begin, end + 1)]
    return _STEPS[-1], []


def _zone(moment: float) -> float:
    """Seconds by which this machine's clock is ahead of UTC."""
    try:
        return float(time.localtime(moment).tm_gmtoff)
    except (OverflowError, OSError, ValueError):
        return 0.0
