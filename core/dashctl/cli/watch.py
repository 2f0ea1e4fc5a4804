"""`dashctl watch`: what happens, a line at a time.

Rules: nothing but lines on stdout, so that a screen reader, a log file or `grep` can have them; each is
written out at once; that the broker is gone or back is told like everything else.
"""

import time
from argparse import Namespace
from collections.abc import Iterator
from typing import Final

from dashctl.bus.subscriber import Arrived, Resynchronised, Subscriber
from dashctl.cli.connection import broker_of, place_of
from dashctl.cli.parsing import Parser, add_bus, number
from dashctl.errors import UsageError
from dashctl.watching import KINDS, LEVELS, QUIET, Watching

DESCRIPTION: Final = (
    "Tell what happens, a line at a time, in plain words: for screen readers, logs and pipes.\n"
    "Alerts, runs, log lines and values that are no numbers are told at once; metrics and\n"
    "progress once an interval."
)
EXAMPLES: Final = (
    "dashctl watch",
    "dashctl watch --interval 60 --only run,alert,metric loss",
    "dashctl watch --level warning | tee today.log",
)
_PATIENCE: Final = 0.5


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("words", nargs="*", metavar="WORD", help="only what has all of these in a name")
    parser.add_argument(
        "--interval",
        type=number(1, 86_400),
        default=10.0,
        metavar="SECONDS",
        help="between two tellings of metrics and progress (default: %(default)g)",
    )
    parser.add_argument(
        "--only",
        metavar="KINDS",
        help=f"some of {','.join(KINDS)} (default: all but {','.join(sorted(QUIET))})",
    )
    parser.add_argument(
        "--level", choices=LEVELS, default="info", help="the least level of log lines (default: %(default)s)"
    )
    parser.add_argument(
        "--for", dest="seconds", type=number(0.1, 10**9), metavar="SECONDS", help="end after that long"
    )
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Tell until ended."""
    watching = Watching(
        _kinds(arguments.only), level=arguments.level, wanted=lambda *names: _has(arguments.words, names)
    )
    address = broker_of(arguments)
    place = place_of(arguments, address)
    with Subscriber(address) as subscriber:
        for line in _lines(subscriber, watching, arguments, place):
            print(line, flush=True)
    return 0


def _lines(subscriber: Subscriber, watching: Watching, arguments: Namespace, place: str) -> Iterator[str]:
    began = due = time.monotonic()
    connected, met = False, False
    while arguments.seconds is None or time.monotonic() - began < arguments.seconds:
        news = subscriber.receive(_PATIENCE)
        if subscriber.is_connected() != connected:
            connected = not connected
            yield f"connected to {place}" if connected else f"no broker at {place}"
        match news:
            case Resynchronised(state=state):
                if not met:
                    yield from watching.meet(state)
                met = True
            case Arrived(events=events):
                yield from watching.tell(events)
        if time.monotonic() - due >= arguments.interval:
            due = time.monotonic()
            yield from watching.sum_up(time.time())


def _kinds(only: str | None) -> list[str]:
    if only is None:
        return [kind for kind in KINDS if kind not in QUIET]
    chosen = [kind.strip() for kind in only.split(",")]
    for kind in chosen:
        if kind not in KINDS:
            raise UsageError(f"--only: {kind!r} is not allowed; expected some of {','.join(KINDS)}")
    return chosen


def _has(words: list[str], names: tuple[str | None, ...]) -> bool:
    text = " ".join(name.casefold() for name in names if name)
    return all(word.casefold() in text for word in words)
