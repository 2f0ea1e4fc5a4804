"""`dashctl keys list`: this user's pairs, and who is let in at this user's brokers.

Rule: nothing secret is shown, not even in part.
"""

import json
from argparse import Namespace
from collections.abc import Sequence
from typing import Final

from dashctl.bus.allowed import Client, allowed_clients
from dashctl.bus.keys import KeyPair, own_names, own_pair
from dashctl.cli.parsing import Parser
from dashctl.cli.wording import clock

DESCRIPTION: Final = (
    "Show this user's key pairs, and whose keys are let in at brokers that this user runs with --listen.\n"
    "The pair 'broker' is what those show themselves with."
)
EXAMPLES: Final = ("dashctl keys list", "dashctl keys list --json | jq -r '.allowed[].name'")


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def run(arguments: Namespace) -> int:
    """Print both lists."""
    pairs, clients = [own_pair(name) for name in own_names()], allowed_clients()
    print(json.dumps(_plain(pairs, clients)) if arguments.json else _text(pairs, clients))
    return 0


def _plain(pairs: Sequence[KeyPair], clients: Sequence[Client]) -> dict[str, object]:
    return {
        "own": [
            {"name": each.name, "public": each.public, "fingerprint": each.fingerprint} for each in pairs
        ],
        "allowed": [
            {
                "name": each.name,
                "public": each.public,
                "fingerprint": each.fingerprint,
                "rights": list(each.rights),
                "since": each.since,
            }
            for each in clients
        ],
    }


def _text(pairs: Sequence[KeyPair], clients: Sequence[Client]) -> str:
    lines = ["own pairs"]
    for pair in pairs:
        lines += [f"  {pair.name}  {pair.fingerprint}", f"    public key {pair.public}"]
    lines += [] if pairs else ["  none: dashctl keys new  makes one"]
    lines += ["allowed"]
    for client in clients:
        lines += [
            f"  {client.name}  {client.fingerprint}",
            f"    may {', '.join(client.rights)}; since {clock(client.since)}",
        ]
    lines += [] if clients else ["  nobody: dashctl keys allow NAME PUBLICKEY  lets somebody in"]
    return "\n".join(lines)
