"""How long it takes to see any moment of a journal of ten million events, through a broker.

Ours fetches the checkpoint before the moment and what came between, and folds that. The peer knows no
checkpoints: it folds from the beginning; it is measured over the first segments and scaled up, since it
would take minutes. Each jump asks for a state of its own, the curves of 200 metrics.
"""

import random
import statistics
import time
from itertools import cycle, islice
from pathlib import Path

from benchmarks.processes import own_folder, python
from benchmarks.result import Result
from dashctl.bus import Address
from dashctl.bus.control import ask_status
from dashctl.bus.journal.journal import Journal
from dashctl.bus.journal.settings import JournalSettings
from dashctl.bus.memory import Memory
from dashctl.bus.past import Past
from dashctl.bus.refusals import Refusals
from dashctl.events import Metric
from dashctl.state import State, fold_all
from dashctl.wire import encode_frame, open_frame

EVENTS = 10_000_000
SERIES = 200
PER_FRAME = 1_024
JUMPS = 50
FROM_THE_BEGINNING = 1_000_000

_BROKER = """
import sys
from pathlib import Path
from dashctl.bus import Broker
from dashctl.bus.journal.settings import JournalSettings
with Broker(sys.argv[1], journal=JournalSettings(Path(sys.argv[2]))) as broker:
    print("listening", flush=True)
    broker.run()
"""


def write_journal(folder: Path, events: int = EVENTS) -> None:
    """As a broker would: frames in, a segment now and then, by way of the journal's own thread."""
    journal, memory = Journal(JournalSettings(folder, keep=100_000_000_000)), Memory(Refusals())
    journal.start(lambda: None, print)
    journal.begin(memory.snapshot(), journal.recovered.ledger)
    names = cycle([f"metric/{number:03}" for number in range(SERIES)])
    for first in range(0, events, PER_FRAME):
        metrics = [
            Metric(name, (first + at) // SERIES, at / 7) for at, name in enumerate(islice(names, PER_FRAME))
        ]
        frame = encode_frame(b"producer", first, "run", [time.time()] * PER_FRAME, metrics)
        memory.keep(frame, PER_FRAME)
        memory.make_room()
        journal.put(frame, PER_FRAME, own=False)
        if journal.due:
            journal.begin(memory.snapshot(), journal.recovered.ledger)
        while journal.is_full:
            time.sleep(0.01)
    journal.close()


def run() -> list[Result]:
    """Fifty jumps to moments at random, each in a connection that has seen others before."""
    with own_folder() as folder:
        address, kept = Address.parse(f"ipc://{folder}/bus"), folder / "journal"
        write_journal(kept)
        with python(_BROKER, address, kept), Past(address, timeout=30.0) as past:
            status = ask_status(address, 30.0).journal
            assert status is not None
            assert status.events >= EVENTS
            span = past.span()
            assert span is not None
            chosen = random.Random(1)
            taken = [_seconds(past, chosen.uniform(span.first, span.last)) for _ in range(JUMPS)]
            scaled = _from_the_beginning(past) * EVENTS / FROM_THE_BEGINNING / 2
    note = f"{status.segments} segments, {status.bytes / 1e6:,.0f} MB; worst jump {max(taken) * 1e3:.0f} ms"
    peer = "folding from the beginning, half the journal"
    return [
        Result("jump, median", statistics.median(taken) * 1e3, scaled * 1e3, peer, "ms", note=note),
        Result("jump, worst of 50", max(taken) * 1e3, scaled * 1e3, peer, "ms"),
    ]


def _seconds(past: Past, moment: float) -> float:
    began = time.perf_counter()
    past.at(moment)
    return time.perf_counter() - began


def _from_the_beginning(past: Past) -> float:
    began, state, folded = time.perf_counter(), State(), 0
    for _, frame in past.frames():
        events = open_frame(frame).events
        fold_all(state, events)
        folded += len(events)
        if folded >= FROM_THE_BEGINNING:
            break
    return time.perf_counter() - began
