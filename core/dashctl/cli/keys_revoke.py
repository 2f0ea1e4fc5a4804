"""`dashctl keys revoke`: lets somebody in no longer.

Rule: it holds for connections that exist as well: brokers that run end them within a second or two.
"""

from argparse import Namespace
from typing import Final

from dashctl.bus.allowed import revoke
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser

DESCRIPTION: Final = "Take a key off the list of those who are let in; connections that it has are ended."
EXAMPLES: Final = ("dashctl keys revoke ana-laptop", "dashctl keys revoke SHA256:…")


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("who", metavar="NAME|FINGERPRINT", help="as  dashctl keys list  shows it")


def run(arguments: Namespace) -> int:
    """Take it off."""
    client = revoke(arguments.who)
    say(f"{client.name} ({client.fingerprint}) is not allowed any more")
    return 0
