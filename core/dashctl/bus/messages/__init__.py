"""What is asked of a broker and what it answers.

Rules: a request and its reply are one msgpack message each, both classes of a tagged union; a reply
repeats the request's `id`; whatever cannot be read is refused, and harms nobody.
"""

from typing import Final

import msgspec

from dashctl.bus.messages.base import MAX_REQUEST, BadReply, Refused, Reply, Request
from dashctl.bus.messages.broker import (
    AskIngested,
    AskSnapshot,
    AskStatus,
    AskStop,
    BrokerStatus,
    Farewell,
    Hello,
    Ingested,
    JournalStatus,
    Rejection,
    SnapshotReply,
    StatusReply,
    Stopping,
)
from dashctl.bus.messages.calls import (
    Abandon,
    AskServices,
    Call,
    Cancel,
    Failed,
    FailureOf,
    Invoke,
    Method,
    Offer,
    Offered,
    Parameter,
    Probe,
    Progressed,
    ProgressOf,
    ResultOf,
    Returned,
    ServiceInfo,
    Services,
    Withdraw,
)
from dashctl.bus.messages.history import (
    AskHistory,
    AskJournal,
    AskSegment,
    Curve,
    HistoryReply,
    JournalIndex,
    Segment,
    SegmentPart,
)

__all__ = [
    "MAX_REQUEST",
    "Abandon",
    "AnyReply",
    "AnyRequest",
    "AskHistory",
    "AskIngested",
    "AskJournal",
    "AskSegment",
    "AskServices",
    "AskSnapshot",
    "AskStatus",
    "AskStop",
    "BadReply",
    "BrokerStatus",
    "Call",
    "Cancel",
    "Curve",
    "Failed",
    "FailureOf",
    "Farewell",
    "Hello",
    "HistoryReply",
    "Ingested",
    "Invoke",
    "JournalIndex",
    "JournalStatus",
    "Method",
    "Offer",
    "Offered",
    "Parameter",
    "Probe",
    "ProgressOf",
    "Progressed",
    "Refused",
    "Rejection",
    "Reply",
    "Request",
    "ResultOf",
    "Returned",
    "Segment",
    "SegmentPart",
    "ServiceInfo",
    "Services",
    "SnapshotReply",
    "StatusReply",
    "Stopping",
    "Withdraw",
    "decode_reply",
    "decode_request",
    "encode",
]

AnyRequest = (
    AskStatus
    | AskSnapshot
    | AskIngested
    | AskStop
    | Hello
    | Farewell
    | AskJournal
    | AskSegment
    | AskHistory
    | AskServices
    | Offer
    | Withdraw
    | Call
    | Cancel
    | ProgressOf
    | ResultOf
    | FailureOf
)
AnyReply = (
    StatusReply
    | SnapshotReply
    | Ingested
    | Stopping
    | Refused
    | JournalIndex
    | SegmentPart
    | HistoryReply
    | Services
    | Offered
    | Invoke
    | Abandon
    | Progressed
    | Returned
    | Failed
    | Probe
)

_encoder: Final = msgspec.msgpack.Encoder()
_request_decoder: Final = msgspec.msgpack.Decoder(AnyRequest)
_reply_decoder: Final = msgspec.msgpack.Decoder(AnyReply)


def encode(message: Request | Reply) -> bytes:
    """One request or reply as bytes."""
    return _encoder.encode(message)


def decode_request(message: bytes) -> AnyRequest:
    """The request in these bytes. Raises msgspec.DecodeError."""
    try:
        request: AnyRequest = _request_decoder.decode(message)
    except UnicodeDecodeError as error:
        # A text that is not UTF-8 is not msgspec's to refuse.
        raise msgspec.DecodeError(str(error)) from None
    return request


def decode_reply(message: bytes | memoryview) -> AnyReply:
    """The reply in these bytes. Raises BadReply."""
    try:
        reply: AnyReply = _reply_decoder.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadReply(f"reply: cannot be read ({error}); is the broker of another version?") from None
    return reply
