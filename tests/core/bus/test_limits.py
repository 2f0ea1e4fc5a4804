"""One bad peer cannot exhaust the broker's memory: each attack, against a broker in a process of its own.

What is bounded is what the broker's process takes at its peak, above what it took before.
"""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import zmq

from dashctl import wire
from dashctl.bus import Address, Publisher
from dashctl.bus import messages as m
from dashctl.bus.control import ask_snapshot, ask_status
from dashctl.errors import DashctlError
from dashctl.events import PhaseEvent, PointCloud
from tests.core.bus.processes import BROKER, PATIENCE, broker_process, said, script, until

MOST = 300_000_000
"""Bytes that an attack may make the broker take."""
FILLED = 6_000_000
Connect = Callable[[int, str], "zmq.Socket[bytes]"]
HEAD = wire.encode_frame(b"attacker", 0, "", [1.0], [PhaseEvent("clean")])[: wire.HEADER_SIZE]


@pytest.fixture
def attacked(address: Address) -> "Iterator[subprocess.Popen[str]]":
    """A broker in a process of its own, which still serves after the attack and has not grown much."""
    with broker_process(address) as process:
        before = peak(process)
        yield process
        with Publisher(address) as publisher:
            publisher.publish(PhaseEvent("armed"), PATIENCE)
        assert ask_status(address, PATIENCE).pid == process.pid
        grown = peak(process) - before
        assert grown < MOST, f"{grown / 1e6:.0f} MB"


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes sockets as a stranger would have them, whose answers nobody reads."""
    with zmq.Context() as context, ExitStack() as opened:

        def made(kind: int, endpoint: str) -> "zmq.Socket[bytes]":
            each = opened.enter_context(context.socket(kind))
            each.linger = 0
            # Subscriptions beyond it would be dropped here, everything else waits.
            each.set_hwm(0 if kind == zmq.XSUB else 2)
            each.sndtimeo = int(PATIENCE * 1000)
            each.connect(endpoint)
            return each

        yield made


def peak(process: "subprocess.Popen[str]") -> int:
    """The most bytes that a process has had in memory."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize("end", ["inbox", "plain"])
def test_the_largest_frames_one_after_the_other(
    attacked: object, address: Address, connect: Connect, end: str
) -> None:
    kind = {"inbox": zmq.PUSH, "plain": zmq.PUB}[end]
    made = connect(kind, getattr(address, end))
    if kind == zmq.PUB:
        made.setsockopt(zmq.XPUB_NODROP, 1)
        time.sleep(0.2)
    frame = HEAD + bytes(wire.MAX_FRAME - len(HEAD))
    for _ in range(25):
        made.send(frame, copy=False)


def test_frames_that_are_larger_than_any(attacked: object, address: Address, connect: Connect) -> None:
    frame = HEAD + bytes(3 * wire.MAX_FRAME)
    for _ in range(5):
        connect(zmq.PUSH, address.inbox).send(frame, copy=False)
    time.sleep(0.5)


def test_lengths_that_are_announced_and_never_sent(attacked: object, address: Address) -> None:
    """ZMTP 3.1 (RFC 37): a greeting, a READY, and the head of a long message."""
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
    ready = b"\x05READY\x0bSocket-Type\x00\x00\x00\x04PUSH"
    with ExitStack() as opened:
        for _ in range(100):
            stranger = opened.enter_context(socket.socket(socket.AF_UNIX))
            assert address.folder is not None
            stranger.connect(str(address.folder / "in"))
            stranger.sendall(greeting + b"\x04" + bytes([len(ready)]) + ready)
            stranger.sendall(b"\x02" + wire.MAX_FRAME.to_bytes(8, "big") + bytes(1000))
        until(lambda: ask_status(address, PATIENCE).connections >= 100)


def test_subscriptions_without_end(attacked: object, address: Address, connect: Connect) -> None:
    sub = connect(zmq.XSUB, address.outbox)
    for number in range(10_000):
        sub.send(b"\x01" + b"%05d" % number * 20)
    assert set(until(lambda: rejected(address))) == {"too many subscriptions"}


@pytest.mark.parametrize("first", [b"\x01", b"\x02"], ids=["subscriptions", "none at all"])
def test_what_comes_from_monitors_again_and_again(
    attacked: object, address: Address, connect: Connect, first: bytes
) -> None:
    """Each connection is within its bounds; what a peer has subscribed to takes time when it ends, too."""
    for _ in range(3):
        sub = connect(zmq.XSUB, address.outbox)
        for number in range(500):
            sub.send(first + b"%05d" % number * 80)
        sub.close(linger=int(PATIENCE * 1000))
    assert until(lambda: rejected(address)) == {"too many subscriptions": 1}


def rejected(address: Address) -> dict[str, int]:
    """What the broker has refused; a question that goes with a connection is asked again."""
    with suppress(DashctlError):
        return ask_status(address, 1.0).rejected
    return {}


def test_snapshots_that_are_asked_for_and_never_taken(
    attacked: object, address: Address, connect: Connect
) -> None:
    fill(address)
    calls = connect(zmq.DEALER, address.calls)
    for number in range(300):
        calls.send(m.encode(m.AskSnapshot(number)))
    until(lambda: ask_status(address, PATIENCE))
    assert len(ask_snapshot(address, PATIENCE).encode()) > FILLED


def test_by_many_who_never_take_them(attacked: object, address: Address, connect: Connect) -> None:
    fill(address)
    for number in range(60):
        calls = connect(zmq.DEALER, address.calls)
        calls.send(m.encode(m.AskSnapshot(number)))
        calls.send(m.encode(m.AskSnapshot(number)))
    ask_status(address, PATIENCE)


def test_requests_of_the_largest_size_without_end(
    attacked: object, address: Address, connect: Connect
) -> None:
    dealers = [connect(zmq.DEALER, address.calls) for _ in range(5)]
    noise = bytes(m.MAX_REQUEST)
    for _ in range(40):
        for dealer in dealers:
            dealer.send(noise, copy=False)
    for dealer in dealers:
        dealer.send(m.encode(m.AskStatus(1)))
        assert dealer.poll(int(PATIENCE * 1000))
    assert ask_status(address, PATIENCE).rejected == {"malformed request": 200}


def test_questions_without_end_whose_answers_are_not_taken(
    attacked: object, address: Address, connect: Connect
) -> None:
    calls = connect(zmq.DEALER, address.calls)
    for number in range(30_000):
        calls.send(m.encode(m.AskStatus(number)))
    ask_status(address, PATIENCE)


def test_connections_in_number(attacked: object, address: Address) -> None:
    assert address.folder is not None
    with ExitStack() as opened:
        for name in ("in", "out", "calls", "pub") * 50:
            stranger = opened.enter_context(socket.socket(socket.AF_UNIX))
            stranger.connect(str(address.folder / name))
            stranger.sendall(b"\xff" + bytes(8))
        until(lambda: ask_status(address, PATIENCE).connections >= 100)
    until(lambda: ask_status(address, PATIENCE).connections == 0)


def test_more_connections_than_it_may_have_files(address: Address) -> None:
    """libzmq ends the process that it is in where it finds none to be had."""
    code = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))" + BROKER
    assert address.folder is not None
    with script(code, address) as process, ExitStack() as opened:
        assert said(process) == "listening"
        for _ in range(300):
            stranger = opened.enter_context(socket.socket(socket.AF_UNIX))
            with suppress(BlockingIOError):
                stranger.setblocking(False)
                stranger.connect(str(address.folder / "in"))
            time.sleep(0.002)
        opened.close()
        with Publisher(address) as publisher:
            publisher.publish(PhaseEvent("armed"), PATIENCE)
        status = ask_status(address, PATIENCE)
        assert status.pid == process.pid
        assert status.rejected["too many connections"] > 0


def fill(address: Address) -> None:
    """Have the broker remember some megabytes."""
    half = memoryview(bytes(FILLED // 2))
    with Publisher(address) as publisher:
        publisher.publish(PointCloud("large", half, half), PATIENCE)
