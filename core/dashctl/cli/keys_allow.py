"""`dashctl keys allow`: lets somebody in at this user's brokers.

Rule: who has more rights than before has them at once, at brokers that run too.
"""

from argparse import ArgumentTypeError, Namespace
from typing import Final

from dashctl.bus.allowed import RIGHTS, Right, allow
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser

DESCRIPTION: Final = (
    "Let the owner of a key in at brokers that this user runs with --listen, under a name. Done again\n"
    "with the same name and key, it changes the rights: publish (send events, offer services), watch\n"
    "(follow, ask for the past), call (have services do something)."
)
EXAMPLES: Final = (
    "dashctl keys allow ana-laptop 3b1f…",
    "dashctl keys allow wall 77aa… --rights watch",
)


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("name", metavar="NAME", help="what to call it: letters, digits, '_' and '-'")
    parser.add_argument(
        "public", metavar="PUBLICKEY", help="64 hex digits, as  dashctl keys new  prints them"
    )
    parser.add_argument(
        "--rights",
        type=_rights,
        default=RIGHTS,
        metavar="RIGHTS",
        help=f"some of {','.join(RIGHTS)} (default: all)",
    )


def run(arguments: Namespace) -> int:
    """Put it on the list."""
    client = allow(arguments.name, arguments.public, arguments.rights)
    say(f"{client.name} ({client.fingerprint}) may {', '.join(client.rights)}")
    return 0


def _rights(text: str) -> tuple[Right, ...]:
    wanted = {word.strip() for word in text.split(",")}
    if not wanted <= set(RIGHTS):
        raise ArgumentTypeError(f"{text!r} is not allowed; expected some of {','.join(RIGHTS)}")
    return tuple(right for right in RIGHTS if right in wanted)
