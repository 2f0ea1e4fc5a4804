"""`dashctl record`: everything that crosses the bus, into a file.

Rules: what is wrong is found before a broker is looked for, let alone started; ctrl+c and SIGTERM are
how a recording ends, and end it well.
"""

import time
from argparse import Namespace
from pathlib import Path
from typing import Final

from dashctl.cli.connection import broker_of, bus_of, place_of
from dashctl.cli.gauge import Gauge
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus, number
from dashctl.cli.signals import ended_by_signals
from dashctl.cli.wording import amount
from dashctl.recording.recorder import Progress, Recorder, check_free

DESCRIPTION: Final = (
    "Record everything that is published, and what was known when the recording began, until ctrl+c.\n"
    "The file is MCAP with JSON Schemas: Foxglove and the mcap tools open it, dashctl replay plays it,\n"
    "dashctl export makes tables of it. However the recording ends, it is readable up to a second\n"
    "before that."
)
EXAMPLES: Final = (
    "dashctl record run.mcap",
    "dashctl record night.mcap --for 28800 --run 'mnist-*'",
)


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="where to")
    parser.add_argument(
        "--run", default="*", metavar="PATTERN", help="only runs whose name matches, as 'mnist-*'"
    )
    parser.add_argument(
        "--for",
        dest="seconds",
        type=number(0.1, 10**9),
        metavar="SECONDS",
        help="end after that long (default: with ctrl+c)",
    )
    parser.add_argument("--force", action="store_true", help="overwrite the file if it is there")
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Record until asked to end."""
    bus_of(arguments)
    check_free(arguments.file, force=arguments.force)
    address = broker_of(arguments)
    recorder = Recorder(arguments.file, address, runs=arguments.run, force=arguments.force, tell=say)
    gauge = Gauge()
    began = time.monotonic()

    def show(progress: Progress) -> None:
        gauge.show(f"{_said(progress)}, {time.monotonic() - began:.0f} s")

    with ended_by_signals() as over:
        say(f"recording {place_of(arguments, address)} into {arguments.file}; ctrl+c ends it")
        try:
            progress = recorder.record(arguments.seconds, is_over=over.is_set, on_progress=show)
        finally:
            gauge.clear()
    say(f"recorded {_said(progress)} into {arguments.file}" if progress.bytes else "nothing was recorded")
    return 0


def _said(progress: Progress) -> str:
    losses = f", with {progress.losses} gaps" if progress.losses > 1 else ", with a gap"
    return f"{progress.events:,} events, {amount(progress.bytes)}{losses if progress.losses else ''}"
