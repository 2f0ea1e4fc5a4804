"""Brokers, producers and monitors as processes of their own, in a folder of their own."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

import psutil

from dashctl.bus import Address
from dashctl.bus.control import ask_status
from dashctl.errors import DashctlError
from tests.chaos.audit import Told

PATIENCE = 60.0


class World:
    """A folder with a bus in it, and every process that was started there; all end with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = Address.parse(f"ipc://{folder}/bus")
        self.told = Told()
        self._listeners: list[threading.Thread] = []
        self._processes: list[subprocess.Popen[str]] = []
        self._named = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            with process:
                if process.poll() is None:
                    process.send_signal(signal.SIGCONT)
                    process.kill()
        for listener in self._listeners:
            listener.join()

    def environment(self, **more: str) -> dict[str, str]:
        """Folders of this world alone."""
        own = {
            "XDG_RUNTIME_DIR": str(self.folder),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_DATA_HOME": str(self.folder / "data"),
        }
        return {**os.environ, **own, **more}

    def python(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """A Python process with these arguments; its stderr goes to a file that is shown if it fails."""
        with (self.folder / "errors.log").open("a") as errors:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=self.environment(**environment),
            )
        self._processes.append(process)
        return process

    def broker(self, *flags: str, **environment: str) -> "subprocess.Popen[str]":
        """The command's own broker, once it answers."""
        arguments = ("-m", "dashctl", "broker", "run", "--bus", str(self.address), *flags)
        process = self.python(*arguments, **environment)
        until(lambda: self._answers(process))
        return process

    def producer(self, count: int, rate: float, names: int = 1) -> "subprocess.Popen[str]":
        """A program that logs `count` events under each of so many new names, together `rate` a second."""
        chosen = [f"p{self._named + index}" for index in range(names)]
        self._named += names
        self.told.planned.update(dict.fromkeys(chosen, count))
        process = self.python(
            "-m", "tests.chaos.producer", str(self.address), ",".join(chosen), str(count), str(rate)
        )
        listener = threading.Thread(target=self._listen, args=(process,))
        listener.start()
        self._listeners.append(listener)
        return process

    def monitor(self) -> "subprocess.Popen[str]":
        """A monitor without a screen; see `asked`."""
        return self.python("-m", "tests.chaos.monitor", str(self.address))

    def heard(self) -> None:
        """Wait until all that producers said before they ended was taken in."""
        for listener in self._listeners:
            listener.join(PATIENCE)

    def errors(self) -> str:
        """What processes had to say on stderr."""
        path = self.folder / "errors.log"
        return path.read_text() if path.exists() else ""

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.told.hear(line)

    def _answers(self, process: "subprocess.Popen[str]") -> bool:
        assert process.poll() is None, f"the broker ended: {self.errors()}"
        try:
            return ask_status(self.address, 1.0).pid == process.pid
        except DashctlError:
            return False


@contextmanager
def world() -> Iterator[World]:
    """A new world in a folder with a path short enough for sockets."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dc-", dir="/tmp")))
        yield stack.enter_context(World(folder))


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for a condition; fails if it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not come true in {seconds:g} s"
        time.sleep(0.02)


def asked(monitor: "subprocess.Popen[str]") -> tuple[int, int]:
    """How often a monitor began anew, and how many samples it has."""
    assert monitor.stdin is not None
    assert monitor.stdout is not None
    monitor.stdin.write("?\n")
    monitor.stdin.flush()
    resyncs, events = monitor.stdout.readline().split()
    return int(resyncs), int(events)


def megabytes(process: "subprocess.Popen[str]") -> float:
    """Resident memory of a process."""
    return float(psutil.Process(process.pid).memory_info().rss) / 1e6


def finished(processes: "list[subprocess.Popen[str]]", seconds: float = 10 * PATIENCE) -> None:
    """Wait for programs that end by themselves."""
    deadline = time.monotonic() + seconds
    for process in processes:
        assert process.wait(max(0.1, deadline - time.monotonic())) == 0, "a producer failed"
