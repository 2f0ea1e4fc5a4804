"""Large events that wait to be sent, bounded by bytes.

Rules: the queue of a producer is bounded by number, which bounds nothing when one event is a million
points; so large events wait in holders, and the oldest are emptied when together they are too large.
"""

import threading
from collections import deque
from typing import Final

from dashctl.events import Event, PointCloud

LARGEST_WAITING: Final = 64 * 1024 * 1024
"""Bytes of large events that wait at most; the newest always does."""


class Held:
    """The place of a large event in a queue; `event` is None once it was taken or given up."""

    __slots__ = ("bytes", "event")

    def __init__(self, event: PointCloud) -> None:
        self.event: Event | None = event
        self.bytes = _size(event)

    def take(self) -> Event | None:
        """The event, if it is still there; it is held no longer."""
        event, self.event = self.event, None
        return event


Queued = tuple[float, Event | Held]
"""An event in a queue, behind its time (seconds since 1970)."""


class Bulk:
    """All large events that wait in one queue."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: deque[Held] = deque()

    def hold(self, event: PointCloud) -> Held:
        """A place for an event; the oldest lose theirs if there is too much."""
        held = Held(event)
        with self._lock:
            self._held = deque(each for each in self._held if each.event is not None)
            self._held.append(held)
            waiting = sum(each.bytes for each in self._held)
            while waiting > LARGEST_WAITING and len(self._held) > 1:
                oldest = self._held.popleft()
                oldest.take()
                waiting -= oldest.bytes
        return held


def _size(cloud: PointCloud) -> int:
    axes = len(cloud.x) + len(cloud.y) + len(cloud.z or b"")
    numbers = sum(map(len, (cloud.values or {}).values()))
    return axes + numbers + sum(len(colouring.codes) for colouring in cloud.colourings.values())
