"""Events as they happen, as server-sent events (HTML Living Standard, 9.2).

Rules: every event has an id by which a client goes on after it was cut off; what cannot be gone on from
exactly is said by an event `resync`; a client that is too slow is cut off, and takes no memory.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from dashctl.events import Event, Stamped
from dashctl.gateway.feed import TOO_LONG_AGO, Feed, Gone, Position
from dashctl.state_json import plain_event

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a comment shows that the connection lives."""


class Wanted:
    """Which events a client asks for: names of types and of runs; an empty set stands for all."""

    def __init__(self, types: frozenset[str], runs: frozenset[str]) -> None:
        self._types, self._runs = types, runs

    def __contains__(self, stamped: Stamped[Event]) -> bool:
        return (not self._types or stamped.event.type_name() in self._types) and (
            not self._runs or stamped.run in self._runs
        )


async def stream(
    feed: Feed, wanted: Wanted, since: str | None, heartbeat: float = HEARTBEAT
) -> AsyncIterator[bytes]:
    """What happens after the event with the id `since`, or from now on if there is none."""
    reader = Reader(feed, wanted)
    yield b"retry: 1000\n\n"
    if told := reader.begin(since):
        yield told
    written = time.monotonic()
    while not (feed.ended or reader.cut_off):
        text = reader.next()
        if text:
            written = time.monotonic()
            yield text
        elif reader.is_up_to_date:
            await feed.changed(reader.position, max(0.0, written + heartbeat - time.monotonic()))
            if time.monotonic() - written >= heartbeat:
                written = time.monotonic()
                yield b": alive\n\n"
        # Neither waiting for what is there nor writing to who takes it gives others a turn.
        await asyncio.sleep(0)


class Reader:
    """One client and how far it is."""

    def __init__(self, feed: Feed, wanted: Wanted) -> None:
        self.position = feed.newest()
        self.is_up_to_date = False
        self.cut_off = False
        """It was too slow: what it needs is gone."""
        self._feed = feed
        self._wanted = wanted
        self._began = False

    def begin(self, since: str | None) -> bytes:
        """Go on after the event with this id."""
        if since is None:
            return b""
        position = Position.parse(since)
        if position is None:
            return _resync("an id that is none", self.position)
        self.position = position
        return b""

    def next(self) -> bytes:
        """What comes next, b"" if nothing that is wanted is there yet."""
        if not self.position.epoch:
            self.position = self._feed.newest()
        came = self._feed.after(self.position)
        if isinstance(came, Gone):
            self.cut_off = self._began and came.reason == TOO_LONG_AGO
            self.position = came.newest
            return _resync("too slow" if self.cut_off else came.reason, came.newest)
        self._began = self._began or bool(came.events)
        self.is_up_to_date = not came.events
        self.position = came.end
        return b"".join(_message(at, stamped) for at, stamped in came.events if stamped in self._wanted)


def _message(at: Position, stamped: Stamped[Event]) -> bytes:
    data = msgspec.json.encode(plain_event(stamped))
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (str(at).encode(), stamped.event.type_name().encode(), data)


def _resync(reason: str, position: Position) -> bytes:
    return f"id: {position}\nevent: resync\ndata: {json.dumps({'reason': reason})}\n\n".encode()
