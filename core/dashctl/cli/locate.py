"""`dashctl locate`: where the files are.

Rule: it names places and touches none, so it works where everything else is broken.
"""

from argparse import Namespace
from pathlib import Path
from typing import Final

from dashctl.bus.address import runtime_folder
from dashctl.cli.parsing import Parser
from dashctl.errors import UsageError
from dashctl.folders import (
    alerts_file,
    config_file,
    config_folder,
    data_folder,
    episodes_folder,
    log_folder,
    state_folder,
)
from dashctl.settings import JOURNAL_FOLDER, KEYS_SECTION, SETTINGS, setting

DESCRIPTION: Final = (
    "Show where configuration, logs, sockets and recordings are, whether there yet or not.\n\n"
    "The configuration is TOML; a variable wins over it, and a flag over both. What it can have:\n"
    + "\n".join(f"  [{one.section}] {one.key}: {one.allowed} (${one.variable})" for one in SETTINGS)
    + f"\n  [{KEYS_SECTION}] ACTION: keys with blanks between them (dashctl config print lists the actions)"
)
EXAMPLES: Final = (
    "dashctl locate",
    'editor "$(dashctl locate config)"',
    'tail -f "$(dashctl locate log)"/*.log',
)


def _journals() -> Path:
    try:
        return Path(setting(JOURNAL_FOLDER) or state_folder() / "journal")
    except UsageError:
        return state_folder() / "journal"


_PLACES: Final = {
    "config": config_file,
    "alerts": alerts_file,
    "keys": lambda: config_folder() / "keys",
    "state": state_folder,
    "runtime": runtime_folder,
    "journal": _journals,
    "data": data_folder,
    "log": log_folder,
    "episodes": episodes_folder,
}


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument(
        "place", nargs="?", choices=_PLACES, metavar="PLACE", help="one of " + ", ".join(_PLACES)
    )


def run(arguments: Namespace) -> int:
    """Print one place alone, or all with their names."""
    if arguments.place is not None:
        print(_PLACES[arguments.place]())
        return 0
    for name, place in _PLACES.items():
        print(f"{name:<9} {place()}")
    return 0
