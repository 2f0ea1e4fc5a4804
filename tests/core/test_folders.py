"""Where files are, by the XDG base directory specification."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dashctl.folders import config_file, config_folder, data_folder, episodes_folder, log_folder, state_folder

PLACES: list[tuple[Callable[[], Path], str, str]] = [
    (config_folder, "XDG_CONFIG_HOME", ".config"),
    (data_folder, "XDG_DATA_HOME", ".local/share"),
    (state_folder, "XDG_STATE_HOME", ".local/state"),
]


@pytest.mark.parametrize(("place", "variable", "otherwise"), PLACES)
def test_a_variable_decides_and_without_it_the_home_folder(
    place: Callable[[], Path], variable: str, otherwise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv(variable, "/elsewhere")
    assert place() == Path("/elsewhere/dashctl")
    for ignored in ("", "relative/path"):
        monkeypatch.setenv(variable, ignored)
        assert place() == Path("/home/ada") / otherwise / "dashctl"
    monkeypatch.delenv(variable)
    assert place() == Path("/home/ada") / otherwise / "dashctl"


def test_what_is_inside_them() -> None:
    assert config_file() == config_folder() / "config.toml"
    assert log_folder() == state_folder() / "log"
    assert episodes_folder() == data_folder() / "episodes"
