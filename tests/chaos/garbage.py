"""Bytes that no program means to send, at every socket of a broker."""

import random
from collections.abc import Iterable, Iterator
from itertools import islice

import zmq

from dashctl import wire
from dashctl.bus import Address, messages
from dashctl.bus.control import ask_status
from dashctl.events import LogLine, Metric, PhaseEvent
from tests.chaos.audit import Row, audit
from tests.chaos.generated import made_up
from tests.chaos.harness import World, finished, megabytes, world

ROOM = 400
"""Megabytes by which a broker may have grown after any amount of garbage."""
BURST = 100
SUBSCRIPTIONS = 900
"""Of one connection: the broker ends all connections for more."""
KINDS = ("in", "out", "calls", "pub")


def fuzzed(seconds: float, rate: float, fuzz: int = 1_000_000, generated: int = 10_000) -> Row:
    """So many frames and requests of garbage at each socket, and of Hypothesis', while a producer logs."""
    with world() as here:
        broker = here.broker()
        before = megabytes(broker)
        producer = here.producer(round(seconds * rate), rate)
        sent = 0
        for kind in KINDS:
            sent += throw(here.address, kind, made_up(kind, generated))
            sent += throw(here.address, kind, fuzz_for(kind, fuzz))
        finished([producer])
        here.heard()
        rejected = sum(ask_status(here.address).rejected.values())
        grown = megabytes(broker) - before
        assert broker.poll() is None
        assert rejected > 0
        assert grown < ROOM, f"the broker grew by {grown:.0f} MB under garbage"
        said = f"{sent:,} thrown, {rejected:,} refused, broker +{grown:.0f} MB"
        return audit("garbage", here.address, here.told, _note(here, said), strangers=True)


def fuzz_for(kind: str, count: int, seed: int = 0) -> Iterator[bytes]:
    """So many pieces of garbage for one socket."""
    chance = random.Random(f"{kind}{seed}")
    return requests(chance, count) if kind == "calls" else frames(chance, count)


def throw(address: Address, kind: str, pieces: Iterable[bytes]) -> int:
    """Send every piece to one socket of a broker, waiting where it has no room; how many were sent."""
    with zmq.Context() as context:
        if kind != "out":
            return _thrown(context, address, kind, pieces)
        rest, sent = iter(pieces), 0
        while part := list(islice(rest, SUBSCRIPTIONS)):
            sent += _thrown(context, address, kind, part)
        return sent


def _thrown(
    context: "zmq.Context[zmq.Socket[bytes]]", address: Address, kind: str, pieces: Iterable[bytes]
) -> int:
    socket_type, endpoint = {
        "in": (zmq.PUSH, address.inbox),
        "out": (zmq.XSUB, address.outbox),
        "calls": (zmq.DEALER, address.calls),
        "pub": (zmq.XPUB, address.plain),
    }[kind]
    with context.socket(socket_type) as thrower:
        # A broker that ends the connection meanwhile takes in no more of these.
        thrower.linger = thrower.sndtimeo = 200 if kind == "out" else 30_000
        thrower.rcvtimeo = 30_000
        if kind == "pub":
            thrower.setsockopt(zmq.XPUB_NODROP, 1)
        thrower.connect(endpoint)
        if kind == "pub":
            thrower.recv()  # The broker's subscription: what is sent before goes nowhere.
        number = 0
        for number, piece in enumerate(pieces, 1):
            try:
                # What is no subscription goes through to the broker, as it is.
                thrower.send(b"\x01" + piece[:500] if kind == "out" and number % 2 else piece)
            except zmq.Again:
                if kind == "out":
                    return number - 1
                raise
            if kind == "calls" and number % BURST == 0:
                _drain(thrower)
        return number


def frames(chance: random.Random, count: int) -> Iterator[bytes]:
    """Frames that were right once, and noise."""
    producer = chance.randbytes(8)
    sound = [
        wire.encode_frame(producer, 0, "fuzz", [1.0], [PhaseEvent("clean")]),
        wire.encode_frame(producer, 1, "fuzz", [1.0, 2.0], [Metric("fuzz", 1, 0.5), Metric("fuzz", 2, 0.5)]),
        wire.encode_frame(producer, 3, "fuzz", [1.0, 2.0], [LogLine("hello"), Metric("fuzz", 3, 0.5)]),
    ]
    for _ in range(count):
        yield spoiled(chance, chance.choice(sound))


def requests(chance: random.Random, count: int) -> Iterator[bytes]:
    """Requests that were right once, and noise; none that would end the broker."""
    sound = [
        messages.encode(messages.AskSnapshot(1)),
        messages.encode(messages.AskIngested(2, b"producer", 7)),
        messages.encode(messages.Offer(3, "fuzz", (messages.Method("m"),))),
        messages.encode(messages.Call(4, "fuzz", "m", {"a": 1}, 0.1)),
        messages.encode(messages.AskSegment(5, 1, 0, 1_000)),
        messages.encode(messages.AskHistory(6, points=10)),
    ]
    for _ in range(count):
        piece = spoiled(chance, chance.choice(sound))
        yield piece.replace(b"stop", b"halt")


def spoiled(chance: random.Random, sound: bytes) -> bytes:
    """Some bytes turned, cut off, doubled, or all of them noise."""
    match chance.randrange(5):
        case 0:
            return chance.randbytes(chance.randrange(200))
        case 1:
            return sound[: chance.randrange(len(sound))]
        case 2:
            return sound + chance.randbytes(chance.randrange(1, 20))
        case _:
            piece = bytearray(sound)
            for _ in range(chance.randrange(1, 5)):
                piece[chance.randrange(len(piece))] = chance.randrange(256)
            return bytes(piece)


def _drain(thrower: "zmq.Socket[bytes]") -> None:
    while thrower.poll(0):
        thrower.recv()


def _note(here: World, said: str) -> str:
    return f"{said}, producer gave up {here.told.dropped}" if here.told.dropped else said
