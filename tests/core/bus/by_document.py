"""A client written after docs/protocol.md alone: structures, msgpack and ZeroMQ, nothing of the package.

`python by_document.py FOLDER` follows a bus from its snapshot on, publishes with acknowledgement, offers a
service and calls it, asks for history, and prints what came of it as JSON.
"""

import json
import os
import struct
import sys
import time
from itertools import repeat
from typing import Any

import msgspec
import zmq

EVENTS = [{"type": "metric", "name": "loss", "step": step, "value": 1 / (step + 1)} for step in range(10)]
HEADER = struct.Struct("<2sBBI8sQQ32sQ")
STAMP = struct.Struct("<8sQ")
encode, decode = msgspec.msgpack.encode, msgspec.msgpack.decode


def floats(packed: bytes) -> tuple[float, ...]:
    return struct.unpack(f"<{len(packed) // 8}d", packed)


def frame(producer: bytes, first: int, events: list[Any]) -> bytes:
    times = struct.pack(f"<{len(events)}d", *repeat(time.time(), len(events)))
    end = first + len(events)
    return HEADER.pack(b"DC", 2, 1, len(events), producer, first, 0, b"plain", end) + encode([times, events])


def opened(frame: bytes) -> tuple[bytes, list[Any]]:
    """The producer of a frame, and its events."""
    magic, version, kind, count, producer, *_ = HEADER.unpack_from(frame)
    assert (magic, version) == (b"DC", 2)
    body = frame[HEADER.size :]
    if kind == 1:
        return producer, decode(body)[1]
    if kind == 3:
        return producer, json.loads(body)[1]
    _, names, codes, steps, values, *mixed = decode(body)
    columns = (memoryview(codes).cast("H"), memoryview(steps).cast("q"), floats(values))
    events: list[Any] = [
        {"type": "metric", "name": names[code], "step": step, "value": value}
        for code, step, value in zip(*columns, strict=True)
    ]
    if mixed:
        places, (_, others) = mixed
        for place, event in zip(memoryview(places).cast("I"), others, strict=True):
            events.insert(place, event)
    assert len(events) == count
    return producer, events


class Client:
    """One end at each of the sockets that it needs."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.producer = os.urandom(8)

    def socket(self, kind: int, name: str) -> "zmq.Socket[bytes]":
        made = self._context.socket(kind)
        made.linger, made.rcvtimeo = 1_000, 20_000
        if kind == zmq.SUB:
            made.subscribe(b"")
        made.connect(f"ipc://{self._folder}/{name}")
        return made

    def follow(self, calls: "zmq.Socket[bytes]") -> "Follow":
        return Follow(self.socket(zmq.SUB, "out"), calls)

    def close(self) -> None:
        self._context.destroy(linger=1_000)


class Follow:
    """Everything from a snapshot on, without a hole."""

    def __init__(self, sub: "zmq.Socket[bytes]", calls: "zmq.Socket[bytes]") -> None:
        self._sub = sub
        self.epoch, _ = STAMP.unpack(sub.recv())
        snapshot = asked(calls, ask="snapshot", id=1, reason="connected")
        assert snapshot["epoch"] == self.epoch
        self._seq = snapshot["seq"]

    def next(self) -> tuple[bytes, list[Any]]:
        while True:
            message = self._sub.recv()
            epoch, seq = STAMP.unpack_from(message)
            if seq > self._seq and len(message) > STAMP.size:
                assert (epoch, seq) == (self.epoch, self._seq + 1)
                self._seq = seq
                return opened(message[STAMP.size :])


def asked(calls: "zmq.Socket[bytes]", **request: Any) -> Any:
    calls.send(encode(request))
    return answer(calls)


def answer(calls: "zmq.Socket[bytes]") -> Any:
    while True:
        reply = decode(calls.recv())
        if reply["answer"] != "probe":
            return reply


def call(client: Client) -> list[Any]:
    """What a caller hears of a call, while the other end serves."""
    serving, calling = client.socket(zmq.DEALER, "calls"), client.socket(zmq.DEALER, "calls")
    parameters = [
        {"name": name, "allowed": "a number", "required": True, "takes_text": False} for name in "ab"
    ]
    methods = [{"name": "add", "parameters": parameters, "summary": "Add."}]
    offer = {"service": "plain", "methods": methods, "host": "here", "pid": os.getpid()}
    assert asked(serving, ask="offer", id=1, **offer)["answer"] == "offered"
    wanted = {"service": "plain", "method": "add", "arguments": {"a": 1, "b": 2}, "timeout": 10.0}
    calling.send(encode({"ask": "call", "id": 7, **wanted}))
    invoke = answer(serving)
    total = sum(invoke["arguments"].values())
    serving.send(encode({"ask": "progress", "id": invoke["id"], "done": 1.0, "total": 2.0, "note": "half"}))
    serving.send(encode({"ask": "result", "id": invoke["id"], "value": total}))
    heard = [answer(calling)]
    while heard[-1]["answer"] == "progress":
        heard.append(answer(calling))
    wanted["method"] = "none"
    return [*heard, asked(calling, ask="call", id=8, **wanted)]


def main() -> None:
    client = Client(sys.argv[1])
    push, calls = client.socket(zmq.PUSH, "in"), client.socket(zmq.DEALER, "calls")
    follow = client.follow(calls)
    calls.send(encode({"ask": "hello", "id": 0, "producer": client.producer, "logged": 0}))
    for _ in range(2):  # The second time, all of them are duplicates.
        push.send(frame(client.producer, 0, EVENTS))
    push.send(frame(client.producer, len(EVENTS), [{"type": "phase", "phase": "armed"}]))
    ingested = asked(calls, ask="ingested", id=2, producer=client.producer, number=len(EVENTS))
    seen: list[Any] = []
    while len(seen) <= len(EVENTS):
        producer, events = follow.next()
        seen += events if producer == client.producer else []
    history = asked(calls, ask="history", id=3, type="metric", run="plain", name="loss", points=100)
    low = [floats(curve["columns"][6]) for curve in history["curves"]]
    called = call(client)
    calls.send(encode({"ask": "farewell", "id": 0, "producer": client.producer, "logged": len(EVENTS) + 1}))
    status = asked(calls, ask="status", id=4)["status"]
    client.close()
    told = {key: ingested[key] for key in ("answer", "delivered", "durable")}
    counted = {key: status[key] for key in ("lost", "duplicates", "rejected", "vanished")}
    print(json.dumps({"told": told, "seen": seen, "low": low, "called": called, "status": counted}))


if __name__ == "__main__":
    main()
