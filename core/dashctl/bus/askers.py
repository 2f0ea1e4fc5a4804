"""Who waits at the broker to hear that an event has come in.

Rules: who asks too early is answered when the event comes; nobody is remembered for long, for the
event may never come and the asker may be gone; there is room for many, and not for any number.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

from dashctl.bus.door import Door, Peer

ROOM: Final = 4_096
ROOM_FOR_ONE: Final = 1_024
"""For one key, or for one connection where no keys are asked for."""
PATIENCE: Final = 60.0
"""Seconds for which an asker is remembered."""


class Asker(NamedTuple):
    """Who asks, the question, the number it asks for, and when it asked."""

    peer: Peer
    id: int
    number: int
    asked: float


_Who = tuple[Door, str | bytes]


class Askers:
    """All who wait, by the producer that they ask for."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, list[Asker]] = {}
        self._count = 0
        self._of_each: Counter[_Who] = Counter()

    def __contains__(self, producer: bytes) -> bool:
        return producer in self._waiting

    def add(self, producer: bytes, asker: Asker) -> bool:
        """Remember one who asks; whether there was room."""
        who = _who(asker)
        if self._count >= ROOM or self._of_each[who] >= ROOM_FOR_ONE:
            return False
        self._waiting.setdefault(producer, []).append(asker)
        self._count += 1
        self._of_each[who] += 1
        return True

    def answerable(self, producer: bytes, is_in: Callable[[int], bool]) -> list[Asker]:
        """Those who ask for numbers that are in by now; they wait no longer."""
        asking = self._waiting.get(producer, [])
        answerable = [asker for asker in asking if is_in(asker.number)]
        if answerable:
            self._keep(producer, [asker for asker in asking if not is_in(asker.number)])
        return answerable

    def forget_before(self, moment: float) -> None:
        """Forget who asked before a moment."""
        for producer, asking in list(self._waiting.items()):
            self._keep(producer, [asker for asker in asking if asker.asked >= moment])

    def _keep(self, producer: bytes, still: list[Asker]) -> None:
        before = self._waiting.pop(producer)
        self._count -= len(before) - len(still)
        self._of_each += Counter(map(_who, still))
        self._of_each -= Counter(map(_who, before))
        if still:
            self._waiting[producer] = still


def _who(asker: Asker) -> _Who:
    return asker.peer.door, asker.peer.user or asker.peer.identity
