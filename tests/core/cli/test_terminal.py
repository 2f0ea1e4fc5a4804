"""How many colours a terminal gets, and which characters: by flag, environment, file and what it can do."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashctl.cli.terminal import colour_depth, only_ascii
from dashctl.errors import UsageError

VARIABLES = (
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "FORCE_COLOR",
    "TEXTUAL_DRIVER",
    "DASHCTL_MONITOR_COLOURS",
    "DASHCTL_MONITOR_ASCII",
)
# In a process of its own, because curses opens one terminal in the life of a process.
ASK = (
    "import sys; from dashctl.cli.terminal import *; sys.stdout.isatty = lambda: True; print(colour_depth())"
)


class Stream(io.TextIOWrapper):
    """A standard output that is a terminal, or is not."""

    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A terminal of 256 colours, and nobody who said anything."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def asked() -> str:
    """What `colour_depth` says in another process at a terminal."""
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", ASK]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def setting_of(tmp_path: Path, line: str) -> None:
    (tmp_path / "dashctl").mkdir()
    (tmp_path / "dashctl" / "config.toml").write_text(f"[monitor]\n{line}\n")


@pytest.mark.parametrize(
    ("term", "colorterm", "depth"),
    [
        ("xterm-256color", "", "256"),
        ("xterm-256color", "truecolor", "truecolor"),
        ("tmux-256color", "24bit", "truecolor"),
        ("a-terminal-of-tomorrow", "", "256"),
        ("a-terminal-of-tomorrow", "truecolor", "truecolor"),
        ("somebody-direct", "", "truecolor"),
        ("xterm", "", "16"),
        ("xterm", "truecolor", "truecolor"),
        ("linux", "truecolor", "16"),
        ("xterm-16color", "truecolor", "16"),
        ("vt100", "truecolor", "none"),
        ("dumb", "truecolor", "none"),
        ("", "truecolor", "none"),
    ],
)
def test_a_terminal_gets_what_it_can_do(
    term: str, colorterm: str, depth: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLORTERM", colorterm)
    assert asked() == depth


@pytest.mark.parametrize(
    ("force", "depth"), [("1", "256"), ("true", "256"), ("2", "256"), ("3", "truecolor"), ("", "none")]
)
def test_where_no_terminal_is_colour_has_to_be_asked_for(force: str, depth: str) -> None:
    # In a process of its own: one looks a terminal up once.
    code = "from dashctl.cli.terminal import colour_depth; print(colour_depth(), colour_depth('16'))"
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLORTERM"}}
    environment = {**kept, "TERM": "xterm-256color", "FORCE_COLOR": force}
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=60)
    assert told.stdout.split() == [depth, "16"]


def test_a_terminal_without_colours_gets_a_few_if_they_are_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "vt100")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert asked() == "16"


def test_flag_goes_before_environment_before_file_before_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    setting_of(tmp_path, "colours = 16")
    monkeypatch.setattr(sys, "stdout", Stream(terminal=True))
    assert colour_depth() == "16"
    monkeypatch.setenv("NO_COLOR", "1")
    assert colour_depth() == "none"
    monkeypatch.setenv("DASHCTL_MONITOR_COLOURS", "truecolor")
    assert colour_depth() == "truecolor"
    assert colour_depth("256") == "256"


def test_a_number_of_colours_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHCTL_MONITOR_COLOURS", "8")
    with pytest.raises(UsageError, match="DASHCTL_MONITOR_COLOURS: '8' is not allowed; expected one of auto"):
        colour_depth()


@pytest.mark.parametrize(
    ("term", "terminal", "encoding", "alone"),
    [
        ("xterm-256color", True, "utf-8", False),
        ("linux", True, "utf-8", True),
        ("vt100", True, "UTF-8", True),
        ("vt100", False, "utf8", False),
        ("xterm-256color", True, "iso8859-1", True),
        ("xterm-256color", False, "ascii", True),
    ],
)
def test_ascii_is_sent_where_nothing_else_can_be_shown(
    term: str, terminal: bool, encoding: str, alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stdout", Stream(terminal=terminal, encoding=encoding))
    assert only_ascii() is alone
    assert only_ascii(True) is True


def test_whether_ascii_is_sent_can_be_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    setting_of(tmp_path, "ascii = true")
    assert only_ascii() is True
    monkeypatch.setenv("DASHCTL_MONITOR_ASCII", "false")
    monkeypatch.setenv("TERM", "linux")
    assert only_ascii() is False
