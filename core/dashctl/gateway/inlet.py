"""What was posted, on its way to the broker.

Rules: one thread owns the sockets; whoever posts waits for the broker's word, so nothing is kept for
later and nothing is sent twice; what waits is bounded, and beyond it nobody may post. A number is given
only to what was really sent.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

import zmq

from dashctl.bus import messages
from dashctl.bus.address import Address
from dashctl.bus.control import is_listening
from dashctl.bus.framing import Entry, Unsendable, encoded, grouped
from dashctl.bus.login import Line, Login, line
from dashctl.bus.sockets import plain, private_context
from dashctl.bus.wake import Bell
from dashctl.errors import Closed, DashctlError, NoBroker, TimedOut
from dashctl.gateway.reading import Given

CAPACITY: Final = 65_536
"""Events that wait at most."""
QUEUED: Final = 100
"""Frames that wait in the socket; the others wait here, where they can be refused."""
GRACE: Final = 0.5
"""Seconds after which it is said that nobody is there, where nobody is."""
AGAIN: Final = 1.0
"""Seconds after which the broker is asked again whether an event came in."""
LOOK: Final = 20
"""Milliseconds between two tries to send."""
IDLE: Final = 1_000
CLOSING: Final = 2.0


class Taken(NamedTuple):
    """What became of events: how many monitors they were passed on to, and whether they are on disk."""

    delivered: int
    durable: bool


class Busy(DashctlError):
    """More waits than may; try again in a moment."""


@dataclass(slots=True, eq=False)
class Posting:
    """The events of one request."""

    parts: deque[tuple[str, Sequence[Entry]]]
    """The run and the events of each frame."""
    size: int
    begun: float
    deadline: float
    done: "Future[Taken]" = field(default_factory=Future)
    unanswered: int = 0
    delivered: int | None = None
    durable: bool = True


@dataclass(slots=True)
class Question:
    """Has the event with this number come in? And when it was asked."""

    posting: Posting
    number: int
    asked: float


class Inlet:
    """A producer for whoever posts. Raises UsageError for an address or a key that is none."""

    def __init__(self, address: Address, capacity: int = CAPACITY) -> None:
        address.guard()
        self._address = address
        self._login = Login.at(address)
        self._capacity = capacity
        self._producer = os.urandom(8)
        self._next = 0
        self._ids = 0
        self._lock = threading.Lock()
        self._coming: deque[Posting] = deque()
        self._waiting = 0
        self._closing: float | None = None
        self._unsent: deque[Posting] = deque()
        self._questions: dict[int, Question] = {}
        self._bell = Bell()
        self._thread = threading.Thread(target=self._run, name="dashctl-inlet", daemon=True)
        self._thread.start()

    def post(self, given: Sequence[Given], timeout: float) -> "Future[Taken]":
        """Send events; what comes of it is Taken, NoBroker, TimedOut, NotAllowed or Unsendable.

        Raises Busy if too much waits, and Closed.
        """
        now = time.monotonic()
        posting = Posting(_parts(given), len(given), now, now + timeout)
        # Who waits may go away, and must not take back what is on its way.
        posting.done.set_running_or_notify_cancel()
        with self._lock:
            if self._closing is not None:
                raise Closed("the gateway is ending")
            if self._waiting + posting.size > self._capacity:
                raise Busy(f"{self._waiting:,} events wait for the broker already; try again in a moment")
            self._waiting += posting.size
            self._coming.append(posting)
        posting.done.add_done_callback(lambda _: self._leave(posting))
        self._bell.ring()
        return posting.done

    def close(self) -> None:
        """Send what waits, for a moment at most, and end."""
        with self._lock:
            self._closing = self._closing or time.monotonic() + CLOSING
        self._bell.ring()
        self._thread.join()
        self._bell.close()

    def _leave(self, posting: Posting) -> None:
        with self._lock:
            self._waiting -= posting.size

    def _run(self) -> None:
        with ExitStack() as opened:
            context = opened.enter_context(private_context())
            push, calls = (plain(context, kind) for kind in (zmq.PUSH, zmq.DEALER))
            for each in (push, calls):
                each.immediate = True
                each.set_hwm(QUEUED)
            inbox = opened.enter_context(line(push, self._login, self._address.inbox))
            asking = opened.enter_context(line(calls, self._login, self._address.calls))
            poller = zmq.Poller()
            for source in (self._bell.fileno(), calls, inbox.monitor, asking.monitor):
                poller.register(source, zmq.POLLIN)
            while not self._is_over():
                poller.poll(LOOK if self._unsent or self._questions else IDLE)
                self._turn(inbox, asking)
            if calls.poll(0, zmq.POLLOUT):
                calls.send(messages.encode(messages.Farewell(0, self._producer, self._next)))
                calls.linger = 200
            self._fail_all(Closed("the gateway has ended"))

    def _is_over(self) -> bool:
        with self._lock:
            if self._closing is None:
                return False
            return self._waiting == 0 or time.monotonic() > self._closing

    def _turn(self, inbox: Line, asking: Line) -> None:
        self._bell.quiet()
        inbox.look()
        if asking.look():
            hello = messages.Hello(0, self._producer, self._next)
            with suppress(zmq.Again):
                asking.socket.send(messages.encode(hello), zmq.NOBLOCK)
        with self._lock:
            self._unsent.extend(self._coming)
            self._coming.clear()
        self._send(inbox, asking)
        self._take_replies(asking.socket)
        self._ask_again(asking.socket)
        self._give_up(inbox, asking)

    def _send(self, inbox: Line, asking: Line) -> None:
        """Send what can be; in order, so that the first that cannot be holds up the others."""
        while self._unsent:
            posting = self._unsent[0]
            while posting.parts and not posting.done.done():
                if not (asking.is_up and self._send_part(inbox.socket, asking.socket, posting)):
                    return
            self._unsent.popleft()

    def _send_part(self, push: "zmq.Socket[bytes]", calls: "zmq.Socket[bytes]", posting: Posting) -> bool:
        """Send the first part of a posting, or part it further; whether there was room."""
        run, group = posting.parts[0]
        logged = self._next + len(group)
        try:
            made = encoded(self._producer, run, self._next, group, logged=logged)
        except Unsendable as error:
            posting.done.set_exception(error)
            return True
        if not isinstance(made, bytes):
            posting.parts.popleft()
            posting.parts.extendleft((run, part) for part in reversed(made))
            return True
        try:
            push.send(made, zmq.NOBLOCK)
        except zmq.Again:
            return False
        posting.parts.popleft()
        self._next = logged
        self._ask(calls, Question(posting, self._next - 1, 0.0))
        posting.unanswered += 1
        return True

    def _ask(self, calls: "zmq.Socket[bytes]", question: Question) -> None:
        self._ids += 1
        self._questions[self._ids] = question
        question.asked = time.monotonic()
        try:
            calls.send(
                messages.encode(messages.AskIngested(self._ids, self._producer, question.number)),
                zmq.NOBLOCK,
            )
        except zmq.Again:
            question.asked = 0.0

    def _ask_again(self, calls: "zmq.Socket[bytes]") -> None:
        """A question that went with a connection gets no answer."""
        before = time.monotonic() - AGAIN
        for id_, question in list(self._questions.items()):
            if question.posting.done.done():
                del self._questions[id_]
            elif question.asked < before:
                del self._questions[id_]
                self._ask(calls, question)

    def _take_replies(self, calls: "zmq.Socket[bytes]") -> None:
        while True:
            try:
                reply = messages.decode_reply(calls.recv(zmq.NOBLOCK))
            except zmq.Again:
                return
            except messages.BadReply:
                continue
            question = self._questions.pop(reply.id, None)
            if question is None or question.posting.done.done():
                continue
            match reply:
                case messages.Ingested(delivered=delivered, durable=durable):
                    _count(question.posting, delivered, durable=durable)
                case messages.Refused():
                    # The event itself is on its way: the question was one too many, and comes again.
                    question.asked = time.monotonic()
                    self._questions[reply.id] = question

    def _give_up(self, inbox: Line, asking: Line) -> None:
        """Tell those who have waited long enough why."""
        now = time.monotonic()
        refusal = inbox.refusal or asking.refusal
        up = inbox.is_up and asking.is_up
        nobody = bool(self._unsent) and not up and not is_listening(self._address)
        waiting = [*self._unsent, *(question.posting for question in self._questions.values())]
        for posting in waiting:
            if posting.done.done():
                continue
            if refusal is not None:
                posting.done.set_exception(refusal)
            elif now > posting.deadline or (nobody and now > posting.begun + GRACE):
                posting.done.set_exception(self._reason(posting, up=up))
        self._unsent = deque(each for each in self._unsent if not each.done.done())

    def _reason(self, posting: Posting, *, up: bool) -> DashctlError:
        if not up:
            return NoBroker(f"no broker at {self._address}")
        if posting.parts:
            return Busy(f"the broker at {self._address} takes nothing just now; try again in a moment")
        return TimedOut(f"the broker at {self._address} did not answer")

    def _fail_all(self, error: DashctlError) -> None:
        with self._lock:
            left = [*self._coming, *self._unsent, *(each.posting for each in self._questions.values())]
        for posting in left:
            if not posting.done.done():
                posting.done.set_exception(error)


def _parts(given: Sequence[Given]) -> deque[tuple[str, Sequence[Entry]]]:
    parts: deque[tuple[str, Sequence[Entry]]] = deque()
    for run, same in groupby(given, key=attrgetter("run")):
        entries = [(each.time, each.event) for each in same]
        parts.extend((run, group) for group in grouped(entries))
    return parts


def _count(posting: Posting, delivered: int, *, durable: bool) -> None:
    posting.unanswered -= 1
    posting.delivered = delivered if posting.delivered is None else min(posting.delivered, delivered)
    posting.durable = posting.durable and durable
    if not posting.parts and not posting.unanswered:
        posting.done.set_result(Taken(posting.delivered, posting.durable))
