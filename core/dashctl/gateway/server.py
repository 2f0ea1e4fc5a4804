"""The gateway as a server, from the socket to the end.

Rules: the address is taken before anything else is begun, and one that is taken by somebody else is one
line; it ends on SIGTERM and SIGINT within seconds, whoever is still listening.
"""

import logging
import socket
import ssl
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn

from dashctl.bus.address import Address
from dashctl.errors import UsageError
from dashctl.gateway.access import Access, check_exposure, read_tokens
from dashctl.gateway.app import Gateway, make_app
from dashctl.gateway.impatience import ImpatientProtocol

STALLED: Final = 30_000
"""Milliseconds after which a client that takes nothing is cut off."""
ENDING: Final = 3
"""Seconds that requests have to be finished when the gateway ends."""
CONNECTIONS: Final = 1_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a gateway listens and what it asks for."""

    host: str = "127.0.0.1"
    port: int = 8765
    token_file: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None


def serve(address: Address, listening: Listening) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises UsageError for what is not as it has to be, and for a port that is taken.
    """
    tls = _check_tls(listening)
    access = Access(read_tokens(listening.token_file) if listening.token_file else ())
    check_exposure(listening.host, tokens=listening.token_file is not None, tls=tls)
    with closing(bound(listening.host, listening.port)) as taken:
        gateway = Gateway(address, access)
        try:
            port = taken.getsockname()[1]
            shown = f"[{listening.host}]" if ":" in listening.host else listening.host
            _log.info("listening at http%s://%s:%d, bus %s", "s" * tls, shown, port, address)
            _Server(_config(gateway, listening), gateway).run(sockets=[taken])
        finally:
            gateway.close()
            _log.info("ended")


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises UsageError."""
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # asyncio sends answers without delay only where the protocol is named.
        made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise UsageError(f"host: {host!r} is no address here ({error.strerror})") from None
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it, and one whose reader sleeps would else live for ever.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED)
        made.bind(where)
        made.listen(128)
    except OSError as error:
        made.close()
        raise UsageError(f"port: cannot listen at {host}:{port} ({error.strerror})") from None
    return made


class _Server(uvicorn.Server):
    """A server that tells its streams when it ends, since they do not end by themselves."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._gateway.feed.end()
        await super().shutdown(sockets)


def _config(gateway: Gateway, listening: Listening) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(gateway),
        http=ImpatientProtocol,
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=ENDING,
        ssl_certfile=listening.tls_cert,
        ssl_keyfile=listening.tls_key,
    )


def _check_tls(listening: Listening) -> bool:
    """Whether TLS is asked for. Raises UsageError if half of it is missing."""
    files = {"--tls-cert": listening.tls_cert, "--tls-key": listening.tls_key}
    given = [path for path in files.values() if path is not None]
    if given and len(given) < len(files):
        missing = next(name for name, path in files.items() if path is None)
        raise UsageError(f"{missing}: missing; a certificate and its key go together")
    if listening.tls_cert is None or listening.tls_key is None:
        return False
    for path in given:
        try:
            path.read_bytes()
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(listening.tls_cert, listening.tls_key)
    except ssl.SSLError as error:
        raise UsageError(f"{listening.tls_cert}: no certificate for TLS ({error.reason or error})") from None
    return True
