"""From the command line to an exit status.

Rules: an error that was raised on purpose, and what the system refuses, becomes one line on stderr;
a reader that went away is no error worth words; SIGTERM and SIGHUP end a command as an exception
does, so that whatever it holds is given back.
"""

import os
import signal
import sys
from argparse import REMAINDER, SUPPRESS, Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import Any, Final

from dashctl import __version__
from dashctl.cli import INTERRUPTED
from dashctl.cli.commands import COMMANDS, Command
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus, add_verbose, examples_text
from dashctl.errors import DashctlError, UsageError
from dashctl.folders import config_file
from dashctl.settings import check_file

_EXAMPLES: Final = (
    "dashctl demo",
    "dashctl publish model_metric model=lstm accuracy=0.928",
    "dashctl monitor --once --scene models",
    "dashctl train detector --help",
)


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP came: a person's or the system's wish to end, as ctrl+c is."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.signal = number


def run(argv: Sequence[str] | None = None) -> int:
    """See `dashctl.cli.main`."""
    with _ended_by_signals():
        try:
            _write_what_can_be_written()
            status = _run(sys.argv[1:] if argv is None else list(argv))
            _flush()
        except DashctlError as error:
            say(str(error))
            status = error.exit_code
        except Terminated as end:
            status = 128 + end.signal
        except KeyboardInterrupt:
            status = INTERRUPTED
        except BrokenPipeError:
            status = 1
        except OSError as error:
            say(f"{error.filename or 'output'}: {error.strerror or error}")
            status = 1
        finally:
            _flush_or_forget()
        return status


def _run(argv: list[str]) -> int:
    top = _top_parser()
    chosen, rest, common = _choose(top, argv)
    module = chosen.load()
    parser = Parser(chosen.name, module.DESCRIPTION, examples_text(module.EXAMPLES))
    module.add_arguments(parser)
    add_verbose(parser)
    parser.set_defaults(**common)
    arguments = parser.parse_args(rest)
    if chosen.needs_settings:
        check_file(config_file())
    if arguments.verbose:
        _log_to_stderr()
    with ExitStack() as arguments.opened:
        return module.run(arguments)


def _top_parser() -> Parser:
    names = max(len(command.name) for command in COMMANDS)
    lines = []
    for group in dict.fromkeys(command.group for command in COMMANDS):
        lines += ["", f"{group}:"]
        lines += [f"  {each.name:<{names}}  {each.summary}" for each in COMMANDS if each.group == group]
    epilog = f"{examples_text(_EXAMPLES)}\n\ndashctl COMMAND --help  says more of each."
    parser = Parser("", "Watch training in a terminal.\n" + "\n".join(lines), epilog)
    parser.usage = "dashctl [-h] [-V] COMMAND ..."
    parser.add_argument("-V", "--version", action="version", version=f"dashctl {__version__}")
    add_verbose(parser)
    add_bus(parser)
    parser.add_argument("command", nargs="?", help=SUPPRESS)
    parser.add_argument("rest", nargs=REMAINDER, help=SUPPRESS)
    return parser


def _choose(top: Parser, argv: list[str]) -> tuple[Command, list[str], dict[str, Any]]:
    """The command, what is left for it, and what was given before its name to whichever command it is."""
    given: Namespace = top.parse_args(argv)
    rest: list[str] = list(given.rest)
    if given.command is None:
        top.print_help(sys.stderr)
        raise UsageError("no command was given")
    common = {"bus": given.bus, "verbose": given.verbose}
    for command in COMMANDS:
        first, _, second = command.name.partition(" ")
        if given.command == first and (not second or rest[:1] == [second]):
            return command, rest[1:] if second else rest, common
    family = [each for each in COMMANDS if each.name.startswith(f"{given.command} ")]
    if family and rest[:1] in (["-h"], ["--help"]):
        _family_parser(given.command, family).parse_args(rest)
    raise _unknown(given.command, family, rest)


def _family_parser(word: str, family: list[Command]) -> Parser:
    names = max(len(command.name) for command in family)
    listed = "\n".join(f"  {each.name:<{names}}  {each.summary}" for each in family)
    examples = [example for each in family for example in each.load().EXAMPLES]
    return Parser(word, listed, examples_text(examples))


def _unknown(word: str, family: list[Command], rest: list[str]) -> UsageError:
    if family:
        expected = " or ".join(f"dashctl {each.name}" for each in family)
        found = f"{word} {rest[0]}" if rest else word
        return UsageError(f"{found!r} is not a command; expected {expected}")
    from difflib import get_close_matches

    near = get_close_matches(word, [each.name for each in COMMANDS], n=1, cutoff=0.5)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return UsageError(f"{word!r} is not a command; {meant}see  dashctl --help")


def _log_to_stderr() -> None:
    import logging

    logging.basicConfig(level=logging.INFO, format="dashctl: %(message)s", stream=sys.stderr)


def _write_what_can_be_written() -> None:
    """What the terminal's encoding lacks becomes a question mark rather than an error."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _flush_or_forget() -> None:
    """Where nobody reads any more, what is still buffered must not fail a second time at the end."""
    try:
        _flush()
    except OSError:
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end what runs inside; a SIGHUP that is ignored (nohup) stays so."""
    former = {}
    try:
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) == signal.SIG_DFL:
                former[number] = signal.signal(number, _end)
        yield
    finally:
        for number, action in former.items():
            signal.signal(number, action)


def _end(number: int, frame: FrameType | None) -> None:
    raise Terminated(number)
