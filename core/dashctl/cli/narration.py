"""What the command says besides its data.

Rules: it goes to stderr, a line at a time, and never stands between the command and its work; what
others wrote into it, as the exception of a method that was called, commands no terminal.
"""

import sys
from contextlib import suppress


def say(message: str) -> None:
    """One line to stderr; if nobody can read it, it is not said."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(f"dashctl: {_on_one_line(message)}", file=sys.stderr, flush=True)


def _on_one_line(text: str) -> str:
    return text if text.isprintable() else "".join(each if each.isprintable() else " " for each in text)
