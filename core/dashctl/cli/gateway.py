"""`dashctl gateway`: the bus over HTTP.

Rules: it starts no broker, and says 503 as long as there is none; beyond this machine it asks for a
token and TLS; what it has to say goes to stderr.
"""

import logging
import sys
from argparse import Namespace
from pathlib import Path
from typing import Final

from dashctl.cli.connection import bus_of
from dashctl.cli.extras import needing
from dashctl.cli.open_files import allow_many
from dashctl.cli.parsing import Parser, add_bus, whole
from dashctl.settings import GATEWAY_HOST, GATEWAY_PORT, GATEWAY_TOKEN_FILE, setting

DESCRIPTION: Final = (
    "Let programs publish and watch over HTTP: POST /publish, POST /publish/batch, GET /state,\n"
    "GET /events (server-sent events), GET /health, GET /schema/openapi.json.\n"
    "A token file has mode 600 and lines of the form  publish,watch TOKEN."
)
EXAMPLES: Final = (
    "dashctl gateway",
    'curl -d \'{"type": "phase", "phase": "armed"}\' http://127.0.0.1:8765/publish',
    "curl -N http://127.0.0.1:8765/events?type=metric",
    "dashctl gateway --host 0.0.0.0 --token-file tokens --tls-cert cert.pem --tls-key key.pem",
)


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("--host", metavar="HOST", help=f"where to listen (default: {GATEWAY_HOST.default})")
    parser.add_argument(
        "--port",
        type=whole(0, 65_535),
        metavar="PORT",
        help=f"(default: {GATEWAY_PORT.default}; 0: any free one)",
    )
    parser.add_argument("--token-file", metavar="FILE", help="who may do what; without one, all on loopback")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="speak HTTPS with this certificate")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="the certificate's key")
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Serve."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    with needing("serve", "dashctl gateway"):
        from dashctl.gateway.server import Listening, serve

    allow_many()
    tokens = setting(GATEWAY_TOKEN_FILE, arguments.token_file)
    listening = Listening(
        host=setting(GATEWAY_HOST, arguments.host),
        port=setting(GATEWAY_PORT, arguments.port),
        token_file=Path(tokens).expanduser() if tokens else None,
        tls_cert=arguments.tls_cert,
        tls_key=arguments.tls_key,
    )
    try:
        serve(bus_of(arguments), listening)
    except KeyboardInterrupt:
        # It has ended by now, as it was asked to.
        return 0
    return 0
