"""Loading parts of the command without being interrupted in the middle.

Rule: a signal that comes meanwhile takes effect when the part is there: libraries written in C crash,
or lose the signal, when an exception comes up inside them while they are being loaded.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def signals_held() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP wait for the end of what is done inside."""
    former = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)
