"""The broker: what producers send it passes on and remembers.

Rules: one thread owns the sockets, the one that serves; a broker ends cleanly on a request, on a
signal and when nobody has been connected for long, and may begin anew; two at one address cannot be.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, Self

from dashctl.bus.address import Address
from dashctl.bus.exchange import Exchange
from dashctl.bus.journal.journal import Journal
from dashctl.bus.journal.settings import JournalSettings
from dashctl.bus.lock import AddressLock, BrokerRunning
from dashctl.errors import Closed, UsageError
from dashctl.events import BusStats, Event
from dashctl.plain import as_event
from dashctl.state import State

if TYPE_CHECKING:
    from dashctl.bus.keys import KeyPair
    from dashctl.bus.upstream.uplink import Uplink

LOOK: Final = 1.0
"""Seconds between two looks whether the sockets are still where they were."""

_log = logging.getLogger(__name__)


class Broker:
    """A broker at an address: `with Broker() as broker: broker.run()`, or `start` for a thread of its own.

    It listens from `with` (or `start`, or `run`) on, and begins with a copy of `state` if one is given,
    else with what its journal has. Without `journal` nothing is kept on disk. At the addresses to `listen`
    at (`tcp://0.0.0.0:5570`) it asks for keys and shows its own, made if there is none yet; `self.listen`
    has them complete. Raises BrokerRunning if another broker holds the address, and UsageError if it
    cannot listen there or keep the journal.
    """

    def __init__(
        self,
        address: Address | str | None = None,
        *,
        idle_exit: float | None = None,
        state: State | None = None,
        journal: JournalSettings | None = None,
        listen: Sequence[Address | str] = (),
        upstream: Address | str | None = None,
    ) -> None:
        if upstream is not None and journal is None:
            raise UsageError("upstream: it is fed from the journal, and this broker keeps none")
        self._upstream = None if upstream is None else Address.parse(upstream)
        self._uplink: Uplink | None = None
        self.address = Address.parse(address)
        if self._upstream is not None and self._upstream.place == self.address.place:
            raise UsageError(f"upstream: {self.address.place} is this broker's own address")
        self._pair, self.listen = _beyond(listen)
        self.idle_exit = idle_exit
        self._state = state
        self._journal = journal
        self._stopping = False
        self._runner: int | None = None
        # It can be taken again by a signal that came while it was held.
        self._turn = threading.RLock()
        self._ended = threading.Event()
        self._ended.set()
        self._process = os.getpid()
        self._next_look = 0.0
        self._lock: AddressLock | None = None
        self._exchange: Exchange | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        with self._turn:
            self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def run(self) -> None:
        """Serve until asked to stop, until SIGTERM or SIGINT in the main thread, or until long idle."""
        with self._turn:
            exchange = self._listen_to_serve()
            self._runner = threading.get_ident()
            self._ended.clear()
        self._serve(exchange)

    def start(self) -> None:
        """Serve in a thread of its own until `stop`."""
        with self._turn:
            exchange = self._listen_to_serve()
            thread = threading.Thread(
                target=self._serve, args=(exchange,), name="dashctl-broker", daemon=True
            )
            thread.start()
            self._thread = thread

    def stop(self) -> None:
        """End serving and give the address back; from any thread, any number of times."""
        if self._process != os.getpid():
            return
        if self._runner == threading.get_ident():
            self._stopping = True
            return
        with self._turn:
            self._stopping = True
            if self._exchange is not None:
                self._exchange.interrupt()
            self._await_end()
            self._close()

    def told(self) -> BusStats | None:
        """What the broker told of itself last, None before the first time; from any thread."""
        exchange = self._exchange
        return exchange.statistics.last if exchange else None

    def publish(self, event: Event | Mapping[str, Any]) -> dict[str, int]:
        """Pass on an event of this very program, without a socket; from any thread.

        Returns `{"delivered": n}`, n being the monitors that are connected. Raises InvalidEvent for a
        dict that is no event, and Closed when the broker is not serving.
        """
        exchange = self._exchange
        if exchange is None or self._process != os.getpid():
            raise Closed(f"the broker at {self.address} is not running")
        exchange.post(as_event(event))
        return {"delivered": exchange.monitors}

    def _serve(self, exchange: Exchange) -> None:
        self._runner = threading.get_ident()
        _log.info("listening at %s, process %d", self.address, os.getpid())
        for address in self.listen:
            _log.info("listening at %s for those whose keys are allowed", address)
        try:
            with self._stopping_on_signals():
                while not self._is_over(exchange):
                    exchange.turn()
                    self._keep_place(exchange)
        finally:
            self._close()
            self._runner = None
            self._ended.set()
        _log.info("ended")

    def _await_end(self) -> None:
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._ended.wait()

    def _listen_to_serve(self) -> Exchange:
        if self._exchange is not None and (self._thread is not None or not self._ended.is_set()):
            raise BrokerRunning(f"the broker at {self.address} is serving already")
        return self._listen()

    def _listen(self) -> Exchange:
        if self._exchange is None:
            self._await_end()
            self._process = os.getpid()
            lock = AddressLock(self.address)
            try:
                self._exchange = self._open_exchange()
            except BaseException:
                lock.release()
                raise
            self._lock = lock
            self._stopping = False
        return self._exchange

    def _open_exchange(self) -> Exchange:
        state = None if self._state is None else self._state.copy()
        journal = None if self._journal is None else Journal(self._journal)
        try:
            exchange = Exchange(
                self.address,
                self.idle_exit,
                state=state,
                journal=journal,
                listen=self.listen,
                pair=self._pair,
            )
        except BaseException:
            if journal is not None:
                journal.close()
            raise
        if journal is not None and self._upstream is not None:
            self._feed(self._upstream, journal, exchange)
        return exchange

    def _feed(self, upstream: Address, journal: Journal, exchange: Exchange) -> None:
        from dashctl.bus.upstream.uplink import Uplink  # noqa: PLC0415 - most brokers feed no other

        try:
            self._uplink = Uplink(upstream, journal, exchange.post)
        except UsageError:
            exchange.close()
            raise
        exchange.statistics.upstream = self._uplink.status
        self._uplink.start()

    def _is_over(self, exchange: Exchange) -> bool:
        if self._stopping or exchange.stop_asked:
            return True
        if self.idle_exit is None or time.monotonic() - exchange.idle_since < self.idle_exit:
            return False
        _log.info("nobody was connected for %g s", self.idle_exit)
        return True

    def _keep_place(self, exchange: Exchange) -> None:
        """Folders in /tmp and /run are swept while programs run: be found again, or make room."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK
        try:
            self._take_place(exchange)
        except BrokerRunning as error:
            _log.error("another broker took the place of this one: %s", error)
            self._stopping = True
        except UsageError as error:
            _log.warning("no new connections: %s", error)

    def _take_place(self, exchange: Exchange) -> None:
        if self._lock is None or not self._lock.in_place():
            if self._lock is not None:
                self._lock.release()
                self._lock = None
            self._lock = AddressLock(self.address)
        if not self.address.has_sockets():
            _log.warning("the sockets at %s were removed: listening anew", self.address)
            exchange.listen()

    def _close(self) -> None:
        exchange, lock, uplink = self._exchange, self._lock, self._uplink
        self._exchange = self._lock = self._uplink = None
        if uplink is not None:
            uplink.close()
        if exchange is not None:
            exchange.close()
        if lock is not None:
            if lock.in_place():
                self.address.remove_sockets()
            lock.release()

    @contextmanager
    def _stopping_on_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        former = {
            number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for number, action in former.items():
                signal.signal(number, action)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        if self._exchange is not None:
            self._exchange.interrupt()


def _beyond(listen: Sequence[Address | str]) -> "tuple[KeyPair | None, tuple[Address, ...]]":
    """The pair that a broker shows beyond loopback, and the complete addresses. Raises UsageError."""
    if not listen:
        return None, ()
    from dashctl.bus.keys import BROKER, own_or_new_pair  # noqa: PLC0415 - most brokers ask for no keys

    pair = own_or_new_pair(BROKER)
    places = [each.place if isinstance(each, Address) else each for each in listen]
    return pair, tuple(Address.listening(place, pair.public) for place in places)
