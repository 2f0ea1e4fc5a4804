"""`dashctl broker status`: how the broker is doing.

Rules: it asks and starts nothing; what was refused is shown with its reason, for this is where a
person looks for what went wrong on the way.
"""

import json
import time
from argparse import Namespace
from collections.abc import Iterator
from typing import Final

import msgspec

from dashctl.bus.control import BrokerStatus, ask_status
from dashctl.cli.connection import bus_of
from dashctl.cli.parsing import Parser, add_bus, add_timeout
from dashctl.cli.wording import clock, duration

DESCRIPTION: Final = "Show how the broker is doing, what was lost on the way to it, and what it refused."
EXAMPLES: Final = ("dashctl broker status", "dashctl broker status --json")


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    add_timeout(parser, 2.0)
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Ask and print."""
    status = ask_status(bus_of(arguments), arguments.timeout)
    if arguments.json:
        print(json.dumps(msgspec.to_builtins(status)))
    else:
        print("\n".join(_lines(status, time.time())))
    return 0


def _lines(status: BrokerStatus, now: float) -> Iterator[str]:
    yield f"address    {status.address}"
    yield f"process    {status.pid}, dashctl {status.version}"
    yield f"up         {duration(now - status.started)}, since {clock(status.started)}"
    yield f"epoch      {status.epoch}"
    yield f"events     {status.events:,} in {status.frames:,} frames, {status.rate:,.1f} a second now"
    yield f"monitors   {status.monitors}"
    yield f"producers  {status.producers} heard in the last 10 s, {status.connections} connected"
    yield f"lost       {status.lost:,}"
    yield f"duplicates {status.duplicates:,}"
    yield f"backlog    {status.backlog:,}"
    yield f"ends       {_ending(status.idle_exit)}"
    yield f"rejected   {sum(status.rejected.values()):,}"
    for reason, count in sorted(status.rejected.items(), key=lambda item: -item[1]):
        yield f"  {count:>7,}  {reason}"
    if status.recent:
        yield "last rejections"
    for one in status.recent:
        yield f"  {clock(one.time)}  {one.reason}: {one.detail}"


def _ending(idle_exit: float | None) -> str:
    return "never by itself" if idle_exit is None else f"after {duration(idle_exit)} without anybody"
