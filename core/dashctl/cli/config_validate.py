"""`dashctl config validate`: whether a configuration file is as it has to be.

Rules: everything that could be refused later is looked at here; what is wrong is one line that names file,
setting, value and what is allowed.
"""

from argparse import Namespace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser
from dashctl.errors import UsageError
from dashctl.folders import alerts_file, config_file
from dashctl.settings import check_file, chosen_keys

DESCRIPTION: Final = (
    "Check a configuration file: this user's, with the rules for alerts beside it, or another one\n"
    "before it is put there."
)
EXAMPLES: Final = ("dashctl config validate", "dashctl config validate new.toml")


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="(default: this user's)")


def run(arguments: Namespace) -> int:
    """Check it; 2 if something is wrong."""
    path = arguments.file or config_file()
    if arguments.file is not None and not path.is_file():
        raise UsageError(f"{path}: no such file; expected a configuration file")
    check_file(path)
    keys = chosen_keys(path)
    if keys and find_spec("textual") is None:
        say("[keys] cannot be checked without the extra tui")
    elif keys:
        try:
            import_module("dashctl_tui.keys").rebound(keys)
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from None
    print(f"{path}: {'as it has to be' if path.exists() else 'not there, so all is by default'}")
    if arguments.file is None and (rules := alerts_file()).exists():
        import_module("dashctl.alerts.reading").read_file(rules)
        print(f"{rules}: as it has to be")
    return 0
