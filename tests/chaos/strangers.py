"""Somebody whose key nobody allowed, at every socket of a keyed broker."""

import json
import socket
import subprocess
import sys

import zmq

from dashctl import wire
from dashctl.bus import messages
from dashctl.bus.control import ask_status
from dashctl.events import Metric
from tests.chaos.audit import Row, audit
from tests.chaos.harness import finished, until, world

PORTS = 4


def unauthorised(seconds: float, rate: float, tries: int = 20) -> Row:
    """Right frames and requests from a wrong key, and from none, while a producer logs."""
    with world() as here:
        port = free_ports()
        broker = here.broker("--listen", f"tcp://127.0.0.1:{port}")
        keys = subprocess.run(
            [sys.executable, "-m", "dashctl", "keys", "list", "--json"],
            env=here.environment(),
            capture_output=True,
            check=True,
        )
        server = bytes.fromhex(json.loads(keys.stdout)["own"][0]["public"])
        producer = here.producer(round(seconds * rate), rate)
        heard = 0
        for number in range(tries):
            pair = zmq.curve_keypair() if number % 2 else None
            heard += knock(port, server, pair)
        finished([producer])
        here.heard()
        until(lambda: ask_status(here.address).rejected.get("key not allowed", 0) > 0)
        refused = sum(ask_status(here.address).rejected.values())
        assert broker.poll() is None
        assert heard == 0, f"{heard} answers went to somebody whose key is not allowed"
        said = f"{tries * PORTS} tries, {refused} handshakes refused, 0 answered"
        return audit("key not allowed", here.address, here.told, said)


def knock(port: int, server: bytes, pair: tuple[bytes, bytes] | None) -> int:
    """Try all four sockets; how many answers came."""
    frame = wire.encode_frame(b"stranger", 0, "", [1.0], [Metric("stranger", 0, 1.0)])
    request = messages.encode(messages.AskSnapshot(1))
    with zmq.Context() as context:
        sockets = []
        for offset, kind in enumerate((zmq.PUSH, zmq.SUB, zmq.DEALER, zmq.PUB)):
            made = context.socket(kind)
            sockets.append(made)
            made.linger = 0
            if pair is not None:
                made.curve_serverkey = server
                made.curve_publickey, made.curve_secretkey = pair
            if kind == zmq.SUB:
                made.subscribe(b"")
            made.connect(f"tcp://127.0.0.1:{port + offset}")
        push, sub, dealer, pub = sockets
        push.send(frame, zmq.NOBLOCK) if push.poll(0, zmq.POLLOUT) else None
        dealer.send(request, zmq.NOBLOCK)
        pub.send(frame, zmq.NOBLOCK)
        answers = sum(bool(made.poll(100)) for made in (sub, dealer))
        for made in sockets:
            made.close()
        return answers


def free_ports() -> int:
    """The first of four ports in a row that nobody has."""
    for first in range(20_000, 32_000, PORTS):
        taken = [socket.socket() for _ in range(PORTS)]
        try:
            for offset, each in enumerate(taken):
                each.bind(("127.0.0.1", first + offset))
        except OSError:
            continue
        else:
            return first
        finally:
            for each in taken:
                each.close()
    raise OSError("no four free ports in a row")
