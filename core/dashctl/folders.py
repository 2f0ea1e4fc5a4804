"""Where dashctl keeps its files: the XDG base directories, each with a folder `dashctl` in it.

Rules: these are names only, nothing is made here; a variable that is empty or not absolute counts
as unset, as the specification asks (XDG Base Directory Specification 0.8).
"""

import os
from pathlib import Path
from typing import Final

NAME: Final = "dashctl"


def config_folder() -> Path:
    """What a person writes: `config.toml`, `alerts.toml`."""
    return _base("XDG_CONFIG_HOME", ".config") / NAME


def data_folder() -> Path:
    """Data worth keeping: recorded episodes."""
    return _base("XDG_DATA_HOME", ".local/share") / NAME


def state_folder() -> Path:
    """What should outlive a restart and is not worth a backup: logs."""
    return _base("XDG_STATE_HOME", ".local/state") / NAME


def config_file() -> Path:
    """The one configuration file."""
    return config_folder() / "config.toml"


def alerts_file() -> Path:
    """What alerts fire for."""
    return config_folder() / "alerts.toml"


def log_folder() -> Path:
    """What processes in the background had to say."""
    return state_folder() / "log"


def view_file() -> Path:
    """What the monitor showed last."""
    return state_folder() / "monitor.json"


def episodes_folder() -> Path:
    """Where `dashctl collect` records unless told otherwise."""
    return data_folder() / "episodes"


def _base(variable: str, otherwise: str) -> Path:
    given = Path(os.environ.get(variable, ""))
    return given if given.is_absolute() else Path.home() / otherwise
