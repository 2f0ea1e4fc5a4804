"""Asking a broker: its status, its state, its end.

Rules: an answer or a named error within the timeout; nobody there and nobody answering are two.
"""

import socket
import time
from contextlib import closing
from typing import TypeVar

import zmq

from dashctl.bus.address import Address
from dashctl.bus.messages import (
    AskSnapshot,
    AskStatus,
    AskStop,
    BadReply,
    BrokerStatus,
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
from dashctl.errors import NoBroker, TimedOut
from dashctl.state import State

__all__ = ["BadReply", "BrokerStatus", "Rejection", "ask_snapshot", "ask_status", "ask_stop", "is_listening"]

R = TypeVar("R", bound=Reply)


def ask_status(address: Address | str | None = None, timeout: float = 2.0) -> BrokerStatus:
    """How the broker is doing. Raises NoBroker or TimedOut."""
    reply = _ask(Address.parse(address), AskStatus(), StatusReply, timeout)
    if reply.status is None:
        raise BadReply("reply: a status without content; is the broker of another version?")
    return reply.status


def ask_snapshot(address: Address | str | None = None, timeout: float = 5.0) -> State:
    """Everything that the broker remembers. Raises NoBroker, TimedOut or BadSnapshot."""
    return State.decode(_ask(Address.parse(address), AskSnapshot(), SnapshotReply, timeout).state)


def ask_stop(address: Address | str | None = None, timeout: float = 2.0) -> None:
    """End the broker; returns when nobody listens at its address any more. Raises NoBroker or TimedOut."""
    where = Address.parse(address)
    deadline = time.monotonic() + timeout
    _ask(where, AskStop(), Stopping, timeout)
    while is_listening(where):
        if time.monotonic() > deadline:
            raise TimedOut(f"the broker at {where} did not end within {timeout:g} s")
        time.sleep(0.01)


def is_listening(address: Address) -> bool:
    """Whether any process accepts connections there; it may still be one that does not answer."""
    family = socket.AF_UNIX if address.folder else socket.AF_INET
    target = str(address.folder / "calls") if address.folder else (address.host, address.port + 2)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(target)
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError, PermissionError):
            return False
        except OSError:  # A full queue of connections, or no answer in time: somebody is there.
            return True
    return True


def _ask(address: Address, request: Request, expected: type[R], timeout: float) -> R:
    if not is_listening(address):
        raise NoBroker(f"no broker at {address}")
    deadline = time.monotonic() + timeout
    with private_context() as context, closing(plain(context, zmq.DEALER)) as dealer:
        # Not `immediate`, as elsewhere: it throws away an answer that came in just before the broker ended.
        dealer.connect(address.calls)
        dealer.send(encode(request))
        while dealer.poll(max(0, round((deadline - time.monotonic()) * 1000))):
            match decode_reply(dealer.recv()):
                case expected() as reply:
                    return reply
                case Refused(reason=reason):
                    raise BadReply(f"the broker at {address} refused: {reason}")
    raise TimedOut(f"the broker at {address} did not answer within {timeout:g} s")
