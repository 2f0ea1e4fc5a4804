"""`dashctl call`: have a running program do something, and wait for its answer.

Rules: what the method returns goes to stdout, how far it is to stderr; what a text means is decided by
the parameter that it is for; who stops waiting, also by ctrl+c, tells the program so.
"""

import json
import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from dashctl.bus.address import Address
from dashctl.bus.calling import CallProgress, ask_services, call
from dashctl.cli.connection import bus_of
from dashctl.cli.fields import pairs, read
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus, number
from dashctl.errors import UsageError
from dashctl.state_json import plain

DESCRIPTION: Final = (
    "Call a method of a service that a running program offers, and print what it returns.\n"
    "dashctl services  lists what can be called."
)
EXAMPLES: Final = (
    "dashctl call detector status",
    "dashctl call detector stop",
    "dashctl call trainer set_lr value=0.001 --timeout 60",
)
PACE: Final = 1.0
"""Seconds between two lines of progress where there is no terminal to write one line over."""


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("service", metavar="NAME", help="the service")
    parser.add_argument("method", metavar="METHOD", help="the method")
    parser.add_argument(
        "arguments", nargs="*", default=[], metavar="KEY=VALUE", help="lists and objects as JSON"
    )
    parser.add_argument(
        "--timeout",
        type=number(0.01, 86_400),
        default=10.0,
        metavar="SECONDS",
        help="how long it may take (default: %(default)g)",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON, also a plain text")
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Call and print."""
    address = bus_of(arguments)
    place = f"{arguments.service}.{arguments.method}"
    texts = _texts(place, arguments.arguments)
    progress = _Progress(place)
    try:
        result = call(
            address,
            arguments.service,
            arguments.method,
            _meant(address, arguments, texts),
            timeout=arguments.timeout,
            on_progress=progress.show,
        )
    finally:
        progress.end()
    _print(result, as_json=arguments.json)
    return 0


def _texts(place: str, words: Sequence[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for key, text in pairs(words):
        if key in texts:
            raise UsageError(f"{place}.{key}: is given twice")
        texts[key] = text
    return texts


def _meant(address: Address, arguments: Namespace, texts: Mapping[str, str]) -> dict[str, Any]:
    """The values that the texts stand for, after the service's own description."""
    if not texts:
        return {}
    verbatim = {
        parameter.name
        for service in ask_services(address)
        if service.name == arguments.service
        for method in service.methods
        if method.name == arguments.method
        for parameter in method.parameters
        if parameter.takes_text
    }
    return {name: text if name in verbatim else read(text) for name, text in texts.items()}


def _print(result: Any, *, as_json: bool) -> None:
    if isinstance(result, str) and not as_json:
        print(result)
    elif result is not None or as_json:
        print(json.dumps(plain(result), ensure_ascii=False))


class _Progress:
    """How far a call is: one line that is written over at a terminal, elsewhere a line now and then."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._at_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._next = 0.0
        self._width = 0

    def show(self, progress: CallProgress) -> None:
        line = f"{self._place}: {_worded(progress)}"
        if self._at_terminal:
            self._write(f"\rdashctl: {line:<{self._width}}")
            self._width = len(line)
        elif time.monotonic() >= self._next or progress.done == progress.total:
            self._next = time.monotonic() + PACE
            say(line)

    def end(self) -> None:
        """Go on to the next line, if there is one to leave."""
        if self._width:
            self._write("\n")

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()


def _worded(progress: CallProgress) -> str:
    amount = f"{progress.done:g}" if progress.total is None else f"{progress.done:g} of {progress.total:g}"
    note = " ".join(progress.note.split())
    return f"{amount}, {note}" if note else amount
