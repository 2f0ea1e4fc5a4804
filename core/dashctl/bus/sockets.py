"""The options that every socket of the bus has in common.

Rules: a socket belongs to one thread; it never keeps a process from ending; a machine that is gone is
noticed by its silence, so that nothing is queued for it for ever.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import zmq

KEEPALIVE: Final = 2
"""Seconds between two questions of the kernel whether the other machine is still there …"""
UNANSWERED: Final = 4
"""… and how many go unanswered before it counts as gone."""
GONE_AFTER: Final = 10_000
"""Milliseconds after which it counts as gone if it does not take what was sent."""


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
    # Not the heartbeats of ZeroMQ 4.3: one that is due to a peer which went while its messages had no
    # room here ends the process (an assertion on `_io_error`).
    made.set(zmq.TCP_KEEPALIVE, 1)
    made.set(zmq.TCP_KEEPALIVE_IDLE, KEEPALIVE)
    made.set(zmq.TCP_KEEPALIVE_INTVL, KEEPALIVE)
    made.set(zmq.TCP_KEEPALIVE_CNT, UNANSWERED)
    made.set(zmq.TCP_MAXRT, GONE_AFTER)
    made.set(zmq.RECONNECT_IVL, 20)
    made.set(zmq.RECONNECT_IVL_MAX, 500)
    return made
