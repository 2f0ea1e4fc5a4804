"""Times in words: durations, ages and times of day.

Rule: a moment is seconds since 1970 and shown in this machine's time zone; a duration that clocks which
disagree make negative is shown as zero.
"""

import time

_MINUTE = 60
_HOUR = 3600
_DAY = 86_400


def duration(seconds: float) -> str:
    """`42 s`, `3:07`, `2:05:09` or `4 d 7 h`."""
    whole = int(max(0.0, min(seconds, 1e12)))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}:{whole % _MINUTE:02}"
    if whole < _DAY:
        return f"{whole // _HOUR}:{whole % _HOUR // _MINUTE:02}:{whole % _MINUTE:02}"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def age(moment: float, now: float) -> str:
    """`just now` or how long ago, such as `3 min ago`."""
    passed = now - moment
    if passed < 2:
        return "just now"
    if passed < _MINUTE:
        return f"{int(passed)} s ago"
    if passed < _HOUR:
        return f"{int(passed // _MINUTE)} min ago"
    return f"{int(passed // _HOUR)} h ago" if passed < 2 * _DAY else f"{int(passed // _DAY)} d ago"


def time_of_day(moment: float) -> str:
    """`12:03:04`; dashes for a moment that no calendar has."""
    try:
        return time.strftime("%H:%M:%S", time.localtime(moment))
    except (OverflowError, OSError, ValueError):
        return "--:--:--"
