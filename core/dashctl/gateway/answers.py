"""Answers of the gateway, and errors as answers.

Rules: an error is one line under the name `error`, with the status that says whose fault it is; what may
go better in a moment says so with Retry-After.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException

from dashctl.bus.framing import Unsendable
from dashctl.errors import Closed, DashctlError, InvalidEvent, NoBroker, NotAllowed, TimedOut, UsageError
from dashctl.gateway.access import Forbidden, Unauthorised
from dashctl.gateway.inlet import Busy
from dashctl.gateway.openapi import Problem
from dashctl.gateway.reading import TooMany

RETRY_AFTER: Final = "1"
"""Seconds."""


class BadRequest(UsageError):
    """The request cannot be read."""


AnyRequest = Request[Any, Any, Any]
AnyResponse = Response[bytes]

_STATUS: Final[Mapping[type[DashctlError], int]] = {
    BadRequest: 400,
    Unauthorised: 401,
    Forbidden: 403,
    TooMany: 413,
    Unsendable: 413,
    InvalidEvent: 422,
    Busy: 429,
    NotAllowed: 503,
    NoBroker: 503,
    Closed: 503,
    TimedOut: 504,
}
_LATER: Final = frozenset({429, 503, 504})


def answer(content: msgspec.Struct, status: int = 200, **headers: str) -> AnyResponse:
    """A value as JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(
        msgspec.json.encode(content), status_code=status, media_type=MediaType.JSON, headers=named
    )


def failed(_: AnyRequest, error: DashctlError) -> AnyResponse:
    """What went wrong, as an answer; what is of no kind that is known here is the broker's failure."""
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 502)
    headers = {"Retry_After": RETRY_AFTER} if status in _LATER else {}
    if status == 401:
        headers["WWW_Authenticate"] = "Bearer"
    return answer(Problem(str(error)), status, **headers)


def refused(_: AnyRequest, error: HTTPException) -> AnyResponse:
    """What the server itself refuses: paths, methods, bodies that are too large."""
    return answer(Problem(error.detail), error.status_code)
