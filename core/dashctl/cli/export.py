"""`dashctl export`: a recording, or the journal of a broker, as tables.

Rules: what is wrong is found before anything is read; it asks a broker and starts none; a folder is
there when it is whole, and not before.
"""

import math
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol

from dashctl.cli.connection import bus_of
from dashctl.cli.extras import needing
from dashctl.cli.gauge import Gauge
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus
from dashctl.cli.recordings import moment, tell_faults
from dashctl.errors import UsageError
from dashctl.events import BY_NAME
from dashctl.recording.export.folder import appearing, check_free
from dashctl.recording.export.source import Row, Wanted, rows_of_frames, rows_of_recording
from dashctl.recording.recording import Recording

DESCRIPTION: Final = (
    "Write the events of a recording, or without FILE those in the broker's journal, as tables: a\n"
    "Parquet or CSV file per event type, or TensorBoard's event files with a folder per run.\n"
    "MOMENT is a time of day as 10:02, a date and time as 2026-05-04T10:02, or +90s from the start."
)
EXAMPLES: Final = (
    "dashctl export run.mcap --parquet tables",
    "dashctl export --csv tables --type metric --since 10:02",
    "dashctl export run.mcap --tensorboard runs --run 'mnist-*'",
)


class Tables(Protocol):
    """What rows are written to."""

    def add(self, row: Row) -> None:
        """Take one row."""

    def close(self) -> None:
        """Write what waits."""


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="a recording (default: the broker's journal)"
    )
    formats = parser.add_mutually_exclusive_group(required=True)
    formats.add_argument("--parquet", type=Path, metavar="FOLDER", help="a Parquet file per event type")
    formats.add_argument("--csv", type=Path, metavar="FOLDER", help="a CSV file per event type")
    formats.add_argument("--tensorboard", type=Path, metavar="FOLDER", help="event files, a folder per run")
    parser.add_argument(
        "--run", default="*", metavar="PATTERN", help="only runs whose name matches, as 'mnist-*'"
    )
    parser.add_argument(
        "--type", type=_types, default=frozenset(), metavar="NAME,NAME", help="only these event types"
    )
    parser.add_argument("--since", type=moment, metavar="MOMENT", help="only what arrived then or later")
    parser.add_argument("--until", type=moment, metavar="MOMENT", help="only what arrived before")
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Write the tables."""
    folder: Path = arguments.parquet or arguments.csv or arguments.tensorboard
    check_free(folder)
    if arguments.file is not None and arguments.bus:
        raise UsageError("FILE and --bus exclude each other: events come from a recording or from a journal")
    kind = _kind(arguments)
    count, gauge = 0, Gauge()
    with ExitStack() as opened:
        rows = _rows(arguments, opened)
        # Nothing is made before the first row is there, or it is known that there is none.
        first = next(rows, None)
        if first is None:
            raise UsageError("there is nothing to export: no event matches")
        tables: Tables = kind(opened.enter_context(appearing(folder)))
        opened.callback(gauge.clear)
        opened.callback(tables.close)
        tables.add(first)
        for count, row in enumerate(rows, start=1):
            tables.add(row)
            if not count % 10_000:
                gauge.show(f"{count:,} events")
    left_out = getattr(tables, "left_out", {})
    if left_out:
        listed = ", ".join(f"{number:,} {name}" for name, number in sorted(left_out.items()))
        say(f"left out, because the format has no place for them: {listed}")
    say(f"exported {count + 1 - sum(left_out.values()):,} events into {folder}")
    print(folder)
    return 0


def _kind(arguments: Namespace) -> Callable[[Path], Tables]:
    with needing("export", "dashctl export"):
        if arguments.parquet:
            made = import_module("dashctl.recording.export.parquet").ParquetTables
        elif arguments.csv:
            made = import_module("dashctl.recording.export.csv_tables").CsvTables
        else:
            made = import_module("dashctl.recording.export.tensorboard").TensorBoardRuns
    kind: Callable[[Path], Tables] = made
    return kind


def _rows(arguments: Namespace, opened: ExitStack) -> Iterator[Row]:
    if arguments.file is not None:
        recording = Recording(arguments.file)
        opened.callback(tell_faults, recording)
        return rows_of_recording(recording, _wanted(arguments, recording.first_time))
    from dashctl.bus.past import NoJournal, Past

    address = bus_of(arguments)
    past = opened.enter_context(Past(address))
    span = past.span()
    if span is None:
        raise NoJournal(f"the broker at {address} keeps no journal, or nothing is in it yet")
    wanted = _wanted(arguments, span.first)
    since, until = max(0.0, wanted.since), min(wanted.until, math.nextafter(span.last, math.inf))
    return rows_of_frames(past.frames(since, until), wanted)


def _wanted(arguments: Namespace, beginning: float) -> Wanted:
    since = arguments.since.after(beginning) if arguments.since else -math.inf
    until = arguments.until.after(beginning) if arguments.until else math.inf
    if until <= since:
        raise UsageError("--until has to be after --since")
    return Wanted(arguments.run, arguments.type, since, until)


def _types(text: str) -> frozenset[str]:
    chosen = frozenset(text.split(","))
    for name in sorted(chosen - {*BY_NAME}):
        raise ArgumentTypeError(f"{name!r} is no event type; expected some of {', '.join(sorted(BY_NAME))}")
    return chosen
