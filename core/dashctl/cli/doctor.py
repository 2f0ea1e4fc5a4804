"""`dashctl doctor`: what is missing or wrong on this machine, and what to do about it.

Rules: each line stands alone: a level, what was looked at, what was found, and unless all is well what
to do; nothing is changed, and one thing that is broken does not keep the others from being looked at.
"""

import importlib.metadata
import locale
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Final, Literal, NamedTuple

from dashctl import __version__
from dashctl.bus.address import Address
from dashctl.bus.control import ask_status
from dashctl.cli.parsing import Parser, add_bus
from dashctl.cli.terminal import abilities, at_terminal
from dashctl.cli.wording import duration
from dashctl.errors import DashctlError, NoBroker, NotAllowed, UsageError
from dashctl.folders import alerts_file, config_file
from dashctl.settings import BUS_KEY, check_file, setting

DESCRIPTION: Final = (
    "Look at Python, packages, terminal, configuration, folders and broker, and say what to do where\n"
    "something is wrong. Ends with 1 if something fails, with 0 if there are warnings at most."
)
EXAMPLES: Final = ("dashctl doctor", "dashctl doctor --bus tcp://127.0.0.1:5570")

Level = Literal["ok", "warn", "fail"]

_OLDEST_PYTHON: Final = (3, 11)
_SMALLEST: Final = (80, 24)
_REQUIREMENT: Final = re.compile(r"(?P<name>[\w.-]+)(?P<range>[^;]*)(;.*extra == ['\"](?P<extra>\w+)['\"])?")


class Finding(NamedTuple):
    """What was found about one thing, and what to do."""

    level: Level
    about: str
    found: str
    advice: str = ""

    def __str__(self) -> str:
        advice = f" -> {self.advice}" if self.advice else ""
        return f"{self.level:<4}  {self.about:<10} {self.found}{advice}"


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Look at everything, line by line."""
    failed = False
    for finding in _findings(arguments.bus):
        print(finding, flush=True)
        failed = failed or finding.level == "fail"
    return int(failed)


def _findings(bus: str | None) -> Iterator[Finding]:
    yield from _python()
    yield from _packages()
    yield from _terminal()
    yield _configuration()
    yield from _alerts()
    yield from _bus(bus)
    yield from _torch()


def _python() -> Iterator[Finding]:
    found = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < _OLDEST_PYTHON:
        yield Finding("fail", "python", found, "dashctl needs Python 3.11 or newer")
    else:
        yield Finding("ok", "python", found)
    yield Finding("ok", "dashctl", f"{__version__} on {platform.platform()}")


def _packages() -> Iterator[Finding]:
    """What the installed dashctl asks for, by extra."""
    try:
        required = importlib.metadata.requires("dashctl") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding(
            "warn", "packages", "dashctl itself is not installed", "pip install -e . in its checkout"
        )
        return
    by_extra: dict[str, list[tuple[str, str]]] = {}
    for requirement in required:
        parts = _REQUIREMENT.match(requirement)
        if parts is not None and parts["extra"] != "all":
            by_extra.setdefault(parts["extra"] or "", []).append((parts["name"], parts["range"].strip()))
    for extra, wanted in by_extra.items():
        yield _extra(extra, wanted)


def _extra(extra: str, wanted: list[tuple[str, str]]) -> Finding:
    found = {name: _version(name) for name, _ in wanted}
    wrong = [
        name if found[name] is None else f"{name}{span}"
        for name, span in wanted
        if not _fits(found[name], span)
    ]
    about = extra or "core"
    listed = ", ".join(f"{name} {version or 'missing'}" for name, version in found.items())
    if not wrong:
        return Finding("ok", about, listed)
    advice = (
        f"pip install 'dashctl[{extra}]' for {', '.join(wrong)}" if extra else "pip install dashctl again"
    )
    return Finding("warn" if extra else "fail", about, listed, advice)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _fits(version: str | None, span: str) -> bool:
    """Whether a version is there and within `>=low,<high`."""
    if version is None:
        return False
    own = _numbers(version)
    for sign, bound in re.findall(r"(>=|<)\s*([\d.]+)", span):
        if (own < _numbers(bound)) == (sign == ">="):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    release = re.match(r"[\d.]+", version)
    return tuple(int(part) for part in release[0].split(".") if part) if release else ()


def _terminal() -> Iterator[Finding]:
    yield _term()
    columns, rows = shutil.get_terminal_size(_SMALLEST)
    small = columns < _SMALLEST[0] or rows < _SMALLEST[1]
    advice = "make it 80x24 or larger: scenes are cut off below that" if small else ""
    yield Finding("warn" if small else "ok", "size", f"{columns}x{rows}", advice)
    yield _locale()
    if os.environ.get("NO_COLOR"):
        yield Finding("ok", "NO_COLOR", "is set: there are no colours")


def _term() -> Finding:
    term, depth = os.environ.get("TERM", ""), os.environ.get("COLORTERM", "")
    inside = f", inside {_tmux()}" if os.environ.get("TMUX") else ""
    found = f"TERM={term or '(unset)'} COLORTERM={depth or '(unset)'}{inside}"
    if not at_terminal():
        return Finding(
            "ok", "terminal", f"{found}; output is no terminal: dashctl monitor prints one picture"
        )
    if not abilities().moves_cursor:
        advice = "export TERM=xterm-256color; until then dashctl monitor prints one picture"
        return Finding("warn", "terminal", found, advice)
    if depth not in ("truecolor", "24bit") and "256color" not in term and "direct" not in term:
        wanted = "set -g default-terminal tmux-256color" if inside else "export TERM=xterm-256color"
        return Finding("warn", "terminal", f"{found}: few colours", wanted)
    return Finding("ok", "terminal", found)


def _tmux() -> str:
    try:
        asked = subprocess.run(["tmux", "-V"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "tmux"
    return asked.stdout.strip() or "tmux"


def _locale() -> Finding:
    named = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or "(unset)"
    encoding = getattr(sys.stdout, "encoding", None) or locale.getpreferredencoding(do_setlocale=False)
    found = f"{named}, output is {encoding}"
    if encoding.lower().replace("-", "") != "utf8":
        return Finding(
            "warn", "locale", found, "export LANG=C.UTF-8: braille and blocks are question marks now"
        )
    return Finding("ok", "locale", found)


def _configuration() -> Finding:
    path = config_file()
    try:
        check_file(path)
    except UsageError as error:
        advice = "correct or remove that file; dashctl locate --help  says what it can have"
        return Finding("fail", "config", str(error), advice)
    return Finding("ok", "config", str(path) if path.exists() else f"none, it would be {path}")


def _alerts() -> Iterator[Finding]:
    from dashctl.alerts.reading import read_file

    path = alerts_file()
    if not path.exists():
        return
    try:
        count = len(read_file(path).rules)
    except UsageError as error:
        advice = "correct that file: dashctl alerts check  reads it, docs/alerts.md has examples"
        yield Finding("fail", "alerts", str(error), advice)
        return
    yield Finding("ok", "alerts", f"{count} rule{'s' * (count != 1)} in {path}")


def _bus(text: str | None) -> Iterator[Finding]:
    try:
        address = Address.parse(text)
    except UsageError as error:
        yield Finding("fail", "bus", str(error), "see  dashctl locate config  and $DASHCTL_BUS_ADDRESS")
        return
    yield _folder(address)
    yield from _keys(address)
    if not address.key:
        yield _journal(address)
    yield _broker(address)


def _folder(address: Address) -> Finding:
    if address.folder is None:
        return Finding("ok", "folder", f"none: {address.place} has ports")
    if not address.folder.exists():
        return Finding("ok", "folder", f"{address.folder} is made when it is needed")
    try:
        address.guard()
    except UsageError as error:
        return Finding("fail", "folder", str(error), f"chmod 700 {address.folder}, or use another with --bus")
    return Finding("ok", "folder", f"{address.folder} is yours alone")


def _keys(address: Address) -> Iterator[Finding]:
    """Whether the files of keys can be used: their names and fingerprints alone."""
    from dashctl.bus.allowed import AllowList, allowed_clients
    from dashctl.bus.keys import keys_folder, own_names, own_pair

    wanted = {setting(BUS_KEY)} if address.key else set()
    if not keys_folder().exists() and not wanted:
        yield Finding("ok", "keys", "none, and none are needed here")
        return
    for name in sorted({*own_names(), *wanted}):
        try:
            yield Finding("ok", "key", f"{name} {own_pair(name).fingerprint}")
        except UsageError as error:
            advice = "see  dashctl keys --help" if name not in wanted else f"dashctl keys new {name}"
            yield Finding("fail", "key", str(error), advice)
    for problem in AllowList().problems:
        yield Finding("fail", "allowed", problem, "dashctl keys allow  that client again")
    with suppress(UsageError):
        names = ", ".join(client.name for client in allowed_clients())
        yield Finding("ok", "allowed", names or "nobody from other machines")


def _journal(address: Address) -> Finding:
    """Whether the folder of the journal can be written, and has room."""
    from dashctl.bus.journal.settings import journal_settings

    try:
        settings = journal_settings(address)
    except UsageError as error:
        return Finding("fail", "journal", str(error), "correct that setting, see  dashctl locate --help")
    folder = settings.folder
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        advice = "set $DASHCTL_JOURNAL_FOLDER to a folder of yours, or run brokers with --no-journal"
        return Finding("fail", "journal", f"{there} cannot be written", advice)
    kept = 0
    with suppress(FileNotFoundError):  # A broker may be removing the oldest.
        kept = sum(each.stat().st_size for each in folder.glob("*.segment"))
    free = shutil.disk_usage(there).free
    found = f"{folder}: {kept / 1e6:,.0f} of {settings.keep / 1e6:,.0f} MB, {free / 1e6:,.0f} MB free"
    if free + kept < settings.keep:
        return Finding("warn", "journal", found, "give it less with --keep, or more room")
    return Finding("ok", "journal", found)


def _broker(address: Address) -> Finding:
    try:
        status = ask_status(address, timeout=2.0)
    except NoBroker:
        if address.key:
            return Finding("fail", "broker", f"none at {address.place}", "dashctl broker run --listen  there")
        return Finding("ok", "broker", f"none at {address}: commands start one when they need it")
    except UsageError as error:
        return Finding("fail", "broker", str(error), "see what is said of keys above")
    except NotAllowed as error:
        return Finding("fail", "broker", str(error), "or see  dashctl keys list  here and there")
    except DashctlError as error:
        return Finding("fail", "broker", str(error), "end that process, then try again")
    up = f"process {status.pid}, up {duration(time.time() - status.started)}, {status.events:,} events"
    if status.version != __version__:
        return Finding(
            "warn", "broker", f"{up}, dashctl {status.version}", "dashctl broker stop, to have a new one"
        )
    if status.lost or status.rejected:
        refused = sum(status.rejected.values())
        return Finding(
            "warn", "broker", f"{up}, {status.lost:,} lost, {refused:,} refused", "dashctl broker status"
        )
    return Finding("ok", "broker", up)


def _torch() -> Iterator[Finding]:
    if find_spec("torch") is None:
        return
    try:
        torch = import_module("torch")
    except (ImportError, OSError) as error:
        yield Finding("fail", "torch", f"cannot be loaded: {error}", "install torch again")
        return
    if torch.cuda.is_available():
        device = f"cuda: {torch.cuda.get_device_name()}"
    else:
        device = "mps" if torch.backends.mps.is_available() else "cpu"
    yield Finding("ok", "torch", f"{torch.__version__} on {device}, {torch.get_num_threads()} threads")
