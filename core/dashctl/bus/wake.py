"""A bell between threads that a poller can wait for, beside its sockets.

Rules: ringing never blocks, and may be done from any thread and from a signal handler; many rings
before the other side looks are one.
"""

import os
import threading
from contextlib import suppress


class Bell:
    """Ring it anywhere; `fileno` becomes readable for whoever waits."""

    def __init__(self) -> None:
        # A descriptor that was closed may be somebody else's by the time it is written to; and the
        # lock can be taken again by a signal that came while it was held.
        self._lock = threading.RLock()
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def fileno(self) -> int:
        """The file descriptor that becomes readable."""
        return self._read

    def ring(self) -> None:
        """Wake whoever waits. A bell that was closed stays silent."""
        with self._lock, suppress(BlockingIOError):
            if self._write >= 0:
                os.write(self._write, b"\0")

    def quiet(self) -> None:
        """Take back all rings so far."""
        with suppress(BlockingIOError):
            os.read(self._read, 65_536)

    def close(self) -> None:
        """Give the descriptors back."""
        with self._lock:
            for descriptor in (self._read, self._write):
                if descriptor >= 0:
                    os.close(descriptor)
            self._read = self._write = -1
