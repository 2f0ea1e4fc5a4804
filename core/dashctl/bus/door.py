"""The sockets at one address of the broker, and who is behind them.

Rules: nothing here waits for a peer: a queue that is full loses, and its reader sees the hole; a peer
takes bounded memory, however it behaves; what it may do is known before it is heard. The thread of
the broker's loop alone uses it.
"""

import errno
import resource
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Final

import zmq

from dashctl import wire
from dashctl.bus import messages
from dashctl.bus.address import Address
from dashctl.bus.framing import BYTES_PER_FRAME
from dashctl.bus.owed import Owed
from dashctl.bus.sockets import next_event, plain
from dashctl.errors import UsageError

if TYPE_CHECKING:
    from dashctl.bus.keys import KeyPair

LARGEST_MESSAGE: Final = 2 * wire.MAX_FRAME
"""Bytes taken in before a frame can be refused with a reason; beyond it the connection is closed."""
QUEUED: Final = 1_000
"""Frames that wait for one monitor before it loses some."""
LARGE_QUEUED: Final = 256 * 1024 * 1024
"""Bytes of large frames that wait for monitors before all lose some, and ask for a snapshot."""
TAKEN_IN: Final = 4
"""Frames of one producer that wait here, and each may be large; the others wait in its own queue."""
ASKED: Final = 64
"""Requests of one peer that wait here, and replies that wait for it."""
FILTERS: Final = 1_000
"""Subscriptions to less than everything: nobody needs any, and each one takes memory, and time also when
it ends. So those that have ended count as well."""
LARGEST_FILTER: Final = 512
"""Bytes of one; what is said to open a connection has to fit too."""
CONNECTIONS: Final = 4_096
"""Connections at most; fewer where the process may not have as many files."""
HANDSHAKE: Final = 5_000
"""Milliseconds within which a connection has to show its key, or that it speaks the protocol at all."""
FREED: Final = 1.0
"""Seconds within which a port that was given back can be had again."""
BURST: Final = 256

SMALL: Final = 65_536
"""Bytes of a reply that is copied to be sent; what is larger is shared, and watched until it was sent."""
Context = zmq.Context[zmq.Socket[bytes]]


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody who asks: behind which door, and as whom."""

    door: "Door"
    identity: bytes
    user: str = ""
    """The name that its key is known by; "" where no key is asked for."""

    def reply(self, reply: messages.Reply) -> bool:
        """Answer; whether there still was somebody to answer to."""
        return self.door.reply(self.identity, reply)

    def is_there(self) -> bool:
        """Whether the connection is still there, as far as is known."""
        return self.door.has(self.identity)


class Door:
    """Bound at an address from construction on. Raises UsageError if it cannot listen there."""

    def __init__(
        self,
        context: Context,
        address: Address,
        epoch: bytes,
        pair: "KeyPair | None" = None,
        connections: int = CONNECTIONS,
    ) -> None:
        self.address = address
        self.monitors = 0
        self._most = connections
        self._context = context
        self._epoch = epoch
        self._pair = pair
        """What it shows itself with, where it asks for keys."""
        self._large: list[tuple[zmq.MessageTracker, int]] = []
        """Large frames that some monitor was not sent yet, and their bytes."""
        self._open()

    def _open(self) -> None:
        self._owed = Owed()
        self._filters: Counter[str] = Counter()
        """Subscriptions to less than everything, and what is none at all, by whom they came."""
        self._bound: set[str] = set()
        self.inbox = self._made(zmq.PULL, "publish", TAKEN_IN, LARGEST_MESSAGE)
        self.plain = self._made(zmq.SUB, "publish", TAKEN_IN, LARGEST_MESSAGE)
        self.plain.subscribe(b"")
        self.outbox = self._made(zmq.XPUB, "watch", QUEUED, LARGEST_FILTER)
        self.outbox.set(zmq.RCVHWM, ASKED)
        self.outbox.set(zmq.XPUB_VERBOSER, 1)
        self.outbox.set(zmq.XPUB_WELCOME_MSG, wire.stamp(self._epoch, 0))
        self.calls = self._made(zmq.ROUTER, "any", ASKED, messages.MAX_REQUEST)
        self.calls.set(zmq.ROUTER_MANDATORY, 1)
        self._comings = [
            each.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED) for each, _ in self._ends()
        ]
        self._connected: list[dict[int, float]] = [{} for _ in self._comings]
        """When each came, by its file descriptor."""
        try:
            self.listen()
        except UsageError:
            self.close()
            raise

    def _made(self, kind: int, right: str, high_water_mark: int, largest: int) -> "zmq.Socket[bytes]":
        made = plain(self._context, kind)
        made.set_hwm(high_water_mark)
        made.set(zmq.MAXMSGSIZE, largest)
        made.set(zmq.HANDSHAKE_IVL, HANDSHAKE)
        made.ipv6 = ":" in self.address.host
        if self._pair is not None:
            made.curve_server = True
            made.curve_secretkey = self._pair.secret
            made.zap_domain = right.encode("ascii")
        return made

    @property
    def connections(self) -> int:
        """Producers that are connected, heard or not."""
        return len(self._connected[0]) + len(self._connected[1])

    def large_bytes(self) -> int:
        """Bytes of large frames that some monitor was not sent yet."""
        return sum(size for tracker, size in self._large if not tracker.done)

    def sources(self, *, full: bool) -> "tuple[zmq.Socket[bytes], ...]":
        """What to wait for; not for producers, while it is `full` where their frames go."""
        others = self.outbox, self.calls, *self._comings
        return others if full else (self.inbox, self.plain, *others)

    def look(self, ready: Mapping[object, int]) -> None:
        """Count who came and who went."""
        if self.outbox in ready:
            self._count_monitors()
        for monitor, connected in zip(self._comings, self._connected, strict=True):
            if monitor in ready:
                _count(monitor, connected)

    def greedy(self) -> str | None:
        """Who made more subscriptions than anybody needs; "" is somebody without a key."""
        return next((user for user, count in self._filters.items() if count > FILTERS), None)

    @property
    def is_crowded(self) -> bool:
        """Whether there are more connections than may be."""
        return sum(map(len, self._connected)) > self._most

    def turn_away(self) -> bool:
        """End the connections of all who came just now: strangers are among these, for who shows no key
        does not stay for longer. Whether those who are left are few enough."""
        since = time.monotonic() - HANDSHAKE / 1000
        stayed = 0
        for connected in self._connected:
            for descriptor, came in connected.items():
                if came < since:
                    stayed += 1
                else:
                    _end(descriptor)
        return stayed <= self._most

    def listen(self) -> None:
        """Accept connections at the address, once more if its sockets were removed."""
        for made, endpoint in self._ends():
            if endpoint in self._bound and not self.address.folder:
                continue
            try:
                made.bind(endpoint)
            except zmq.ZMQError as error:
                raise UsageError(f"bus: cannot listen at {self.address.place} ({error.strerror})") from None
            self._bound.add(endpoint)

    def _ends(self) -> "tuple[tuple[zmq.Socket[bytes], str], ...]":
        """The sockets, and where each listens."""
        return (
            (self.inbox, self.address.inbox),
            (self.plain, self.address.plain),
            (self.outbox, self.address.outbox),
            (self.calls, self.address.calls),
        )

    def renew(self) -> None:
        """End all connections, and accept new ones: who may still come in comes back by itself.

        Raises UsageError if somebody else has taken a port in between.
        """
        self.close(linger=0)
        self.monitors = 0
        until = time.monotonic() + FREED
        while True:
            try:
                self._open()
            except UsageError:
                # The ports are given back by another thread, in a moment.
                if time.monotonic() > until:
                    raise
                time.sleep(0.005)
            else:
                return

    def close(self, linger: int = 200) -> None:
        """Give the sockets back; what peers have not been sent by now gets that many milliseconds."""
        for (each, _), monitor in zip(self._ends(), self._comings, strict=True):
            if each.closed:
                continue
            each.disable_monitor()
            monitor.close(linger=0)
            each.close(linger=linger if each in (self.outbox, self.calls) else 0)

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
            if self._pair is None:
                identity, *message = self.calls.recv_multipart(zmq.NOBLOCK)
                return Peer(self, identity), message
            first, *frames = self.calls.recv_multipart(zmq.NOBLOCK, copy=False)
        except zmq.Again:
            return None
        user = _user(frames[-1]) if frames else ""
        return Peer(self, first.bytes, user), [frame.bytes for frame in frames]

    def reply(self, identity: bytes, reply: messages.Reply) -> bool:
        """Answer one who asked; whether there still was somebody."""
        message = messages.encode(reply)
        if self._owed.is_too_much(identity, len(message)):
            refused = messages.Refused(reply.id, "too much that was answered before is not taken yet", "busy")
            message = messages.encode(refused)
        try:
            if len(message) < SMALL:
                self.calls.send_multipart([identity, message], zmq.NOBLOCK)
            else:
                sent = self.calls.send_multipart([identity, message], zmq.NOBLOCK, copy=False, track=True)
                assert sent is not None
                self._owed.add(identity, len(message), sent)
        except zmq.ZMQError as error:
            if error.errno not in {errno.EHOSTUNREACH, errno.EAGAIN}:
                raise
            return False
        return True

    def has(self, identity: bytes) -> bool:
        """Whether one who asked is still connected, also one who takes nothing in just now."""
        try:
            self.calls.send_multipart([identity, messages.encode(messages.Probe())], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno not in {errno.EHOSTUNREACH, errno.EAGAIN}:
                raise
            return error.errno == errno.EAGAIN
        return True

    def received(self, source: "zmq.Socket[bytes]", most: int) -> "Iterator[tuple[bytes, str]]":
        """What has come in, without waiting for more, and who sent it: "" where no keys are asked for."""
        if self._pair is None:
            yield from zip(_received(source, most), repeat(""))
            return
        for _ in range(most):
            try:
                frame = source.recv(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            yield frame.bytes, _user(frame)

    def _count_monitors(self) -> None:
        for message, user in self.received(self.outbox, BURST):
            if message == b"\x01":
                self.monitors += 1
            elif message == b"\x00":
                self.monitors = max(0, self.monitors - 1)
            elif message[:1] != b"\x00":
                self._filters[user] += 1


def _count(monitor: "zmq.Socket[bytes]", connected: dict[int, float]) -> None:
    while coming := next_event(monitor):
        if coming.event == zmq.EVENT_ACCEPTED:
            connected[coming.value] = time.monotonic()
        else:
            connected.pop(coming.value, None)


def _end(descriptor: int) -> None:
    """Have libzmq find a connection ended by its peer. It has no call for that, and keeps the descriptor."""
    with suppress(OSError):
        connection = socket.socket(fileno=descriptor)
        try:
            connection.shutdown(socket.SHUT_RDWR)
        finally:
            connection.detach()


def _user(frame: zmq.Frame) -> str:
    """The name that the list of who is allowed has for who sent this; "" has no right."""
    try:
        return str(frame.get("User-Id"))
    except zmq.ZMQError:
        return ""


def share_of_connections(doors: int) -> int:
    """How many each of so many doors may have: libzmq ends the process where files run out, so half of
    what the process may open is left for everything else, and for those who come before one looks."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS if files == resource.RLIM_INFINITY else min(CONNECTIONS, files // 2 // doors)


def _received(source: "zmq.Socket[bytes]", most: int) -> Iterator[bytes]:
    receive = source.recv
    for _ in range(most):
        try:
            yield receive(zmq.NOBLOCK)
        except zmq.Again:
            return
