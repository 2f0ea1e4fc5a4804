"""`dashctl config path`: where the configuration is.

Rule: it names the file, whether there yet or not.
"""

from argparse import Namespace
from typing import Final

from dashctl.cli.parsing import Parser
from dashctl.folders import config_file

DESCRIPTION: Final = "Show where the configuration file is, whether there yet or not."
EXAMPLES: Final = ('editor "$(dashctl config path)"',)


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""


def run(arguments: Namespace) -> int:
    """Print the path."""
    print(config_file())
    return 0
