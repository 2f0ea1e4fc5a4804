"""`dashctl serve-web`: the monitor in a browser tab.

Rules: it listens on this machine alone unless told otherwise; the address that it prints has a token; each
tab is a monitor of its own.
"""

import shlex
import socket
import sys
from argparse import Namespace
from importlib import import_module
from typing import Final

from dashctl.cli.connection import broker_of
from dashctl.cli.extras import needing
from dashctl.cli.monitor import check_screen
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus, whole
from dashctl.errors import UsageError
from dashctl.settings import THEMES

DESCRIPTION: Final = (
    "Show the monitor in a browser tab. Whoever has the address that is printed can watch and\n"
    "steer, as with the monitor; it is not encrypted, so beyond this machine put it behind ssh\n"
    "(ssh -L 8787:127.0.0.1:8787 box) or a proxy with TLS."
)
EXAMPLES: Final = (
    "dashctl serve-web",
    "dashctl serve-web --port 9000 --scene training",
    "dashctl serve-web --host 0.0.0.0 --public https://box.example",
)
_PORT: Final = 8787


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("--host", default="127.0.0.1", metavar="HOST", help="(default: %(default)s)")
    parser.add_argument(
        "--port",
        type=whole(0, 65_535),
        default=_PORT,
        metavar="PORT",
        help="(default: %(default)s; 0: a free one)",
    )
    parser.add_argument("--public", metavar="URL", help="as browsers reach it, if not as http://HOST:PORT")
    parser.add_argument("--scene", metavar="NAME", help="the scene to begin with")
    parser.add_argument("--theme", choices=THEMES, help="colours (default: [monitor] theme, or dark)")
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Serve until ended."""
    arguments.mouse = arguments.interval = arguments.ascii = None
    arguments.colours = "truecolor"
    check_screen(arguments)
    if arguments.public is not None and not arguments.public.startswith(("http://", "https://")):
        raise UsageError(f"--public: {arguments.public!r} is not allowed; expected http://… or https://…")
    address = broker_of(arguments)
    port = _port(arguments.host, arguments.port)
    command = [sys.executable, "-m", "dashctl", "monitor", "--bus", str(address)]
    command += ["--colours", "truecolor"]
    command += ["--theme", arguments.theme] if arguments.theme else []
    command += ["--scene", arguments.scene] if arguments.scene else []
    with needing("web", "dashctl serve-web"):
        web = import_module("dashctl_tui.web.server")
    server = web.WebMonitor(
        shlex.join(command), host=arguments.host, port=port, tell=say, public=arguments.public
    )
    server.serve()
    return 0


def _port(host: str, port: int) -> int:
    """A port that is free, or a UsageError that says why not."""
    try:
        with socket.create_server((host, port), family=_family(host)) as free:
            found: int = free.getsockname()[1]
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    return found


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
