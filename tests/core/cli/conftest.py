"""The command as a person runs it: in folders of its own, at a bus of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from dashctl.bus import Address, Broker
from dashctl.bus.control import ask_stop
from dashctl.errors import NoBroker, TimedOut

Dashctl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here finds or disturbs what the person who runs the tests has."""
    for variable in ("STATE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(tmp_path / variable.lower()))
    for variable in [name for name in os.environ if name.startswith("DASHCTL_")]:
        monkeypatch.delenv(variable)
    for variable in ("NO_COLOR", "FORCE_COLOR", "TMUX"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """A test that fails midway leaves no process behind either."""
    former = set(psutil.Process().children(recursive=True))
    yield
    end([process for process in psutil.Process().children(recursive=True) if process not in former])


def end(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=10)


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Address]:
    """The default bus, with nobody there; a broker that a command starts is ended with the test.

    One that does not answer, or not yet, is ended as well.
    """
    folder = Path(tempfile.mkdtemp(prefix="dc-", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    address = Address.parse(None)
    assert address.folder == folder / "dashctl"
    yield address
    try:
        ask_stop(address, 10.0)
    except (NoBroker, TimedOut):
        pass
    finally:
        end(
            [
                each
                for each in psutil.process_iter(["cmdline"])
                if str(address) in (each.info["cmdline"] or ())
            ]
        )
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def broker(bus: Address) -> Iterator[Broker]:
    """A broker at the default bus, in this process."""
    with Broker(bus) as made:
        made.start()
        yield made


@pytest.fixture
def dashctl() -> Dashctl:
    """Runs `dashctl ARGUMENTS` to its end, in a process of its own."""

    def run(*arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "dashctl", *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=110)

    return run
