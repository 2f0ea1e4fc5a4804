"""A bus of one's own, and a receiver that is a real HTTP server."""

import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dashctl.bus import Address, Broker

PATIENCE = 20.0


class Receiver:
    """What was posted; `answers` are the statuses of the next ones, 200 after that, 0 for none at all."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.came = threading.Condition()
        self.posts: list[tuple[str, dict[str, str], Any]] = []
        self.tried = 0
        self.slow = threading.Event()
        """Set, once those that got no answer may end."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self.came:
            status = self.answers.pop(0) if self.answers else 200
            self.tried += 1
            if status == 200:
                self.posts.append((handler.path, dict(handler.headers), body))
            self.came.notify_all()
        if not status:
            self.slow.wait(PATIENCE)
            return
        with suppress(OSError):
            handler.send_response(status)
            if 300 <= status < 400:
                handler.send_header("Location", f"{self.url}/elsewhere")
            handler.send_header("Content-Length", "0")
            handler.end_headers()

    def wait_for(self, posts: int = 0, tried: int = 0) -> list[Any]:
        """The bodies, once there are so many."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.posts) >= posts and self.tried >= tried, PATIENCE)
            return [body for _, _, body in self.posts]

    def close(self) -> None:
        self.slow.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def receiver(*answers: int) -> Iterator[Receiver]:
    made = Receiver(*answers)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """A broker in this process, at an address with a short path."""
    for variable in ("STATE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(tmp_path / variable.lower()))
    folder = Path(tempfile.mkdtemp(prefix="dc-", dir="/tmp"))
    with Broker(Address.parse(f"ipc://{folder}/bus")) as made:
        made.start()
        yield made
    shutil.rmtree(folder, ignore_errors=True)
