"""`dashctl locate`: names, and nothing else."""

from pathlib import Path

import pytest

from dashctl.cli import main


def test_all_places_are_named_and_none_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["locate"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert list(lines) == [
        "config",
        "alerts",
        "keys",
        "state",
        "runtime",
        "journal",
        "data",
        "log",
        "episodes",
    ]
    assert lines["config"] == str(tmp_path / "config" / "dashctl" / "config.toml")
    assert lines["episodes"] == str(tmp_path / "data" / "dashctl" / "episodes")
    assert list(tmp_path.iterdir()) == []


def test_one_place_is_printed_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["locate", "log"]) == 0
    assert capsys.readouterr() == (f"{tmp_path}/state/dashctl/log\n", "")


def test_it_works_where_the_configuration_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config" / "dashctl" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[bus")
    assert main(["locate", "config"]) == 0
    assert capsys.readouterr() == (f"{file}\n", "")


def test_a_configuration_that_is_wrong_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config" / "dashctl" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[monitor]\nspeed = 3\n")
    assert main(["events"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"dashctl: {file}: [monitor] speed: no such key; expected one of interval, mouse")
    assert len(err.splitlines()) == 1
