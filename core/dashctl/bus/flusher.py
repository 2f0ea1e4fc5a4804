"""The thread behind a publisher: it owns the sockets and sends what waits in the queue.

Rules:
1. Whoever logs appends to the queue and goes on; only this thread waits, encodes and sends.
2. Numbers are given when an event is logged: what the full queue dropped is a hole that all can see.
3. It takes events out of the queue only while a broker takes them; it sleeps while there are none.
4. Nothing that it is given may end it: what cannot be sent is counted, and named once in the log.
"""

import itertools
import os
import sys
import threading
import time
from collections import deque
from contextlib import closing, suppress
from typing import Final, cast

import zmq

from dashctl.bus import messages
from dashctl.bus.address import Address
from dashctl.bus.bulk import Bulk, Held, Queued, released
from dashctl.bus.framing import EVENTS_PER_FRAME, Entry, Unsendable, encoded, grouped
from dashctl.bus.receipts import Receipt, Receipts
from dashctl.bus.sockets import next_event, plain, private_context
from dashctl.bus.wake import Bell
from dashctl.errors import Closed
from dashctl.events import Event, PointCloud

LINGER: Final = 5
"""Milliseconds for which the first event after a pause waits for more."""
GRACE: Final = 0.25
"""Seconds after which a broker that was not reached counts as not there."""
AT_EXIT: Final = 0.5
"""Seconds that a process which ends without closing its publisher is held up at most."""
IN_FLIGHT: Final = 32
"""Frames on their way: few, for they are lost if the broker dies."""
BURST: Final = 16
"""Frames sent before answers are looked at."""


class Flusher:
    """A queue, its numbers, and the thread that empties it; the thread starts with the first event."""

    def __init__(self, address: Address, run: str, capacity: int) -> None:
        self.address = address
        self.run = run
        self.producer = os.urandom(8)
        self.numbers = itertools.count()
        self.queue: deque[Queued] = deque(maxlen=capacity)
        self.bulk = Bulk()
        self.asleep = True
        """Whether `rouse` has to be called after appending to the queue."""
        self.is_connected = False
        self.started: float | None = None
        self.sent = 0
        self.refused = 0
        self.withdrawn = 0
        self._taken_to = 0
        self._sent_to = -1
        self._urgent = False
        self._over = False
        self._deadline: float | None = None
        # It can be taken again by a signal that came while it was held.
        self._guard = threading.RLock()
        self._bell = Bell()
        self._groups: deque[list[Entry]] = deque()
        self._hand: list[Entry] = []
        """What is being encoded; another list once something was withdrawn from it."""
        self._receipts = Receipts(self.producer)
        self._thread: threading.Thread | None = None

    def rouse(self) -> None:
        """Have the queue looked at; the first call starts the thread. Raises Closed."""
        with self._guard:
            if self._over:
                raise Closed("the publisher is closed")
            self.asleep = False
            if self._thread is None:
                self._start()
        self._bell.ring()

    def submit(self, event: Event) -> Receipt:
        """Append an event and have it sent at once. Raises Closed."""
        held = self.bulk.hold(event) if isinstance(event, PointCloud) else event
        receipt = Receipt((next(self.numbers), time.time(), held))
        self._receipts.expect(receipt)
        self._urgent = True
        self.queue.append(receipt.entry)
        self.rouse()
        return receipt

    def withdraw(self, receipt: Receipt) -> bool:
        """Give up waiting for a receipt; whether its event was not sent, and will not be."""
        with self._guard:
            if not receipt.sent:
                self.withdrawn += self._take_back(receipt)
        self._receipts.forget(receipt)
        return not receipt.sent

    def waiting(self) -> int:
        """Events logged and not yet sent."""
        with self._guard:
            return len(self.queue) + sum(map(len, self._groups)) + len(self._hand)

    def logged(self) -> int:
        """Events numbered so far."""
        with suppress(IndexError):
            return max(self.queue[-1][0] + 1, self._taken_to)
        return self._taken_to

    def close(self, timeout: float) -> int:
        """Send what waits for at most that long, and end; how many events could not be delivered."""
        with self._guard:
            if self._over:
                return 0
            self._over = True
        self._deadline = time.monotonic() + timeout
        self._bell.ring()
        if self._thread is not None:
            self._thread.join()
        left = self.waiting() + self.sent - self._receipts.confirmed
        self._taken_to = self.logged()
        self.queue = deque(maxlen=0)
        self.asleep = True
        self._bell.close()
        return left

    def abandon(self) -> None:
        """End without waiting, also from within the thread, where garbage collection may call it."""
        self._over = True
        self._deadline = time.monotonic()
        self._bell.ring()
        if self._thread is None:
            self._bell.close()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._serve, name="dashctl-publisher", daemon=True)
        self.started = time.monotonic()
        _close_with_child_process(self)
        try:
            self._thread.start()
        except RuntimeError:
            # While the interpreter shuts down there are no new threads, and nobody left to send to.
            self._thread = None

    def _serve(self) -> None:
        with (
            private_context() as context,
            closing(plain(context, zmq.PUSH)) as self._push,
            closing(plain(context, zmq.DEALER)) as self._calls,
            closing(
                self._calls.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
            ) as self._line,
        ):
            self._push.set_hwm(IN_FLIGHT)
            # What is sent waits here while there is nobody, where it can still be taken back; not so
            # for answers, which that option would throw away when the broker ends behind them.
            self._push.immediate = True
            self._push.connect(self.address.inbox)
            self._calls.connect(self.address.calls)
            try:
                self._loop()
            finally:
                self.is_connected = False
                self._calls.disable_monitor()
                self._bell.close()

    def _loop(self) -> None:
        idle, stuck = zmq.Poller(), zmq.Poller()
        for poller in (idle, stuck):
            for source in (self._calls, self._line, self._bell.fileno()):
                poller.register(source, zmq.POLLIN)
        stuck.register(self._push, zmq.POLLOUT)
        while not self._is_done():
            progressed = self._send_burst()
            self._hear()
            if self.is_connected:
                self._receipts.ask(self._calls, self._sent_to, self.sent, last=self._deadline is not None)
            if not progressed:
                self._rest(idle, stuck)

    def _is_done(self) -> bool:
        if self._deadline is None:
            return False
        now = time.monotonic()
        if not self.waiting() and self._receipts.confirmed >= self.sent:
            return True
        assert self.started is not None
        return now >= self._deadline or (not self.is_connected and now >= self.started + GRACE)

    def _rest(self, idle: zmq.Poller, stuck: zmq.Poller) -> None:
        if self.waiting():
            stuck.poll(self._patience())
            self._bell.quiet()
            return
        self.asleep = True
        if not self.queue:
            idle.poll(self._patience())
        self.asleep = False
        self._bell.quiet()
        if self.queue and not self._urgent and self._deadline is None:
            idle.poll(LINGER)
        self._urgent = False

    def _patience(self) -> int:
        """Milliseconds until something has to be done even if nothing happens; -1: none."""
        if self._deadline is not None:
            return 10
        return 1_000 if self._receipts.are_due(self.sent) else -1

    def _send_burst(self) -> bool:
        """Send some frames; False when there was nothing to send or nobody to take it."""
        for done in range(BURST):
            if not cast("int", self._push.get(zmq.EVENTS)) & zmq.POLLOUT or not self._send_group():
                return done > 0
        return True

    def _send_group(self) -> bool:
        with self._guard:
            group = self._hand = self._next_group()
        if not group:
            return False
        try:
            made = encoded(self.producer, self.run, group, self._dropped_before(group[0][0]))
        except Unsendable as error:
            self._refuse(group[0][0], error)
            return True
        with self._guard:
            left, self._hand = self._hand, []
            if left is not group:
                made = list(grouped(left))
            if isinstance(made, bytes):
                return self._send(made, group)
            self._groups.extendleft(reversed(made))
        return True

    def _send(self, frame: bytes, group: list[Entry]) -> bool:
        try:
            self._push.send(frame, zmq.NOBLOCK)
        except zmq.Again:
            self._groups.appendleft(group)
            return False
        self.sent += len(group)
        self._sent_to = max(self._sent_to, group[-1][0])
        self._receipts.mark_sent(group[0][0], group[-1][0])
        return True

    def _dropped_before(self, number: int) -> int:
        return max(0, number - self.sent - self.refused - self.withdrawn)

    def _take_back(self, receipt: Receipt) -> bool:
        """Whether the event was there to be taken back: a full queue may have dropped it."""
        with suppress(ValueError):
            self.queue.remove(receipt.entry)
            if isinstance(receipt.entry[2], Held):
                receipt.entry[2].take()
            return True
        left = [entry for entry in self._hand if entry[0] != receipt.number]
        if len(left) < len(self._hand):
            self._hand = left
            return True
        taken = [entry for group in self._groups for entry in group]
        left = [entry for entry in taken if entry[0] != receipt.number]
        self._groups = deque(grouped(left))
        return len(left) < len(taken)

    def _next_group(self) -> list[Entry]:
        if not self._groups:
            pop = self.queue.popleft
            taken = [pop() for _ in range(min(len(self.queue), EVENTS_PER_FRAME))]
            if taken:
                self._taken_to = max(self._taken_to, taken[-1][0] + 1)
            self._groups.extend(grouped(released(taken)))
        return self._groups.popleft() if self._groups else []

    def _refuse(self, number: int, error: Unsendable) -> None:
        if not self._receipts.fail(number, error) and not self.refused:
            # A program that only publishes need not wait for this module: it seldom has such news.
            import logging  # noqa: PLC0415

            logging.getLogger(__name__).warning("an event was not sent: %s", error)
        with self._guard:
            self.refused += len(self._hand)
            self._hand = []

    def _hear(self) -> None:
        while change := next_event(self._line):
            self.is_connected = change.event == zmq.EVENT_HANDSHAKE_SUCCEEDED
            if self.is_connected:
                self._receipts.reconnected()
        with suppress(zmq.Again):
            while True:
                message = self._calls.recv(zmq.NOBLOCK)
                with suppress(messages.BadReply):
                    self._receipts.take(messages.decode_reply(message))


def _close_with_child_process(flusher: Flusher) -> None:
    """Processes that multiprocessing started end without `atexit`: there its own finalizers are used."""
    process, util = sys.modules.get("multiprocessing.process"), sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(flusher, flusher.close, args=(AT_EXIT,), exitpriority=0)
