"""The thread that feeds a broker upstream, from the journal, as it grows.

Rules:
1. Frames go up as producers sent them, in the journal's order: the broker upstream counts every number of
   every producer once, so whatever is doubtful is sent again.
2. The position moves once everything before it is known to be in upstream.
3. While the broker upstream is away this one notices nothing; what waits is in the journal.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

import zmq

from dashctl.bus.address import Address
from dashctl.bus.journal.journal import Journal
from dashctl.bus.login import Login, line
from dashctl.bus.sockets import plain, private_context
from dashctl.bus.upstream.delivery import Delivery
from dashctl.bus.upstream.place import Place
from dashctl.bus.upstream.status import UplinkStatus
from dashctl.bus.upstream.tail import Batch, Position, Tail
from dashctl.events import Event, LogLine

PAUSE: Final = 0.05
"""Seconds between two looks whether the journal has grown."""
IN_FLIGHT: Final = 64

_log = logging.getLogger(__name__)


class Uplink:
    """Feeds `upstream` from a journal from `start` on until `close`. Raises UsageError for a missing key."""

    def __init__(self, upstream: Address, journal: Journal, post: Callable[[Event], None]) -> None:
        self._login = Login.at(upstream)
        self._post = post
        self._tail = Tail(journal.index)
        self._place = Place(journal.settings.folder, upstream)
        self._position = Position()
        self._over = threading.Event()
        self._connected = False
        self._refusal = ""
        self._thread = threading.Thread(target=self._serve, name="dashctl-uplink", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End; what is not up yet goes up the next time."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def status(self) -> UplinkStatus:
        """How it goes; any thread may ask."""
        behind = self._tail.behind(self._position)
        return UplinkStatus(self._login.address.place, self._connected, behind, self._refusal)

    def _serve(self) -> None:
        with ExitStack() as stack:
            context = stack.enter_context(private_context())
            push, calls = plain(context, zmq.PUSH), plain(context, zmq.DEALER)
            push.immediate = calls.immediate = True
            push.set_hwm(IN_FLIGHT)
            address = self._login.address
            lines = (
                stack.enter_context(line(push, self._login, address.inbox)),
                stack.enter_context(line(calls, self._login, address.calls)),
            )
            self._feed(Delivery(*lines, over=self._over, heed=self._note))

    def _feed(self, delivery: Delivery) -> None:
        while not self._over.is_set():
            try:
                self._position = self._place.load() if self._position == Position() else self._position
                batch = self._tail.batch(self._position)
                self._tell_skipped(batch)
                if self._deliver(delivery, batch):
                    self._place.save(batch.end)
                    self._position = batch.end
            except OSError as error:
                # Retention took the segment, or the disk fails: look again from where it was.
                _log.warning("the journal cannot be passed on: %s", error)
                self._over.wait(1.0)

    def _deliver(self, delivery: Delivery, batch: Batch) -> bool:
        """Whether the position has moved, and all before it is up."""
        if batch.frames:
            return delivery.deliver(batch)
        self._over.wait(PAUSE)
        delivery.look()
        return batch.end != self._position

    def _note(self, delivery: Delivery) -> None:
        if delivery.is_up != self._connected:
            self._connected = delivery.is_up
            _log.info(
                "%s %s", "feeding" if self._connected else "not connected to", self._login.address.place
            )
        refusal = delivery.refusal
        if refusal and refusal != self._refusal:
            self._post(LogLine(f"upstream: {refusal}", "error", "broker"))
        self._refusal = refusal

    def _tell_skipped(self, batch: Batch) -> None:
        if batch.skipped:
            place = self._login.address.place
            text = f"upstream: events were dropped from the journal before {place} had them"
            self._post(LogLine(text, "warning", "broker"))
