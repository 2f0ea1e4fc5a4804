"""`dashctl host`: tells a bus how this machine is doing.

Rules: it runs until it is ended, and a broker that is away for a while is no reason to end; on a machine
without graphics processors, or without their driver, it tells of the rest.
"""

import socket
from argparse import ArgumentTypeError, Namespace
from importlib import import_module
from typing import Final

from dashctl.bus.publisher import Publisher
from dashctl.cli.connection import broker_of, place_of
from dashctl.cli.extras import needing
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus, number
from dashctl.validation import LONGEST_NAME

DESCRIPTION: Final = (
    "Tell a bus how this machine is doing: processors, memory, disks, network and, where NVIDIA's\n"
    "driver answers, graphics processors and what runs on them. It needs no privileges."
)
EXAMPLES: Final = (
    "dashctl host",
    "dashctl host --interval 5 --bus tcp://HOST:5570?key=KEY",
    "dashctl host --bus ssh://HOST",
)


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument(
        "--interval", type=number(0.1, 3600), default=1.0, metavar="SECONDS", help="how often (default: 1)"
    )
    parser.add_argument("--name", type=_name, metavar="NAME", help="the machine's name (default: its own)")
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Tell, until it is ended."""
    with needing("host", "dashctl host"):
        host = import_module("dashctl_producers.host")
        gpus = import_module("dashctl_producers.gpus")
    name = arguments.name or socket.gethostname()
    address = broker_of(arguments)
    with Publisher(address, name=f"host {name}") as publisher:
        place = place_of(arguments, address)
        say(f"telling {place} every {arguments.interval:g} s how {name} is doing; ctrl+c ends it")
        try:
            machine = host.Machine(name, gpus.Gpus(), interval=arguments.interval)
            host.run(publisher.log, machine, arguments.interval)
        except KeyboardInterrupt:
            # It has ended by now, as it was asked to.
            return 0
    return 0


def _name(text: str) -> str:
    if not text.strip() or len(text) > LONGEST_NAME or not text.isprintable():
        raise ArgumentTypeError(f"{text[:40]!r} is not allowed; expected a name of printable characters")
    return text
