"""docs/protocol.md is the authority: each of its examples and tables, held against the code."""

import json
import re
import struct
from typing import Any, get_args

import msgspec
import pytest

from dashctl import wire
from dashctl.bus import Address, messages
from dashctl.bus.door import ASKED, CONNECTIONS, LARGEST_MESSAGE, QUEUED, TAKEN_IN
from dashctl.bus.ledger import GAPS, PRODUCERS
from dashctl.bus.rights import NEEDED
from dashctl.events import Metric, PhaseEvent
from dashctl.state_json import plain_event
from tests.core.protocol_tables import DOCUMENT, TABLES, between, table

TEXT = DOCUMENT.read_text(encoding="utf-8")
FENCE = re.compile(r"^```(hex|json) ([a-z ]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRODUCER = bytes(range(1, 9))


def examples() -> dict[str, tuple[bytes, Any]]:
    """Every example by its name: its bytes and what they say."""
    found = {(kind, name): body for kind, name, body in FENCE.findall(TEXT)}
    return {
        name: (unhex(body), json.loads(found["json", name]))
        for (kind, name), body in found.items()
        if kind == "hex"
    }


def unhex(body: str) -> bytes:
    return bytes.fromhex(" ".join(line.partition("#")[0] for line in body.splitlines()))


EXAMPLES = examples()
FRAMES = [name for name in EXAMPLES if name in ("events", "columns", "mixed", "json")]
MESSAGES = [name for name in EXAMPLES if " " in name]


def test_each_example_has_bytes_and_their_meaning() -> None:
    assert len(FENCE.findall(TEXT)) == 2 * len(EXAMPLES)
    assert len(FRAMES) == 4
    assert len(MESSAGES) >= 5


def test_the_document_is_of_this_version() -> None:
    assert f"It is protocol\n**{wire.VERSION}**" in TEXT
    assert f"\n| {wire.VERSION} | " in TEXT.partition("## Versions")[2]


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_is_read_as_the_document_says(name: str) -> None:
    frame, said = EXAMPLES[name]
    header = wire.decode_header(frame)
    assert header._asdict() | {"producer": header.producer.hex()} == said["header"]
    opened = wire.open_frame(frame)
    assert opened.rejected == {}
    assert [plain_event(stamped) for stamped in opened.events] == said["events"]


def test_frames_are_written_as_the_document_says(monkeypatch: pytest.MonkeyPatch) -> None:
    events = wire.encode_frame(PRODUCER, 0, "mnist", [1700000000.5], [PhaseEvent("armed")], logged=1)
    assert events == EXAMPLES["events"][0]
    metrics = [Metric("loss", 7, 0.5), Metric("loss", 8, float("nan"))]
    columns = wire.encode_frame(PRODUCER, 1, "mnist", [1700000001.0, 1700000001.25], metrics, logged=5)
    assert columns == EXAMPLES["columns"][0]
    monkeypatch.setattr(wire, "FEWEST_METRICS", 2)
    events_between = [Metric("loss", 7, 0.5), PhaseEvent("armed"), Metric("loss", 8, 0.25)]
    mixed = wire.encode_frame(
        PRODUCER, 3, "mnist", [1700000001.0, 1700000001.5, 1700000002.0], events_between
    )
    assert mixed == EXAMPLES["mixed"][0]


def test_a_stamp_is_read_and_written_as_the_document_says() -> None:
    message, said = EXAMPLES["welcome"]
    epoch, seq, frame = wire.split_stamp(message)
    assert {"epoch": epoch.hex(), "seq": seq, "frame": len(frame)} == said
    assert wire.stamp(epoch, seq) == message


@pytest.mark.parametrize("name", MESSAGES)
def test_requests_and_replies_are_as_the_document_says(name: str) -> None:
    encoded, said = EXAMPLES[name]
    read = messages.decode_request if name.startswith("request ") else messages.decode_reply
    message = read(encoded)
    assert msgspec.to_builtins(message) == said
    assert messages.encode(message) == encoded


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_have_every_message_with_its_fields(name: str) -> None:
    """If not: python -m tests.core.protocol_tables"""
    assert between(TEXT, name) == table(name)


def test_the_header_is_the_one_in_the_table() -> None:
    rows = [row.split("|")[1:4] for row in between(TEXT, "header").splitlines()[2:]]
    fields = [(int(at), int(size), name.strip()) for at, size, name in rows]
    forms = {2: "2s", 1: "B", 4: "I", 32: "32s"}
    packed = ["8s" if name == "producer" else "Q" if size == 8 else forms[size] for _, size, name in fields]
    layout = struct.Struct("<" + "".join(packed))
    assert layout.size == wire.HEADER_SIZE == 72
    assert [at for at, _, _ in fields] == [sum(size for _, size, _ in fields[:n]) for n in range(len(fields))]
    values = layout.unpack_from(EXAMPLES["json"][0])
    assert dict(zip([name for _, _, name in fields], values, strict=True)) == {
        "magic": wire.MAGIC,
        "version": wire.VERSION,
        "kind": wire.KIND_JSON,
        "count": 1,
        "producer": PRODUCER,
        "first": 7,
        "dropped": 4,
        "run": b"mnist".ljust(32, b"\x00"),
        "logged": 8,
    }


def test_the_rights_are_those_in_the_table() -> None:
    rows = dict(row.split("|")[1:3] for row in between(TEXT, "rights").splitlines()[2:])
    said = {
        tag: frozenset(re.findall(r"`(\w+)`", rights)) or frozenset({"publish", "watch", "call"})
        for rights, tags in rows.items()
        for tag in re.findall(r"`(\w+)`", tags)
    }
    asked: dict[str, frozenset[str]] = {
        str(cls.__struct_config__.tag): frozenset(NEEDED[cls])
        for cls in get_args(messages.AnyRequest)
        if cls in NEEDED
    }
    assert said == asked


def test_the_endpoints_are_those_in_the_table() -> None:
    here = Address.parse("ipc:///tmp/folder")
    there = Address.parse("tcp://127.0.0.1:5570")
    for place, name in enumerate(("in", "out", "calls", "pub")):
        assert f"`FOLDER/{name}`" in TEXT
        ipc = (here.inbox, here.outbox, here.calls, here.plain)[place]
        tcp = (there.inbox, there.outbox, there.calls, there.plain)[place]
        assert (ipc, tcp) == (f"ipc:///tmp/folder/{name}", f"tcp://127.0.0.1:{5570 + place}")


def test_the_limits_are_those_in_the_table() -> None:
    said = TEXT.partition("## Limits")[2].partition("## ")[0]
    mebi = 1024 * 1024
    for row in (
        f"| a frame | {wire.MAX_FRAME // mebi} MiB; beyond {LARGEST_MESSAGE // mebi} MiB",
        f"| a run's name | {wire.MAX_RUN} bytes",
        f"| a request | {messages.MAX_REQUEST // mebi} MiB",
        f"wait in the broker | {TAKEN_IN};",
        f"wait for one monitor | {QUEUED:,};",
        f"requests of one peer that wait | {ASKED} ",
        f"connections at one address | {CONNECTIONS:,};",
        f"numbers are remembered | {PRODUCERS:,};",
        f"for one producer | {GAPS};",
    ):
        assert row in said
