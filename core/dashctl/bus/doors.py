"""All doors of one broker, and what it waits for.

Rules: the first door is the broker's own, for this user; those after it ask for keys. A door of which
somebody may less than before, or takes too much, ends all its connections at once and opens anew: who
may still come in is back in a moment, and who took too much is not let in for a while. Where there is
a crowd at a door, newcomers are turned away first: strangers are, and who is in stays.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import zmq

from dashctl.bus import messages
from dashctl.bus.address import Address
from dashctl.bus.door import Door, Peer, share_of_connections
from dashctl.bus.refusals import Refusals
from dashctl.errors import UsageError

if TYPE_CHECKING:
    from dashctl.bus.admission import Admission
    from dashctl.bus.keys import KeyPair

REVOKED: Final = "a right was revoked"


class Doors:
    """Doors at addresses, opened by `open`; `wake` is a file descriptor that ends waiting."""

    def __init__(self, epoch: bytes, refusals: Refusals, wake: int) -> None:
        self._epoch = epoch
        self._refusals = refusals
        self._wake = wake
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._all: list[Door] = []
        self._shut: list[Door] = []
        """Those that could not be opened anew yet."""
        self._admission: Admission | None = None
        self._full = False
        self._poller = zmq.Poller()

    def __iter__(self) -> Iterator[Door]:
        return iter(self._all)

    def open(self, own: Address, listen: Sequence[Address], pair: "KeyPair | None") -> None:
        """Listen at an address, and with the pair at those beyond. Raises UsageError."""
        if listen:
            from dashctl.bus.admission import Admission  # noqa: PLC0415 - most brokers ask for no keys

            self._admission = Admission(self._context, self._refusals)
        most = share_of_connections(1 + len(listen))
        self._all.append(Door(self._context, own, self._epoch, None, most))
        for address in listen:
            self._all.append(Door(self._context, address, self._epoch, pair, most))
        self._poll_all()

    def wait(self, seconds: float) -> Mapping[object, int]:
        """What there is to do, as soon as there is something."""
        ready = dict(self._poller.poll(math.ceil(seconds * 1000)))
        if self._admission is not None and self._admission.socket in ready:
            self._admission.look()
        for door in list(self._all):
            door.look(ready)
            self._judge(door)
        return ready

    def heed(self, *, full: bool) -> None:
        """Leave in the producers' own queues what the disk is too slow for, while it is `full`."""
        if full != self._full:
            self._full = full
            self._poll_all()

    def knows(self, user: str) -> bool:
        """Whether a name is on the list of who is allowed."""
        return self._admission is not None and self._admission.knows(user)

    def lacking(self, peer: Peer, request: messages.Request) -> str:
        """What a peer has not got that its request takes, "" if it may ask that."""
        if not peer.door.address.key or self._admission is None:
            return ""
        from dashctl.bus.rights import NEEDED  # noqa: PLC0415 - as above

        needed = NEEDED.get(type(request), ())
        if any(self._admission.may(peer.user, right) for right in needed):
            return ""
        asked = type(request).__name__
        if not needed:
            return f"{asked} is answered on the broker's own machine alone"
        return f"{asked} takes the right to {' or '.join(needed)}, which {peer.user!r} has not got"

    def tick(self) -> None:
        """Look whether somebody may less than before, and open again what is shut."""
        if self._admission is not None and self._admission.refresh():
            for door in [each for each in self._all if each.address.key]:
                self._renew(door)
        for door in list(self._shut):
            self._shut.remove(door)
            self._all.append(door)
            self._renew(door)

    def listen(self) -> None:
        """Accept connections once more, where the sockets were removed. Raises UsageError."""
        for door in self._all:
            door.listen()

    def close(self) -> None:
        """Give the sockets back; what peers have not been sent by now gets a moment."""
        for door in self._all:
            door.close()
        if self._admission is not None:
            self._admission.close()
        self._context.term()

    def _judge(self, door: Door) -> None:
        greedy = door.greedy()
        if greedy is not None:
            who = f"by {greedy!r} " if greedy else ""
            detail = f"{who}at {door.address.place}: all connections were ended"
            self._refusals.add("too many subscriptions", detail)
            if self._admission is not None and greedy:
                self._admission.keep_out(greedy)
            self._renew(door)
        elif door.is_crowded and door.turn_away():
            self._refusals.add("too many connections", f"at {door.address.place}: newcomers were turned away")
        elif door.is_crowded:
            self._refusals.add("too many connections", f"at {door.address.place}: all were ended")
            self._renew(door)

    def _renew(self, door: Door) -> None:
        try:
            door.renew()
        except UsageError as error:
            self._refusals.add("cannot listen", str(error))
            self._all.remove(door)
            self._shut.append(door)
        self._poll_all()

    def _poll_all(self) -> None:
        self._poller = zmq.Poller()
        self._poller.register(self._wake, zmq.POLLIN)
        if self._admission is not None:
            self._poller.register(self._admission.socket, zmq.POLLIN)
        for door in self._all:
            for source in door.sources(full=self._full):
                self._poller.register(source, zmq.POLLIN)
