"""Buses for tests: short folders, real sockets, and the user's own bus left alone."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dashctl.bus import Address, Broker
from dashctl.bus.control import ask_stop
from dashctl.errors import NoBroker
from tests.core.bus.processes import PATIENCE


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here finds or disturbs what the person who runs the tests has running."""
    monkeypatch.delenv("DASHCTL_BUS_ADDRESS", raising=False)
    for variable, name in (
        ("XDG_STATE_HOME", "state"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_DATA_HOME", "data"),
    ):
        monkeypatch.setenv(variable, str(tmp_path / name))


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a path short enough for sockets, and the default one in it."""
    made = Path(tempfile.mkdtemp(prefix="dc-", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(made))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def address(folder: Path) -> Iterator[Address]:
    """An address where nobody is; a broker that a test started there is ended with it."""
    made = Address.parse(f"ipc://{folder}/bus")
    yield made
    with suppress(NoBroker):
        ask_stop(made, PATIENCE)


@pytest.fixture
def broker(address: Address) -> Iterator[Broker]:
    """A broker in this process."""
    with Broker(address) as made:
        made.start()
        yield made
