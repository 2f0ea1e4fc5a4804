"""Processes that a benchmark talks to: a broker, and whatever else has to run beside it."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashctl.bus import Address
from dashctl.bus.control import ask_status

_BROKER = """
import sys
from dashctl.bus import Broker
with Broker(sys.argv[1]) as broker:
    print("listening", flush=True)
    broker.run()
"""


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="dc-", dir="/tmp") as made:
        yield Path(made)


@contextmanager
def python(code: str, *arguments: object) -> "Iterator[subprocess.Popen[str]]":
    """A Python process that runs this code; it has printed a line by the time it is handed out."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
        finally:
            process.kill()


@contextmanager
def broker() -> Iterator[Address]:
    """A broker in a process of its own, and where it is."""
    with own_folder() as folder:
        address = Address.parse(f"ipc://{folder}/bus")
        with python(_BROKER, address):
            ask_status(address, 10.0)
            yield address
