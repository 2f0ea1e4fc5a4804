"""What keeping everything on disk costs: the figures of `bus` with a journal, and without in the same run.

And how long one program waits until an event of its own is safe on disk, against a write and fdatasync
of the same bytes without any bus. The journal is in the folder for temporary files: give $TMPDIR a real
disk where that is kept in memory.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bus import WORKLOADS, compared
from benchmarks.processes import own_folder, python
from benchmarks.result import Result
from dashctl.bus import Address, Publisher
from dashctl.bus.control import ask_status
from dashctl.events import Metric

PUBLISHED = 300

_BROKER = """
import sys
from pathlib import Path
from dashctl.bus import Broker
from dashctl.bus.journal.settings import JournalSettings
with Broker(sys.argv[1], journal=JournalSettings(Path(sys.argv[2]))) as broker:
    print("listening", flush=True)
    broker.run()
"""


@contextmanager
def keeping_broker() -> Iterator[Address]:
    """A broker with a journal, in a process of its own, and where it is."""
    with own_folder() as folder, tempfile.TemporaryDirectory() as kept:
        address = Address.parse(f"ipc://{folder}/bus")
        with python(_BROKER, address, Path(kept) / "journal"):
            ask_status(address, 10.0)
            yield address


def run() -> list[Result]:
    """Throughput with and without, then how long an acknowledgement takes."""
    workload = WORKLOADS[1]
    return [
        *compared(workload, keeping_broker, ", journal"),
        *compared(workload, note=", no journal"),
        _acknowledgement(),
    ]


def _acknowledgement() -> Result:
    with keeping_broker() as address, Publisher(address) as publisher:
        waited = []
        for step in range(PUBLISHED):
            began = time.perf_counter()
            assert publisher.publish(Metric("loss", step, 0.5), 30.0)["durable"]
            waited.append(time.perf_counter() - began)
    return Result(
        "until it is on disk, median", _median(waited), _median(_synced()), "write and fdatasync", "ms"
    )


def _synced() -> list[float]:
    with tempfile.NamedTemporaryFile() as file:
        taken = []
        for _ in range(PUBLISHED):
            began = time.perf_counter()
            os.write(file.fileno(), bytes(200))
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return taken


def _median(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1e3
