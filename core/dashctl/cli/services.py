"""`dashctl services`: who can be called, and for what.

Rule: it asks and starts nothing; a table is for people, JSON for programs.
"""

import json
import time
from argparse import Namespace
from collections.abc import Iterator
from typing import Final

import msgspec

from dashctl.bus.calling import Method, ServiceInfo, ask_services
from dashctl.cli.connection import bus_of, place_of
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus, add_timeout
from dashctl.cli.wording import duration

DESCRIPTION: Final = (
    "List the services that running programs offer, with their methods and what these take.\n"
    "A star marks what has to be given. dashctl call  calls one."
)
EXAMPLES: Final = ("dashctl services", "dashctl services --json")


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("--json", action="store_true", help="as one JSON list")
    add_timeout(parser, 2.0)
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Ask and print."""
    address = bus_of(arguments)
    services = ask_services(address, arguments.timeout)
    if arguments.json:
        print(json.dumps(msgspec.to_builtins(services)))
    elif services:
        print("\n\n".join("\n".join(_lines(each, time.time())) for each in services))
    else:
        say(f"nobody offers a service at {place_of(arguments, address)}")
    return 0


def _lines(service: ServiceInfo, now: float) -> Iterator[str]:
    calls = f", {service.calls} in progress" if service.calls else ""
    since = duration(now - service.since)
    yield f"{service.name}: process {service.pid} on {service.host}, offered for {since}{calls}"
    for method in service.methods:
        yield f"  {method.name}: {method.summary}" if method.summary else f"  {method.name}"
        yield from _parameters(method)


def _parameters(method: Method) -> Iterator[str]:
    width = max((len(each.name) for each in method.parameters), default=0)
    for each in method.parameters:
        yield f"    {'*' if each.required else ' '} {each.name:<{width}}  {each.allowed}"
