"""`dashctl keys new`: a key pair for this user on this machine.

Rule: the public key is the output; the secret one is never shown.
"""

import os
import re
import socket
from argparse import Namespace
from typing import Final

from dashctl.bus.keys import BROKER, CLIENT, new_pair
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser

DESCRIPTION: Final = (
    "Make a key pair, with which this user gets in at brokers on other machines. Prints the public key,\n"
    "to be allowed there; the secret one stays in a file that only this user can read."
)
EXAMPLES: Final = ("dashctl keys new", "dashctl keys new laptop && export DASHCTL_BUS_KEY=laptop")


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument(
        "name",
        nargs="?",
        default=CLIENT,
        metavar="NAME",
        help=f"(default: {CLIENT}, which is used unless $DASHCTL_BUS_KEY names another)",
    )


def run(arguments: Namespace) -> int:
    """Make it."""
    made = new_pair(arguments.name)
    print(made.public, flush=True)
    say(f"made the pair {made.name!r}, {made.fingerprint}")
    if made.name != BROKER:
        say(f"to let it in, type where the broker is:  dashctl keys allow {_here()} {made.public}")
    return 0


def _here() -> str:
    """What this user on this machine may be called there."""
    user = os.environ.get("USER") or "user"
    name = re.sub(r"[^A-Za-z0-9-]+", "-", f"{user}-{socket.gethostname().partition('.')[0]}").strip("-")
    return name[:32] or CLIENT
