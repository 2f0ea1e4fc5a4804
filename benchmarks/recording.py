"""Writing recordings and reading them, against the package `mcap` with the same JSON.

Ours includes making the JSON of typed events and making events of it again; the peer is handed the
finished bytes and hands bytes back.
"""

import time
from collections.abc import Callable
from pathlib import Path

from mcap.reader import make_reader
from mcap.writer import Writer

from benchmarks.processes import own_folder
from benchmarks.result import Result
from dashctl.events import Metric, Stamped
from dashctl.recording.message import as_message
from dashctl.recording.player import seek
from dashctl.recording.recorder import RecordingWriter, open_new
from dashctl.recording.recording import Recording
from dashctl.state import State

EVENTS = 100_000
ROUNDS = 3
TOGETHER = 1_000


def run() -> list[Result]:
    """The best of several rounds of each, in turn."""
    items = [Stamped(1.75e9 + at / 1000, "run", Metric("loss", at, 1 / (at + 1))) for at in range(EVENTS)]
    texts = [as_message(item) for item in items]
    with own_folder() as folder:
        ours, peers = folder / "ours.mcap", folder / "peers.mcap"
        rounds = [
            (
                _rate(lambda: write_ours(ours, items)),
                _rate(lambda: write_peers(peers, texts)),
                _rate(lambda: seek(Recording(ours), float("inf"))),
                _rate(lambda: read_peers(peers)),
            )
            for _ in range(ROUNDS)
        ]
        sizes = ours.stat().st_size / EVENTS, peers.stat().st_size / EVENTS
    writing, peer_writing, reading, peer_reading = (max(each) for each in zip(*rounds, strict=True))
    return [
        Result("events recorded a second", writing, peer_writing, "mcap.Writer", "1/s", more_is_better=True),
        Result(
            "events read and folded a second",
            reading,
            peer_reading,
            "mcap reader",
            "1/s",
            more_is_better=True,
        ),
        Result("file", *sizes, "mcap.Writer", "bytes/event"),
    ]


def write_ours(path: Path, items: list[Stamped[Metric]]) -> None:
    """From events to a closed file."""
    with RecordingWriter(path, open_new(path, force=True)) as writer:
        writer.begin(State())
        for start in range(0, len(items), TOGETHER):
            writer.add(items[start : start + TOGETHER])


def write_peers(path: Path, texts: list[bytes]) -> None:
    """From bytes to a closed file."""
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start()
        channel = writer.register_channel("/metric", "json", writer.register_schema("m", "jsonschema", b"{}"))
        for at, text in enumerate(texts):
            writer.add_message(channel, at, text, at, at)
        writer.finish()


def read_peers(path: Path) -> None:
    """All messages, as bytes."""
    with path.open("rb") as file:
        assert sum(1 for _ in make_reader(file).iter_messages()) == EVENTS


def _rate(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return EVENTS / (time.perf_counter() - started)
