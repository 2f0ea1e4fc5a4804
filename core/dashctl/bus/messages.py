"""What is asked of a broker and what it answers.

Rules: a request and its reply are one msgpack message each, both classes of a tagged union; a reply
repeats the request's `id`; whatever cannot be read is refused, and harms nobody.
"""

from typing import Annotated, Final

import msgspec

from dashctl.errors import DashctlError

MAX_REQUEST: Final = 1024 * 1024
"""Bytes of one request."""


class Request(msgspec.Struct, frozen=True, tag_field="ask"):
    """Base of what can be asked."""

    id: int = 0


class AskStatus(Request, frozen=True, tag="status"):
    """How are you? Answered with StatusReply."""


class AskSnapshot(Request, frozen=True, tag="snapshot"):
    """What do you remember? Answered with SnapshotReply."""


class AskIngested(Request, frozen=True, tag="ingested"):
    """Tell me when `producer`'s event `number` has come in. Answered with Ingested, once it has."""

    producer: Annotated[bytes, msgspec.Meta(max_length=8)] = b""
    number: int = 0


class AskStop(Request, frozen=True, tag="stop"):
    """End yourself. Answered with Stopping."""


class Reply(msgspec.Struct, frozen=True, tag_field="answer"):
    """Base of what can be answered."""

    id: int = 0


class Rejection(msgspec.Struct, frozen=True):
    """Something that was refused: when (seconds since 1970), why, and what it was."""

    time: float
    reason: str
    detail: str


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


class Stopping(Reply, frozen=True, tag="stopping"):
    """The answer to AskStop."""

    pid: int = 0


class Refused(Reply, frozen=True, tag="refused"):
    """The request is not answered, and why."""

    reason: str = ""


AnyRequest = AskStatus | AskSnapshot | AskIngested | AskStop
AnyReply = StatusReply | SnapshotReply | Ingested | Stopping | Refused

_encoder: Final = msgspec.msgpack.Encoder()
_request_decoder: Final = msgspec.msgpack.Decoder(AnyRequest)
_reply_decoder: Final = msgspec.msgpack.Decoder(AnyReply)


class BadReply(DashctlError):
    """A broker answered with something that cannot be read."""


def encode(message: Request | Reply) -> bytes:
    """One request or reply as bytes."""
    return _encoder.encode(message)


def decode_request(message: bytes) -> AnyRequest:
    """The request in these bytes. Raises msgspec.DecodeError."""
    request: AnyRequest = _request_decoder.decode(message)
    return request


def decode_reply(message: bytes) -> AnyReply:
    """The reply in these bytes. Raises BadReply."""
    try:
        reply: AnyReply = _reply_decoder.decode(message)
    except msgspec.DecodeError as error:
        raise BadReply(f"reply: cannot be read ({error}); is the broker of another version?") from None
    return reply
