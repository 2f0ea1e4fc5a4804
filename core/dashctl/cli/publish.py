"""`dashctl publish`: one event, or many from stdin, each acknowledged.

Rules: what is wrong is found before a broker is looked for, let alone started; of many lines, those
that are right are sent whatever the others are; every acknowledgement is one line of JSON.
"""

import json
import sys
from argparse import Namespace
from contextlib import ExitStack
from typing import Final

from dashctl.bus.publisher import Publisher
from dashctl.cli.connection import broker_of, bus_of
from dashctl.cli.fields import event_of, event_of_json
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus, add_timeout
from dashctl.errors import InvalidEvent, UsageError
from dashctl.events import Event
from dashctl.wire import check_run

DESCRIPTION: Final = (
    "Send an event and wait until the broker has taken it in. Prints how many monitors are\n"
    'connected and whether it is on disk, as {"delivered": 1, "durable": true}.\n'
    "dashctl events  lists what there is to send."
)
EXAMPLES: Final = (
    "dashctl publish model_metric model=lstm accuracy=0.928",
    "dashctl publish metric name=loss step=12 value=nan --run mnist",
    "dashctl publish attack_profile name=disk-churn curve='[1, 4, 2]'",
    'dashctl publish --json \'{"type": "phase", "phase": "armed"}\'',
    "cat events.jsonl | dashctl publish -",
)


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("type", nargs="?", metavar="TYPE", help="an event type, or - for JSON lines on stdin")
    parser.add_argument(
        "fields", nargs="*", default=[], metavar="KEY=VALUE", help="lists and objects as JSON"
    )
    parser.add_argument("--json", metavar="OBJECT", help="the whole event as one JSON object")
    parser.add_argument("--run", default="", metavar="NAME", help="the run that it belongs to")
    add_timeout(parser, 2.0, "how long to wait for each acknowledgement")
    parser.add_argument("--no-start", action="store_true", help="start no broker: without one, fail")
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Send what is given. Gives 2 if a line was not as it has to be."""
    if arguments.json is not None and arguments.type is not None:
        raise UsageError("--json and TYPE exclude each other; see  dashctl publish --help")
    if arguments.json is not None:
        return _send_one(arguments, event_of_json(arguments.json))
    if arguments.type is None:
        raise UsageError("an event is missing; expected TYPE KEY=VALUE …, --json OBJECT, or - for stdin")
    if arguments.type != "-":
        return _send_one(arguments, event_of(arguments.type, arguments.fields))
    if arguments.fields:
        raise UsageError("- and KEY=VALUE exclude each other; see  dashctl publish --help")
    if sys.stdin is None:
        raise UsageError("- reads stdin, which is closed")
    return _send_lines(arguments)


def _send_one(arguments: Namespace, event: Event) -> int:
    with _publisher(arguments) as publisher:
        _send(publisher, event, arguments.timeout)
    return 0


def _send_lines(arguments: Namespace) -> int:
    """Every line that is an event is sent as it comes; the others are named by their number."""
    wrong = 0
    with ExitStack() as opened:
        publisher: Publisher | None = None
        for place, line in enumerate(sys.stdin.buffer, start=1):
            if not line.strip():
                continue
            try:
                event = event_of_json(line)
            except InvalidEvent as error:
                say(f"line {place}: {error}")
                wrong += 1
                continue
            publisher = publisher or opened.enter_context(_publisher(arguments))
            _send(publisher, event, arguments.timeout)
    return UsageError.exit_code if wrong else 0


def _publisher(arguments: Namespace) -> Publisher:
    check_run(arguments.run)
    address = bus_of(arguments) if arguments.no_start else broker_of(arguments)
    return Publisher(address, run=arguments.run)


def _send(publisher: Publisher, event: Event, timeout: float) -> None:
    print(json.dumps(publisher.publish(event, timeout)), flush=True)
