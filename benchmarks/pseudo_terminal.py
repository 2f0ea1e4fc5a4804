"""A terminal to measure a screen with: it counts bytes, has a line of a known speed, and answers as one does.

Rules: reading goes on in a thread of its own, so that whoever measures never keeps the screen waiting; a
question for the cursor is answered when the terminal has come that far, as real ones do.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import psutil

from dashctl.bus import Address

ASKED = b"\x1b[6n"
PATIENCE = 60.0
_CHUNK = 65_536
_SLICE = 0.01
"""Seconds for which a slow line sends at once."""


class PseudoTerminal:
    """Runs a command in a terminal of so many cells, at the end of a line with this rate and round trip.

    bytes_a_second: 0 for as many as there are. round_trip: seconds.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        columns: int = 120,
        rows: int = 40,
        bytes_a_second: float = 0.0,
        round_trip: float = 0.0,
    ) -> None:
        self._own, theirs = pty.openpty()
        fcntl.ioctl(self._own, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._rate, self._round_trip = bytes_a_second, round_trip
        self._ended = False
        self.received: list[tuple[float, bytes]] = []
        """What came, and when."""
        self.reading = threading.Event()
        self.reading.set()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *command], stdin=theirs, stdout=theirs, stderr=theirs, env=dict(environment)
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        self._ended = True
        self._reader.join()
        os.close(self._own)

    def type(self, keys: bytes) -> float:
        """Press keys; when that was."""
        if self._round_trip:
            time.sleep(self._round_trip / 2)
        os.write(self._own, keys)
        return time.monotonic()

    def mark(self) -> int:
        """A place in what was received."""
        return len(self.received)

    def sent_since(self, mark: int) -> bytes:
        return b"".join(data for _, data in self.received[mark:])

    def bytes_since(self, mark: int) -> int:
        return sum(len(data) for _, data in self.received[mark:])

    def wait_for(self, text: bytes, since: int = 0, patience: float = PATIENCE) -> float:
        """When this was there for the first time, after a mark."""
        until = time.monotonic() + patience
        looked, tail = since, b""
        while True:
            while looked < len(self.received):
                at, data = self.received[looked]
                looked += 1
                tail += data
                if text in tail:
                    return at
                tail = tail[-len(text) :]
            if time.monotonic() > until:
                raise TimeoutError(f"{text!r} never came; last: {self.sent_since(since)[-600:]!r}")
            time.sleep(0.001)

    def quiet(self, seconds: float = 1.0, patience: float = PATIENCE) -> None:
        """Wait until nothing came for so long."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if not self.received or time.monotonic() - self.received[-1][0] >= seconds:
                return
            time.sleep(0.02)

    def cpu(self) -> float:
        """Processor seconds of the program so far."""
        spent = psutil.Process(self.process.pid).cpu_times()
        return spent.user + spent.system

    def _read(self) -> None:
        tail = b""
        while not self._ended:
            if not self.reading.is_set():
                time.sleep(0.02)
                continue
            ready, _, _ = select.select([self._own], [], [], 0.05)
            if not ready:
                continue
            try:
                data = os.read(self._own, max(64, int(self._rate * _SLICE)) if self._rate else _CHUNK)
            except OSError:
                return
            if self._rate:
                time.sleep(len(data) / self._rate)
            self.received.append((time.monotonic(), data))
            # A question may come in two pieces.
            asked = (tail + data).count(ASKED)
            tail = (tail + data)[1 - len(ASKED) :]
            if asked and self._round_trip:
                threading.Timer(self._round_trip, self._answer, [asked]).start()
            elif asked:
                self._answer(asked)

    def _answer(self, times: int) -> None:
        if not self._ended:
            os.write(self._own, b"\x1b[1;1R" * times)


@contextmanager
def monitor(
    address: Address | str, *options: str, bytes_a_second: float = 0.0, round_trip: float = 0.0
) -> Iterator[PseudoTerminal]:
    """`dashctl monitor` of a bus in 256 colours, once its first picture is there."""
    with TemporaryDirectory(prefix="dc-") as folder:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"PYTHONDONTWRITEBYTECODE", "NO_COLOR", "COLORTERM", "TMUX", "COLUMNS", "LINES"}
        }
        environment |= {
            "TERM": "xterm-256color",
            "COLORTERM": "",
            "XDG_STATE_HOME": str(Path(folder) / "state"),
            "XDG_CONFIG_HOME": str(Path(folder) / "config"),
        }
        command = [sys.executable, "-m", "dashctl", "monitor", "--bus", str(address), *options]
        with PseudoTerminal(
            command, environment, bytes_a_second=bytes_a_second, round_trip=round_trip
        ) as screen:
            screen.wait_for(b"events/s")
            yield screen
