"""Producers that end without a farewell, and how much of theirs is missing.

Rules: who is silent is not gone: it is asked for at the connection that it greeted over, and only when
nobody is there any more it counts as vanished; who never greeted cannot be missed; nothing is
remembered of more than a bounded number of them, and one that is heard again was not gone.
"""

from collections.abc import Iterator
from typing import Final

from dashctl.bus import messages
from dashctl.bus.door import Peer
from dashctl.bus.ledger import Account, Ledger
from dashctl.events import LogLine

SILENT: Final = 2.0
"""Seconds of silence after which a producer is looked for."""
IDLE: Final = 10.0
"""Seconds of silence after which it is looked for more seldom …"""
SELDOM: Final = 10
"""… once in so many looks, so as not to wake it for nothing."""
RETURN: Final = 15.0
"""Seconds for which those who greeted an earlier life of the broker may take to come back."""
PEERS: Final = 4_096


class Vanishing:
    """Where the producers are that greeted."""

    def __init__(self, ledger: Ledger, epoch: bytes, now: float) -> None:
        self._ledger = ledger
        self._began = now
        self._looks = 0
        # Zero is nobody's question: whoever gets this answer passes over it.
        self._probe = messages.Ingested(0, epoch)
        self._peers: dict[bytes, tuple[Peer, int]] = {}

    def hear(self, peer: Peer, said: messages.Hello | messages.Farewell) -> None:
        """A producer says over which connection it can be found, or that it ends."""
        if isinstance(said, messages.Hello):
            self.greet(peer, said)
        else:
            self.part(said)

    def greet(self, peer: Peer, hello: messages.Hello) -> None:
        """A producer says over which connection it can be found."""
        self._peers.pop(hello.producer, None)
        if len(self._peers) >= PEERS:
            del self._peers[next(iter(self._peers))]
        self._peers[hello.producer] = (peer, hello.logged)
        self._ledger.greet(hello.producer, hello.logged, hello.name)

    def part(self, farewell: messages.Farewell) -> None:
        """A producer ends; what it sent before may still be on its way."""
        self._peers.pop(farewell.producer, None)
        self._ledger.part(farewell.producer, farewell.logged)

    def look(self, now: float) -> Iterator[LogLine]:
        """Look for those who are silent: what there is to say of those who are gone. Once a second."""
        self._looks += 1
        for producer, account in self._ledger.silent(now - SILENT):
            if self._is_gone(producer, account, now):
                self._peers.pop(producer, None)
                missing = self._ledger.settle(account)
                if missing or not account.parted:
                    yield LogLine(_words(producer, account, missing), "warning", "broker")

    def _is_gone(self, producer: bytes, account: Account, now: float) -> bool:
        if account.parted:
            return True
        known = self._peers.get(producer)
        if known is None:
            return account.greets and now - max(account.heard, self._began) > RETURN
        peer, logged = known
        if not account.greets:
            self._ledger.greet(producer, logged)
        if now - account.heard > IDLE and self._looks % SELDOM:
            return False
        return not peer.reply(self._probe)


def _words(producer: bytes, account: Account, missing: int) -> str:
    who = f"producer {producer.hex()}" + (f" of run {account.run!r}" if account.run else "")
    how = "ended" if account.parted else "vanished without a farewell"
    if not missing:
        return f"{who} {how}; all that it had said to have logged has come"
    return f"{who} {how}: {missing:,} events that it had logged never came"
