"""What a monitor listens with: a snapshot, and from there on everything, without a hole.

Rules: the state that `Resynchronised` carries and the events of the `Arrived` after it together are
what one who was there from the start has seen; on a hole or a new epoch it starts again from a
snapshot; what cannot be read is counted.
"""

import math
import time
import warnings
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from itertools import chain
from typing import Final, NamedTuple, Self

import zmq

from dashctl import wire
from dashctl.bus import messages
from dashctl.bus.address import Address
from dashctl.bus.login import Login, line
from dashctl.bus.sockets import plain, private_context
from dashctl.errors import Closed, NotAllowed
from dashctl.events import Event, Stamped
from dashctl.state import BadSnapshot, State

SILENCE: Final = 3.0
"""Seconds without a word of the broker, which ticks every second, after which it counts as gone."""
ASK_AGAIN: Final = 5.0
"""Seconds after which a snapshot that did not come is asked for again."""
QUEUED: Final = 1_000
SPACING: Final = 0.02
"""Seconds between two askings at least."""
BURST: Final = 64
"""Frames taken in at once."""
KEPT: Final = 20_000
"""Frames kept while a snapshot is on its way; beyond it another one is asked for."""
KEPT_BYTES: Final = 64 * 1024 * 1024
"""Bytes of them, in frames that were taken in."""


class Resynchronised(NamedTuple):
    """Everything so far: the state as of frame `seq` of `epoch`, and why it was asked for."""

    state: State
    epoch: bytes
    seq: int
    reason: str


class Arrived(NamedTuple):
    """What has happened since, in order."""

    batches: list[Sequence[Stamped[Event]]]
    """The events of each frame, `MetricColumns` or `MixedEvents` where it has columns; fold them one
    after the other."""
    seq: int

    @property
    def events(self) -> list[Stamped[Event]]:
        """All of them; built now."""
        return list(chain.from_iterable(self.batches))


class Subscriber:
    """A monitor's end of the bus. One thread uses it. Raises UsageError for an address that is none."""

    def __init__(self, address: Address | str | None = None) -> None:
        self._open: ExitStack | None = None
        self.address = Address.parse(address)
        self.address.guard()
        self.rejected: Counter[str] = Counter()
        """What could not be read, by reason."""
        self.resyncs = 0
        """How often the state was started anew, the first time left out."""
        self.heard = 0.0
        """When the broker was last heard, in seconds of `time.monotonic`; 0: never."""
        self._epoch: bytes | None = None
        self._seq: int | None = None
        """The last frame that was handed out; None while a snapshot is awaited."""
        self._handed_out = 0
        self._synchronised = False
        self._reason = "connected"
        self._next_ask = 0.0
        self._asked: float | None = None
        self._request = 0
        self._valid_from = 1
        """The first request whose answer is new enough."""
        self._kept: deque[tuple[int, memoryview]] = deque()
        self._kept_bytes = 0
        login = Login.at(self.address)
        self._open = ExitStack()
        context = self._open.enter_context(private_context())
        self._frames, self._calls = _subscribing(context), _asking(context)
        self._lines = (
            self._open.enter_context(line(self._frames, login, self.address.outbox)),
            self._open.enter_context(line(self._calls, login, self.address.calls)),
        )
        self._poller = zmq.Poller()
        for source in (self._frames, self._calls, *(each.monitor for each in self._lines)):
            self._poller.register(source, zmq.POLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if self._open is not None:
            warnings.warn(
                f"unclosed <Subscriber to {self.address}>", ResourceWarning, stacklevel=1, source=self
            )
            self.close()

    def close(self) -> None:
        """Give the sockets back."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def is_connected(self) -> bool:
        """Whether the broker was heard lately."""
        return bool(self.heard) and time.monotonic() - self.heard < SILENCE

    @property
    def refusal(self) -> NotAllowed | None:
        """Why the broker does not let this one in, until it does."""
        return next((each.refusal for each in self._lines if each.refusal is not None), None)

    def receive(self, timeout: float) -> Resynchronised | Arrived | None:
        """What comes next, None if nothing does within that many seconds. Raises Closed."""
        if self._open is None:
            raise Closed("the subscriber is closed")
        deadline = time.monotonic() + timeout
        while True:
            news = self._take_frames() or self._take_replies()
            self._ask_if_due()
            if news is not None:
                return news
            patience = deadline - time.monotonic()
            if patience <= 0:
                return None
            if self._seq is None and self._epoch is not None:
                patience = min(patience, SPACING)
            self._poller.poll(math.ceil(patience * 1000))
            for each in self._lines:
                each.look()

    def _take_frames(self) -> Arrived | None:
        frames = self._in_order()
        if not frames:
            return None
        batches: list[Sequence[Stamped[Event]]] = []
        for frame in frames:
            opened = wire.open_frame(frame)
            batches.append(opened.events)
            self.rejected.update(opened.rejected)
        return Arrived(batches, self._handed_out)

    def _in_order(self) -> list[memoryview]:
        """The frames that follow on what was handed out; a hole ends them."""
        ready: list[memoryview] = []
        while self._seq is not None and self._kept:
            seq, frame = self._kept.popleft()
            self._kept_bytes -= len(frame)
            self._sort_in(seq, frame, ready)
        for _ in range(BURST):
            try:
                message = self._frames.recv(zmq.NOBLOCK)
            except zmq.Again:
                break
            try:
                epoch, seq, frame = wire.split_stamp(message)
            except wire.BadFrame as bad:
                self.rejected[bad.reason] += 1
                continue
            self.heard = time.monotonic()
            if epoch != self._epoch:
                self._begin_epoch(epoch)
            if frame:
                self._sort_in(seq, frame, ready)
        return ready

    def _sort_in(self, seq: int, frame: memoryview, ready: list[memoryview]) -> None:
        if self._seq is None:
            self._kept.append((seq, frame))
            self._kept_bytes += len(frame)
            if len(self._kept) > KEPT or self._kept_bytes > KEPT_BYTES:
                self._forget_kept()
                self._asked = None
        elif seq == self._seq + 1:
            self._seq = self._handed_out = seq
            ready.append(frame)
        elif seq > self._seq:
            self._kept.appendleft((seq, frame))
            self._kept_bytes += len(frame)
            self._start_anew("gap")

    def _begin_epoch(self, epoch: bytes) -> None:
        first = self._epoch is None
        self._epoch = epoch
        self._forget_kept()
        self._start_anew("connected" if first else "new epoch")

    def _forget_kept(self) -> None:
        self._kept.clear()
        self._kept_bytes = 0

    def _start_anew(self, reason: str) -> None:
        self._seq = None
        self._asked = None
        self._reason = reason
        self._valid_from = self._request + 1

    def _ask_if_due(self) -> None:
        now = time.monotonic()
        if self._seq is not None or self._epoch is None or now < self._next_ask:
            return
        if self._asked is not None and now - self._asked < ASK_AGAIN:
            return
        self._next_ask = now + SPACING
        with suppress(zmq.Again):
            question = messages.AskSnapshot(self._request + 1, self._reason)
            self._calls.send(messages.encode(question), zmq.NOBLOCK)
            self._request += 1
            self._asked = now

    def _take_replies(self) -> Resynchronised | None:
        while True:
            try:
                # A snapshot is large: it is read where it lies.
                message = self._calls.recv(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return None
            try:
                reply = messages.decode_reply(message.buffer)
                if isinstance(reply, messages.SnapshotReply) and reply.id >= self._valid_from:
                    return self._resynchronise(reply)
            except (messages.BadReply, BadSnapshot):
                self.rejected["bad snapshot"] += 1

    def _resynchronise(self, reply: messages.SnapshotReply) -> Resynchronised | None:
        if self._seq is not None:
            return None
        state = State.decode(reply.state)
        if reply.epoch != self._epoch:
            self._begin_epoch(reply.epoch)
        self.resyncs += self._synchronised
        self._synchronised = True
        self._seq = self._handed_out = reply.seq
        return Resynchronised(state, reply.epoch, reply.seq, self._reason)


def _subscribing(context: "zmq.Context[zmq.Socket[bytes]]") -> "zmq.Socket[bytes]":
    made = plain(context, zmq.SUB)
    made.set(zmq.RCVHWM, QUEUED)
    made.set(zmq.MAXMSGSIZE, 2 * wire.MAX_FRAME)
    made.subscribe(b"")
    return made


def _asking(context: "zmq.Context[zmq.Socket[bytes]]") -> "zmq.Socket[bytes]":
    made = plain(context, zmq.DEALER)
    made.immediate = True
    return made
