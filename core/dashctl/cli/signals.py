"""Signals as a wish that a command ends, for those that have something to bring to an end first.

Rule: a signal that was ignored before is ignored still.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ended_by_signals() -> Iterator[threading.Event]:
    """Set by the signals that otherwise end a command in the middle of whatever it does."""
    over = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        over.set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    former = {each: signal.getsignal(each) for each in numbers}
    try:
        for each in numbers:
            if former[each] != signal.SIG_IGN:
                signal.signal(each, end)
        yield over
    finally:
        for each, action in former.items():
            signal.signal(each, action)
