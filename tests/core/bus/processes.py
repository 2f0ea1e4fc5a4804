"""What tests of several processes share: starting, waiting, ending."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from dashctl.bus import Address
from dashctl.bus.control import ask_snapshot, ask_status, is_listening
from dashctl.errors import DashctlError
from dashctl.state import State

T = TypeVar("T")

PATIENCE = 30.0

BROKER = """
import sys
from dashctl.bus import Broker
with Broker(sys.argv[1], idle_exit=float(sys.argv[2]) if len(sys.argv) > 2 else None) as broker:
    print("listening", flush=True)
    broker.run()
"""


def until(condition: Callable[[], T], seconds: float = PATIENCE) -> T:
    """The first true value of a condition; fails if there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"did not come true in {seconds:g} s"
        time.sleep(0.01)


@contextmanager
def script(code: str, *arguments: object) -> "Iterator[subprocess.Popen[str]]":
    """A Python process that runs this code with these arguments, all its warnings being errors."""
    command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGCONT)
                process.kill()


@contextmanager
def broker_process(address: Address, *arguments: object) -> "Iterator[subprocess.Popen[str]]":
    """A broker in a process of its own."""
    with script(BROKER, address, *arguments) as process:
        assert said(process) == "listening"
        ask_status(address, PATIENCE)
        yield process


def said(process: "subprocess.Popen[str]") -> str:
    """The next line that a process prints."""
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line and process.poll() is not None:
        assert process.stderr is not None
        raise AssertionError(f"process ended: {process.stderr.read()}")
    return line


def finished(process: "subprocess.Popen[str]", seconds: float = PATIENCE) -> str:
    """What a process printed until it ended, cleanly."""
    output, errors = process.communicate(timeout=seconds)
    assert (process.returncode, errors) == (0, "")
    return output


def quiet_state(address: Address) -> State:
    """The state of a bus, once the broker has taken in what is there."""
    return ask_snapshot(address, PATIENCE)


def events_in(address: Address) -> int:
    """How many events the broker has passed on; 0 if there is none."""
    try:
        return ask_status(address).events
    except DashctlError:
        return 0


def is_gone(address: Address) -> bool:
    """Whether nobody listens there."""
    return not is_listening(address)
