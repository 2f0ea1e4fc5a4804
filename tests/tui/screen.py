"""A monitor in a terminal of its own, for tests: a pseudo-terminal that keeps all it was sent."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

PATIENCE = 30.0


class Terminal:
    """Runs a command in a pseudo-terminal of 100×30 cells, which is the process's controlling terminal."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.sent = b""
        self._own, theirs = pty.openpty()
        fcntl.ioctl(self._own, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.before = termios.tcgetattr(theirs)
        self._theirs: int | None = theirs
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **environment},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hang_up()
        self.forget()

    def type(self, keys: bytes) -> None:
        os.write(self._own, keys)

    def settings(self) -> object:
        """The terminal's attributes as they are now."""
        assert self._theirs is not None
        return termios.tcgetattr(self._theirs)

    def forget(self) -> None:
        """Close this process's own copy of what the command sees."""
        if self._theirs is not None:
            os.close(self._theirs)
            self._theirs = None

    def hang_up(self) -> None:
        """Take the terminal away."""
        if self._own >= 0:
            os.close(self._own)
            self._own = -1

    def read_for(self, seconds: float) -> bytes:
        """What is sent in the next so many seconds."""
        until, before = time.monotonic() + seconds, len(self.sent)
        while time.monotonic() < until:
            self._read(0.05)
        return self.sent[before:]

    def read_until(self, text: bytes, after: int = 0) -> None:
        """Read until this was sent, later than the first `after` bytes."""
        until = time.monotonic() + PATIENCE
        while text not in self.sent[after:]:
            assert time.monotonic() < until, f"{text!r} was never sent: {self.sent[-2000:]!r}"
            self._read(0.1)

    def end(self) -> int:
        """Read until the process has ended; its exit status."""
        until = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < until, "the process did not end"
            self._read(0.05)
        self._read(0.05)
        return self.process.returncode

    def _read(self, seconds: float) -> None:
        if self._own < 0:
            time.sleep(seconds)
            return
        ready, _, _ = select.select([self._own], [], [], seconds)
        if ready:
            try:
                self.sent += os.read(self._own, 65_536)
            except OSError:
                time.sleep(seconds)


@contextmanager
def monitor(bus: str, *flags: str, mouse: bool = True, **environment: str) -> Iterator[Terminal]:
    """The monitor of the bus at this address, once its first picture is there; it knows no last view."""
    command = [sys.executable, "-m", "dashctl", "monitor", "--scene", "overview", "--bus", bus, *flags]
    with tempfile.TemporaryDirectory() as home:
        own = {"NO_COLOR": "", "XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home, **environment}
        with Terminal([*command, *([] if mouse else ["--no-mouse"])], own) as terminal:
            terminal.read_until(b"Overview")
            terminal.read_until(b"events/s")
            yield terminal


def tell(terminal: Terminal, number: signal.Signals) -> None:
    """Send the monitor a signal."""
    terminal.process.send_signal(number)
