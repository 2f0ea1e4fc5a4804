"""The broker's sockets and one turn of its loop.

Rules:
1. A frame's header is read before it is passed on, its body is not; what cannot be read is counted.
2. Numbers are given in the order of passing on; the snapshot `as of seq` has exactly those frames.
3. Nothing here waits for a peer: a queue that is full loses, and its reader sees the hole.
4. One thread uses it; only `post` and `interrupt` may be called from others.
"""

import itertools
import math
import os
import time
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Final

import msgspec
import zmq

from dashctl import __version__, wire
from dashctl.bus import messages
from dashctl.bus.address import Address
from dashctl.bus.askers import PATIENCE, Asker, Askers
from dashctl.bus.framing import BYTES_PER_FRAME, Entry, Unsendable, encoded, grouped
from dashctl.bus.ledger import Ledger
from dashctl.bus.memory import Memory
from dashctl.bus.refusals import Refusals
from dashctl.bus.sockets import next_event, plain
from dashctl.bus.wake import Bell
from dashctl.errors import UsageError
from dashctl.events import BusStats, Event

TICK: Final = 1.0
"""Seconds between two events of the broker's own: a monitor that hears none knows it is gone."""
BURST: Final = 256
"""Frames passed on before requests are looked at."""
BURST_EVENTS: Final = 8_192
SLICE: Final = 0.002
"""Seconds of folding in one turn."""
LARGEST_MESSAGE: Final = 256 * 1024 * 1024
"""Bytes taken in before a frame can be refused with a reason; beyond it the connection is closed."""
QUEUED: Final = 1_000
"""Frames that wait for one monitor before it loses some."""
LARGE_QUEUED: Final = 256 * 1024 * 1024
"""Bytes of large frames that wait for monitors before all lose some, and ask for a snapshot."""
TAKEN_IN: Final = 100
"""Frames of one producer that wait here; the others wait in its own queue."""
POSTED: Final = 65_536
LARGEST_COUNT: Final = 2**63 - 1

Context = zmq.Context[zmq.Socket[bytes]]


class Exchange:
    """Sockets bound at an address, and everything that was seen there."""

    def __init__(self, address: Address, idle_exit: float | None = None) -> None:
        self.address = address
        self.idle_exit = idle_exit
        self.epoch = os.urandom(8)
        self.started = time.time()
        self.stop_asked = False
        self.idle_since = time.monotonic()
        self.monitors = 0
        self._seq = 0
        self._events = 0
        self._rate = 0.0
        self._events_at_tick = 0
        self._ticked = time.monotonic()
        self._ledger = Ledger()
        self._refusals = Refusals()
        self._memory = Memory(self._refusals)
        self._askers = Askers()
        self._connections: set[int] = set()
        self._numbers = itertools.count()
        self._posted: deque[Entry] = deque(maxlen=POSTED)
        self._large: list[tuple[zmq.MessageTracker, int]] = []
        """Large frames that some monitor was not sent yet, and their bytes."""
        self._bell = Bell()
        self._bind()

    def post(self, event: Event) -> None:
        """Take an event of this very process; any thread may call it."""
        self._posted.append((next(self._numbers), time.time(), event))
        self._bell.ring()

    def interrupt(self) -> None:
        """End the turn that is going on; any thread and any signal may call it."""
        self._bell.ring()

    def turn(self) -> None:
        """Wait for something to do until the next tick, and do it."""
        now = time.monotonic()
        wait = 0.0 if self._memory.waiting else max(0.0, self._ticked + TICK - now)
        ready = dict(self._poller.poll(math.ceil(wait * 1000)))
        if self._outbox in ready:
            self._count_monitors()
        if self._comings in ready:
            self._count_connections()
        if self._inbox in ready:
            self._pass_on_burst()
        if self._bell.fileno() in ready:
            self._bell.quiet()
            self._pass_on_posted()
        if self._calls in ready:
            self._answer_burst()
        if self._inbox not in ready:
            self._memory.fold(SLICE)
        self._memory.make_room()
        if time.monotonic() - self._ticked >= TICK:
            self._tick()

    def listen(self) -> None:
        """Accept connections at the address, once more if its sockets were removed.

        Connections that exist stay as they are. Raises UsageError.
        """
        try:
            self._inbox.bind(self.address.inbox)
            self._outbox.bind(self.address.outbox)
            self._calls.bind(self.address.calls)
        except zmq.ZMQError as error:
            raise UsageError(f"bus: cannot listen at {self.address} ({error.strerror})") from None

    def close(self) -> None:
        """Give the sockets back; what monitors have not been sent by now gets a moment."""
        self._inbox.disable_monitor()
        self._comings.close(linger=0)
        self._inbox.close(linger=0)
        self._outbox.close(linger=200)
        self._calls.close(linger=200)
        self._context.term()
        self._bell.close()

    def _bind(self) -> None:
        self._context: Context = zmq.Context()
        self._inbox = plain(self._context, zmq.PULL)
        self._inbox.set(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        self._inbox.set(zmq.RCVHWM, TAKEN_IN)
        self._outbox = plain(self._context, zmq.XPUB)
        self._outbox.set(zmq.MAXMSGSIZE, 1024)
        self._outbox.set(zmq.SNDHWM, QUEUED)
        self._outbox.set(zmq.XPUB_VERBOSER, 1)
        self._outbox.set(zmq.XPUB_WELCOME_MSG, wire.stamp(self.epoch, 0))
        self._calls = plain(self._context, zmq.ROUTER)
        self._calls.set(zmq.MAXMSGSIZE, messages.MAX_REQUEST)
        self._comings = self._inbox.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)
        try:
            self.listen()
        except UsageError:
            self.close()
            raise
        self._poller = zmq.Poller()
        for source in (self._outbox, self._inbox, self._calls, self._comings, self._bell.fileno()):
            self._poller.register(source, zmq.POLLIN)

    def _count_monitors(self) -> None:
        for message in _received(self._outbox, BURST):
            if message == b"\x01":
                self.monitors += 1
            elif message == b"\x00":
                self.monitors = max(0, self.monitors - 1)

    def _count_connections(self) -> None:
        while coming := next_event(self._comings):
            if coming.event == zmq.EVENT_ACCEPTED:
                self._connections.add(coming.value)
            else:
                self._connections.discard(coming.value)

    def _pass_on_burst(self) -> None:
        now, enough = time.monotonic(), self._events + BURST_EVENTS
        for frame in _received(self._inbox, BURST):
            self._take(frame, now)
            if self._events >= enough:
                break

    def _pass_on_posted(self) -> None:
        entries = [self._posted.popleft() for _ in range(min(len(self._posted), BURST_EVENTS))]
        for group in grouped(entries):
            self._pass_on_group(group)
        if self._posted:
            self._bell.ring()

    def _pass_on_group(self, group: list[Entry]) -> None:
        try:
            made = encoded(wire.BROKER, "", group, dropped=0)
        except Unsendable as error:
            self._refusals.add("unsendable", str(error))
            return
        if isinstance(made, bytes):
            self._pass_on(wire.decode_header(made), made, time.monotonic())
            return
        for part in made:
            self._pass_on_group(part)

    def _take(self, frame: bytes, now: float) -> None:
        try:
            header = wire.decode_header(frame)
        except wire.BadFrame as bad:
            self._refusals.add(bad.reason, str(bad))
            return
        if header.producer == wire.BROKER:
            self._refusals.add("malformed", "frame: its producer is all zero, which is the broker's own")
            return
        self._pass_on(header, frame, now)

    def _pass_on(self, header: wire.Header, frame: bytes, now: float) -> None:
        if not self._ledger.enter(header, now):
            return
        self._seq += 1
        self._events += header.events
        self._send_on(wire.stamp(self.epoch, self._seq) + frame)
        self._memory.keep(frame, header.events)
        if header.producer in self._askers:
            self._tell_ingested(header.producer)

    def _send_on(self, message: bytes) -> None:
        if len(message) <= BYTES_PER_FRAME + wire.STAMP_SIZE:
            self._outbox.send(message, zmq.NOBLOCK)
            return
        self._large = [each for each in self._large if not each[0].done]
        if len(message) + sum(size for _, size in self._large) <= LARGE_QUEUED:
            tracker = self._outbox.send(message, zmq.NOBLOCK, copy=False, track=True)
            self._large.append((tracker, len(message)))

    def _answer_burst(self) -> None:
        for _ in range(BURST):
            try:
                asker, *message = self._calls.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            self.idle_since = time.monotonic()
            self._answer(asker, message)

    def _answer(self, asker: bytes, message: list[bytes]) -> None:
        if len(message) != 1:
            self._refusals.add("malformed request", f"request: {len(message)} parts; expected 1")
            return
        try:
            request = messages.decode_request(message[0])
        except (msgspec.DecodeError, RecursionError) as error:
            self._refusals.add("malformed request", f"request: {error}")
            return
        match request:
            case messages.AskStatus(id=id_):
                self._reply(asker, messages.StatusReply(id_, self._status()))
            case messages.AskSnapshot(id=id_):
                state = memoryview(self._memory.snapshot())
                self._reply(asker, messages.SnapshotReply(id_, self.epoch, self._seq, state))
            case messages.AskIngested():
                self._await_ingested(asker, request)
            case messages.AskStop(id=id_):
                self._reply(asker, messages.Stopping(id_, os.getpid()))
                self.stop_asked = True

    def _await_ingested(self, connection: bytes, request: messages.AskIngested) -> None:
        asker = Asker(connection, request.id, request.number, time.monotonic())
        if self._askers.add(request.producer, asker):
            self._tell_ingested(request.producer)
        else:
            self._reply(connection, messages.Refused(request.id, "too many wait for events to come in"))

    def _tell_ingested(self, producer: bytes) -> None:
        for asker in self._askers.answerable(producer, partial(self._ledger.has, producer)):
            self._reply(asker.connection, messages.Ingested(asker.id, self.epoch, self.monitors))

    def _reply(self, asker: bytes, reply: messages.Reply) -> None:
        self._calls.send_multipart([asker, messages.encode(reply)], zmq.NOBLOCK)

    def _tick(self) -> None:
        now = time.monotonic()
        self._rate = (self._events - self._events_at_tick) / (now - self._ticked)
        self._ticked = now
        self._askers.forget_before(now - PATIENCE)
        self.post(self._stats(now))
        self._pass_on_posted()
        if self.monitors or self._connections or self._events > self._events_at_tick + 1:
            self.idle_since = now
        self._events_at_tick = self._events

    def _lost(self) -> int:
        """Producers may claim any numbers; together they must still fit into an event."""
        return min(self._ledger.lost, LARGEST_COUNT)

    def _stats(self, now: float) -> BusStats:
        return BusStats(
            started=self.started,
            events=self._events,
            frames=self._seq,
            monitors=self.monitors,
            producers=self._ledger.active(now),
            lost=self._lost(),
            rejected=self._refusals.counts(),
            rate=self._rate,
        )

    def _status(self) -> messages.BrokerStatus:
        return messages.BrokerStatus(
            address=str(self.address),
            pid=os.getpid(),
            version=__version__,
            epoch=self.epoch.hex(),
            started=self.started,
            events=self._events,
            frames=self._seq,
            rate=self._rate,
            monitors=self.monitors,
            producers=self._ledger.active(time.monotonic()),
            connections=len(self._connections),
            lost=self._lost(),
            duplicates=self._ledger.duplicates,
            rejected=self._refusals.counts(),
            recent=self._refusals.recent(),
            backlog=self._memory.waiting,
            idle_exit=self.idle_exit,
        )


def _received(source: "zmq.Socket[bytes]", most: int) -> Iterator[bytes]:
    """What has come in, without waiting for more."""
    receive = source.recv
    for _ in range(most):
        try:
            yield receive(zmq.NOBLOCK)
        except zmq.Again:
            return
