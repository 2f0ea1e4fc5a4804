"""`dashctl alerts run`: the watcher, in the foreground.

Rules: what is wrong with the rules is found before a broker is looked for; SIGTERM and ctrl+c end it well;
what fires is said on stderr as well as on the bus.
"""

from argparse import Namespace
from pathlib import Path
from typing import Final

from dashctl.cli.connection import broker_of, bus_of, place_of
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus
from dashctl.cli.signals import ended_by_signals
from dashctl.folders import alerts_file

DESCRIPTION: Final = (
    "Watch the bus by the rules in a file, until ctrl+c: a threshold, NaN, a series that stalls, a plateau,\n"
    "a run that falls behind a baseline. What fires is an alert on the bus, which every monitor shows\n"
    "(scene A), and goes to the webhook that the file names. One watcher is enough for each bus."
)
EXAMPLES: Final = ("dashctl alerts run", "dashctl alerts run rules.toml --bus ipc:///tmp/shared")


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument(
        "file",
        type=Path,
        nargs="?",
        metavar="FILE",
        help="the rules (default: alerts.toml in the configuration)",
    )
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Watch until asked to end."""
    from dashctl.alerts.reading import read_file

    bus_of(arguments)
    path = arguments.file or alerts_file()
    configuration = read_file(path)
    address = broker_of(arguments)
    from dashctl.alerts.watcher import Watcher

    with ended_by_signals() as over, Watcher(address, configuration, tell=say) as watcher:
        count = len(configuration.rules)
        rules = f"{count} rule{'s' * (count != 1)}"
        say(f"watching {place_of(arguments, address)} by {rules} of {path}; ctrl+c ends it")
        watcher.watch(over.is_set)
    return 0
