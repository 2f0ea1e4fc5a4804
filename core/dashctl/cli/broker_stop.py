"""`dashctl broker stop`: ends the broker.

Rule: when it returns, nobody listens at the address any more.
"""

from argparse import Namespace
from typing import Final

from dashctl.bus.control import ask_stop
from dashctl.cli.connection import bus_of
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus, add_timeout

DESCRIPTION: Final = (
    "End the broker. What it remembers is gone with it; programs that publish wait for the next one."
)
EXAMPLES: Final = ("dashctl broker stop",)


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    add_timeout(parser, 5.0)
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Ask it to, and wait until it has."""
    address = bus_of(arguments)
    ask_stop(address, arguments.timeout)
    say(f"the broker at {address} has ended")
    return 0
