"""What concerns calls: services that producers offer, and who calls them.

A caller asks with Call and gets Progressed any number of times, then Returned, Failed, or Refused with a
code. A service offers itself with Offer and gets Invoke and Abandon; it answers each Invoke once, abandoned
or not, with ResultOf or FailureOf, and before that with ProgressOf any number of times: requests of its
own, with the id of the Invoke. Either may get a Probe at any time, which is to be passed over.
"""

from typing import Annotated, Any

import msgspec

from dashctl.bus.messages.base import Reply, Request

ServiceName = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Message = Annotated[str, msgspec.Meta(max_length=4_096)]
Arguments = Annotated[dict[str, Any], msgspec.Meta(max_length=256)]


class Parameter(msgspec.Struct, frozen=True):
    """One argument of a method: its name, what it allows in words, whether it must be given."""

    name: str
    allowed: str
    required: bool
    takes_text: bool = False
    """Whether a text is meant as it stands, as opposed to a number that was written as one."""


class Method(msgspec.Struct, frozen=True):
    """Something that can be called."""

    name: ServiceName
    parameters: Annotated[tuple[Parameter, ...], msgspec.Meta(max_length=64)] = ()
    summary: Message = ""


class ServiceInfo(msgspec.Struct, frozen=True):
    """A service that is there now."""

    name: str
    methods: tuple[Method, ...]
    host: str = ""
    pid: int = 0
    since: float = 0.0
    """Seconds since 1970, UTC."""
    calls: int = 0
    """In progress."""


class Offer(Request, frozen=True, tag="offer"):
    """I serve this name. Answered with Offered, or Refused with the code "taken"."""

    service: ServiceName = "?"
    methods: Annotated[tuple[Method, ...], msgspec.Meta(max_length=256)] = ()
    host: Annotated[str, msgspec.Meta(max_length=256)] = ""
    pid: int = 0


class Offered(Reply, frozen=True, tag="offered"):
    """The answer to Offer."""


class Withdraw(Request, frozen=True, tag="withdraw"):
    """I serve this name no longer. Not answered; calls in progress fail with "gone"."""

    service: ServiceName = "?"


class AskServices(Request, frozen=True, tag="services"):
    """Who is there? Answered with Services."""


class Services(Reply, frozen=True, tag="services"):
    """The answer to AskServices, by name."""

    services: tuple[ServiceInfo, ...] = ()


class Call(Request, frozen=True, tag="call"):
    """Have a method called. Answered with Progressed…, then Returned, Failed, or Refused.

    The codes of Refused: "no service", "no method", "bad arguments", "gone", "timed out", "cancelled",
    "busy", "forbidden".
    """

    service: ServiceName = "?"
    method: ServiceName = "?"
    arguments: Arguments = msgspec.field(default_factory=dict)
    timeout: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 10.0
    """Seconds after which the broker gives up, and tells the service so."""


class Cancel(Request, frozen=True, tag="cancel"):
    """Give up my call with this id. Answered, as the call's own answer, with Refused "cancelled"."""


class Invoke(Reply, frozen=True, tag="invoke"):
    """To a service: do this. `id` is the broker's own, and what the service answers with."""

    service: str = ""
    method: str = ""
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)


class Abandon(Reply, frozen=True, tag="abandon"):
    """To a service: nobody waits for this invocation any more, and why."""

    reason: str = ""


class ProgressOf(Request, frozen=True, tag="progress"):
    """From a service: how far the invocation `id` is."""

    done: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    total: Annotated[float, msgspec.Meta(ge=0)] | None = None
    note: Message = ""


class ResultOf(Request, frozen=True, tag="result"):
    """From a service: what the invocation `id` came to."""

    value: Any = None


class FailureOf(Request, frozen=True, tag="failure"):
    """From a service: why the invocation `id` failed. Codes: "failed", "no method", "bad arguments",
    "cancelled"."""

    code: Annotated[str, msgspec.Meta(max_length=32)] = "failed"
    message: Message = ""
    kind: Annotated[str, msgspec.Meta(max_length=256)] = ""
    """With "failed": the name of the exception's class."""


class Progressed(Reply, frozen=True, tag="progress"):
    """To a caller: how far the call is."""

    done: float = 0.0
    total: float | None = None
    note: str = ""


class Returned(Reply, frozen=True, tag="returned"):
    """To a caller: what the call came to."""

    value: Any = None


class Failed(Reply, frozen=True, tag="failed"):
    """To a caller: the method was called and raised: the exception's class, and what it says."""

    kind: str = ""
    message: str = ""


class Probe(Reply, frozen=True, tag="probe"):
    """To a service or a caller: nothing. That it can be sent shows that somebody is still there."""
