"""`dashctl broker`: run, status and stop."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import zmq

from dashctl.bus import Address, Broker, Publisher
from dashctl.bus.control import ask_status, is_listening
from dashctl.bus.journal.settings import JournalSettings
from dashctl.cli import main
from dashctl.events import PhaseEvent

Dashctl = Callable[..., "subprocess.CompletedProcess[str]"]


def running(bus: Address, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "dashctl", "broker", "run", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while not is_listening(bus):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal_and_gives_the_address_back(bus: Address, number: signal.Signals) -> None:
    process = running(bus)
    assert ask_status(bus).pid == process.pid
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "listening at" in said
    assert "Traceback" not in said
    assert not is_listening(bus)


def test_stop_ends_it_and_the_next_stop_finds_none(bus: Address, capsys: pytest.CaptureFixture[str]) -> None:
    process = running(bus)
    assert main(["broker", "stop"]) == 0
    assert capsys.readouterr() == ("", f"dashctl: the broker at {bus} has ended\n")
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert main(["broker", "stop"]) == 3


def test_a_second_one_at_the_same_address_is_refused(broker: Broker, dashctl: Dashctl) -> None:
    ran = dashctl("broker", "run")
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].startswith(f"dashctl: a broker runs at {broker.address} already")


def test_status_shows_what_was_refused_and_why(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as push:
        push.connect(broker.address.inbox)
        push.send(b"nonsense")
        deadline = time.monotonic() + 20
        while not ask_status(broker.address).rejected:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert main(["broker", "status"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "rejected   1" in out
    assert "1  malformed" in out
    assert "malformed: frame: 8 bytes" in out
    for name in ("up  ", "epoch", "events", "out", "monitors", "producers", "vanished", "lost", "waiting"):
        assert f"\n{name}" in out
    assert "\njournal    none" in out
    assert "\nservices   none" in out


def test_status_shows_the_producers_heard_last_and_the_journal(
    bus: Address, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Broker(bus, journal=JournalSettings(tmp_path / "journal")) as broker:
        broker.start()
        with Publisher(bus, run="mnist") as publisher:
            publisher.publish(PhaseEvent("armed"))
            deadline = time.monotonic() + 20
            while not ask_status(bus).by_producer:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            assert main(["broker", "status"]) == 0
            out = capsys.readouterr().out
            assert main(["broker", "status", "--json"]) == 0
            status = json.loads(capsys.readouterr().out)
    assert "\nproducers heard last\n" in out
    assert out.splitlines()[-1].endswith("mnist")
    assert re.search(r"^journal    \d+ events, [\d,]+ bytes in 1 segments", out, re.MULTILINE)
    assert status["by_producer"][0]["run"] == "mnist"
    assert status["journal"]["durable"] is True
    assert {"fold", "posted", "journal bytes"} <= status["queues"].keys()


def test_status_as_json_is_one_object(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["broker", "status", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["address"] == str(broker.address)
    assert status["rejected"] == {}
    assert len(status["epoch"]) == 16
