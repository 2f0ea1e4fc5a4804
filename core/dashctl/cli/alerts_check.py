"""`dashctl alerts check`: whether a file of rules is as it has to be, and what it says.

Rule: it asks nobody and starts nothing.
"""

import json
from argparse import Namespace
from pathlib import Path
from typing import Final

from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser
from dashctl.folders import alerts_file

DESCRIPTION: Final = (
    "Check a file of rules and print each rule in words; docs/alerts.md describes them. One to begin with,\n"
    "alerts.toml (`dashctl locate alerts` says where it belongs):\n\n"
    "  [[rule]]\n"
    '  name = "loss is NaN"\n'
    '  kind = "nan"\n'
    '  metric = "*loss*"\n'
    '  severity = "critical"\n\n'
    "  [[rule]]\n"
    '  name = "stalled"\n'
    '  kind = "stalled"\n'
    "  seconds = 120"
)
EXAMPLES: Final = ("dashctl alerts check", "dashctl alerts check rules.toml --json")


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument(
        "file",
        type=Path,
        nargs="?",
        metavar="FILE",
        help="the rules (default: alerts.toml in the configuration)",
    )
    parser.add_argument("--json", action="store_true", help="as one JSON list")


def run(arguments: Namespace) -> int:
    """Read and print."""
    from dashctl.alerts.reading import as_plain, read_file

    path = arguments.file or alerts_file()
    rules, webhook = read_file(path)
    if arguments.json:
        print(json.dumps(as_plain(rules)))
        return 0
    for rule in rules:
        print(f"{rule.severity:<8}  {rule.name}: {rule.described()}")
    if not rules:
        say(f"{path}: no [[rule]] is in it, so nothing will fire")
    if webhook is not None:
        print(f"sent to   {webhook.place} as {webhook.format}")
    return 0
