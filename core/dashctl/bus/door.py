"""The sockets at one address of the broker, and who is behind them.

Rules: nothing here waits for a peer: a queue that is full loses, and its reader sees the hole; a peer
takes bounded memory, however it behaves; what it may do is known before it is heard. The thread of
the broker's loop alone uses it.
"""

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import zmq

from dashctl import wire
from dashctl.bus import messages
from dashctl.bus.address import Address
from dashctl.bus.framing import BYTES_PER_FRAME
from dashctl.bus.sockets import next_event, plain
from dashctl.errors import UsageError

LARGEST_MESSAGE: Final = 256 * 1024 * 1024
"""Bytes taken in before a frame can be refused with a reason; beyond it the connection is closed."""
QUEUED: Final = 1_000
"""Frames that wait for one monitor before it loses some."""
LARGE_QUEUED: Final = 256 * 1024 * 1024
"""Bytes of large frames that wait for monitors before all lose some, and ask for a snapshot."""
TAKEN_IN: Final = 100
"""Frames of one producer that wait here; the others wait in its own queue."""
BURST: Final = 256

Context = zmq.Context[zmq.Socket[bytes]]


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody who asks: behind which door, and as whom."""

    door: "Door" = field(compare=False, repr=False)
    identity: bytes
    user: str = ""
    """The name that its key is known by; "" where no key is asked for."""

    def reply(self, reply: messages.Reply) -> bool:
        """Answer; whether there still was somebody to answer to."""
        return self.door.reply(self.identity, reply)


class Door:
    """Bound at an address from construction on. Raises UsageError if it cannot listen there."""

    def __init__(self, context: Context, address: Address, epoch: bytes) -> None:
        self.address = address
        self.monitors = 0
        self.inbox = plain(context, zmq.PULL)
        self.inbox.set(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        self.inbox.set(zmq.RCVHWM, TAKEN_IN)
        self.outbox = plain(context, zmq.XPUB)
        self.outbox.set(zmq.MAXMSGSIZE, 1024)
        self.outbox.set(zmq.SNDHWM, QUEUED)
        self.outbox.set(zmq.XPUB_VERBOSER, 1)
        self.outbox.set(zmq.XPUB_WELCOME_MSG, wire.stamp(epoch, 0))
        self.calls = plain(context, zmq.ROUTER)
        self.calls.set(zmq.MAXMSGSIZE, messages.MAX_REQUEST)
        self.calls.set(zmq.ROUTER_MANDATORY, 1)
        self._comings = self.inbox.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)
        self._connected: set[int] = set()
        self._large: list[tuple[zmq.MessageTracker, int]] = []
        """Large frames that some monitor was not sent yet, and their bytes."""
        try:
            self.listen()
        except UsageError:
            self.close()
            raise

    @property
    def connections(self) -> int:
        """Producers that are connected, heard or not."""
        return len(self._connected)

    def large_bytes(self) -> int:
        """Bytes of large frames that some monitor was not sent yet."""
        return sum(size for tracker, size in self._large if not tracker.done)

    def sources(self) -> "tuple[zmq.Socket[bytes], ...]":
        """What to wait for."""
        return self.inbox, self.outbox, self.calls, self._comings

    def look(self, ready: Mapping[object, int]) -> None:
        """Count who came and who went."""
        if self.outbox in ready:
            self._count_monitors()
        if self._comings in ready:
            self._count_connections()

    def listen(self) -> None:
        """Accept connections at the address, once more if its sockets were removed."""
        try:
            self.inbox.bind(self.address.inbox)
            self.outbox.bind(self.address.outbox)
            self.calls.bind(self.address.calls)
        except zmq.ZMQError as error:
            raise UsageError(f"bus: cannot listen at {self.address} ({error.strerror})") from None

    def close(self) -> None:
        """Give the sockets back; what monitors have not been sent by now gets a moment."""
        self.inbox.disable_monitor()
        self._comings.close(linger=0)
        self.inbox.close(linger=0)
        self.outbox.close(linger=200)
        self.calls.close(linger=200)

    def send_on(self, message: bytes) -> None:
        """Send a frame with its stamp to every monitor here."""
        if len(message) <= BYTES_PER_FRAME + wire.STAMP_SIZE:
            self.outbox.send(message, zmq.NOBLOCK)
            return
        self._large = [each for each in self._large if not each[0].done]
        if len(message) + sum(size for _, size in self._large) <= LARGE_QUEUED:
            tracker = self.outbox.send(message, zmq.NOBLOCK, copy=False, track=True)
            self._large.append((tracker, len(message)))

    def next_request(self) -> tuple[Peer, list[bytes]] | None:
        """Who asks and what, if anybody does."""
        try:
            identity, *message = self.calls.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return None
        return Peer(self, identity), message

    def reply(self, identity: bytes, reply: messages.Reply) -> bool:
        """Answer one who asked; whether there still was somebody."""
        try:
            self.calls.send_multipart([identity, messages.encode(reply)], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno not in {errno.EHOSTUNREACH, errno.EAGAIN}:
                raise
            return False
        return True

    def _count_monitors(self) -> None:
        for message in received(self.outbox, BURST):
            if message == b"\x01":
                self.monitors += 1
            elif message == b"\x00":
                self.monitors = max(0, self.monitors - 1)

    def _count_connections(self) -> None:
        while coming := next_event(self._comings):
            if coming.event == zmq.EVENT_ACCEPTED:
                self._connected.add(coming.value)
            else:
                self._connected.discard(coming.value)


def received(source: "zmq.Socket[bytes]", most: int) -> Iterator[bytes]:
    """What has come in, without waiting for more."""
    receive = source.recv
    for _ in range(most):
        try:
            yield receive(zmq.NOBLOCK)
        except zmq.Again:
            return
