"""`dashctl monitor`: one picture where nobody sits, a screen where somebody does."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from dashctl.bus import Address, Broker, Publisher
from dashctl.bus.control import ask_status
from dashctl.cli import demo, main, monitor
from dashctl.events import ModelMetric

Dashctl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def measured(broker: Broker) -> Broker:
    """A broker that remembers a model."""
    with Publisher(broker.address) as publisher:
        publisher.publish(ModelMetric("lstm", 0.928))
    return broker


def test_once_prints_the_scene_in_the_size_that_is_asked_for(
    measured: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["monitor", "--once", "--scene", "models", "--size", "90x20"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert len(lines) == 20
    assert max(map(len, lines)) <= 90
    assert "lstm" in out
    assert "0.928" in out
    assert str(measured.address) in out or "connected" in out


def test_without_a_terminal_it_prints_one_picture_and_says_so(measured: Broker, dashctl: Dashctl) -> None:
    ran = dashctl("monitor", "--scene", "models")
    assert ran.returncode == 0
    assert ran.stderr == "dashctl: input or output is no terminal: one picture, as with --once\n"
    assert "lstm" in ran.stdout
    assert "\x1b" not in ran.stdout


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colour_is_for_terminals_unless_asked_for(
    variables: dict[str, str],
    coloured: bool,
    measured: Broker,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main(["monitor", "--once", "--scene", "models"]) == 0
    assert ("\x1b[" in capsys.readouterr().out) is coloured


def test_a_scene_that_is_none_is_named(measured: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["monitor", "--once", "--scene", "nonsense"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "nonsense" in err
    assert "overview" in err


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if somebody sat there."""
    for module in (monitor, demo):
        monkeypatch.setattr(module, "why_no_screen", lambda: "")


@pytest.mark.usefixtures("at_a_terminal")
@pytest.mark.parametrize("command", ["monitor", "demo"])
def test_a_scene_that_is_none_is_found_before_a_broker_is_started(
    command: str, bus: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--scene", "nonsense"]) == 2
    assert "scene: 'nonsense' is not allowed" in capsys.readouterr().err
    assert bus.folder is not None
    assert not bus.folder.exists()


@pytest.mark.usefixtures("at_a_terminal")
@pytest.mark.parametrize("command", ["monitor", "demo"])
def test_a_setting_that_is_wrong_is_found_before_a_broker_is_started(
    command: str, bus: Address, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHCTL_MONITOR_INTERVAL", "0")
    assert main([command]) == 2
    assert "$DASHCTL_MONITOR_INTERVAL: '0' is not allowed" in capsys.readouterr().err
    assert bus.folder is not None
    assert not bus.folder.exists()


def test_on_a_terminal_it_opens_the_screen_and_ends_with_q(measured: Broker) -> None:
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "dashctl", "monitor", "--scene", "models", "--no-mouse"]
    environment = {**os.environ, "TERM": "xterm-256color"}
    process = subprocess.Popen(command, stdin=end, stdout=end, stderr=subprocess.PIPE, env=environment)
    os.close(end)
    read_until(terminal, b"0.928")
    assert ask_status(measured.address).monitors == 1
    os.write(terminal, b"q")
    read_until(terminal, b"\x1b[?1049l")
    os.close(terminal)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, b"")


@pytest.mark.parametrize("term", ["dumb", "", "unknown", None])
def test_a_terminal_that_cannot_show_a_screen_gets_one_picture_without_codes(
    term: str | None, measured: Broker
) -> None:
    status, shown, said = at_a_terminal_called(term, "monitor", "--scene", "models")
    assert status == 0
    named = term or "not set"
    reason = f"the terminal cannot show a screen (TERM is {named})"
    assert said == f"dashctl: {reason}: one picture, as with --once\n"
    assert "0.928" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("term", "variables", "coloured"),
    [
        ("xterm-256color", {}, True),
        ("a-terminal-of-tomorrow", {}, True),
        ("vt100", {}, False),
        ("dumb", {}, False),
        ("xterm-256color", {"NO_COLOR": "1"}, False),
        ("dumb", {"FORCE_COLOR": "1"}, True),
    ],
)
def test_a_picture_has_colours_where_the_terminal_has(
    term: str, variables: dict[str, str], coloured: bool, measured: Broker
) -> None:
    status, shown, said = at_a_terminal_called(term, "monitor", "--once", "--scene", "models", **variables)
    assert (status, said) == (0, "")
    assert "0.928" in shown
    assert ("\x1b[" in shown) is coloured


def at_a_terminal_called(term: str | None, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """Exit status, what the terminal was shown, and what was said on stderr."""
    terminal, end = pty.openpty()
    environment = {**os.environ, **variables}
    environment.pop("TERM", None)
    if term is not None:
        environment["TERM"] = term
    command = [sys.executable, "-m", "dashctl", *arguments]
    process = subprocess.Popen(command, stdin=end, stdout=end, stderr=subprocess.PIPE, env=environment)
    os.close(end)
    shown = b""
    with suppress(OSError):  # that nobody has the other end any more
        while part := os.read(terminal, 65_536):
            shown += part
    os.close(terminal)
    said = process.communicate(timeout=60)[1]
    return process.returncode, shown.decode(), said.decode()


def read_until(terminal: int, wanted: bytes) -> None:
    shown = b""
    deadline = time.monotonic() + 60
    while wanted not in shown:
        assert time.monotonic() < deadline, shown[-500:]
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 65_536)
