"""How the broker is doing, as it tells monitors every second and whoever asks.

Rules: what is told comes from the parts that know it, and is put together here alone; rates are over
the time between two ticks; every number fits into an event, whatever a stranger claims.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass, field
from typing import Final

from dashctl import __version__
from dashctl.bus.address import Address
from dashctl.bus.door import Door
from dashctl.bus.journal.journal import Journal
from dashctl.bus.ledger import Ledger, sayable
from dashctl.bus.memory import Memory
from dashctl.bus.messages import BrokerStatus
from dashctl.bus.refusals import Refusals
from dashctl.bus.switchboard import Switchboard
from dashctl.bus.upstream.status import UplinkStatus
from dashctl.events import BusStats, DoorStats, ProducerStats

MINUTE: Final = 60.0
SLOW_KEPT: Final = 4_096
"""Askings of slow monitors that are remembered."""
MOST_SERVICES: Final = 100
"""Named in an event, as `MOST_ADDRESSES` are; a status names all."""
MOST_ADDRESSES: Final = 16


@dataclass(frozen=True, slots=True)
class Parts:
    """What an exchange is made of, as far as it has something to tell."""

    address: Address
    idle_exit: float | None
    epoch: bytes
    doors: Iterable[Door]
    ledger: Ledger
    refusals: Refusals
    memory: Memory
    posted: Sized
    switchboard: Switchboard
    journal: Journal | None = None


@dataclass(slots=True)
class Totals:
    """What was passed on since the broker began, without what it tells of itself once a second."""

    events: int = 0
    frames: int = 0
    """All of them, as they are numbered …"""
    told: int = 0
    """… and those in which the broker told of itself."""
    out: int = 0
    """Events, once for every monitor that they were passed on to."""
    bytes: int = 0
    """Of frames, as they came."""
    bytes_out: int = 0


@dataclass(slots=True)
class Rates:
    """Events and bytes a second between the last two ticks, and the totals at the last."""

    ticked: float = field(default_factory=time.monotonic)
    coming: float = 0.0
    going: float = 0.0
    bytes_coming: float = 0.0
    bytes_going: float = 0.0
    events: int = 0
    out: int = 0
    bytes: int = 0
    bytes_out: int = 0

    def tick(self, now: float, totals: Totals) -> float:
        """Begin a new interval; gives the seconds of the last."""
        seconds = max(now - self.ticked, 1e-3)
        self.coming = (totals.events - self.events) / seconds
        self.going = (totals.out - self.out) / seconds
        self.bytes_coming = (totals.bytes - self.bytes) / seconds
        self.bytes_going = (totals.bytes_out - self.bytes_out) / seconds
        self.ticked = now
        self.events, self.out = totals.events, totals.out
        self.bytes, self.bytes_out = totals.bytes, totals.bytes_out
        return seconds


class Statistics:
    """What an exchange tells of itself."""

    def __init__(self, parts: Parts) -> None:
        self.started = time.time()
        self.totals = Totals()
        self.rates = Rates()
        self.last: BusStats | None = None
        """What was told last; any thread may read it."""
        self.upstream: Callable[[], UplinkStatus] | None = None
        """How feeding another broker goes, where there is one."""
        self._parts = parts
        self._producers: tuple[ProducerStats, ...] = ()
        self._slow: deque[float] = deque(maxlen=SLOW_KEPT)

    @property
    def monitors(self) -> int:
        """How many are connected, at all doors."""
        return sum(door.monitors for door in self._parts.doors)

    @property
    def connections(self) -> int:
        """Producers that are connected at all doors, heard or not."""
        return sum(door.connections for door in self._parts.doors)

    def asked_for_snapshot(self, reason: str) -> None:
        """A monitor asked for a snapshot, and why."""
        if reason == "gap":
            self._slow.append(time.monotonic())

    def tick(self, now: float) -> BusStats:
        """What happened since the last tick, by `time.monotonic`."""
        seconds = self.rates.tick(now, self.totals)
        self._producers = tuple(self._parts.ledger.report(now, seconds))
        while self._slow and now - self._slow[0] > MINUTE:
            self._slow.popleft()
        self.last = self._stats(now)
        return self.last

    def _stats(self, now: float) -> BusStats:
        parts = self._parts
        return BusStats(
            started=self.started,
            events=self.totals.events,
            frames=self.totals.frames - self.totals.told,
            monitors=self.monitors,
            producers=parts.ledger.active(now),
            lost=self._lost(),
            rejected=parts.refusals.counts(),
            rate=self.rates.coming,
            rate_out=self.rates.going,
            connections=self.connections,
            duplicates=sayable(parts.ledger.duplicates),
            vanished=parts.ledger.vanished,
            slow=len(self._slow),
            queues=self._queues(),
            by_producer=self._producers,
            services=parts.switchboard.names()[:MOST_SERVICES],
            listening=self._listening()[:MOST_ADDRESSES],
            journal=None if parts.journal is None else parts.journal.statistics(),
            doors=self._doors(),
            upstream="" if self.upstream is None else self.upstream().described(),
            bytes_in=self.rates.bytes_coming,
            bytes_out=self.rates.bytes_going,
        )

    def status(self) -> BrokerStatus:
        """The answer to AskStatus."""
        parts, totals = self._parts, self.totals
        return BrokerStatus(
            address=str(parts.address),
            pid=os.getpid(),
            version=__version__,
            epoch=parts.epoch.hex(),
            started=self.started,
            events=totals.events,
            frames=totals.frames - totals.told,
            rate=self.rates.coming,
            monitors=self.monitors,
            producers=parts.ledger.active(time.monotonic()),
            connections=self.connections,
            lost=self._lost(),
            duplicates=sayable(parts.ledger.duplicates),
            vanished=parts.ledger.vanished,
            rejected=parts.refusals.counts(),
            recent=parts.refusals.recent(),
            backlog=parts.memory.waiting,
            idle_exit=parts.idle_exit,
            listening=self._listening(),
            services=parts.switchboard.names(),
            slow=len(self._slow),
            rate_out=self.rates.going,
            queues=self._queues(),
            by_producer=self._producers,
            journal=None if parts.journal is None else parts.journal.status(),
            upstream="" if self.upstream is None else self.upstream().described(),
        )

    def _queues(self) -> dict[str, int]:
        """What waits where, in events or in bytes, as the name says."""
        parts = self._parts
        fed = {} if self.upstream is None else {"upstream bytes": self.upstream().behind}
        kept = {} if parts.journal is None else {"journal bytes": parts.journal.status().waiting}
        return {
            **fed,
            **kept,
            "fold": parts.memory.waiting,
            "posted": len(parts.posted),
            "large frames bytes": sum(door.large_bytes() for door in parts.doors),
        }

    def _doors(self) -> tuple[DoorStats, ...]:
        doors = (DoorStats(str(door.address), door.monitors, door.connections) for door in self._parts.doors)
        return tuple(doors)[:MOST_ADDRESSES]

    def _listening(self) -> tuple[str, ...]:
        return tuple(str(door.address) for door in self._parts.doors)

    def _lost(self) -> int:
        return sayable(self._parts.ledger.lost)
