"""What concerns the broker itself: its status, its memory, what came in, its end."""

from typing import Annotated

import msgspec

from dashctl.bus.messages.base import Reply, Request
from dashctl.events import ProducerStats


class AskStatus(Request, frozen=True, tag="status"):
    """How are you? Answered with StatusReply."""


class AskSnapshot(Request, frozen=True, tag="snapshot"):
    """What do you remember? Answered with SnapshotReply."""

    reason: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """Why it is asked for: a monitor that lost some says "gap", and is counted as slow."""


class AskIngested(Request, frozen=True, tag="ingested"):
    """Tell me when `producer`'s event `number` has come in. Answered with Ingested, once it has, and
    once it is in the journal."""

    producer: Annotated[bytes, msgspec.Meta(max_length=8)] = b""
    number: int = 0


class AskStop(Request, frozen=True, tag="stop"):
    """End yourself. Answered with Stopping."""


class Hello(Request, frozen=True, tag="hello"):
    """`producer` is at the other end of this connection, having numbered `logged` events so far. Not
    answered: it is how the broker knows where to look whether the producer is still there. `name` is what
    program it is, where its run does not say that."""

    producer: Annotated[bytes, msgspec.Meta(max_length=8)] = b""
    logged: int = 0
    name: Annotated[str, msgspec.Meta(max_length=100)] = ""


class Farewell(Request, frozen=True, tag="farewell"):
    """`producer` ends, having numbered `logged` events in all. Not answered."""

    producer: Annotated[bytes, msgspec.Meta(max_length=8)] = b""
    logged: int = 0


class Rejection(msgspec.Struct, frozen=True):
    """Something that was refused: when (seconds since 1970), why, and what it was."""

    time: float
    reason: str
    detail: str


class JournalStatus(msgspec.Struct, frozen=True):
    """How the journal is doing."""

    folder: str
    segments: int
    bytes: int
    """On disk."""
    events: int
    """On disk, in all segments."""
    oldest: float
    """When the oldest event in it came, seconds since 1970; 0: none."""
    lag: float
    """Seconds for which the oldest frame waits that is not on disk yet."""
    waiting: int
    """Bytes that are not on disk yet."""
    durable: bool
    """False while the disk takes nothing."""
    error: str = ""


class BrokerStatus(msgspec.Struct, frozen=True):
    """How a broker is doing."""

    address: str
    pid: int
    version: str
    epoch: str
    started: float
    """Seconds since 1970, UTC."""
    events: int
    frames: int
    rate: float
    """Events a second, over the last second."""
    monitors: int
    producers: int
    """Producers heard in the last ten seconds."""
    connections: int
    """Producers that are connected, heard or not."""
    lost: int
    """Events that producers numbered and that never arrived."""
    duplicates: int
    """Events that arrived twice, and were dropped."""
    rejected: dict[str, int]
    """Events, frames and requests that were refused, by reason."""
    recent: tuple[Rejection, ...]
    """The last few of them, oldest first."""
    backlog: int
    """Events passed on and not yet folded."""
    idle_exit: float | None
    """Seconds without any connection after which it ends itself; None: never."""
    listening: tuple[str, ...] = ()
    """Every address, the first being its own."""
    journal: JournalStatus | None = None
    """None: nothing is kept on disk."""
    services: tuple[str, ...] = ()
    vanished: int = 0
    """Producers that ended without a farewell."""
    slow: int = 0
    """Monitors that lost frames in the last minute and asked for a snapshot."""
    upstream: str = ""
    """The broker that this one feeds."""
    rate_out: float = 0.0
    """Events a second that went out, to all monitors together."""
    queues: dict[str, int] = {}
    """What waits where, by name: events or bytes, as the name says."""
    by_producer: tuple[ProducerStats, ...] = ()
    """Those heard last, the busiest first."""


class StatusReply(Reply, frozen=True, tag="status"):
    """The answer to AskStatus."""

    status: BrokerStatus | None = None


class SnapshotReply(Reply, frozen=True, tag="snapshot"):
    """The state as of frame `seq` of `epoch`, encoded."""

    epoch: bytes = b""
    seq: int = 0
    state: memoryview = memoryview(b"")


class Ingested(Reply, frozen=True, tag="ingested"):
    """The event came in and was passed on to `delivered` monitors."""

    epoch: bytes = b""
    delivered: int = 0
    durable: bool = False
    """Whether it is on disk: False where there is no journal or the disk takes nothing."""


class Stopping(Reply, frozen=True, tag="stopping"):
    """The answer to AskStop."""

    pid: int = 0
