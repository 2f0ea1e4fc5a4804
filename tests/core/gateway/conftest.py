"""Gateways for tests: the real command in a process of its own, at a broker of its own."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import httpx
import pytest

from dashctl.bus import Address
from tests.core.bus.conftest import address, broker, folder, own_folders
from tests.core.bus.processes import PATIENCE, until

__all__ = ["address", "broker", "folder", "own_folders"]


class Running(NamedTuple):
    """A gateway and where it listens."""

    process: "subprocess.Popen[str]"
    url: str

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=PATIENCE, headers=headers, trust_env=False)


COMMAND = """
import sys
from dashctl.cli import main
from dashctl.gateway import impatience
impatience.PATIENCE = float(sys.argv.pop(1))
sys.exit(main())
"""
Start = Callable[..., Running]


@contextmanager
def gateway_process(bus: Address, *arguments: str, patience: float = 30.0) -> Iterator[Running]:
    command = [sys.executable, "-W", "error", "-c", COMMAND, str(patience)]
    command += ["gateway", "--bus", str(bus), "--port", "0"]
    with subprocess.Popen([*command, *arguments], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = ""
            while not (found := re.search(r"listening at (https?://\S+:\d+)", said)):
                said = process.stderr.readline()
                assert said, f"ended with {process.wait()}"
            yield Running(process, found[1])
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture
def start(address: Address) -> Iterator[Start]:
    """Starts gateways that end with the test."""
    with ExitStack() as opened:
        yield lambda *arguments: opened.enter_context(gateway_process(address, *arguments))


@pytest.fixture
def gateway(broker: object, start: Start) -> Running:
    """A gateway that hears its broker."""
    running = start()
    with running.client() as client:
        until(lambda: client.get("/health").status_code == 200)
    return running
