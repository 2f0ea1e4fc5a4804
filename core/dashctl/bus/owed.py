"""What peers were answered and have not taken yet, bounded by bytes.

Rules: one large answer is always possible, a second only while little waits; the bound holds for each
peer and for all together, so that who asks and never reads cannot fill the broker's memory.
"""

from typing import Final

import zmq

LARGEST_OWED: Final = 32 * 1024 * 1024
"""Bytes that wait for one peer, beyond its first answer."""
LARGEST_OWED_TO_ALL: Final = 256 * 1024 * 1024


class Owed:
    """Large answers on their way, by the identity of who asked."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, list[tuple[zmq.MessageTracker, int]]] = {}

    def is_too_much(self, identity: bytes, size: int) -> bool:
        """Whether so many bytes more would be too much for this peer, or with all others."""
        if not self._waiting:
            return False
        self._forget_taken()
        own = _bytes(self._waiting.get(identity, []))
        if own and own + size > LARGEST_OWED:
            return True
        others = sum(map(_bytes, self._waiting.values()))
        return others > 0 and others + size > LARGEST_OWED_TO_ALL

    def add(self, identity: bytes, size: int, sent: zmq.MessageTracker) -> None:
        """An answer is on its way."""
        self._waiting.setdefault(identity, []).append((sent, size))

    def _forget_taken(self) -> None:
        left = {
            identity: [(sent, size) for sent, size in waiting if not sent.done]
            for identity, waiting in self._waiting.items()
        }
        self._waiting = {identity: waiting for identity, waiting in left.items() if waiting}


def _bytes(waiting: list[tuple[zmq.MessageTracker, int]]) -> int:
    return sum(size for _, size in waiting)
