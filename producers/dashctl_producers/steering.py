"""Steers a training run from outside: the service "detector", with `status` and `stop`.

Rules: what is told of the run is what its events said last; whoever says stop gets a run that ends well,
a moment later; a run whose name is taken trains all the same, and says that it cannot be called.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from dashctl.bus.address import Address
from dashctl.bus.service import Service
from dashctl.errors import NameTaken, NotAllowed
from dashctl.events import Event, Metric, Progress

NAME: Final = "detector"

Log = Callable[[Event], None]


class Steering:
    """One run as it is steered: its events pass through `log`, and `enough` says whether to end."""

    def __init__(self, run: str, log: Log) -> None:
        self._run = run
        self._log = log
        self._lock = threading.Lock()
        self._enough = threading.Event()
        self._progress: dict[str, str] = {}
        self._metrics: dict[str, float] = {}

    def log(self, event: Event) -> None:
        """Remember what the event says of the run, and pass it on."""
        with self._lock:
            match event:
                case Progress(name=name, done=done, total=total, unit=unit):
                    self._progress[name] = " ".join(filter(None, (f"{done:g} of {total:g}", unit)))
                case Metric(name=name, value=value):
                    self._metrics[name] = value
        self._log(event)

    def enough(self) -> bool:
        """Whether somebody said stop."""
        return self._enough.is_set()

    def status(self) -> dict[str, Any]:
        """How far the run is, and the newest value of every curve."""
        with self._lock:
            progress, metrics = dict(self._progress), dict(self._metrics)
        return {"run": self._run, "stopping": self.enough(), "progress": progress, "metrics": metrics}

    def stop(self) -> str:
        """Finish the epoch, test what was learnt by then, and end."""
        self._enough.set()
        return f"{self._run} ends after this epoch"


@contextmanager
def steered(run: str, log: Log, address: Address, warn: Callable[[str], None]) -> Iterator[Steering]:
    """A run that is steered by whoever calls the service "detector" at the address."""
    steering = Steering(run, log)
    service = Service(NAME, address)
    service.method(steering.status)
    service.method(steering.stop)
    try:
        service.open()
    except (NameTaken, NotAllowed) as error:
        warn(f"this run cannot be steered: {error}")
    try:
        yield steering
    finally:
        service.close()
