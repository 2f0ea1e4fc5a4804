"""How far something is, on one line of the terminal that is written over and over.

Rule: it is for a person who watches: where stderr is no terminal, nothing is shown.
"""

import sys
import time
from contextlib import suppress
from typing import Final

PAUSE: Final = 0.5
"""Seconds between two looks at least."""


class Gauge:
    """One line on stderr; `clear` it before anything else is written there."""

    def __init__(self) -> None:
        self._is_seen = sys.stderr is not None and sys.stderr.isatty()
        self._shown = 0.0
        self._width = 0

    def show(self, text: str) -> None:
        """Show this now, unless something was shown just before."""
        now = time.monotonic()
        if self._is_seen and now - self._shown >= PAUSE:
            self._shown = now
            self._write(f"\r{text:<{self._width}}")
            self._width = len(text)

    def clear(self) -> None:
        """Take the line away."""
        if self._width:
            self._write(f"\r{'':<{self._width}}\r")
            self._width = 0

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()
