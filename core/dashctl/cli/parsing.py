"""How arguments are read, for all commands alike.

Rules: what is wrong with the arguments is a UsageError of one line that says where help is; every
command shows examples in its help; a long flag is written out in full, so that a new flag never
changes what an old script means.
"""

import os
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

from dashctl.errors import UsageError
from dashctl.settings import Setting

T = TypeVar("T")


class HelpText(RawDescriptionHelpFormatter):
    """Help as wide as the terminal, up to a width that reads well.

    argparse makes one of these for every argument, and loads half of the library's compression formats
    to find out how wide a terminal is.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns(), max_help_position=28)


class Parser(ArgumentParser):
    """Reads the arguments of one command. `name` is "" for `dashctl` itself."""

    def __init__(self, name: str, description: str, epilog: str) -> None:
        super().__init__(
            prog=f"dashctl {name}".rstrip(),
            description=description,
            epilog=epilog,
            formatter_class=HelpText,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Raises UsageError."""
        raise UsageError(f"{message}; see  {self.prog} --help")


def _columns() -> int:
    try:
        return max(40, min(os.get_terminal_size().columns, 100) - 2)
    except (OSError, ValueError):
        return 98


def examples_text(examples: Sequence[str]) -> str:
    """Examples as they stand at the end of a help text."""
    return "examples:\n" + "\n".join(f"  {line}" for line in examples)


def add_verbose(parser: Parser) -> None:
    """The flag `-v`, which every command has."""
    parser.add_argument("-v", "--verbose", action="store_true", help="say more on stderr about what is done")


def add_bus(parser: Parser) -> None:
    """The flag `--bus`, for commands that use one."""
    parser.add_argument(
        "--bus",
        metavar="ADDRESS",
        help="ipc:///FOLDER, tcp://127.0.0.1:PORT, tcp://HOST:PORT?key=KEY, or ssh://[USER@]HOST"
        " (default: $DASHCTL_BUS_ADDRESS, then the configuration file, then this user's own bus)",
    )


def add_timeout(parser: Parser, default: float, what: str = "how long to wait") -> None:
    """The flag `--timeout`, for commands that wait for an answer."""
    parser.add_argument(
        "--timeout",
        type=number(0.01, 3600),
        default=default,
        metavar="SECONDS",
        help=f"{what} (default: {default:g})",
    )


def as_setting(wanted: Setting[T]) -> Callable[[str], T]:
    """Reads a flag as its setting is read elsewhere."""

    def read(text: str) -> T:
        try:
            return wanted.read(text)
        except (ValueError, KeyError):
            raise ArgumentTypeError(f"{text!r} is not allowed; expected {wanted.allowed}") from None

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """Reads a number from `low` to `high`."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ArgumentTypeError(f"{text!r} is not allowed; expected a number from {low:g} to {high:g}")
        return value

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number from `low` to `high`."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise ArgumentTypeError(f"{text!r} is not allowed; expected a whole number from {low} to {high}")
        return value

    return read


def size(text: str) -> tuple[int, int]:
    """Reads COLUMNSxROWS, as 120x40."""
    columns, _, rows = text.partition("x")
    if columns.isdecimal() and rows.isdecimal() and 20 <= int(columns) <= 1000 and 5 <= int(rows) <= 1000:
        return int(columns), int(rows)
    raise ArgumentTypeError(
        f"{text!r} is not allowed; expected COLUMNSxROWS from 20x5 to 1000x1000, as 120x40"
    )
