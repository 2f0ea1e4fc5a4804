"""What the broker is asked and answers: which events it has, and who waits to hear of it.

Rules: a question is asked once the events were sent, for it travels another way than they; it is about
everything up to a number, since what was sent in order over one connection comes in in order; an answer
that belongs to no question is passed over.
"""

import itertools
import threading
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

import zmq

from dashctl.bus import messages
from dashctl.bus.bulk import Queued
from dashctl.errors import DashctlError

CONFIRM: Final = 0.05
"""Seconds between two questions whether all that was sent has come in."""
OVERDUE: Final = 15.0
"""Seconds after which an answer is no longer waited for: whatever it was about is sent again."""


class Receipt:
    """What somebody who publishes waits for."""

    __slots__ = ("delivered", "done", "durable", "entry", "error", "number", "taken")

    def __init__(self, entry: Queued) -> None:
        self.entry = entry
        self.taken = False
        """Whether it is out of the queue, and on its way."""
        self.number: int | None = None
        """The event's, once it has one."""
        self.delivered = 0
        self.durable = False
        self.error: DashctlError | None = None
        self.done = threading.Event()


class Question(NamedTuple):
    """Are all numbers before `end` in? And when it was asked."""

    end: int
    asked: float


class Receipts:
    """All that one producer asks, and all who wait."""

    def __init__(self, producer: bytes) -> None:
        self._producer = producer
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._open: list[Receipt] = []
        self._questions: dict[int, Question] = {}
        self._asked_to = 0
        self._asked = 0.0
        self._epoch = b""

    def expect(self, receipt: Receipt) -> None:
        """Tell this one when its event is in; before the event is queued, from any thread."""
        with self._lock:
            self._open.append(receipt)

    def forget(self, receipt: Receipt) -> None:
        """Nobody waits for it any more; any thread may call it."""
        with self._lock:
            if receipt in self._open:
                self._open.remove(receipt)

    def mark_taken(self, group: Sequence[Queued]) -> None:
        """These are out of the queue."""
        if self._open:
            with self._lock:
                for receipt, _ in self._of(group):
                    receipt.taken = True

    def number(self, group: Sequence[Queued], first: int) -> None:
        """These have their numbers, from `first` on."""
        if self._open:
            with self._lock:
                for receipt, place in self._of(group):
                    receipt.number = first + place

    def fail(self, entry: Queued, error: DashctlError) -> bool:
        """This event cannot be sent; whether somebody waited for it."""
        with self._lock:
            failed = [receipt for receipt, _ in self._of([entry])]
        for receipt in failed:
            receipt.error = error
            self._finish(receipt)
        return bool(failed)

    def ask(self, calls: "zmq.Socket[bytes]", sent_to: int, *, last: bool) -> None:
        """Ask whether everything before `sent_to` is in, if that was not asked yet.

        At once if somebody waits for it, or if it is the `last` time; else now and then.
        """
        now = time.monotonic()
        if sent_to <= self._asked_to:
            return
        if now - self._asked < CONFIRM and not last and not self._is_awaited(sent_to):
            return
        id_ = next(self._ids)
        request = messages.AskIngested(id_, self._producer, sent_to - 1)
        try:
            calls.send(messages.encode(request), zmq.NOBLOCK)
        except zmq.Again:
            return
        self._asked = now
        self._asked_to = sent_to
        self._questions[id_] = Question(sent_to, now)

    def patience(self, sent_to: int) -> float:
        """Seconds until `ask` has something to do; infinite if only an answer can change that."""
        return CONFIRM if sent_to > self._asked_to else OVERDUE if self._questions else float("inf")

    def is_overdue(self) -> bool:
        """Whether an answer should have come long ago."""
        return any(time.monotonic() - each.asked > OVERDUE for each in self._questions.values())

    def ask_anew(self, *, epoch: bytes | None = None) -> None:
        """What was asked went with a connection; the next broker may be another: its epoch is not known."""
        self._questions.clear()
        self._asked_to = 0
        if epoch is not None:
            self._epoch = epoch

    def take(self, reply: messages.AnyReply) -> int | None:
        """An answer came: all numbers before the one given are in, 0 if it is from another broker.

        None if the answer says nothing of that.
        """
        question = self._questions.pop(reply.id, None)
        if question is None:
            return None
        if not isinstance(reply, messages.Ingested):
            # It was refused for want of room: asked again in a while.
            self._asked_to = 0
            return None
        if self._epoch and reply.epoch != self._epoch:
            self.ask_anew(epoch=reply.epoch)
            return 0
        self._epoch = reply.epoch
        self._questions = {id_: each for id_, each in self._questions.items() if each.end > question.end}
        self._answer(question.end, reply)
        return question.end

    def _answer(self, end: int, reply: messages.Ingested) -> None:
        with self._lock:
            answered = [each for each in self._open if each.number is not None and each.number < end]
        for receipt in answered:
            receipt.delivered, receipt.durable = reply.delivered, reply.durable
            self._finish(receipt)

    def _is_awaited(self, sent_to: int) -> bool:
        with self._lock:
            return any(
                each.number is not None and self._asked_to <= each.number < sent_to for each in self._open
            )

    def _of(self, group: Sequence[Queued]) -> list[tuple[Receipt, int]]:
        places = {id(entry): place for place, entry in enumerate(group)}
        return [(each, places[id(each.entry)]) for each in self._open if id(each.entry) in places]

    def _finish(self, receipt: Receipt) -> None:
        self.forget(receipt)
        receipt.done.set()
