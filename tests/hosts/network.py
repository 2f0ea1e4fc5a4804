"""Hosts of a test's own: network namespaces on a switch, with delay, loss and links that can be cut.

Rules: everything has a name of this test's own and goes with it; nothing leaves the namespaces.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.hosts.switch import Port, Switch

PREFIX: Final = "10.213.7"


class Host:
    """One network namespace with an address, and folders of its own."""

    def __init__(self, name: str, address: str, folder: Path, port: Port) -> None:
        self.name = name
        self.address = address
        self.folder = folder
        self.link = port
        """Set its delay, its loss, or cut it."""
        self.bus = f"ipc://{folder}/run/dashctl"
        (folder / "run").mkdir(mode=0o700, parents=True)

    def environment(self) -> dict[str, str]:
        """Another user's home, as it were."""
        names = {"RUNTIME_DIR": "run", "STATE_HOME": "state", "CONFIG_HOME": "config", "DATA_HOME": "data"}
        return {**os.environ, **{f"XDG_{name}": str(self.folder / kind) for name, kind in names.items()}}

    def run(self, *command: str) -> str:
        """What a command prints here. Raises CalledProcessError."""
        done = subprocess.run(
            self._here(command), check=True, capture_output=True, text=True, env=self.environment()
        )
        return done.stdout

    def dashctl(self, *arguments: str) -> str:
        """What `dashctl` prints here."""
        return self.run(sys.executable, "-m", "dashctl", *arguments)

    @contextmanager
    def python(self, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
        """A Python process here, until the end of the context."""
        with (self.folder / "errors.log").open("a") as errors:
            process = subprocess.Popen(
                self._here((sys.executable, *arguments)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=self.environment(),
            )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def _here(self, command: tuple[str, ...]) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.name, *command)


@contextmanager
def network(folder: Path, *names: str) -> Iterator[list[Host]]:
    """Hosts that reach each other, and nobody else."""
    mark = f"dc{os.getpid()}"
    with ExitStack() as stack:
        switch = stack.enter_context(closing(Switch()))
        hosts = []
        for number, name in enumerate(names, 1):
            space = f"{mark}{name}"
            _ip("netns", "add", space)
            stack.callback(_ip, "netns", "del", space)
            host = Host(space, f"{PREFIX}.{number}", folder / name, switch.plug(space, "eth0"))
            _ip("-n", space, "addr", "add", f"{host.address}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                _ip("-n", space, "link", "set", device, "up")
            hosts.append(host)
        yield hosts


def needs_network() -> None:
    """Skip where this user may make no network, and fail where CI should be able to."""
    try:
        _ip("netns", "add", f"dctry{os.getpid()}")
        _ip("netns", "del", f"dctry{os.getpid()}")
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except (OSError, subprocess.CalledProcessError) as error:
        if os.environ.get("CI"):
            pytest.fail(f"no network namespaces: {error}")
        pytest.skip("only root may make network namespaces")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
