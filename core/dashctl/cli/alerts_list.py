"""`dashctl alerts list`: what fires now.

Rules: it asks the broker and starts nothing; a table is for people, JSON for programs.
"""

import json
import time
from argparse import Namespace
from typing import Final

from dashctl.cli.connection import bus_of, place_of
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus, add_timeout
from dashctl.cli.wording import clock, duration

DESCRIPTION: Final = "List the alerts that fire now, the worst first; with --all also those that are over."
EXAMPLES: Final = ("dashctl alerts list", "dashctl alerts list --all --json")


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("--all", action="store_true", help="also those that are over, as far as remembered")
    parser.add_argument("--json", action="store_true", help="as one JSON list")
    add_timeout(parser, 2.0)
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Ask and print."""
    from dashctl.alerts.standing import plain_standing, standing_of
    from dashctl.bus.control import ask_snapshot

    address = bus_of(arguments)
    found = standing_of(ask_snapshot(address, arguments.timeout))
    listed = [each for each in found if each.fires or arguments.all]
    if arguments.json:
        print(json.dumps([plain_standing(each) for each in listed]))
        return 0
    if not listed:
        say(f"no alert fires at {place_of(arguments, address)}")
    now = time.time()
    for each in listed:
        mark = each.alert.severity if each.fires else "over"
        took = duration((now if each.ended is None else each.ended) - each.since)
        seen = "" if each.seen is None else f", seen by {_inert(each.seen.event.by) or 'somebody'}"
        in_run = f" in {_inert(each.run)}" if each.run else ""
        head = f"{mark:<8}  {_inert(each.alert.name)}{in_run}, since {clock(each.since)} ({took}){seen}"
        print(head)
        for message in (each.alert.message, "" if each.ending is None else each.ending.message):
            if message:
                print(f"{'':<10}{_inert(message)}")
    return 0


def _inert(text: str) -> str:
    """What others wrote commands no terminal."""
    return "".join(each if each.isprintable() else " " for each in text)
