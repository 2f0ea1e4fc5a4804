"""A state that keeps itself up to date, in a thread of its own.

Rules: the state is read under the lock and never kept beyond it; the lock is never held for more
than a few milliseconds; nothing that arrives ends the thread; whoever is told of news is told after it was
folded, and without the lock.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Self

import msgspec

from dashctl.bus.address import Address
from dashctl.bus.subscriber import Arrived, Resynchronised, Subscriber
from dashctl.errors import Closed
from dashctl.events import BusStats, Event, Stamped
from dashctl.metric_columns import MetricColumns, MixedEvents
from dashctl.state import State, fold_all

WAIT: Final = 0.2
"""Seconds after which the connection is looked at even if nothing arrives."""
SLICE: Final = 500
"""Events folded before others get the lock."""
COLUMN_SLICE: Final = 4_096
"""Metrics in columns, likewise."""


class Connection(msgspec.Struct, frozen=True):
    """How the following goes, at one moment."""

    connected: bool
    """Whether the broker was heard in the last seconds."""
    since: float
    """When that began, seconds since 1970."""
    lost: int = 0
    """Events that producers numbered and that never reached the broker."""
    rejected: Mapping[str, int] = {}
    """Events, frames and requests that were refused, by reason, at the broker or here."""
    rate: float = 0.0
    """Events a second that arrived here, over the last second."""
    epoch: str = ""
    """The broker's, changed when it was started again; "" before the first contact."""
    resyncs: int = 0
    """How often the state was started anew from a snapshot."""
    refused: str = ""
    """Why the broker does not let this one in, "" where it does."""


class Follower:
    """The state of a bus, followed while it is started: `with Follower(address) as follower`.

    Raises UsageError for an address that is none.
    """

    def __init__(self, address: Address | str | None = None) -> None:
        self.address = Address.parse(address)
        self.lock = threading.Lock()
        """Hold it while reading `state`."""
        self.state = State()
        self.on_news: Callable[[], None] = _unheard
        """Called in the follower's thread when the state or the connection is another one than before."""
        self._connection = Connection(connected=False, since=time.time())
        self._epoch = ""
        self._stopping = False
        self._arrived = 0
        self._rate = 0.0
        self._rated = time.monotonic()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to follow; nothing if it does already. Raises Closed if it was stopped before."""
        if self._stopping:
            raise Closed("the follower was stopped")
        if self._thread is not None:
            return
        subscriber = Subscriber(self.address)
        self._thread = threading.Thread(
            target=self._follow, args=(subscriber,), name="dashctl-follower", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End following; the state stays as it is."""
        self._stopping = True
        if self._thread is not None:
            self._thread.join()

    def connection(self) -> Connection:
        """How it goes now; needs no lock."""
        return self._connection

    def _follow(self, subscriber: Subscriber) -> None:
        with subscriber:
            while not self._stopping:
                news = subscriber.receive(WAIT)
                match news:
                    case Resynchronised(state=state, epoch=epoch):
                        self._epoch = epoch.hex()
                        with self.lock:
                            self.state = state
                    case Arrived(batches=batches):
                        for batch in batches:
                            self._fold(batch)
                if self._observe(subscriber) or news is not None:
                    self.on_news()

    def _fold(self, batch: Sequence[Stamped[Event]]) -> None:
        if isinstance(batch, MixedEvents):
            self._fold(batch.metrics)
            batch = batch.others
        # What the broker tells of itself once a second is no traffic.
        if len(batch) != 1 or not isinstance(batch[0].event, BusStats):
            self._arrived += len(batch)
        size = COLUMN_SLICE if isinstance(batch, MetricColumns) else SLICE
        for start in range(0, len(batch), size):
            with self.lock:
                fold_all(self.state, batch if len(batch) <= size else batch[start : start + size])
            # Without a pause, the lock would be taken back before anybody who waits for it wakes up.
            time.sleep(0)

    def _observe(self, subscriber: Subscriber) -> bool:
        """Look how it goes; whether it goes otherwise than before."""
        now = time.monotonic()
        if now - self._rated >= 1.0:
            self._rate = self._arrived / (now - self._rated)
            self._arrived, self._rated = 0, now
        before = self._connection
        connected = bool(self._epoch) and subscriber.is_connected()
        stats = self.state.newest(BusStats)
        counted = stats.event.rejected if stats else {}
        own = subscriber.rejected
        self._connection = Connection(
            connected=connected,
            since=before.since if connected == before.connected else time.time(),
            lost=stats.event.lost if stats else 0,
            rejected={reason: max(counted.get(reason, 0), own[reason]) for reason in (*counted, *own)},
            rate=self._rate,
            epoch=self._epoch,
            resyncs=subscriber.resyncs,
            refused=str(subscriber.refusal or ""),
        )
        return self._connection != before


def _unheard() -> None:
    """Nobody wants to be told."""
