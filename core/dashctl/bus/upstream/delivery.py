"""Frames on their way to a broker upstream, and the answers that they are in.

Rules: few questions are open at a time, for what a broker owes one peer is bounded, and more it drops; one
stands for the frames of a producer that went before it over the same connection; after a connection broke
any of them may be missing, and each is asked for by itself.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

import zmq

from dashctl.bus import messages
from dashctl.bus.login import Line
from dashctl.bus.upstream.tail import Batch, Relayed

PATIENCE: Final = 5.0
"""Seconds without any answer after which everything that was not confirmed is sent again."""
CHUNK: Final = 32
"""Frames that are asked for at once, and questions that are open, at most."""


class Delivery:
    """Delivers batches over two lines; `heed` is called after every look at them. One thread uses it."""

    def __init__(
        self, push: Line, calls: Line, *, over: threading.Event, heed: Callable[["Delivery"], None]
    ) -> None:
        self._push, self._calls = push, calls
        self._over, self._heed = over, heed
        self._ids = 0
        self._asked: dict[int, list[int]] = {}
        """Questions that are open, and the frames that each stands for."""
        self._broke = False
        # What another life has sent and not seen confirmed may have holes.
        self._doubtful = True
        self._poller = zmq.Poller()
        for source in (calls.socket, push.monitor, calls.monitor):
            self._poller.register(source, zmq.POLLIN)

    @property
    def is_up(self) -> bool:
        """Whether both ways are open."""
        return self._push.is_up and self._calls.is_up

    @property
    def refusal(self) -> str:
        """Why not, if the broker upstream says so."""
        refused = self._push.refusal or self._calls.refusal
        return "" if refused is None else str(refused)

    def look(self) -> None:
        """Take note of connections made and lost."""
        made_anew = [each.look() for each in (self._push, self._calls)]
        if any(made_anew) or not self.is_up:
            self._broke = self._doubtful = True
        self._heed(self)

    def deliver(self, batch: Batch) -> bool:
        """Send until all are in; False if it is over before."""
        left = dict(enumerate(batch.frames))
        while left and not self._over.is_set():
            self.look()
            if self.is_up:
                self._attempt(left)
            else:
                self._poller.poll(200)
        self._doubtful = self._doubtful and bool(left)
        return not left

    def _attempt(self, left: dict[int, Relayed]) -> None:
        """Send what is left over the connection that there is, until it breaks or nothing is answered."""
        frames, size = list(left.items()), 1 if self._doubtful else CHUNK
        self._doubtful, self._broke = True, False
        self._asked.clear()
        for at in range(0, len(frames), size):
            if not self._send_chunk(frames[at : at + size], left):
                return
        self._await(0, left)

    def _send_chunk(self, chunk: list[tuple[int, Relayed]], left: dict[int, Relayed]) -> bool:
        """Send frames and ask for the last of each producer; whether to go on."""
        stands_for: dict[bytes, list[int]] = {}
        last: dict[bytes, int] = {}
        for place, relayed in chunk:
            if not self._send(self._push, relayed.frame):
                return False
            stands_for.setdefault(relayed.producer, []).append(place)
            last[relayed.producer] = relayed.last
        if not self._await(CHUNK - len(last), left):
            return False
        for producer, places in stands_for.items():
            self._ids += 1
            self._asked[self._ids] = places
            asking = messages.AskIngested(self._ids, producer, last[producer])
            if not self._send(self._calls, messages.encode(asking)):
                return False
        return True

    def _send(self, way: Line, message: bytes) -> bool:
        until = time.monotonic() + PATIENCE
        while not self._over.is_set() and time.monotonic() < until:
            try:
                way.socket.send(message, zmq.NOBLOCK)
            except zmq.Again:
                way.socket.poll(100, zmq.POLLOUT)
                self.look()
                if self._broke:
                    return False
            else:
                return True
        return False

    def _await(self, most: int, left: dict[int, Relayed]) -> bool:
        """Until at most so many questions are open; False if the connection broke or nothing is answered."""
        until = time.monotonic() + PATIENCE
        while not self._broke and len(self._asked) > most:
            if self._hear(left):
                until = time.monotonic() + PATIENCE
            elif self._over.is_set() or time.monotonic() > until:
                return False
            else:
                self._poller.poll(200)
        return not self._broke

    def _hear(self, left: dict[int, Relayed]) -> bool:
        """Take answers in; whether there were any."""
        came = []
        try:
            while True:
                came.append(self._calls.socket.recv(zmq.NOBLOCK))
        except zmq.Again:
            pass
        # An answer over a connection made anew is heard after the news of it: what it stands for may be gone.
        self.look()
        if self._broke:
            return False
        for message in came:
            try:
                reply = messages.decode_reply(message)
            except messages.BadReply:
                continue
            if isinstance(reply, messages.Ingested):
                for place in self._asked.pop(reply.id, ()):
                    left.pop(place, None)
        return bool(came)
