"""The routes of the gateway.

Rules: whatever a client sends wrong is answered with a 4xx and one line that says what, never with a
5xx; what the broker does not do is a 503 or 504; no answer and no log repeats a token.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any, Final

from litestar import Litestar, MediaType, Response, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.response import Stream
from litestar.types import Guard

from dashctl.bus.address import Address
from dashctl.bus.control import ask_remembered
from dashctl.errors import DashctlError, InvalidEvent
from dashctl.events import BY_NAME
from dashctl.gateway.access import Access, Right
from dashctl.gateway.answers import AnyRequest, AnyResponse, BadRequest, answer, failed, refused
from dashctl.gateway.feed import WHOLE, Feed, Position
from dashctl.gateway.inlet import Inlet, Taken
from dashctl.gateway.openapi import BatchDelivered, Delivered, Health, RejectedEvent, document
from dashctl.gateway.reading import Given, Wrong, read_batch, read_event
from dashctl.gateway.stream import Wanted, stream
from dashctl.json_text import parsed
from dashctl.state_json import as_json

LARGEST_BODY: Final = 32 * 1024 * 1024
"""Bytes."""
TIMEOUT: Final = 10.0
"""Seconds that the broker has to take events in, or to answer."""
STATES_AT_ONCE: Final = 2
_LARGE: Final = 64 * 1024
"""Bytes of JSON beyond which reading it is left to another thread."""


class Gateway:
    """What the routes share: the way to the broker, and what comes from there.

    Raises UsageError for an address or a key that is none.
    """

    def __init__(self, address: Address, access: Access) -> None:
        self.address = address
        self.access = access
        self.feed = Feed(address)
        try:
            self.inlet = Inlet(address)
        except DashctlError:
            self.feed.close()
            raise

    def close(self) -> None:
        """Give the sockets back; what was posted gets a moment."""
        self.feed.close()
        self.inlet.close()

    async def take(self, given: list[Given]) -> Taken:
        """Have the broker take events in. Raises Busy, NoBroker, TimedOut, Unsendable, Closed."""
        return await asyncio.wrap_future(self.inlet.post(given, TIMEOUT))


def make_app(gateway: Gateway) -> Litestar:
    """The routes of a gateway; closing it is left to the caller."""
    return Litestar(
        [*_posting(gateway), *_watching(gateway), *_describing(gateway)],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=LARGEST_BODY,
        guards=[_guard(gateway.access)],
        exception_handlers={HTTPException: refused, DashctlError: failed},
    )


def _guard(access: Access) -> Guard:
    def check(connection: ASGIConnection[Any, Any, Any, Any], route: BaseRouteHandler) -> None:
        right: Right | None = route.opt.get("right")
        if right is not None:
            access.check(connection.headers, right)

    return check


def _posting(gateway: Gateway) -> list[Any]:
    @post("/publish", status_code=200, opt={"right": "publish"})
    async def publish(request: AnyRequest) -> AnyResponse:
        body = await request.body()
        large = len(body) > _LARGE
        given = await asyncio.to_thread(_one, body, _run(request)) if large else _one(body, _run(request))
        taken = await gateway.take([given])
        return answer(Delivered(taken.delivered, taken.durable))

    @post("/publish/batch", status_code=200, opt={"right": "publish"})
    async def publish_batch(request: AnyRequest) -> AnyResponse:
        body = await request.body()
        lines = "ndjson" in request.headers.get("content-type", "").lower()
        good, wrong = await asyncio.to_thread(_many, body, _run(request), lines)
        taken = await gateway.take(good) if good else Taken(0, durable=False)
        rejected = tuple(RejectedEvent(each.place, each.message) for each in wrong)
        told = BatchDelivered(taken.delivered, taken.durable, len(good), rejected)
        return answer(told, 422 if wrong and not good else 200)

    return [publish, publish_batch]


def _watching(gateway: Gateway) -> list[Any]:
    asking = asyncio.Semaphore(STATES_AT_ONCE)

    @get("/state", opt={"right": "watch"})
    async def state() -> AnyResponse:
        async with asking:
            text, position = await asyncio.to_thread(_state, gateway.address)
        headers = {"Dashctl-Position": str(position)}
        return Response(text, media_type=MediaType.JSON, headers=headers)

    @get("/events", opt={"right": "watch"})
    async def events(request: AnyRequest) -> Stream:
        wanted = Wanted(_types(request), _listed(request, "run"))
        since = request.headers.get("last-event-id") or request.query_params.get("after")
        return Stream(
            stream(gateway.feed, wanted, since),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return [state, events]


def _describing(gateway: Gateway) -> list[Any]:
    described = json.dumps(document()).encode()

    @get("/health")
    async def health() -> AnyResponse:
        up = gateway.feed.is_connected()
        return answer(Health("ok" if up else "no broker"), 200 if up else 503)

    @get("/schema/openapi.json")
    async def schema() -> AnyResponse:
        return Response(described, media_type=MediaType.JSON)

    return [health, schema]


def _one(body: bytes, run: str) -> Given:
    try:
        plain = parsed(body)
    except InvalidEvent as error:
        raise BadRequest(f"body: {error}") from None
    if not isinstance(plain, Mapping):
        raise BadRequest('body: expected one event, as {"type": …}; many go to /publish/batch')
    return read_event(plain, run, time.time())


def _many(body: bytes, run: str, lines: bool) -> tuple[list[Given], list[Wrong]]:
    try:
        return read_batch(body, run, time.time(), lines=lines)
    except InvalidEvent as error:
        raise BadRequest(f"body: {error}") from None


def _state(address: Address) -> tuple[bytes, Position]:
    remembered = ask_remembered(address, TIMEOUT)
    text = json.dumps(as_json(remembered.state), allow_nan=False).encode()
    return text, Position(remembered.epoch.hex(), remembered.seq, WHOLE)


def _run(request: AnyRequest) -> str:
    return str(request.query_params.get("run") or request.headers.get("dashctl-run") or "")


def _types(request: AnyRequest) -> frozenset[str]:
    types = _listed(request, "type")
    for name in sorted(types - BY_NAME.keys()):
        known = ", ".join(sorted(BY_NAME))
        raise BadRequest(f"type: {name[:100]!r} is not an event type; expected some of {known}")
    return types


def _listed(request: AnyRequest, name: str) -> frozenset[str]:
    return frozenset(request.query_params.getall(name, []))
