"""Calling a service, and seeing which there are.

Rules: a call ends with its result or with a named error, within its timeout and a moment; whoever
stops waiting for it, for whatever reason, tells the service so.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, NamedTuple

import msgspec
import zmq

from dashctl.bus import messages
from dashctl.bus.address import Address
from dashctl.bus.control import is_listening
from dashctl.bus.login import Line, Login, line
from dashctl.bus.messages import Method, Parameter, ServiceInfo
from dashctl.bus.plain_values import NotPlain, plain_value
from dashctl.bus.sockets import plain, private_context
from dashctl.errors import (
    BadArguments,
    Busy,
    CallError,
    CallFailed,
    CallTimedOut,
    Cancelled,
    DashctlError,
    NoBroker,
    NoSuchMethod,
    NoSuchService,
    NotAllowed,
    ServiceGone,
    TimedOut,
    UsageError,
)

__all__ = ["CallProgress", "Method", "Parameter", "ServiceInfo", "ask_services", "call"]

GRACE: Final = 1.0
"""Seconds beyond the timeout for which the broker's word on it is waited for."""
PARTING: Final = 0.5
"""Seconds for which a call that is given up waits to hear that the broker knows."""
LOOK: Final = 0.1
"""Seconds between two looks whether the caller still wants it."""
LONGEST_TIMEOUT: Final = 86_400.0
_ONLY: Final = 1
"""The number of the one question that a connection is made for."""

_ERRORS: Final[Mapping[str, type[DashctlError]]] = {
    "no service": NoSuchService,
    "no method": NoSuchMethod,
    "bad arguments": BadArguments,
    "gone": ServiceGone,
    "timed out": CallTimedOut,
    "cancelled": Cancelled,
    "busy": Busy,
    "forbidden": NotAllowed,
}


class CallProgress(NamedTuple):
    """How far a call is: `done` of `total`, which may not be known, and what it is at."""

    done: float
    total: float | None
    note: str


def call(
    address: Address | str | None,
    service: str,
    method: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    timeout: float = 10.0,
    on_progress: Callable[[CallProgress], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Any:
    """Have a method called and wait for what it returns, in plain terms: what JSON can say.

    `on_progress` hears how far it is, `cancelled` is asked now and then whether to give up; both are
    called from this thread. Any number of threads may call at once. `timeout` is in seconds, a day at
    most. Raises NoBroker, NoSuchService, NoSuchMethod, BadArguments, CallFailed for what the method
    raised, ServiceGone, CallTimedOut, TimedOut when the broker says nothing, Cancelled, Busy, NotAllowed.
    """
    if not 0 < timeout <= LONGEST_TIMEOUT:
        raise UsageError(f"timeout: {timeout:g} is not allowed; expected seconds above 0, at most 86400")
    where = Address.parse(address)
    request = _encoded(service, method, arguments or {}, timeout)
    with _asking(where) as question:
        question.send(request)
        try:
            return _outcome(question, f"{service}.{method}", timeout, on_progress, cancelled)
        except (CallError, NoBroker, TimedOut):
            raise
        except BaseException:
            # An interruption, or an error of the caller's own: the service need not go on for it.
            question.give_up()
            raise


def ask_services(address: Address | str | None = None, timeout: float = 2.0) -> tuple[ServiceInfo, ...]:
    """The services that are there now, by name. Raises NoBroker or TimedOut."""
    with _asking(Address.parse(address)) as question:
        question.send(messages.encode(messages.AskServices(_ONLY)))
        deadline = time.monotonic() + timeout
        while True:
            match question.receive(deadline):
                case messages.Services(services=services):
                    return services
                case messages.Refused(reason=reason, code=code):
                    raise _ERRORS.get(code, messages.BadReply)(reason)
                case None:
                    raise TimedOut(f"the broker at {question.address} did not answer within {timeout:g} s")


class _Question:
    """A connection to the broker for one question."""

    def __init__(self, address: Address, opened: Line) -> None:
        self.address = address
        self._line = opened
        self._socket = opened.socket
        self._was_up = False
        self._poller = zmq.Poller()
        self._poller.register(opened.socket, zmq.POLLIN)
        self._poller.register(opened.monitor, zmq.POLLIN)

    def send(self, request: bytes) -> None:
        self._socket.send(request)

    def receive(self, until: float) -> messages.AnyReply | None:
        """The next reply to what was asked, None if there is none by then.

        Raises NoBroker, NotAllowed or BadReply.
        """
        while True:
            wait = math.ceil((until - time.monotonic()) * 1000)
            ready = dict(self._poller.poll(max(0, wait)))
            if self._socket in ready:
                reply = messages.decode_reply(self._socket.recv())
                if reply.id == _ONLY:
                    return reply
            elif self._line.monitor in ready:
                self._look_at_line()
            elif wait <= 0:
                return None

    def give_up(self) -> None:
        """Tell the broker that nobody waits any more, and wait a moment for it to know."""
        with suppress(zmq.ZMQError, DashctlError):
            self._socket.send(messages.encode(messages.Cancel(_ONLY)), zmq.NOBLOCK)
            until = time.monotonic() + PARTING
            while isinstance(self.receive(until), messages.Progressed):
                pass

    def _look_at_line(self) -> None:
        self._was_up = self._line.look() or self._was_up
        if self._line.refusal is not None:
            raise self._line.refusal
        if self._was_up and not self._line.is_up:
            raise NoBroker(f"the broker at {self.address} went away before it answered")


@contextmanager
def _asking(address: Address) -> Iterator[_Question]:
    login = Login.at(address)
    if not is_listening(address):
        raise NoBroker(f"no broker at {address}")
    # Not `immediate`, as elsewhere: it throws away an answer that came in just before the broker ended.
    with private_context() as context, line(plain(context, zmq.DEALER), login, address.calls) as opened:
        yield _Question(address, opened)


def _outcome(
    question: _Question,
    place: str,
    timeout: float,
    on_progress: Callable[[CallProgress], object] | None,
    cancelled: Callable[[], bool] | None,
) -> Any:
    deadline = time.monotonic() + timeout + GRACE
    while True:
        now = time.monotonic()
        match question.receive(deadline if cancelled is None else min(deadline, now + LOOK)):
            case messages.Progressed(done=done, total=total, note=note):
                if on_progress is not None:
                    on_progress(CallProgress(done, total, note))
            case messages.Returned(value=value):
                return value
            case messages.Failed(kind=kind, message=message):
                raise CallFailed(f"{place}: {kind}: {message}" if message else f"{place}: {kind}", kind)
            case messages.Refused(reason=reason, code=code):
                raise _ERRORS.get(code, CallError)(_said(place, reason))
        if cancelled is not None and cancelled():
            question.give_up()
            raise Cancelled(f"{place}: the call was cancelled")
        if now >= deadline:
            raise TimedOut(f"{place}: the broker at {question.address} did not answer within {timeout:g} s")


def _said(place: str, reason: str) -> str:
    """What the broker said of a call, with what was called unless it says so itself."""
    return reason if reason.startswith(place.partition(".")[0]) else f"{place}: {reason}"


def _encoded(service: str, method: str, arguments: Mapping[str, Any], timeout: float) -> bytes:
    try:
        given = {str(name): plain_value(value) for name, value in arguments.items()}
    except NotPlain as error:
        raise BadArguments(f"{service}.{method}: {error}") from None
    request = messages.encode(messages.Call(_ONLY, service, method, given, timeout))
    if len(request) > messages.MAX_REQUEST:
        raise BadArguments(
            f"{service}.{method}: its arguments have {len(request):,} bytes; "
            f"at most {messages.MAX_REQUEST:,} are allowed"
        )
    try:
        messages.decode_request(request)
    except msgspec.DecodeError as error:
        raise BadArguments(f"{service}.{method}: cannot be called ({error})") from None
    return request
