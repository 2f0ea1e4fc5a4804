"""Asking a broker: its status, its state, its end.

Rules: an answer or a named error within the timeout; nobody there and nobody answering are two.
"""

import errno
import socket
import time
from contextlib import closing
from typing import NamedTuple, TypeVar

import zmq

from dashctl.bus.address import Address
from dashctl.bus.login import Line, Login, line
from dashctl.bus.messages import (
    AskHistory,
    AskSnapshot,
    AskStatus,
    AskStop,
    BadReply,
    BrokerStatus,
    HistoryReply,
    Refused,
    Rejection,
    Reply,
    Request,
    SnapshotReply,
    StatusReply,
    Stopping,
    decode_reply,
    encode,
)
from dashctl.bus.sockets import plain, private_context
from dashctl.errors import NoBroker, NotAllowed, TimedOut
from dashctl.state import State
from dashctl.wire import LAST_TIME

__all__ = [
    "BadReply",
    "BrokerStatus",
    "Rejection",
    "ask_history",
    "ask_snapshot",
    "ask_status",
    "ask_stop",
    "is_listening",
]

R = TypeVar("R", bound=Reply)


class Remembered(NamedTuple):
    """The state as of frame `seq` of `epoch`."""

    state: State
    epoch: bytes
    seq: int


def ask_status(address: Address | str | None = None, timeout: float = 2.0) -> BrokerStatus:
    """How the broker is doing. Raises NoBroker, NotAllowed or TimedOut."""
    reply = _ask(Address.parse(address), AskStatus(), StatusReply, timeout)
    if reply.status is None:
        raise BadReply("reply: a status without content; is the broker of another version?")
    return reply.status


def ask_snapshot(address: Address | str | None = None, timeout: float = 5.0) -> State:
    """Everything that the broker remembers. Raises NoBroker, NotAllowed, TimedOut or BadSnapshot."""
    return ask_remembered(address, timeout).state


def ask_remembered(address: Address | str | None = None, timeout: float = 5.0) -> Remembered:
    """As `ask_snapshot`, with the frame up to which it is."""
    reply = _ask(Address.parse(address), AskSnapshot(), SnapshotReply, timeout)
    return Remembered(State.decode(reply.state), reply.epoch, reply.seq)


def ask_stop(address: Address | str | None = None, timeout: float = 2.0) -> None:
    """End the broker; returns when nobody listens at its address any more.

    Raises NoBroker, NotAllowed or TimedOut.
    """
    where = Address.parse(address)
    deadline = time.monotonic() + timeout
    _ask(where, AskStop(), Stopping, timeout)
    while is_listening(where):
        if time.monotonic() > deadline:
            raise TimedOut(f"the broker at {where} did not end within {timeout:g} s")
        time.sleep(0.01)


def ask_history(
    address: Address | str | None = None,
    type_: str = "metric",
    *,
    run: str | None = None,
    name: str | None = None,
    since: float = 0.0,
    until: float = LAST_TIME,
    points: int = 1_000,
    timeout: float = 30.0,
) -> HistoryReply:
    """What the broker's journal has of an event type from `since` to before `until`, in event time: for
    metrics curves thinned to so many points, else the newest so many events.

    Raises NoBroker, NotAllowed, TimedOut, and BadReply with the reason where it is refused.
    """
    question = AskHistory(0, type_, run, name, since, until, points)
    return _ask(Address.parse(address), question, HistoryReply, timeout)


def is_listening(address: Address) -> bool:
    """Whether any process accepts connections there; it may still be one that does not answer."""
    try:
        with closing(_reached(address)):
            return True
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError, PermissionError, socket.gaierror):
        return False
    except OSError as error:
        # A full queue of connections, or no answer in time: somebody is there, unless there is no way.
        return error.errno not in {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL}


def _reached(address: Address) -> socket.socket:
    if address.folder is None:
        return socket.create_connection((address.host, address.port + 2), timeout=1.0)
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.settimeout(1.0)
        probe.connect(str(address.folder / "calls"))
    except OSError:
        probe.close()
        raise
    return probe


def _ask(address: Address, request: Request, expected: type[R], timeout: float) -> R:
    login = Login.at(address)
    if not is_listening(address):
        raise NoBroker(f"no broker at {address}")
    deadline = time.monotonic() + timeout
    # Not `immediate`, as elsewhere: it throws away an answer that came in just before the broker ended.
    with private_context() as context, line(plain(context, zmq.DEALER), login, address.calls) as opened:
        opened.socket.send(encode(request))
        while _wait(opened, deadline):
            match decode_reply(opened.socket.recv()):
                case expected() as reply:
                    return reply
                case Refused(code="forbidden", reason=reason):
                    raise NotAllowed(f"the broker at {address.place} refused: {reason}")
                case Refused(reason=reason):
                    raise BadReply(f"the broker at {address} refused: {reason}")
    raise TimedOut(f"the broker at {address} did not answer within {timeout:g} s")


def _wait(opened: Line, deadline: float) -> bool:
    """Whether an answer came before the deadline. Raises NotAllowed."""
    poller = zmq.Poller()
    poller.register(opened.socket, zmq.POLLIN)
    poller.register(opened.monitor, zmq.POLLIN)
    while ready := dict(poller.poll(max(0, round((deadline - time.monotonic()) * 1000)))):
        if opened.socket in ready:
            return True
        opened.look()
        if opened.refusal is not None:
            raise opened.refusal
    return False
