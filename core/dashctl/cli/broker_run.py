"""`dashctl broker run`: a broker in the foreground.

Rule: it serves until it is stopped, by a signal or by `dashctl broker stop`; what it has to say goes
to stderr.
"""

import logging
import sys
from argparse import Namespace
from typing import Final

from dashctl.bus.broker import Broker
from dashctl.cli.connection import bus_of
from dashctl.cli.parsing import Parser, add_bus, number

DESCRIPTION: Final = (
    "Run a broker until it is stopped. Other commands start one in the background by themselves;\n"
    "this is for a service manager, or for watching what it says."
)
EXAMPLES: Final = (
    "dashctl broker run",
    "dashctl broker run --idle-exit 1800 --bus ipc:///run/user/1000/second",
)


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument(
        "--idle-exit",
        type=number(1, 1_000_000),
        metavar="SECONDS",
        help="end when nobody has been connected for that long (default: never)",
    )
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Serve."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    with Broker(bus_of(arguments), idle_exit=arguments.idle_exit) as broker:
        broker.run()
    return 0
