"""What was logged and has not left yet: a bounded queue, between whoever logs and the thread that sends.

Rules: appending to the queue takes no lock; whoever finds it unattended looks after it, so that it stays
bounded while nothing can be sent; the oldest are dropped first, all that is dropped is counted, and what
was dropped before the next event is known, for it leaves a hole in the numbers.
"""

import threading
from collections import deque
from contextlib import suppress
from itertools import repeat, starmap
from typing import Final

from dashctl.bus.bulk import Bulk, Held, Queued
from dashctl.bus.framing import METRICS_PER_FRAME, grouped
from dashctl.events import Event, PointCloud

FEWEST: Final = 64
"""Events that are taken at once, however large."""


class Backlog:
    """A queue of at most `capacity` events, and what was taken out of it to be sent next."""

    def __init__(self, capacity: int) -> None:
        self.queue: deque[Queued] = deque()
        self.unattended = True
        """Whether whoever appends to the queue has to look after it, since nobody else does."""
        self.dropped = 0
        self.passed = 0
        """How many of those that were dropped came before what is taken next."""
        # It can be taken again by a signal that came while it was held.
        self.guard = threading.RLock()
        self._capacity = capacity
        self._bulk = Bulk()
        self._groups: deque[list[Queued]] = deque()
        self._in_hand = 0

    def __len__(self) -> int:
        with self.guard:
            return len(self.queue) + sum(map(len, self._groups)) + self._in_hand

    def queued(self, event: Event) -> Event | Held:
        """An event as it waits in the queue."""
        return self._bulk.hold(event) if isinstance(event, PointCloud) else event

    def trim(self) -> None:
        """Drop the oldest of a queue that is too long; with the guard."""
        while len(self.queue) > self._capacity:
            self.queue.popleft()
            self.dropped += 1

    def take(self, most: int) -> list[Queued]:
        """What goes into the next frame, in hand until it is kept, parted or dropped; with the guard."""
        if not self._groups:
            self.trim()
            self.passed = self.dropped
            count = min(len(self.queue), METRICS_PER_FRAME, max(FEWEST, most))
            # Popping each in a loop of the interpreter's would be a good part of what an event costs.
            taken = list(starmap(self.queue.popleft, repeat((), count)))
            self._groups.extend(grouped(taken, alone=Held))
        group = self._groups.popleft() if self._groups else []
        self._in_hand = len(group)
        return group

    def release(self) -> None:
        """What was in hand is no longer."""
        self._in_hand = 0

    def part(self, group: list[Queued]) -> None:
        """Take back what was in hand, as two groups."""
        half = len(group) // 2
        with self.guard:
            self._groups.extendleft((group[half:], group[:half]))
            self._in_hand = 0

    def drop(self, group: list[Queued]) -> None:
        """What was in hand cannot be sent."""
        with self.guard:
            self._in_hand = 0
            self.dropped += len(group)
            self.passed += len(group)

    def withdraw(self, entry: Queued) -> None:
        """Take out one that is not in hand; it may have been dropped before. With the guard."""
        if isinstance(entry[1], Held):
            entry[1].take()
        with suppress(ValueError):
            self.queue.remove(entry)
            return
        kept = ([each for each in group if each is not entry] for group in self._groups)
        self._groups = deque(filter(None, kept))

    def close(self) -> None:
        """Drop everything."""
        with self.guard:
            self.dropped += len(self)
            self.queue.clear()
            self._groups.clear()
            self._in_hand = 0
