"""One call as the method sees it that was called."""

import threading
from collections.abc import Callable

Report = Callable[[float, float | None, str], None]


class Invocation:
    """A method that wants one declares a parameter of this type: it says how far it is, and hears
    whether anybody still waits."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._abandoned = threading.Event()

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits any more: the caller gave up, ended, or waited long enough."""
        return self._abandoned.is_set()

    def progress(self, done: float, total: float | None = None, note: str = "") -> None:
        """Tell the caller how far this is; as often as you like, the newest is what travels."""
        if not self.cancelled:
            self._report(done, total, note)

    def wait(self, seconds: float) -> bool:
        """Pause for so long, or until nobody waits any more; whether that is so."""
        return self._abandoned.wait(seconds)

    def abandon(self) -> None:
        """Nobody waits any more."""
        self._abandoned.set()
