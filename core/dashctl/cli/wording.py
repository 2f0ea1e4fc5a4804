"""How times and amounts are written for people.

Rule: a moment is in local time; a length of time has two units at most.
"""

from datetime import UTC, datetime


def clock(seconds: float) -> str:
    """A moment, seconds since 1970, as local date and time."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """A length of time in the one or two largest units: "1 h 5 min", "12 s"."""
    whole = max(0, round(seconds))
    parts = [
        (whole // 86_400, "d"),
        (whole // 3_600 % 24, "h"),
        (whole // 60 % 60, "min"),
        (whole % 60, "s"),
    ]
    first = next((at for at, (amount, _) in enumerate(parts) if amount), len(parts) - 1)
    shown = [f"{amount} {unit}" for amount, unit in parts[first : first + 2] if amount]
    return " ".join(shown) or "0 s"


def amount(size: int) -> str:
    """A number of bytes in the largest unit that leaves something before the point: "1.5 MB"."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
