"""Settings: flag before environment before file before default, and errors that name the place."""

from pathlib import Path

import pytest

from dashctl.bus import Address
from dashctl.errors import UsageError
from dashctl.folders import config_file
from dashctl.settings import (
    BUS_ADDRESS,
    MONITOR_INTERVAL,
    MONITOR_MOUSE,
    SETTINGS,
    check_file,
    chosen_keys,
    found,
    setting,
)


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration file of this test, not there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for one in SETTINGS:
        monkeypatch.delenv(one.variable, raising=False)
    (tmp_path / "dashctl").mkdir()
    return config_file()


def test_each_place_gives_way_to_the_one_before_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert setting(MONITOR_MOUSE) is True
    assert setting(MONITOR_INTERVAL) is None
    file.write_text("[monitor]\ninterval = 2\nmouse = false\n")
    assert setting(MONITOR_INTERVAL) == 2.0
    assert setting(MONITOR_MOUSE) is False
    monkeypatch.setenv("DASHCTL_MONITOR_INTERVAL", "0.5")
    monkeypatch.setenv("DASHCTL_MONITOR_MOUSE", "true")
    assert setting(MONITOR_INTERVAL) == 0.5
    assert setting(MONITOR_MOUSE) is True
    assert setting(MONITOR_INTERVAL, 7.0) == 7.0
    assert setting(MONITOR_MOUSE, False) is False


def test_a_training_program_meets_the_command_at_the_bus_that_the_file_names(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('[bus]\naddress = "tcp://127.0.0.1:5570"\n')
    assert str(Address.parse(None)) == "tcp://127.0.0.1:5570"
    monkeypatch.setenv("DASHCTL_BUS_ADDRESS", "ipc:///tmp/other")
    assert str(Address.parse(None)) == "ipc:///tmp/other"
    assert str(Address.parse("tcp://127.0.0.1:7000")) == "tcp://127.0.0.1:7000"


def test_other_keys_are_texts_by_the_name_of_an_action(file: Path) -> None:
    assert chosen_keys() == {}
    file.write_text('[keys]\nquit = "z"\n')
    check_file(file)
    assert chosen_keys() == {"quit": "z"}
    for text, said in (("keys = 3", "keys: 3 is"), ("[keys]\nquit = 3", r"\[keys\] quit: 3 is")):
        file.write_text(text)
        with pytest.raises(UsageError, match=f"{said} not allowed; expected"):
            check_file(file)


def test_what_is_found_says_where(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(MONITOR_MOUSE) == (True, "default")
    file.write_text("[monitor]\nmouse = false\n")
    assert found(MONITOR_MOUSE) == (False, str(file))
    monkeypatch.setenv("DASHCTL_MONITOR_MOUSE", "1")
    assert found(MONITOR_MOUSE) == (True, "$DASHCTL_MONITOR_MOUSE")


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BUS_ADDRESS.variable, "")
    assert setting(BUS_ADDRESS) is None


@pytest.mark.parametrize(
    ("variable", "text", "allowed"),
    [
        ("DASHCTL_MONITOR_INTERVAL", "soon", "seconds from 0.05 to 60"),
        ("DASHCTL_MONITOR_INTERVAL", "nan", "seconds from 0.05 to 60"),
        ("DASHCTL_MONITOR_MOUSE", "perhaps", "true or false"),
        ("DASHCTL_GATEWAY_PORT", "70000", "a port from 0 to 65535"),
        ("DASHCTL_METRICS_PORT", "http", "a port from 0 to 65535"),
        ("DASHCTL_BUS_ADDRESS", "localhost", "ipc:///FOLDER or tcp://HOST:PORT[?key=KEY]"),
    ],
)
def test_a_variable_that_makes_no_sense_is_named(
    variable: str, text: str, allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, text)
    (one,) = [each for each in SETTINGS if each.variable == variable]
    with pytest.raises(UsageError) as caught:
        setting(one)
    assert str(caught.value) == f"${variable}: {text!r} is not allowed; expected {allowed}"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[monitor\n", "not TOML"),
        ("[display]\n", "[display]: no such section; expected one of bus, gateway, "),
        ("[monitor]\nspeed = 3\n", "[monitor] speed: no such key; expected one of interval, mouse"),
        ("[monitor]\ninterval = 0\n", "[monitor] interval: 0 is not allowed; expected seconds from"),
        ("[monitor]\ninterval = true\n", "[monitor] interval: True is not allowed"),
        ("[monitor]\nmouse = 1\n", "[monitor] mouse: 1 is not allowed; expected true or false"),
        ("[bus]\naddress = 5570\n", "[bus] address: 5570 is not allowed; expected ipc:///FOLDER"),
        ("monitor = 3\n", "monitor: 3 is not allowed; expected a section [monitor]"),
    ],
)
def test_the_file_is_checked_as_a_whole_and_its_fault_named(file: Path, text: str, named: str) -> None:
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        check_file(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert named in message
    assert "\n" not in message


def test_a_file_that_is_no_text_is_named(file: Path) -> None:
    file.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="cannot be read"):
        check_file(file)


def test_no_file_is_no_fault(file: Path) -> None:
    check_file(file)
    check_file(file / "below" / "a" / "file")


def test_a_training_program_does_not_stumble_over_the_settings_of_the_monitor(file: Path) -> None:
    file.write_text("monitor = 3\n[display]\n")
    assert setting(BUS_ADDRESS) is None
