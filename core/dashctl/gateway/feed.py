"""The last events that the broker passed on, each at a position by which one can go on from there.

Rules: one thread listens and keeps, bounded by number and by bytes; whoever reads has a position of its
own and no queue, so a slow reader costs nothing and finds its place gone; events are given without a
hole, or it is said that there is one.
"""

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from dashctl.bus.address import Address
from dashctl.bus.subscriber import Arrived, Resynchronised, Subscriber
from dashctl.events import Event, Stamped
from dashctl.metric_columns import MetricColumns, MixedEvents

KEPT_EVENTS: Final = 200_000
KEPT_BYTES: Final = 64 * 1024 * 1024
"""Bytes that the kept events take, encoded."""
COLUMN_BYTES: Final = 40
"""Of one event in columns."""
BYTES_AT_ONCE: Final = 256 * 1024
"""Bytes after which a reader gets the rest later, when the others had their turn …"""
EVENTS_AT_ONCE: Final = 256
"""… and events, each of which takes time to be written down."""
FRAME_BYTES: Final = 100
"""Of a frame without its events."""
POLL: Final = 0.2
TOO_LONG_AGO: Final = "too long ago"

_encoder: Final = msgspec.msgpack.Encoder()


class Position(NamedTuple):
    """The event at this place in frame `seq` of this epoch of the broker, and all before it."""

    epoch: str
    """16 hexadecimal digits."""
    seq: int
    place: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.seq}-{self.place}"

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """The position that `str` gave; None for anything else."""
        epoch, *numbers = text.split("-")
        digits = len(epoch) == 16 and epoch.isascii() and epoch.isalnum()
        if not digits or len(numbers) != 2 or not all(_is_number(number) for number in numbers):
            return None
        return cls(epoch, int(numbers[0]), int(numbers[1]))


WHOLE: Final = 2**32 - 1
"""The place that stands for the end of a frame."""


class Passed(NamedTuple):
    """Events behind their positions."""

    events: list[tuple[Position, Stamped[Event]]]
    end: Position


class Gone(NamedTuple):
    """One cannot go on from a position: why, and from where one can."""

    reason: str
    newest: Position


class _Frame(NamedTuple):
    events: Sequence[Stamped[Event]]
    bytes: int


class Feed:
    """Follows a broker from construction on. Raises UsageError for an address or a key that is none."""

    def __init__(self, address: Address, *, events: int = KEPT_EVENTS, most_bytes: int = KEPT_BYTES) -> None:
        self._subscriber = Subscriber(address)
        self._most_events, self._most_bytes = events, most_bytes
        self._lock = threading.Lock()
        self._epoch = ""
        self._newest = 0
        self._began = 0
        """The frame after which it has listened without a hole."""
        self._frames: dict[int, _Frame] = {}
        self._events = 0
        self._bytes = 0
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="dashctl-feed", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether it follows no longer."""
        return self._ended.is_set()

    @property
    def kept(self) -> int:
        """Events that are kept."""
        return self._events

    def is_connected(self) -> bool:
        """Whether the broker was heard lately."""
        return self._subscriber.is_connected()

    def newest(self) -> Position:
        """The end of what was passed on so far; its epoch is "" until a broker was heard."""
        with self._lock:
            return self._end()

    def after(self, position: Position) -> Passed | Gone:
        """What was passed on after a position, as much as is well given at once."""
        with self._lock:
            reason = self._obstacle(position)
            if reason:
                return Gone(reason, self._end())
            return self._passed(position)

    def _passed(self, position: Position) -> Passed:
        found: list[tuple[Position, Stamped[Event]]] = []
        end, size = position, 0
        for seq in range(position.seq, self._newest + 1):
            frame = self._frames.get(seq)
            if frame is None:
                continue
            first = position.place + 1 if seq == position.seq else 0
            beyond = min(len(frame.events), first + EVENTS_AT_ONCE - len(found))
            found += [
                (Position(self._epoch, seq, index), frame.events[index]) for index in range(first, beyond)
            ]
            if beyond < len(frame.events) and first < len(frame.events):
                end = Position(self._epoch, seq, beyond - 1)
                break
            end = Position(self._epoch, seq, WHOLE)
            size += frame.bytes
            if size >= BYTES_AT_ONCE or len(found) >= EVENTS_AT_ONCE:
                break
        return Passed(found, end)

    async def changed(self, position: Position, seconds: float) -> None:
        """Wait until there is something after a position, or for that many seconds."""
        bell = asyncio.Event()
        waiting = (asyncio.get_running_loop(), bell)
        with self._lock:
            if self.ended or self._is_behind(position):
                return
            self._waiting.add(waiting)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bell.wait(), seconds)
        finally:
            with self._lock:
                self._waiting.discard(waiting)

    def end(self) -> None:
        """Follow no longer, and wake whoever waits; from any thread, any number of times."""
        self._ended.set()
        self._wake()

    def close(self) -> None:
        """End, and give the sockets back."""
        self.end()
        self._thread.join()
        self._subscriber.close()

    def _is_behind(self, position: Position) -> bool:
        """Whether there is something after a position; it may be one that is not reached yet."""
        if position.epoch != self._epoch:
            return bool(self._epoch)
        return position.seq < self._newest or (position.seq == self._newest and position.place < WHOLE)

    def _end(self) -> Position:
        return Position(self._epoch, self._newest, WHOLE)

    def _obstacle(self, position: Position) -> str:
        """Why one cannot go on from a position; "" if one can."""
        if not self._epoch:
            return ""
        if position.epoch != self._epoch:
            return "another life of the broker"
        # All of the frame is needed, unless the position is at its end.
        needed = position.seq + (position.place == WHOLE)
        if needed > self._newest or needed in self._frames:
            return ""
        return "before the gateway listened" if position.seq < self._began else TOO_LONG_AGO

    def _follow(self) -> None:
        while not self.ended:
            match self._subscriber.receive(POLL):
                case Resynchronised(epoch=epoch, seq=seq):
                    self._begin(epoch.hex(), seq)
                case Arrived(batches=batches, seq=seq):
                    self._keep(batches, seq)
                case None:
                    continue
            self._wake()

    def _begin(self, epoch: str, seq: int) -> None:
        with self._lock:
            self._epoch, self._newest, self._began = epoch, seq, seq
            self._frames.clear()
            self._events = self._bytes = 0

    def _keep(self, batches: Sequence[Sequence[Stamped[Event]]], last: int) -> None:
        frames = [_Frame(events, _size(events)) for events in batches]
        with self._lock:
            for seq, frame in enumerate(frames, start=last - len(frames) + 1):
                self._frames[seq] = frame
                self._events += len(frame.events)
                self._bytes += frame.bytes
            self._newest = last
            while self._events > self._most_events or self._bytes > self._most_bytes:
                oldest = self._frames.pop(next(iter(self._frames)))
                self._events -= len(oldest.events)
                self._bytes -= oldest.bytes

    def _wake(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        for loop, bell in waiting:
            # The loop may have ended since.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(bell.set)


def _size(events: Sequence[Stamped[Event]]) -> int:
    if isinstance(events, MetricColumns):
        return FRAME_BYTES + COLUMN_BYTES * len(events)
    if isinstance(events, MixedEvents):
        return _size(events.metrics) + _size(events.others)
    return FRAME_BYTES + len(_encoder.encode(events))


def _is_number(text: str) -> bool:
    return 0 < len(text) <= 19 and text.isascii() and text.isdigit()
