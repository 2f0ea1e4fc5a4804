"""`dashctl host`: tells how the machine is doing until it is ended."""

import signal
import subprocess
import sys
import time

import pytest

from dashctl.bus import Address, Broker
from dashctl.bus.control import ask_snapshot
from dashctl.cli import main
from dashctl.events import HostStats


def start(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "dashctl", "host", "--interval", "0.1", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_machines_are_told_by_name_until_it_is_ended(broker: Broker, number: signal.Signals) -> None:
    telling = [start("--name", name) for name in ("bramble", "thistle")]
    deadline = time.monotonic() + 60
    while set(ask_snapshot(broker.address).latest(HostStats)) != {("bramble",), ("thistle",)}:
        assert time.monotonic() < deadline
        assert [process.poll() for process in telling] == [None, None]
        time.sleep(0.05)
    for process, name in zip(telling, ("bramble", "thistle"), strict=True):
        process.send_signal(number)
        printed, said = process.communicate(timeout=30)
        assert process.returncode == 0
        assert printed == ""
        assert said == f"dashctl: telling {broker.address} every 0.1 s how {name} is doing; ctrl+c ends it\n"
    told = ask_snapshot(broker.address).latest(HostStats)["bramble",].event
    assert told.cpu is not None
    assert told.memory_bytes


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--interval", "0"], "'0' is not allowed; expected a number from 0.1 to 3600"),
        (["--name", " "], "' ' is not allowed; expected a name of printable characters"),
        (["--name", "a\nb"], "expected a name of printable characters"),
    ],
)
def test_wrong_arguments_start_nothing(
    bus: Address, capsys: pytest.CaptureFixture[str], arguments: list[str], named: str
) -> None:
    assert main(["host", *arguments]) == 2
    assert named in capsys.readouterr().err
    assert not bus.folder.exists()
