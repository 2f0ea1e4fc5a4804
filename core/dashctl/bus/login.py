"""Getting in at a broker that asks for keys, and hearing that one did not.

Rules: all sockets of the bus connect through here, so that none speaks in the clear where keys are
asked for; who is refused hears it and tries again now and then, for the list may be changed.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec
import zmq

from dashctl.bus.address import Address
from dashctl.bus.sockets import next_event
from dashctl.errors import NotAllowed
from dashctl.settings import BUS_KEY, setting

if TYPE_CHECKING:
    from dashctl.bus.keys import KeyPair

AGAIN: Final = 2.0
"""Seconds after which one who was refused tries again."""
DOUBTFUL: Final = 3
"""Handshakes in a row that end without a word, after which the keys do not fit; one may be chance."""
_WATCHED: Final = (
    zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_DISCONNECTED
)


class Login(msgspec.Struct, frozen=True):
    """At which broker, and with which pair of one's own; none where no keys are asked for."""

    address: Address
    pair: "KeyPair | None"

    @classmethod
    def at(cls, address: Address) -> "Login":
        """What this user has to log in at an address with. Raises UsageError if a pair is missing."""
        if not address.key:
            return cls(address, None)
        from dashctl.bus.keys import own_pair  # noqa: PLC0415 - most buses ask for no keys

        return cls(address, own_pair(setting(BUS_KEY)))

    def connect(self, made: "zmq.Socket[bytes]", endpoint: str) -> None:
        """Connect a socket to an endpoint of the address."""
        if "[" in endpoint:
            made.ipv6 = True
        if self.pair is not None:
            made.curve_serverkey = bytes.fromhex(self.address.key)
            made.curve_publickey = bytes.fromhex(self.pair.public)
            made.curve_secretkey = self.pair.secret
        made.connect(endpoint)

    def refusal(self) -> NotAllowed:
        """What to say when the broker refuses the pair, or the pair has not the right that it takes."""
        if self.pair is None:
            return self.misunderstanding()
        return NotAllowed(
            f"the broker at {self.address.place} does not allow this to the key {self.pair.name!r}"
            f" ({self.pair.fingerprint}); allow it there with  dashctl keys allow NAME {self.pair.public}"
        )

    def misunderstanding(self) -> NotAllowed:
        """What to say when the broker cannot be spoken with."""
        if self.pair is None:
            return NotAllowed(
                f"the broker at {self.address} cannot be spoken with; if it asks for keys, its address ends"
                " in ?key=…, as  dashctl keys list  shows there"
            )
        return NotAllowed(
            f"whoever listens at {self.address.place} does not have the key in the address;"
            " dashctl keys list  shows there which is the broker's"
        )


class Line:
    """One socket's connection to a broker: whether it is up, and why not; `close` it before the socket."""

    def __init__(self, made: "zmq.Socket[bytes]", login: Login, endpoint: str) -> None:
        self.is_up = False
        self.refusal: NotAllowed | None = None
        """Why the broker does not let this one in, until it does."""
        self.socket = made
        self._login = login
        self._endpoint = endpoint
        self._silent = 0
        self._again: float | None = None
        self.monitor = made.get_monitor_socket(_WATCHED)
        """Readable when there is news: to be polled along with the socket."""
        login.connect(made, endpoint)

    def look(self) -> bool:
        """Take note of what has happened; whether the connection was made, or made anew."""
        made_anew = False
        while news := next_event(self.monitor):
            self.is_up = news.event == zmq.EVENT_HANDSHAKE_SUCCEEDED
            made_anew = made_anew or self.is_up
            if self.is_up:
                self.refusal, self._silent = None, 0
            elif news.event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                self.refusal = self._login.refusal()
                self._again = time.monotonic() + AGAIN
            elif news.event != zmq.EVENT_DISCONNECTED:
                self._misunderstood(final=news.event == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL)
        if self._again is not None and time.monotonic() >= self._again:
            self._try_again()
        return made_anew

    def close(self) -> None:
        """Watch no longer."""
        self.socket.disable_monitor()
        self.monitor.close(linger=0)

    def _misunderstood(self, *, final: bool) -> None:
        self._silent += 1
        if self._silent >= DOUBTFUL or final:
            self.refusal = self._login.misunderstanding()
        if final:
            self._again = time.monotonic() + AGAIN

    def _try_again(self) -> None:
        """ZeroMQ itself does not: to it, an answer that refuses is the last word."""
        self._again = None
        self.socket.disconnect(self._endpoint)
        self.socket.connect(self._endpoint)


@contextmanager
def line(made: "zmq.Socket[bytes]", login: Login, endpoint: str) -> Iterator[Line]:
    """A socket's connection to an endpoint; it is watched, and then closed with its socket."""
    watched = Line(made, login, endpoint)
    try:
        yield watched
    finally:
        watched.close()
        made.close()
