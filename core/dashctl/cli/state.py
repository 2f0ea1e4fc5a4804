"""`dashctl state`: everything that the broker remembers.

Rules: it asks and starts nothing; the JSON is standard JSON, so what JSON has no word for is a text:
"nan", "inf", "-inf", and base64 for packed arrays.
"""

import json
from argparse import Namespace
from collections.abc import Iterator
from typing import Final

from dashctl.bus.control import ask_snapshot
from dashctl.cli.connection import bus_of
from dashctl.cli.parsing import Parser, add_bus, add_timeout
from dashctl.cli.wording import clock
from dashctl.events import EVENT_TYPES
from dashctl.state import State
from dashctl.state_json import as_json, plain_store
from dashctl.validation import sendable

DESCRIPTION: Final = (
    "Show everything that is remembered: how much of each event type and the newest of it, or with\n"
    '--json all of it. NaN and infinities are the texts "nan", "inf" and "-inf" there, packed arrays\n'
    "are base64 of little-endian numbers."
)
EXAMPLES: Final = (
    "dashctl state",
    "dashctl state --json | jq '.events.model_metric'",
)
_WIDTH: Final = 100


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("--json", action="store_true", help="all of it, as one JSON object")
    add_timeout(parser, 5.0)
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Ask and print."""
    state = ask_snapshot(bus_of(arguments), arguments.timeout)
    if arguments.json:
        print(json.dumps(as_json(state), allow_nan=False))
    else:
        print("\n".join(summary(state)))
    return 0


def summary(state: State) -> Iterator[str]:
    """How much there is of each event type and the newest of it, in lines."""
    if not state.time:
        yield "nothing has been published yet"
        return
    yield f"newest event: {clock(state.time)}"
    yield f"{'type':<16} {'events':>10}  {'kept':>7}  newest"
    for cls in EVENT_TYPES:
        if state.version(cls):
            kept = plain_store(state, cls)
            yield f"{cls.type_name():<16} {state.version(cls):>10,}  {len(kept):>7,}  {_newest(kept)}"


def _newest(kept: list[dict[str, object]]) -> str:
    """What is short of the newest: lists and packed arrays are for --json."""
    if not kept:
        return "-"
    shown = {name: value for name, value in kept[-1].items() if name not in ("time", "type") and value != ""}
    pairs = [f"{name}={json.dumps(value)}" for name, value in shown.items() if not isinstance(value, list)]
    text = " ".join(pair for pair in pairs if len(pair) <= _WIDTH // 2)
    return sendable(text, _WIDTH)
