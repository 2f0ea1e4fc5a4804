"""Bytes that no program means to send, at every socket of a broker."""

import random
from collections.abc import Iterator

import zmq

from dashctl import wire
from dashctl.bus import Address, messages
from dashctl.bus.control import ask_status
from dashctl.events import LogLine, Metric, PhaseEvent
from tests.chaos.audit import Row, audit
from tests.chaos.harness import World, finished, megabytes, world

ROOM = 400
"""Megabytes by which a broker may have grown after any amount of garbage."""
BURST = 100


def fuzzed(seconds: float, rate: float, frames: int = 1_000_000) -> Row:
    """So many frames and requests of garbage at each socket while a producer logs."""
    with world() as here:
        broker = here.broker()
        before = megabytes(broker)
        producer = here.producer(round(seconds * rate), rate)
        sent = {kind: throw(here.address, kind, frames) for kind in ("in", "out", "calls", "pub")}
        finished([producer])
        here.heard()
        rejected = sum(ask_status(here.address).rejected.values())
        grown = megabytes(broker) - before
        assert broker.poll() is None
        assert rejected > 0
        assert grown < ROOM, f"the broker grew by {grown:.0f} MB under garbage"
        said = f"{sum(sent.values()):,} thrown, {rejected:,} refused, broker +{grown:.0f} MB"
        return audit("garbage", here.address, here.told, _note(here, said), strangers=True)


def throw(address: Address, kind: str, count: int, seed: int = 0) -> int:
    """Send garbage to one socket of a broker; how much was sent."""
    socket_type, endpoint = {
        "in": (zmq.PUSH, address.inbox),
        "out": (zmq.SUB, address.outbox),
        "calls": (zmq.DEALER, address.calls),
        "pub": (zmq.PUB, address.plain),
    }[kind]
    chance = random.Random(f"{kind}{seed}")
    with zmq.Context() as context, context.socket(socket_type) as thrower:
        thrower.linger = 2_000
        thrower.sndtimeo = 30_000
        thrower.connect(endpoint)
        pieces = requests(chance, count) if kind == "calls" else frames(chance, count)
        for number, piece in enumerate(pieces):
            if kind == "out":
                thrower.subscribe(piece[:1_000])
            else:
                thrower.send(piece)
            if kind == "calls" and number % BURST == 0:
                _drain(thrower)
    return count


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
        if b"stop" not in piece:
            yield piece


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
