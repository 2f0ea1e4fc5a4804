"""The settings that can be given in more than one place, and which place wins.

Rules: flag, then environment `DASHCTL_<SECTION>_<KEY>`, then the configuration file, then the
default; a setting exists when it is in SETTINGS, and nowhere else; what is wrong is named together
with the place where it stands. The library and the command read the same settings, so that a
training program and the monitor meet at the same bus; the command checks the whole file, while a
training program never stumbles over a setting that it does not use.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, TypeVar

from dashctl.errors import UsageError
from dashctl.folders import config_file

T = TypeVar("T")

_AMOUNT: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?((?:[kKMGT]i?)?B?)", re.ASCII | re.IGNORECASE)
_UNITS: Final = {
    f"{prefix}{binary}{unit}": (1024 if binary else 1000) ** power
    for power, prefix in enumerate(("", "K", "M", "G", "T"))
    for binary in (("", "I") if prefix else ("",))
    for unit in ("", "B")
}


class Setting(NamedTuple, Generic[T]):
    """One setting: `read` makes a value of a text or of what stands in the file, or raises ValueError."""

    section: str
    key: str
    default: T
    allowed: str
    read: Callable[[Any], T]

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"DASHCTL_{self.section}_{self.key}".upper()


def _address(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith(("ipc://", "tcp://")):
        raise ValueError
    return value


def _amount_of_bytes(value: Any) -> int:
    if isinstance(value, str):
        found = _AMOUNT.fullmatch(value.strip())
        if found is None:
            raise ValueError
        value = float(found[1]) * _UNITS[found[2].upper()]
    if isinstance(value, bool) or not 16e6 <= value <= 1e15:
        raise ValueError
    return int(value)


def _days(value: Any) -> float:
    if isinstance(value, bool) or not 0.001 <= float(value) <= 36_500.0:
        raise ValueError
    return float(value)


def _folder(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("/"):
        raise ValueError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _port(value: Any) -> int:
    if isinstance(value, bool) or not 0 <= int(value) <= 65_535 or float(value) != int(value):
        raise ValueError
    return int(value)


def _interval(value: Any) -> float:
    if isinstance(value, bool) or not 0.05 <= float(value) <= 60.0:
        raise ValueError
    return float(value)


def _switch(value: Any) -> bool:
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}[value.lower()]
    if not isinstance(value, bool):
        raise ValueError
    return value


def _one_of(*names: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        # TOML has numbers, and people write 256 without quotes.
        if isinstance(value, bool) or str(value) not in names:
            raise ValueError
        return str(value)

    return read


THEMES: Final = ("dark", "light", "okabe-ito", "high-contrast")
COLOURS: Final = ("auto", "truecolor", "256", "16", "none")
BACKGROUNDS: Final = ("theme", "terminal")

BUS_ADDRESS: Final[Setting[str | None]] = Setting(
    "bus", "address", None, "ipc:///FOLDER or tcp://HOST:PORT[?key=KEY]", _address
)
BUS_KEY: Final[Setting[str]] = Setting("bus", "key", "client", "the name of a pair of your keys", _text)
JOURNAL_KEEP: Final[Setting[int]] = Setting(
    "journal", "keep", 2_000_000_000, "bytes from 16MB to 1000TB, as 2GB", _amount_of_bytes
)
JOURNAL_DAYS: Final[Setting[float]] = Setting("journal", "keep_days", 7.0, "days from 0.001 to 36500", _days)
JOURNAL_FOLDER: Final[Setting[str | None]] = Setting("journal", "folder", None, "an absolute path", _folder)
MONITOR_INTERVAL: Final[Setting[float | None]] = Setting(
    "monitor", "interval", None, "seconds from 0.05 to 60", _interval
)
METRICS_PORT: Final[Setting[int | None]] = Setting("metrics", "port", None, "a port from 0 to 65535", _port)
METRICS_HOST: Final[Setting[str]] = Setting("metrics", "host", "127.0.0.1", "a host", _text)
GATEWAY_HOST: Final[Setting[str]] = Setting("gateway", "host", "127.0.0.1", "a host", _text)
GATEWAY_PORT: Final[Setting[int]] = Setting("gateway", "port", 8765, "a port from 0 to 65535", _port)
GATEWAY_TOKEN_FILE: Final[Setting[str | None]] = Setting("gateway", "token_file", None, "a path", _text)
MONITOR_REMEMBER: Final[Setting[bool]] = Setting("monitor", "remember", True, "true or false", _switch)
MONITOR_MOUSE: Final[Setting[bool]] = Setting("monitor", "mouse", True, "true or false", _switch)
MONITOR_THEME: Final[Setting[str]] = Setting(
    "monitor", "theme", THEMES[0], f"one of {', '.join(THEMES)}", _one_of(*THEMES)
)
MONITOR_COLOURS: Final[Setting[str]] = Setting(
    "monitor", "colours", COLOURS[0], f"one of {', '.join(COLOURS)}", _one_of(*COLOURS)
)
MONITOR_BACKGROUND: Final[Setting[str]] = Setting(
    "monitor", "background", BACKGROUNDS[0], f"one of {', '.join(BACKGROUNDS)}", _one_of(*BACKGROUNDS)
)
MONITOR_ASCII: Final[Setting[bool | None]] = Setting("monitor", "ascii", None, "true or false", _switch)
MONITOR_BELL: Final[Setting[str]] = Setting(
    "monitor", "bell", "off", "one of off, critical, warning", _one_of("off", "critical", "warning")
)

KEYS_SECTION: Final = "keys"
"""Where actions of the monitor get other keys."""

SETTINGS: Final[tuple[Setting[Any], ...]] = (
    BUS_ADDRESS,
    BUS_KEY,
    JOURNAL_KEEP,
    JOURNAL_DAYS,
    JOURNAL_FOLDER,
    MONITOR_INTERVAL,
    METRICS_PORT,
    METRICS_HOST,
    GATEWAY_HOST,
    GATEWAY_PORT,
    GATEWAY_TOKEN_FILE,
    MONITOR_MOUSE,
    MONITOR_REMEMBER,
    MONITOR_THEME,
    MONITOR_COLOURS,
    MONITOR_BACKGROUND,
    MONITOR_ASCII,
    MONITOR_BELL,
)


class Found(NamedTuple, Generic[T]):
    """The value that wins, and where it stands: `default`, a variable as `$NAME`, or the file's path."""

    value: T
    place: str


def setting(wanted: Setting[T], flag: T | None = None) -> T:
    """The value that wins. Raises UsageError naming place, setting, value and what is allowed."""
    return flag if flag is not None else found(wanted).value


def found(wanted: Setting[T]) -> Found[T]:
    """The value that wins where no flag is given; raises as `setting` does."""
    text = os.environ.get(wanted.variable, "")
    if text:
        return Found(_legal(wanted, text, f"${wanted.variable}"), f"${wanted.variable}")
    path = config_file()
    table = _sections(path).get(wanted.section, {})
    if isinstance(table, Mapping) and wanted.key in table:
        return Found(_legal(wanted, table[wanted.key], _place(path, wanted)), str(path))
    return Found(wanted.default, "default")


def chosen_keys(path: Path | None = None) -> Mapping[str, str]:
    """The monitor's actions that have other keys in the configuration file, with those keys.

    Raises UsageError where the section is no table of texts; which actions and keys there are is the
    monitor's to say.
    """
    path = path or config_file()
    table = _sections(path).get(KEYS_SECTION, {})
    _check_keys(path, table)
    return dict(table)


def check_file(path: Path) -> None:
    """Raises UsageError for the first thing in the configuration file that is not as it has to be."""
    for section, table in _sections(path).items():
        if section == KEYS_SECTION:
            _check_keys(path, table)
        else:
            _check(path, section, table)


def _check_keys(path: Path, table: Any) -> None:
    if not isinstance(table, Mapping):
        raise UsageError(f"{path}: {KEYS_SECTION}: {table!r} is not allowed; expected a section [keys]")
    for action, keys in table.items():
        if not isinstance(keys, str):
            raise UsageError(
                f"{path}: [keys] {action}: {keys!r} is not allowed; expected keys, as in 'z ctrl+z'"
            )


def _sections(path: Path) -> Mapping[str, Any]:
    """What stands in the file, by section; nothing where there is no file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    return _parse(path, text)


def _parse(path: Path, text: str) -> Mapping[str, Any]:
    import tomllib  # noqa: PLC0415 - most people have no file, and need not wait for the parser

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not TOML: {error}") from None


def _check(path: Path, section: str, table: Any) -> None:
    known = {one.key: one for one in SETTINGS if one.section == section}
    if not known:
        sections = ", ".join(sorted({KEYS_SECTION, *(one.section for one in SETTINGS)}))
        raise UsageError(f"{path}: [{section}]: no such section; expected one of {sections}")
    if not isinstance(table, Mapping):
        raise UsageError(f"{path}: {section}: {table!r} is not allowed; expected a section [{section}]")
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"{path}: [{section}] {key}: no such key; expected one of {', '.join(known)}")
        _legal(known[key], value, _place(path, known[key]))


def _place(path: Path, wanted: Setting[Any]) -> str:
    return f"{path}: [{wanted.section}] {wanted.key}"


def _legal(wanted: Setting[T], value: Any, place: str) -> T:
    try:
        return wanted.read(value)
    except (ValueError, TypeError, KeyError):
        raise UsageError(f"{place}: {value!r} is not allowed; expected {wanted.allowed}") from None
