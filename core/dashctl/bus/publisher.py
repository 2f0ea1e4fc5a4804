"""What a program publishes with.

Rules: `log` never blocks and never waits for a broker; `publish` waits until the broker has the
event, or says why not; no process is ever started from here; a process that forks gets a publisher of
its own on each side, and one that ends is not held up.
"""

import os
import sys
import warnings
import weakref
from collections.abc import Callable, Mapping
from functools import cache, partial
from time import monotonic, time
from typing import Any, Final, Self, TypedDict

import msgspec

from dashctl.bus.address import Address
from dashctl.bus.flusher import GRACE, Flusher
from dashctl.errors import DashctlError, NoBroker, TimedOut
from dashctl.events import Event, Metric
from dashctl.plain import as_event
from dashctl.wire import check_run

CAPACITY: Final = 65_536

Log = Callable[[Event | Mapping[str, Any]], None]


class PublisherStatistics(msgspec.Struct, frozen=True):
    """What became of the events of one publisher."""

    logged: int
    sent: int
    """Handed to a broker."""
    dropped: int
    """Never sent: the queue was full, or they cannot be encoded."""
    waiting: int
    unconfirmed: int
    """Sent, and not known to be in: they are kept, and sent again if the broker dies."""


class Delivery(TypedDict):
    """What became of an event that was published."""

    delivered: int
    """Monitors that it was passed on to."""
    durable: bool
    """Whether it is on the broker's disk: what was acknowledged so survives whatever happens to it."""


class Publisher:
    """A queue of events and the thread that sends them; closes itself at the end of a `with`.

    `run` is the run that the events belong to, at most 32 bytes; `capacity` is how many events wait
    at most, the oldest being dropped first. Raises UsageError for an address or a run that is none.
    """

    log: Log
    """Send an event some time soon: `log(event)`, the hot path, which never blocks.

    Raises InvalidEvent for a dict that is no event, and Closed.
    """

    def __init__(
        self,
        address: Address | str | None = None,
        *,
        run: str = "",
        capacity: int = CAPACITY,
        name: str = "",
    ) -> None:
        self._closed = True
        self._address = Address.parse(address)
        self._address.guard()
        self._run = check_run(run)
        self._capacity = capacity
        self._flusher = Flusher(self._address, run, capacity, name)
        self.log, self._bind = _hot_path(self._flusher)
        self._closed = False
        _publishers().add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # One that is there until the process ends has been closed by then.
        if not self._closed and not sys.is_finalizing():
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=1, source=self)
            self._flusher.abandon()

    def __reduce__(self) -> tuple[Callable[[Address], Self], tuple[Address]]:
        # For workers that are spawned: there it is another publisher to the same broker.
        return partial(type(self), run=self._run, capacity=self._capacity), (self._address,)

    def __repr__(self) -> str:
        return f"<Publisher to {self._address}>"

    def publish(self, event: Event | Mapping[str, Any], timeout: float = 2.0) -> Delivery:
        """Send an event and wait until the broker has it: on its disk, where it keeps a journal.

        Returns `{"delivered": n, "durable": true}`, n being the monitors that it was passed on to; it is
        not durable where there is no journal or its disk takes nothing. Raises NoBroker when
        none took it within the timeout (seconds; the event is then not sent later either), NotAllowed
        when the broker refuses this user's key, TimedOut when it took the event and did not answer,
        InvalidEvent, and Closed.
        """
        flusher = self._flusher
        receipt = flusher.submit(as_event(event))
        if not receipt.done.wait(timeout):
            withdrawn = flusher.withdraw(receipt)
            if flusher.refusal is not None:
                raise flusher.refusal
            if withdrawn:
                raise NoBroker(f"no broker at {self._address} within {timeout:g} s")
            raise TimedOut(f"the broker at {self._address} did not answer within {timeout:g} s")
        if receipt.error is not None:
            raise receipt.error
        return {"delivered": receipt.delivered, "durable": receipt.durable}

    def try_publish(self, event: Event | Mapping[str, Any]) -> int:
        """Send an event if there is a broker: how many monitors it was passed on to, 0 on any failure.

        Never raises, and waits for a quarter of a second at most; where there is no broker, only the
        first call waits.
        """
        flusher = self._flusher
        grace = GRACE
        if not flusher.is_connected and flusher.started is not None:
            grace = flusher.started + GRACE - monotonic()
            if grace <= 0:
                return 0
        try:
            return self.publish(event, grace)["delivered"]
        except DashctlError:
            return 0

    def statistics(self) -> PublisherStatistics:
        """What became of the events so far."""
        flusher = self._flusher
        return PublisherStatistics(
            logged=flusher.logged(),
            sent=flusher.sent,
            dropped=flusher.backlog.dropped,
            waiting=flusher.waiting(),
            unconfirmed=flusher.unconfirmed(),
        )

    def close(self, timeout: float = 2.0) -> int:
        """Send what waits, for at most that many seconds, and end.

        Returns how many events could not be delivered. Where no broker is there it waits for none.
        """
        if self._closed:
            return 0
        self._closed = True
        return self._flusher.close(timeout)

    def _begin_anew(self) -> None:
        # The thread did not come along, and the sockets are the parent's: they are kept, for giving
        # them back here would disturb them there.
        self._inherited = self._flusher
        self._inherited.disown()
        if not self._closed:
            self._flusher = Flusher(self._address, self._run, self._capacity)
            self._bind(self._flusher)


def publish(event: Event | Mapping[str, Any], timeout: float = 2.0) -> Delivery:
    """Send an event by this process's own publisher and wait until the broker has it.

    As `Publisher.publish`, at the default address.
    """
    return default_publisher().publish(event, timeout)


def try_publish(event: Event | Mapping[str, Any]) -> int:
    """Send an event by this process's own publisher if there is a broker; never raises.

    As `Publisher.try_publish`, at the default address.
    """
    try:
        return default_publisher().try_publish(event)
    except DashctlError:
        return 0


@cache
def default_publisher() -> Publisher:
    """The publisher that `publish` and `try_publish` share; closed when the process ends."""
    return Publisher()


@cache
def _publishers() -> "weakref.WeakSet[Publisher]":
    """All publishers of this process: together, for what is registered for a fork stays so for ever."""
    publishers: weakref.WeakSet[Publisher] = weakref.WeakSet()
    os.register_at_fork(after_in_child=partial(_begin_all_anew, publishers))
    return publishers


def _begin_all_anew(publishers: "weakref.WeakSet[Publisher]") -> None:
    for publisher in list(publishers):
        publisher._begin_anew()  # noqa: SLF001 - it is no one else's to call


def _hot_path(flusher: Flusher) -> tuple[Log, Callable[[Flusher], None]]:
    """A publisher's `log`, and what gives it another flusher.

    It holds what it needs in names of its own, which are found sooner than attributes, and knows nothing
    of the publisher, which would otherwise be kept by it.
    """
    backlog, append = flusher.backlog, flusher.backlog.queue.append

    def log(event: Event | Mapping[str, Any]) -> None:
        # A metric needs nothing more: this is the line that training loops spend their time on.
        append((time(), event if type(event) is Metric else backlog.queued(as_event(event))))
        if backlog.unattended:
            flusher.attend()

    def bind(other: Flusher) -> None:
        nonlocal flusher, backlog, append
        flusher, backlog, append = other, other.backlog, other.backlog.queue.append

    return log, bind
