"""The thread behind a publisher: it owns the sockets and sends what waits in the queue.

Rules:
1. Whoever logs appends to the queue and goes on; only this thread waits, encodes and sends.
2. Events are numbered in the order of the queue as they leave it, and what a full queue dropped leaves
   a hole in the numbers that all can see; what was withdrawn never had one.
3. It takes events out of the queue only while a broker takes them; it sleeps while there are none.
4. What was sent is kept until the broker says that it has it, and sent again over a new connection.
5. Nothing that it is given may end it: what cannot be sent is counted, and named once in the log.
6. What a broker that was there may not have when it all ends is told in the log.
"""

import atexit
import os
import sys
import threading
import time
from contextlib import suppress
from typing import Final, cast

import zmq

from dashctl.bus import messages
from dashctl.bus.address import Address
from dashctl.bus.backlog import Backlog
from dashctl.bus.bulk import Held, Queued
from dashctl.bus.framing import BYTES_PER_FRAME, Entry, Unsendable, encoded
from dashctl.bus.login import Login, line
from dashctl.bus.receipts import Receipt, Receipts
from dashctl.bus.sockets import plain, private_context
from dashctl.bus.unconfirmed import Frame, Unconfirmed
from dashctl.bus.wake import Bell
from dashctl.errors import Closed, NotAllowed
from dashctl.events import Event

LINGER: Final = 5
"""Milliseconds for which the first event after a pause waits for more."""
GRACE: Final = 0.25
"""Seconds after which a broker that was not reached counts as not there."""
AT_EXIT: Final = 5.0
"""Seconds that a process which ends without closing its publisher is held up at most …"""
STALLED: Final = 2.0
"""… and seconds after which it ends if the broker takes nothing: one that was killed may be back by then."""
LATE: Final = 0.5
"""Seconds for what is logged even later."""
IN_FLIGHT: Final = 32
"""Frames in the socket; all that were not confirmed are kept besides."""
BURST: Final = 16
"""Frames sent before answers are looked at."""
FAREWELL: Final = 100
"""Milliseconds for which the last word may take to leave."""


class Flusher:
    """A queue and the thread that empties it; the thread starts with the first event."""

    def __init__(self, address: Address, run: str, capacity: int, name: str = "") -> None:
        self.address = address
        self.login = Login.at(address)
        self.run, self.name = run, name
        self.producer = os.urandom(8)
        self.backlog = Backlog(capacity)
        self.is_connected = False
        self.refusal: NotAllowed | None = None
        """Why the broker does not let this one in, until it does."""
        self.started: float | None = None
        self.sent = 0
        self._framed = 0
        self._bytes_per_event = 0
        self._urgent = False
        self._over = False
        self._exiting = False
        self._sleeping = True
        self._has_warned = False
        self._was_connected = False
        self._deadline: float | None = None
        self._progressed = 0.0
        self._guard = self.backlog.guard
        self._bell = Bell()
        self._unconfirmed = Unconfirmed()
        self._receipts = Receipts(self.producer)
        self._thread: threading.Thread | None = None

    def attend(self) -> None:
        """Look after the unattended backlog; the first call starts the thread. Raises Closed."""
        if sys.is_finalizing():
            # The thread is gone, perhaps with a lock in its hands: nothing more can be sent.
            return
        with self._guard:
            if self._over:
                self._refuse_or_send_late()
                return
            self.backlog.trim()
            if self._thread is None:
                self._start()
        if self._sleeping:
            self._bell.ring()

    def submit(self, event: Event) -> Receipt:
        """Append an event and have it sent at once. Raises Closed."""
        receipt = Receipt((time.time(), self.backlog.queued(event)))
        self._receipts.expect(receipt)
        self._urgent = True
        self.backlog.queue.append(receipt.entry)
        self.attend()
        self._bell.ring()
        return receipt

    def withdraw(self, receipt: Receipt) -> bool:
        """Give up waiting for a receipt; whether its event was not sent, and will not be."""
        with self._guard:
            if not receipt.taken:
                self.backlog.withdraw(receipt.entry)
        self._receipts.forget(receipt)
        return not receipt.taken

    def waiting(self) -> int:
        """Events logged and not yet sent."""
        with self._guard:
            return len(self.backlog) + self._framed - self.sent

    def logged(self) -> int:
        """Events logged so far, without those that were withdrawn."""
        with self._guard:
            return self._framed + self.backlog.dropped + len(self.backlog)

    def unconfirmed(self) -> int:
        """Events sent, and not yet known to be in."""
        with self._guard:
            return len(self._unconfirmed) - (self._framed - self.sent)

    def close(self, timeout: float) -> int:
        """Send what waits for at most that long, and end; how many events could not be delivered."""
        with self._guard:
            if self._over:
                return 0
            self._over = self.backlog.unattended = True
        self._end_within(timeout)
        left = self._tell_left()
        self.backlog.close()
        return left

    def close_at_exit(self) -> None:
        """As `close`, when the process ends: what is logged even later is sent at once."""
        with self._guard:
            self._over = self._exiting = self.backlog.unattended = True
        self._end_within(AT_EXIT)
        self._tell_left()

    def abandon(self) -> None:
        """End without waiting, also from within the thread, where garbage collection may call it."""
        self._over = self._exiting = True
        self._progressed = time.monotonic()
        self._deadline = self._progressed + AT_EXIT
        self._bell.ring()
        if self._thread is None:
            self._bell.close()

    def disown(self) -> None:
        """This is the copy in a forked process: the thread did not come along, and has nothing to end."""
        atexit.unregister(self.close_at_exit)

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._serve, name="dashctl-publisher", daemon=True)
        self.started = time.monotonic()
        atexit.register(self.close_at_exit)
        _close_with_child_process(self)
        try:
            self._thread.start()
        except RuntimeError:
            # While the interpreter shuts down there are no new threads.
            self._thread = None
            self._over = self._exiting = True
            self._refuse_or_send_late()

    def _end_within(self, timeout: float) -> None:
        self._progressed = time.monotonic()
        self._deadline = self._progressed + timeout
        self._bell.ring()
        if self._thread is not None:
            self._thread.join()
        self._bell.close()

    def _tell_left(self) -> int:
        """How many events may not be in; it is told where a broker was there to take them."""
        left = self.waiting() + self.unconfirmed()
        if left and self._was_connected:
            _warn("%d events may not have reached the broker at %s before the end", left, self.address)
        return left

    def _refuse_or_send_late(self) -> None:
        """After the end nothing is taken, but for what the last acts of a process have to say."""
        if not self._exiting:
            self.backlog.queue.clear()
            raise Closed("the publisher is closed")
        self.backlog.trim()
        if threading.current_thread() is threading.main_thread():
            self._bell = Bell()
            self.started = self._progressed = time.monotonic()
            self._deadline = self.started + LATE
            self._serve()

    def _serve(self) -> None:
        with private_context() as context:
            self._push, self._calls = plain(context, zmq.PUSH), plain(context, zmq.DEALER)
            self._push.set_hwm(IN_FLIGHT)
            # What is sent waits here while there is nobody, where it can still be taken back; not so
            # for answers, which that option would throw away when the broker ends behind them.
            self._push.immediate = True
            with (
                line(self._push, self.login, self.address.inbox) as self._way,
                line(self._calls, self.login, self.address.calls) as self._line,
            ):
                try:
                    self._loop()
                    self._say_farewell()
                finally:
                    self.is_connected = False
                    self.backlog.unattended = True
                    self._bell.close()
                    atexit.unregister(self.close_at_exit)

    def _loop(self) -> None:
        idle, stuck = zmq.Poller(), zmq.Poller()
        for poller in (idle, stuck):
            for source in (self._calls, self._line.monitor, self._way.monitor, self._bell.fileno()):
                poller.register(source, zmq.POLLIN)
        stuck.register(self._push, zmq.POLLOUT)
        while not self._is_done():
            progressed = self._send_burst()
            self._hear()
            if self.is_connected:
                last = self._deadline is not None
                self._receipts.ask(self._calls, self._unconfirmed.sent_to, last=last)
            if not progressed:
                self._rest(idle, stuck)

    def _is_done(self) -> bool:
        if self._deadline is None:
            return False
        if not self.waiting() and not self._unconfirmed:
            return True
        now = time.monotonic()
        assert self.started is not None
        if now >= self._deadline or (self._exiting and now >= self._progressed + STALLED):
            return True
        # A broker that was there may come back; for one that never was, nobody is held up.
        return not self.is_connected and not self._was_connected and now >= self.started + GRACE

    def _rest(self, idle: zmq.Poller, stuck: zmq.Poller) -> None:
        self.backlog.unattended = True
        if self._unconfirmed.next is not None or self.waiting():
            with self._guard:
                self.backlog.trim()
            (stuck if self._may_send() else idle).poll(self._patience())
        else:
            self._sleep(idle)
        self._bell.quiet()
        self.backlog.unattended = self._over
        self._urgent = False

    def _sleep(self, idle: zmq.Poller) -> None:
        """Until something is logged, or has to be done; who logs after a pause is likely to go on."""
        self._sleeping = True
        if not self.backlog.queue:
            idle.poll(self._patience())
        self._sleeping = False
        if self.backlog.queue and not self._urgent and self._deadline is None:
            self.backlog.unattended = False
            idle.poll(LINGER)

    def _may_send(self) -> bool:
        """Whether there is something to send, and a connection, if it only takes it."""
        return self._way.is_up and (self._unconfirmed.next is not None or not self._unconfirmed.is_full)

    def _patience(self) -> int:
        """Milliseconds until something has to be done even if nothing happens; -1: none."""
        if self._deadline is not None:
            return 10
        seconds = self._receipts.patience(self._unconfirmed.sent_to)
        if self.refusal is not None:
            seconds = min(seconds, 1.0)
        return -1 if seconds == float("inf") else round(seconds * 1000)

    def _send_burst(self) -> bool:
        """Send some frames; False when there was nothing to send or nobody to take it."""
        if not self._way.is_up:
            return False
        for done in range(BURST):
            if not cast("int", self._push.get(zmq.EVENTS)) & zmq.POLLOUT or not self._send_frame():
                return done > 0
        return True

    def _send_frame(self) -> bool:
        frame = self._unconfirmed.next
        if frame is None:
            if self._unconfirmed.is_full or not self._make_frame():
                return False
            frame = self._unconfirmed.next
            assert frame is not None
        try:
            self._push.send(frame.data, zmq.NOBLOCK)
        except zmq.Again:
            return False
        with self._guard:
            self._unconfirmed.mark_sent()
            # All before it were sent before; it is new if it is the last that was made.
            if self._unconfirmed.next is None:
                self.sent = self._framed
        return True

    def _make_frame(self) -> bool:
        """Make a frame of the next events; False if there are none."""
        while group := self._next_group():
            entries = _released(group)
            if not entries:
                self.backlog.drop(group)
                continue
            try:
                made = encoded(
                    self.producer,
                    self.run,
                    self._framed + self.backlog.passed,
                    entries,
                    dropped=self.backlog.passed,
                    logged=self.logged(),
                )
            except Unsendable as error:
                self._give_up(group, error)
                continue
            if isinstance(made, bytes):
                self._keep(made, group)
                return True
            self.backlog.part(group)
        return False

    def _next_group(self) -> list[Queued]:
        with self._guard:
            group = self.backlog.take(BYTES_PER_FRAME // (self._bytes_per_event + 1))
            self._receipts.mark_taken(group)
        return group

    def _keep(self, frame: bytes, group: list[Queued]) -> None:
        first, count = self._framed + self.backlog.passed, len(group)
        self._receipts.number(group, first)
        self._bytes_per_event = len(frame) // count
        with self._guard:
            self._framed += count
            self.backlog.release()
            self._unconfirmed.add(Frame(first, first + count, frame))

    def _give_up(self, group: list[Queued], error: Unsendable) -> None:
        """What somebody waits for and hears of is not missing in the numbers."""
        if self._receipts.fail(group[0], error):
            self.backlog.release()
            return
        if not self._has_warned:
            self._has_warned = True
            _warn("an event was not sent: %s", error)
        self.backlog.drop(group)

    def _hear(self) -> None:
        if self._way.look():
            self._rewind(epoch=b"")
        if self._line.look():
            self._was_connected = True
            self._receipts.ask_anew()
            self._tell(messages.Hello(0, self.producer, self.logged(), self.name))
        self.is_connected = self._line.is_up
        self.refusal = self._way.refusal or self._line.refusal
        with suppress(zmq.Again):
            while True:
                message = self._calls.recv(zmq.NOBLOCK)
                with suppress(messages.BadReply):
                    self._take(messages.decode_reply(message))
        if self._receipts.is_overdue():
            self._rewind()

    def _take(self, reply: messages.AnyReply) -> None:
        end = self._receipts.take(reply)
        if end == 0:
            self._rewind()
        elif end:
            with self._guard:
                self._unconfirmed.confirm(end)
            self._progressed = time.monotonic()

    def _rewind(self, *, epoch: bytes | None = None) -> None:
        self._receipts.ask_anew(epoch=epoch)
        self._unconfirmed.rewind()

    def _say_farewell(self) -> None:
        if self._was_connected:
            self._tell(messages.Farewell(0, self.producer, self.logged()))
            self._calls.linger = FAREWELL

    def _tell(self, message: messages.Request) -> None:
        with suppress(zmq.Again):
            self._calls.send(messages.encode(message), zmq.NOBLOCK)


def _warn(text: str, *values: object) -> None:
    # A program that only publishes need not wait for this module: it seldom has such news.
    import logging  # noqa: PLC0415

    logging.getLogger(__name__).warning(text, *values)


def _released(group: list[Queued]) -> list[Entry]:
    """What a frame is made of; nothing if it is a large event that was given up."""
    at, event = group[0]
    if not isinstance(event, Held):
        return cast("list[Entry]", group)
    cloud = event.take()
    return [] if cloud is None else [(at, cloud)]


def _close_with_child_process(flusher: Flusher) -> None:
    """Processes that multiprocessing started end without `atexit`: there its own finalizers are used."""
    process, util = sys.modules.get("multiprocessing.process"), sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(flusher, flusher.close_at_exit, exitpriority=0)
