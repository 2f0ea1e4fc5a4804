"""The thread that feeds a broker upstream, from the journal, as it grows.

Rules:
1. Frames go up as producers sent them, in the journal's order: the broker upstream counts every number of
   every producer once, so whatever is doubtful is sent again.
2. The position moves once everything before it is known to be in upstream.
3. While the broker upstream is away this one notices nothing; what waits is in the journal.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

import zmq

from dashctl.bus import messages
from dashctl.bus.address import Address
from dashctl.bus.journal.journal import Journal
from dashctl.bus.login import Line, Login, line
from dashctl.bus.sockets import plain, private_context
from dashctl.bus.upstream.place import Place
from dashctl.bus.upstream.status import UplinkStatus
from dashctl.bus.upstream.tail import Batch, Position, Relayed, Tail
from dashctl.events import Event, LogLine

PAUSE: Final = 0.05
"""Seconds between two looks whether the journal has grown."""
PATIENCE: Final = 5.0
"""Seconds without any answer after which everything that was not confirmed is sent again."""
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

    def _feed(self, delivery: "Delivery") -> None:
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

    def _deliver(self, delivery: "Delivery", batch: Batch) -> bool:
        """Whether the position has moved, and all before it is up."""
        if batch.frames:
            return delivery.deliver(batch)
        self._over.wait(PAUSE)
        delivery.look()
        return batch.end != self._position

    def _note(self, delivery: "Delivery") -> None:
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


class Delivery:
    """Frames on their way up, and the answers that they are in; `heed` is called after every look."""

    def __init__(
        self, push: Line, calls: Line, *, over: threading.Event, heed: Callable[["Delivery"], None]
    ) -> None:
        self._push, self._calls = push, calls
        self._over, self._heed = over, heed
        self._ids = 0
        self._poller = zmq.Poller()
        for source in (calls.socket, push.monitor, calls.monitor):
            self._poller.register(source, zmq.POLLIN)

    @property
    def is_up(self) -> bool:
        """Whether both ways are open."""
        return self._push.is_up and self._calls.is_up

    @property
    def refusal(self) -> str:
        """Why not, if the broker upstream says so."""
        refused = self._push.refusal or self._calls.refusal
        return "" if refused is None else str(refused)

    def look(self) -> None:
        """Take note of connections made and lost."""
        self._push.look()
        self._calls.look()
        self._heed(self)

    def deliver(self, batch: Batch) -> bool:
        """Send until all are in; False if it is over before."""
        first, self._ids = self._ids + 1, self._ids + len(batch.frames)
        left = dict(enumerate(batch.frames, first))
        while left and not self._over.is_set():
            self.look()
            if not self.is_up:
                self._poller.poll(200)
                continue
            # Each is asked for by itself: a connection that broke may have lost any of them.
            for id_, relayed in list(left.items()):
                asking = messages.AskIngested(id_, relayed.producer, relayed.last)
                if not (self._send(self._push, relayed.frame) and self._ask(asking)):
                    break
                self._hear(left)
            self._await(left)
        return not left

    def _send(self, way: Line, message: bytes) -> bool:
        until = time.monotonic() + PATIENCE
        while not self._over.is_set() and time.monotonic() < until:
            try:
                way.socket.send(message, zmq.NOBLOCK)
            except zmq.Again:
                way.socket.poll(100, zmq.POLLOUT)
                self.look()
                if not way.is_up:
                    return False
            else:
                return True
        return False

    def _ask(self, asking: messages.Request) -> bool:
        return self._send(self._calls, messages.encode(asking))

    def _await(self, left: dict[int, Relayed]) -> None:
        """Until all are answered, or nothing was for a while."""
        until = time.monotonic() + PATIENCE
        while left and not self._over.is_set() and self.is_up and time.monotonic() < until:
            self._poller.poll(200)
            self.look()
            if self._hear(left):
                until = time.monotonic() + PATIENCE

    def _hear(self, left: dict[int, Relayed]) -> bool:
        before = len(left)
        while True:
            try:
                message = self._calls.socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                return len(left) < before
            try:
                reply = messages.decode_reply(message)
            except messages.BadReply:
                continue
            if isinstance(reply, messages.Ingested):
                left.pop(reply.id, None)
