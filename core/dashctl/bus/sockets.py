"""The options that every socket of the bus has in common.

Rules: a socket belongs to one thread; it never keeps a process from ending; a peer that is gone is
noticed by heartbeats, so that nothing is queued for it for ever.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import zmq

HEARTBEAT: Final = 2_000
"""Milliseconds between heartbeats."""
GONE_AFTER: Final = 10_000
"""Milliseconds of silence after which a peer counts as gone."""


_EVENT: Final = struct.Struct("=HI")


class SocketEvent(NamedTuple):
    """What happened to a socket that is monitored: `zmq.EVENT_…`, and a number that goes with it."""

    event: int
    value: int


def next_event(monitor: "zmq.Socket[bytes]") -> SocketEvent | None:
    """The next event of a monitored socket, if one is there.

    The format is that of zmq_socket_monitor(3). pyzmq's own reader brings asyncio with it, which
    would double the time that a command takes to start.
    """
    try:
        described, _ = monitor.recv_multipart(zmq.NOBLOCK)
    except zmq.Again:
        return None
    return SocketEvent(*_EVENT.unpack(described))


@contextmanager
def private_context() -> "Iterator[zmq.Context[zmq.Socket[bytes]]]":
    """A context of one's own, so that closing it waits for nobody else's sockets."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    try:
        yield context
    finally:
        # Not `term`, which would wait for ever for a socket that an error left open.
        context.destroy(linger=0)


def plain(context: "zmq.Context[zmq.Socket[bytes]]", kind: int) -> "zmq.Socket[bytes]":
    """A socket with the common options, neither bound nor connected."""
    made = context.socket(kind)
    made.linger = 0
    made.set(zmq.HEARTBEAT_IVL, HEARTBEAT)
    made.set(zmq.HEARTBEAT_TIMEOUT, GONE_AFTER)
    made.set(zmq.RECONNECT_IVL, 20)
    made.set(zmq.RECONNECT_IVL_MAX, 500)
    return made
