"""`dashctl broker run`: a broker in the foreground.

Rule: it serves until it is stopped, by a signal or by `dashctl broker stop`; what it has to say goes
to stderr.
"""

import logging
import socket
import sys
from argparse import Namespace
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from msgspec.structs import replace

from dashctl.bus.broker import Broker
from dashctl.bus.journal.settings import journal_settings
from dashctl.cli.connection import bus_of, is_far
from dashctl.cli.extras import needing
from dashctl.cli.narration import say
from dashctl.cli.open_files import allow_many
from dashctl.cli.parsing import Parser, add_bus, as_setting, number, whole
from dashctl.errors import UsageError
from dashctl.settings import JOURNAL_DAYS, JOURNAL_KEEP, METRICS_HOST, METRICS_PORT, setting

DESCRIPTION: Final = (
    "Run a broker until it is stopped. Other commands start one in the background by themselves;\n"
    "this is for a service manager, or for watching what it says."
)
EXAMPLES: Final = (
    "dashctl broker run",
    "dashctl broker run --keep 20GB --keep-days 30",
    "dashctl broker run --listen tcp://0.0.0.0:5570",
    "dashctl broker run --idle-exit 1800 --bus ipc:///run/user/1000/second",
)

_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - only asked for by name


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument(
        "--idle-exit",
        type=number(1, 1_000_000),
        metavar="SECONDS",
        help="end when nobody has been connected for that long (default: never)",
    )
    parser.add_argument(
        "--listen",
        action="append",
        default=[],
        metavar="tcp://ADDRESS:PORT",
        help="listen there too, for those whose keys are allowed: tcp://0.0.0.0:5570 for all who can reach"
        " this machine; four ports in a row are taken; may be given more than once",
    )
    parser.add_argument(
        "--keep",
        type=as_setting(JOURNAL_KEEP),
        metavar="BYTES",
        help="how large the journal on disk may become before its oldest part goes (default: 2GB)",
    )
    parser.add_argument(
        "--keep-days",
        type=as_setting(JOURNAL_DAYS),
        metavar="DAYS",
        help=f"how old it may become (default: {JOURNAL_DAYS.default:g})",
    )
    parser.add_argument("--no-journal", action="store_true", help="keep nothing on disk")
    parser.add_argument(
        "--upstream",
        metavar="tcp://HOST:PORT?key=…",
        help="feed another broker with everything that comes in here, from the journal: what comes while"
        " that broker is away goes up later",
    )
    parser.add_argument(
        "--metrics-port",
        type=whole(0, 65_535),
        metavar="PORT",
        help="serve /metrics for Prometheus there (default: not at all; 0: any free port)",
    )
    parser.add_argument(
        "--metrics-host", metavar="HOST", help=f"where to serve them (default: {METRICS_HOST.default})"
    )
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Serve."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if is_far(arguments):
        raise UsageError(f"bus: {arguments.bus!r} is not here; run  dashctl broker run  there")
    allow_many()
    address = bus_of(arguments)
    kept = None if arguments.no_journal else journal_settings(address, arguments.keep, arguments.keep_days)
    with (
        Broker(
            address,
            idle_exit=arguments.idle_exit,
            journal=kept,
            listen=arguments.listen,
            upstream=arguments.upstream,
        ) as broker,
        _metrics(broker, arguments),
    ):
        _tell(broker)
        broker.run()
    return 0


def _tell(broker: Broker) -> None:
    """Say what to give to others, for whoever listens everywhere does not know its own name to them."""
    for address in broker.listen:
        host = socket.gethostname() if address.host in _EVERYWHERE else address.host
        reached = str(replace(address, host=host))
        say(f"others reach this bus at {reached}")
    if broker.listen:
        say("dashctl keys allow  lets them in,  dashctl keys list  shows who is")


def _metrics(broker: Broker, arguments: Namespace) -> AbstractContextManager[object]:
    """The broker's numbers for Prometheus, if they are asked for."""
    port = setting(METRICS_PORT, arguments.metrics_port)
    if port is None:
        return nullcontext()
    with needing("serve", "dashctl broker run --metrics-port"):
        from dashctl.gateway.metrics import serving
    return serving(broker.told, setting(METRICS_HOST, arguments.metrics_host), port)
