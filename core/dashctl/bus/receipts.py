"""Which events the broker is known to have, and who waits to hear of it.

Rules: a question is asked once the event was sent, for it travels another way than the event; an
answer that nobody waits for is passed over.
"""

import itertools
import threading
import time
from typing import Final

import zmq

from dashctl.bus import messages
from dashctl.bus.bulk import Queued
from dashctl.errors import DashctlError

CONFIRM: Final = 1.0
"""Seconds between two questions whether all that was sent has come in."""


class Receipt:
    """What somebody who publishes waits for."""

    __slots__ = ("delivered", "done", "entry", "error", "id", "number", "sent")

    def __init__(self, entry: Queued) -> None:
        self.entry = entry
        self.number = entry[0]
        self.sent = False
        self.id: int | None = None
        """The question's, once it was asked."""
        self.delivered = 0
        self.error: DashctlError | None = None
        self.done = threading.Event()


class Receipts:
    """All that one producer waits for."""

    def __init__(self, producer: bytes) -> None:
        self.confirmed = 0
        """How many events are known to have come in, of those that were sent."""
        self._producer = producer
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._open: list[Receipt] = []
        self._confirming: dict[int, int] = {}
        self._asked = 0.0

    def expect(self, receipt: Receipt) -> None:
        """Ask for this one once it was sent; before its event is queued, from any thread."""
        with self._lock:
            self._open.append(receipt)

    def forget(self, receipt: Receipt) -> None:
        """Nobody waits for it any more; any thread may call it."""
        with self._lock:
            if receipt in self._open:
                self._open.remove(receipt)

    def mark_sent(self, first: int, last: int) -> None:
        """The events with these numbers are on their way."""
        with self._lock:
            for receipt in self._open:
                if first <= receipt.number <= last:
                    receipt.sent = True

    def are_due(self, sent: int) -> bool:
        """Whether a question waits to be asked."""
        return sent > self.confirmed or bool(self._open)

    def ask(self, calls: "zmq.Socket[bytes]", sent_to: int, sent: int, *, last: bool) -> None:
        """Ask what is due: the receipts that were sent, and now and then whether all came in.

        All are `sent` events, the last of them number `sent_to`; when it is the `last` time, they are
        asked for at once.
        """
        with self._lock:
            due = [each for each in self._open if each.id is None and each.sent]
        for receipt in due:
            receipt.id = next(self._ids)
            if not self._put(calls, receipt.id, receipt.number):
                receipt.id = None
                return
            if receipt.number == sent_to:
                self._confirming[receipt.id] = sent
        self._ask_all(calls, sent_to, sent, last=last)

    def reconnected(self) -> None:
        """What was asked went with the connection: ask again."""
        self._confirming.clear()
        self._asked = 0.0
        with self._lock:
            for receipt in self._open:
                receipt.id = None

    def take(self, reply: messages.AnyReply) -> None:
        """An answer came."""
        if not isinstance(reply, messages.Ingested):
            return
        if reply.id in self._confirming:
            self.confirmed = max(self.confirmed, self._confirming.pop(reply.id))
            self._confirming = {id_: sent for id_, sent in self._confirming.items() if sent > self.confirmed}
        with self._lock:
            answered = [each for each in self._open if each.id == reply.id]
        for receipt in answered:
            receipt.delivered = reply.delivered
            self._finish(receipt)

    def fail(self, number: int, error: DashctlError) -> bool:
        """This event cannot be sent; whether somebody waited for it."""
        with self._lock:
            failed = [each for each in self._open if each.number == number]
        for receipt in failed:
            receipt.error = error
            self._finish(receipt)
        return bool(failed)

    def _finish(self, receipt: Receipt) -> None:
        self.forget(receipt)
        receipt.done.set()

    def _ask_all(self, calls: "zmq.Socket[bytes]", sent_to: int, sent: int, *, last: bool) -> None:
        now = time.monotonic()
        if sent <= self.confirmed or sent in self._confirming.values():
            return
        if now - self._asked < CONFIRM and not last:
            return
        id_ = next(self._ids)
        if self._put(calls, id_, sent_to):
            self._asked = now
            self._confirming[id_] = sent

    def _put(self, calls: "zmq.Socket[bytes]", id_: int, number: int) -> bool:
        try:
            calls.send(messages.encode(messages.AskIngested(id_, self._producer, number)), zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True
