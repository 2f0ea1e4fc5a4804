"""Times in words: durations, ages and times of day.

Rule: a moment is seconds since 1970 and shown in this machine's time zone; a duration that clocks which
disagree make negative is shown as zero.
"""

import time

_MINUTE = 60
_HOUR = 3600
_DAY = 86_400
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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


def roughly(seconds: float) -> str:
    """`42 s`, `3 min`, `2 h` or `4 d`: for what is shown long after, and need not count every second."""
    whole = int(max(0.0, min(seconds, 1e12)))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    return f"{whole // _HOUR} h" if whole < 2 * _DAY else f"{whole // _DAY} d"


def behind(seconds: float) -> str:
    """How far before the present: `-42s`, `-12m 03s`, `-2h 05m` or `-4d 07h`."""
    whole = int(max(0.0, min(seconds, 1e12)))
    if whole < _MINUTE:
        return f"-{whole}s"
    for unit, name, part, part_name in ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "m")):
        if whole >= unit:
            return f"-{whole // unit}{name} {whole % unit // part:02}{part_name}"
    return f"-{whole // _MINUTE}m {whole % _MINUTE:02}s"


def brief(seconds: float) -> str:
    """`12 ms` or `3.2 s`, and from a minute on as `duration`."""
    if seconds < 1:
        return f"{max(0.0, seconds) * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < _MINUTE else duration(seconds)


def when(moment: float, now: float) -> str:
    """`12:03:04`, with the date if it is not that of `now`: `20 Nov 12:03:04`, `20 Nov 2025 12:03:04`."""
    try:
        there, here = time.localtime(moment), time.localtime(now)
    except (OverflowError, OSError, ValueError):
        return time_of_day(moment)
    if there[:3] == here[:3]:
        return time_of_day(moment)
    year = f" {there.tm_year}" if there.tm_year != here.tm_year else ""
    return f"{there.tm_mday} {_MONTHS[there.tm_mon - 1]}{year} {time_of_day(moment)}"


def time_of_day(moment: float) -> str:
    """`12:03:04`; dashes for a moment that no calendar has."""
    try:
        return time.strftime("%H:%M:%S", time.localtime(moment))
    except (OverflowError, OSError, ValueError):
        return "--:--:--"
