"""What tests of keyed doors share: a broker on a port, keys, and strangers with keys of their own."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import zmq

from dashctl.bus.allowed import allow
from dashctl.bus.keys import KeyPair, new_pair
from tests.core.bus.processes import PATIENCE


def free_ports() -> int:
    """The first of four ports in a row that nobody has."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first: int = probe.getsockname()[1]
        try:
            for port in range(first, first + 4):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            continue
        return first


def let_in(*rights: str) -> KeyPair:
    """A pair of this user's, made and allowed, with all rights or those that are named."""
    pair = new_pair("client")
    allow("client", pair.public, rights or ("publish", "watch", "call"))  # type: ignore[arg-type]
    return pair


@contextmanager
def stranger(
    kind: int, endpoint: str, server: str, pair: tuple[bytes, bytes]
) -> "Iterator[zmq.Socket[bytes]]":
    """A socket with a key pair, as somebody would have it who is not of the house."""
    with zmq.Context() as context, context.socket(kind) as made:
        made.linger = 0
        made.rcvtimeo = made.sndtimeo = int(PATIENCE * 1000)
        made.curve_serverkey = bytes.fromhex(server)
        made.curve_publickey, made.curve_secretkey = pair
        made.connect(endpoint)
        yield made
