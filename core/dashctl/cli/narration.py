"""What the command says besides its data.

Rule: it goes to stderr, a line at a time, and never stands between the command and its work.
"""

import sys
from contextlib import suppress


def say(message: str) -> None:
    """One line to stderr; if nobody can read it, it is not said."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(f"dashctl: {message}", file=sys.stderr, flush=True)
