"""TensorBoard's event files, a folder per run: metrics as scalars, configurations as text.

Rules: a scalar is a float32 there, NaN and infinities included; as many files are open as are written
to at once, and no more than a bounded number; other events have no place there and are counted.
"""

import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

from tensorboard.compat.proto.event_pb2 import Event as FileEvent
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.record_writer import RecordWriter

from dashctl.events import Metric, RunStarted
from dashctl.recording.export.columns import json_text
from dashctl.recording.export.source import Row

OPEN: Final = 64
"""Files that are open at once at most."""
NO_RUN: Final = "(no run)"


class _Records(Protocol):
    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class TensorBoardRuns:
    """A folder of runs for `tensorboard --logdir`."""

    def __init__(self, folder: Path) -> None:
        self.left_out: Counter[str] = Counter()
        """Events that TensorBoard has no place for, by type."""
        self._folder = folder
        self._begun: set[str] = set()
        self._open: dict[str, _Records] = {}
        """The one written to last at the end."""

    def add(self, row: Row) -> None:
        """Take one row."""
        made = [
            FileEvent(wall_time=row.item.time, step=step, summary=summary)
            for step, summary in _summaries(row)
        ]
        if not made:
            self.left_out[row.item.event.type_name()] += 1
            return
        records = self._records(row.item.run, row.item.time)
        for event in made:
            records.write(event.SerializeToString())

    def close(self) -> None:
        """End the files."""
        for records in self._open.values():
            records.close()
        self._open = {}

    def _records(self, run: str, time: float) -> _Records:
        records = self._open.pop(run, None)
        if records is None:
            if len(self._open) >= OPEN:
                self._open.pop(next(iter(self._open))).close()
            records = self._begin(run, time)
        self._open[run] = records
        return records

    def _begin(self, run: str, time: float) -> _Records:
        folder = self._folder / run_folder(run)
        folder.mkdir(exist_ok=True)
        # Told apart by nothing else where two are of one second, they are read in the order of names.
        file = (folder / f"events.out.tfevents.{time:.0f}.{socket.gethostname()}.dashctl").open("ab")
        records: _Records = RecordWriter(file)
        if run not in self._begun:
            self._begun.add(run)
            records.write(FileEvent(wall_time=time, file_version="brain.Event:2").SerializeToString())
        return records


def run_folder(run: str) -> str:
    """A run's name as the name of a folder."""
    name = quote(run, safe=" !#$&'()+,;=@[]") or NO_RUN
    return name if name.strip(".") else name.replace(".", "%2E")


def _summaries(row: Row) -> Iterator[tuple[int, Any]]:
    event = row.item.event
    if isinstance(event, Metric):
        yield event.step, Summary(value=[Summary.Value(tag=event.name, simple_value=event.value)])
    elif isinstance(event, RunStarted):
        lines = [f"| {key} | `{json_text(value)}` |" for key, value in event.config.items()]
        yield 0, text_pb("config", "\n".join(["| | |", "|-|-|", *lines]))
