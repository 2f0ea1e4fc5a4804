"""`dashctl doctor`: a line for each thing, and what to do where something is wrong."""

import importlib.metadata
from pathlib import Path

import pytest

from dashctl.bus import Address, Broker
from dashctl.cli import doctor, main


def findings(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, str]]:
    status = main(["doctor", *arguments])
    out, err = capsys.readouterr()
    assert err == ""
    return status, {line[6:16].strip(): line for line in out.splitlines()}


def test_a_line_for_each_thing_that_matters(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = findings(capsys)
    assert status == 0
    assert {
        "python",
        "dashctl",
        "core",
        "tui",
        "train",
        "terminal",
        "size",
        "locale",
        "config",
        "folder",
        "broker",
        "torch",
    } <= {*lines}
    assert all(line.startswith(("ok ", "warn ")) for line in lines.values())
    assert "msgspec" in lines["core"]
    assert "up " in lines["broker"]
    assert "cpu" in lines["torch"] or "cuda" in lines["torch"] or "mps" in lines["torch"]


def test_no_broker_is_no_fault(bus: Address, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = findings(capsys)
    assert status == 0
    assert lines["broker"] == f"ok    broker     none at {bus}: commands start one when they need it"
    assert bus.folder is not None
    assert not bus.folder.exists()


def test_a_folder_that_is_open_to_others_fails(bus: Address, capsys: pytest.CaptureFixture[str]) -> None:
    assert bus.folder is not None
    bus.folder.mkdir(mode=0o755)
    bus.folder.chmod(0o755)
    status, lines = findings(capsys)
    assert status == 1
    assert lines["folder"].startswith("fail ")
    assert f"-> chmod 700 {bus.folder}" in lines["folder"]


def test_an_address_that_is_none_fails_and_the_rest_is_looked_at(
    bus: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines = findings(capsys, "--bus", "nowhere")
    assert status == 1
    assert lines["bus"].startswith("fail ")
    assert "torch" in lines


@pytest.mark.parametrize(
    ("text", "says"), [("[bus", "not TOML"), ("[monitor]\nspeed = 3\n", "[monitor] speed: no such key")]
)
def test_a_configuration_that_is_wrong_fails_and_the_rest_is_looked_at(
    text: str, says: str, bus: Address, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config" / "dashctl" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    status, lines = findings(capsys)
    assert status == 1
    assert lines["config"].startswith(f"fail  config     {file}: {says}")
    assert "-> correct or remove that file" in lines["config"]
    assert "torch" in lines


def test_a_package_that_is_missing_is_named_with_its_extra(
    bus: Address, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    version = importlib.metadata.version

    def without_psutil(name: str) -> str:
        if name == "psutil":
            raise importlib.metadata.PackageNotFoundError(name)
        return "0.1" if name == "rich" else version(name)

    monkeypatch.setattr(importlib.metadata, "version", without_psutil)
    status, lines = findings(capsys)
    assert status == 0
    assert lines["train"].startswith("warn ")
    assert "psutil missing" in lines["train"]
    assert "-> pip install 'dashctl[train]' for psutil" in lines["train"]
    assert "-> pip install 'dashctl[tui]' for rich>=14" in lines["tui"]


@pytest.mark.parametrize(
    ("version", "span", "fits"),
    [
        ("8.2.8", ">=8.2,<9", True),
        ("9.0", "<9,>=8.2", False),
        ("8.1.9", ">=8.2,<9", False),
        ("2.13.0+cpu", ">=2.4", True),
        ("1.0", "", True),
        (None, "", False),
    ],
)
def test_a_version_fits_its_range(version: str | None, span: str, fits: bool) -> None:
    assert doctor._fits(version, span) is fits


@pytest.mark.parametrize(
    ("environment", "level", "says"),
    [
        ({"TERM": "dumb"}, "warn", "export TERM"),
        ({"TERM": "unknown"}, "warn", "export TERM"),
        ({}, "warn", "export TERM"),
        ({"TERM": "xterm"}, "warn", "few colours"),
        ({"TERM": "xterm-256color"}, "ok", "TERM=xterm-256color"),
        ({"TERM": "foot", "COLORTERM": "truecolor"}, "ok", "COLORTERM=truecolor"),
        ({"TERM": "screen", "TMUX": "/tmp/x,1,0"}, "warn", "tmux-256color"),
    ],
)
def test_a_terminal_is_judged_by_what_it_says_of_itself(
    environment: dict[str, str], level: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "COLORTERM", "TMUX"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(doctor, "at_terminal", lambda: True)
    finding = doctor._term()
    assert finding.level == level
    assert says in str(finding)
