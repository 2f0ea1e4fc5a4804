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
from dashctl.bus.messages import JournalStatus
from dashctl.cli.connection import bus_of
from dashctl.cli.parsing import Parser, add_bus, add_timeout
from dashctl.cli.wording import clock, duration
from dashctl.events import ProducerStats

DESCRIPTION: Final = "Show how the broker is doing, what was lost on the way to it, and what it refused."
_PRODUCERS: Final = 10
"""Shown for people; JSON has more."""
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
    for address in status.listening[1:]:
        yield f"           {address}"
    yield f"process    {status.pid}, dashctl {status.version}"
    yield f"up         {duration(now - status.started)}, since {clock(status.started)}"
    yield f"epoch      {status.epoch}"
    yield f"events     {status.events:,} in {status.frames:,} frames, {status.rate:,.1f} a second now"
    yield f"out        {status.rate_out:,.1f} events a second, to all monitors together"
    yield f"monitors   {status.monitors}, {status.slow} of them too slow in the last minute"
    yield f"producers  {status.producers} heard in the last 10 s, {status.connections} connected"
    yield f"vanished   {status.vanished:,} without a farewell"
    yield f"lost       {status.lost:,}"
    yield f"duplicates {status.duplicates:,}"
    yield f"waiting    {', '.join(f'{size:,} {name}' for name, size in status.queues.items())}"
    yield f"journal    {_journal(status.journal, now)}"
    yield f"services   {', '.join(status.services) or 'none'}"
    if status.upstream:
        yield f"upstream   {status.upstream}"
    yield f"ends       {_ending(status.idle_exit)}"
    yield f"rejected   {sum(status.rejected.values()):,}"
    for reason, count in sorted(status.rejected.items(), key=lambda item: -item[1]):
        yield f"  {count:>7,}  {reason}"
    if status.by_producer:
        yield "producers heard last"
    for row in status.by_producer[:_PRODUCERS]:
        yield f"  {row.producer}  {_producer(row)}"
    if status.recent:
        yield "last rejections"
    for one in status.recent:
        yield f"  {clock(one.time)}  {one.reason}: {one.detail}"


def _producer(row: ProducerStats) -> str:
    heard = f"heard {duration(row.silent)} ago"
    counts = f"{row.events:>12,} events {row.rate:>10,.1f} a second {row.lost:>8,} lost"
    return f"{counts}  {heard}  {row.run}".rstrip()


def _journal(journal: JournalStatus | None, now: float) -> str:
    if journal is None:
        return "none: what is remembered ends with the broker"
    age = f", since {duration(now - journal.oldest)}" if journal.oldest else ""
    trouble = "" if journal.durable else f"; NOT DURABLE: {journal.error or 'the disk takes nothing'}"
    return (
        f"{journal.events:,} events, {journal.bytes:,} bytes in {journal.segments} segments{age}; "
        f"{journal.lag:.3f} s behind{trouble}"
    )


def _ending(idle_exit: float | None) -> str:
    return "never by itself" if idle_exit is None else f"after {duration(idle_exit)} without anybody"
