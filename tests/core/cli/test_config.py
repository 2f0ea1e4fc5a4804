"""`dashctl config`: what is set, where, and whether it is right."""

import json
import tomllib
from pathlib import Path

import pytest

from dashctl.cli import main
from dashctl.settings import SETTINGS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "dashctl" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


def test_the_path_is_that_of_the_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "path"]) == 0
    assert capsys.readouterr() == (f"{file}\n", "")


def test_what_is_printed_sets_the_same(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('[monitor]\nmouse = false\n[keys]\nquit = "V"\n')
    monkeypatch.setenv("DASHCTL_JOURNAL_KEEP", "1GB")
    assert main(["config", "print"]) == 0
    printed = capsys.readouterr().out
    assert tomllib.loads(printed) == {
        "bus": {},
        "gateway": {},
        "journal": {"keep": 1_000_000_000},
        "metrics": {},
        "monitor": {"mouse": False},
        "keys": {"quit": "V"},
    }
    for one in SETTINGS:
        assert f"{one.key} =" in printed
    assert "$DASHCTL_JOURNAL_KEEP" in printed
    file.write_text(printed)
    assert main(["config", "validate"]) == 0


def test_as_json_each_setting_has_its_place(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("[monitor]\ninterval = 2\n")
    assert main(["config", "print", "--json"]) == 0
    settings = json.loads(capsys.readouterr().out)["settings"]
    (interval,) = [one for one in settings if (one["section"], one["key"]) == ("monitor", "interval")]
    assert (interval["value"], interval["place"]) == (2.0, str(file))
    assert len(settings) == len(SETTINGS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[monitor]\nmouse = 3\n", "[monitor] mouse: 3 is not allowed; expected true or false"),
        ("[monitor\n", "not TOML"),
        ("[keys]\nquit = 3\n", "[keys] quit: 3 is not allowed; expected keys"),
        ('[keys]\nfly = "z"\n', "[keys] fly: no such action; expected one of"),
        ('[keys]\nhelp = "q"\n', "[keys] help: 'q' is the key of quit; expected"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_it(
    text: str, said: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(text)
    assert main(["config", "validate"]) == 2
    out, told = capsys.readouterr()
    assert out == ""
    assert told.startswith(f"dashctl: {file}: ")
    assert said in told
    assert told.count("\n") == 1


def test_another_file_is_checked_and_one_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "validate"]) == 0
    assert "not there, so all is by default" in capsys.readouterr().out
    assert main(["config", "validate", str(tmp_path / "new.toml")]) == 2
    assert "new.toml: no such file" in capsys.readouterr().err


def test_the_rules_for_alerts_are_checked_too(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = file.with_name("alerts.toml")
    rules.write_text('[[rule]]\nname = "a"\nkind = "nan"\n')
    assert main(["config", "validate"]) == 0
    assert f"{rules}: as it has to be" in capsys.readouterr().out
    rules.write_text('[[rule]]\nname = "a"\nkind = "nope"\n')
    assert main(["config", "validate"]) == 2
    assert f"{rules}: rule 'a': kind: 'nope' is not allowed" in capsys.readouterr().err


def test_every_action_is_printed_with_its_keys(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text('[keys]\nhelp = "f2"\n')
    assert main(["config", "print"]) == 0
    printed = capsys.readouterr().out
    assert '"help" = "f2"' in printed
    assert '# training_log_scale = "y"' in printed
    assert "# help" not in printed
