"""Serves the monitor to browsers: each tab is a monitor of its own.

Rules: whoever opens the page can do what the monitor can, so it takes a token, which the address carries once
and a cookie from then on; a page of another site is refused (its Origin), and so is a name that was made to
point here (its Host); nothing is loaded from elsewhere.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

_COOKIE: Final = "dashctl"
_QUERY: Final = "token"
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_PAGE: Final = Path(__file__).parent / "page"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WebMonitor(Server):
    """A page with the monitor that `command` starts. public: as browsers reach it, if not as it listens."""

    def __init__(
        self, command: str, *, host: str, port: int, tell: Callable[[str], None], public: str | None = None
    ) -> None:
        address = f"[{host}]" if ":" in host else host
        super().__init__(
            command,
            host=host,
            port=port,
            title="dashctl",
            public_url=(public or f"http://{address}:{port}").rstrip("/"),
            templates_path=_PAGE,
        )
        self.token = secrets.token_urlsafe(24)
        self._tell = tell

    @property
    def address(self) -> str:
        """What a person opens."""
        return f"{self.public_url}/?{_QUERY}={self.token}"

    def serve(self, debug: bool = False) -> None:
        """Serve until a signal ends it; says what to open once it can be opened."""
        web.run_app(
            self._make_app(),
            host=self.host,
            port=self.port,
            print=lambda *_: self._tell(f"open {self.address}"),
            access_log=None,
        )

    async def on_startup(self, app: web.Application) -> None:
        """Nothing: it listens only after this."""

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guarded)
        return app

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._check_place(request)
        given = request.query.get(_QUERY)
        if given is not None and self._is_token(given):
            # Out of the address at once: that is shown, kept in the history and passed on.
            answer = web.HTTPFound(request.rel_url.without_query_params(_QUERY))
            answer.set_cookie(_COOKIE, self.token, httponly=True, samesite="Strict", path="/")
            raise answer
        if not self._is_token(request.cookies.get(_COOKIE, "")):
            raise web.HTTPForbidden(text="token: missing or wrong; open the address that dashctl printed\n")
        answered = await handler(request)
        if not answered.prepared:
            answered.headers["Cache-Control"] = "no-store"
            answered.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
        return answered

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode())

    def _check_place(self, request: web.Request) -> None:
        own = urlsplit(self.public_url)
        host = urlsplit(f"//{request.host}").hostname or ""
        here = own.hostname in _LOOPBACK and host in _LOOPBACK
        if not here and host != own.hostname:
            raise web.HTTPForbidden(text=f"host: {request.host!r} is not allowed; expected {own.netloc}\n")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="origin: pages of other sites may not use this monitor\n")
