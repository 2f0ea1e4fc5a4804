"""Who is let in at the doors that ask for keys (ZAP, RFC 27).

Rules: a key that is not on the list opens nothing, and one that is opens no more than its rights; what
was refused is counted, with the key's fingerprint. Requests are answered within the broker's own loop:
ZeroMQ's handshakes wait for it without holding up anybody else, so no thread and no lock are needed,
and the authenticator that comes with pyzmq, which brings asyncio along, is not either.
"""

import time
from typing import Final

import zmq

from dashctl.bus.allowed import AllowList
from dashctl.bus.keys import fingerprint
from dashctl.bus.refusals import Refusals

ENDPOINT: Final = "inproc://zeromq.zap.01"
NOT_ALLOWED: Final = "key not allowed"
KEPT_OUT_REASON: Final = "kept out for a while"
RIGHT_MISSING: Final = "right missing"
ANY: Final = "any"
"""A domain for which every right will do: what it takes is known when a request is read."""
KEPT_OUT: Final = 600.0
"""Seconds for which one who took too much is not let in."""
_KEY_SIZE: Final = 32


class Admission:
    """The list of who is allowed, and the socket where ZeroMQ asks; there before any door is."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", refusals: Refusals) -> None:
        self._refusals = refusals
        self._allowed = AllowList()
        self._fewer = False
        """Whether somebody may less than at the last `refresh`."""
        self._named: tuple[str, ...] = ()
        self._kept_out: dict[str, float] = {}
        """Until when, by name."""
        self.socket = context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.bind(ENDPOINT)

    def look(self) -> None:
        """Answer all who ask."""
        while True:
            try:
                asker, *request = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            empty, version, number, domain, address, _, mechanism, *credentials = request
            key = b"".join(credentials)
            user = ""
            if mechanism == b"CURVE" and len(key) == _KEY_SIZE:
                user = self._user(key.hex(), domain.decode(), address.decode())
            verdict = (b"200", b"", user.encode()) if user else (b"400", b"not allowed", b"")
            self.socket.send_multipart([asker, empty, version, number, *verdict, b""])

    def may(self, user: str, right: str) -> bool:
        """Whether a client has a right now."""
        return self._allowed.may(user, right)

    def knows(self, user: str) -> bool:
        """Whether a client of this name is on the list."""
        return self._allowed.has(user)

    def keep_out(self, user: str) -> None:
        """Let somebody in no more for a while."""
        self._kept_out[user] = time.monotonic() + KEPT_OUT

    def refresh(self) -> bool:
        """Look at the list again; whether somebody may less than before."""
        self._fewer, fewer = False, self._allowed.refresh() or self._fewer
        for problem in self._allowed.problems:
            if problem not in self._named:
                self._refusals.add("unusable key file", problem)
        self._named = self._allowed.problems
        return fewer

    def close(self) -> None:
        """Give the socket back, after all doors."""
        self.socket.close()

    def _user(self, public: str, right: str, address: str) -> str:
        """The name of who has this key, if it may come in here; "" otherwise."""
        # The list may have been changed a moment ago.
        self._fewer = self._allowed.refresh() or self._fewer
        client = self._allowed.client(public)
        if client is None:
            self._refusals.add(NOT_ALLOWED, f"{fingerprint(public)} from {address}")
            return ""
        if time.monotonic() < self._kept_out.get(client.name, 0.0):
            self._refusals.add(KEPT_OUT_REASON, f"{client.name} ({client.fingerprint}) from {address}")
            return ""
        if right != ANY and right not in client.rights:
            self._refusals.add(RIGHT_MISSING, f"{client.name} ({client.fingerprint}) from {address}: {right}")
            return ""
        return client.name
