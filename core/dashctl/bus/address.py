"""Where a bus is: a folder of Unix sockets of this user, or three loopback ports.

Rules: an address is checked when it is made, not when it is used; the folder belongs to the user
and is closed to all others, or it is refused; nothing beyond this machine is reachable without keys.
"""

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dashctl.errors import UsageError
from dashctl.settings import BUS_ADDRESS, setting

_LONGEST_PATH: Final = 107
"""Bytes of a Unix socket's path, the closing NUL of its 108 left out."""


@dataclass(frozen=True, slots=True)
class Address:
    """A bus's address; make one with `parse`."""

    folder: Path | None = None
    """The folder of the sockets, None over TCP."""
    host: str = ""
    port: int = 0
    """The first of three ports, 0 over Unix sockets."""

    @classmethod
    def parse(cls, text: "str | Address | None" = None) -> "Address":
        """The address that a text names: `ipc:///folder` or `tcp://127.0.0.1:5570`.

        None stands for $DASHCTL_BUS_ADDRESS, without that for `address` in section [bus] of the
        configuration file, and without that for the folder `dashctl` in the user's runtime directory.
        Raises UsageError.
        """
        if isinstance(text, Address):
            return text
        chosen = text or setting(BUS_ADDRESS)
        if not chosen:
            return _in_folder(runtime_folder())
        if chosen.startswith("ipc://"):
            return _in_folder(Path(chosen.removeprefix("ipc://")))
        if chosen.startswith("tcp://"):
            return _over_tcp(chosen)
        raise UsageError(f"bus: {chosen!r} is not an address; expected ipc:///folder or tcp://127.0.0.1:5570")

    @property
    def inbox(self) -> str:
        """Where producers push to."""
        return self._endpoint("in", 0)

    @property
    def outbox(self) -> str:
        """Where monitors subscribe."""
        return self._endpoint("out", 1)

    @property
    def calls(self) -> str:
        """Where requests are answered."""
        return self._endpoint("calls", 2)

    def __str__(self) -> str:
        return f"ipc://{self.folder}" if self.folder else f"tcp://{self.host}:{self.port}"

    def has_sockets(self) -> bool:
        """Whether the sockets of a broker are in the folder; over TCP they cannot be missing."""
        return all(path.exists() for path in self._sockets())

    def remove_sockets(self) -> None:
        """Take a broker's sockets away, those that are there."""
        for path in self._sockets():
            path.unlink(missing_ok=True)

    def guard(self) -> None:
        """Make sure that nobody else listens in the folder. Raises UsageError if others may enter it.

        A folder that is missing is made, so that nobody else makes it; one that cannot be made has no
        broker either.
        """
        if self.folder is not None:
            with suppress(OSError):
                self.folder.mkdir(mode=0o700)
            if self.folder.exists():
                check_private(self.folder)

    def _sockets(self) -> tuple[Path, ...]:
        return tuple(self.folder / name for name in ("in", "out", "calls")) if self.folder else ()

    def _endpoint(self, name: str, offset: int) -> str:
        return f"ipc://{self.folder}/{name}" if self.folder else f"tcp://{self.host}:{self.port + offset}"


def runtime_folder() -> Path:
    """The user's own folder for what lives as long as a login: $XDG_RUNTIME_DIR, or one in /tmp."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given and Path(given).is_dir():
        return Path(given).absolute() / "dashctl"
    return Path(f"/tmp/dashctl-{os.getuid()}")  # noqa: S108 - made with mode 0700, or refused


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may enter, or make sure that it is one. Raises UsageError."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UsageError(f"bus: {folder} cannot be made ({error.strerror})") from None
    check_private(folder)


def check_private(folder: Path) -> None:
    """Raises UsageError if a folder belongs to somebody else or is open to others."""
    for found in (folder.lstat(), folder.stat()):
        if found.st_uid != os.getuid():
            raise UsageError(f"bus: {folder} belongs to user {found.st_uid}; expected a folder of your own")
    if not stat.S_ISDIR(found.st_mode):
        raise UsageError(f"bus: {folder} is not a folder")
    if found.st_mode & 0o077:
        raise UsageError(
            f"bus: {folder} is open to others (mode {found.st_mode & 0o777:o}); expected mode 700"
        )


def _in_folder(folder: Path) -> Address:
    path = str(folder)
    if not folder.is_absolute() or "\x00" in path or path != path.encode("utf-8", "replace").decode():
        raise UsageError(f"bus: {path!r} is not allowed; expected an absolute path, as in ipc:///folder")
    longest = len(os.fsencode(folder / "calls"))
    if longest > _LONGEST_PATH:
        raise UsageError(
            f"bus: {folder} is too long a path for Unix sockets ({longest} bytes with /calls); "
            f"at most {_LONGEST_PATH} are allowed"
        )
    return Address(folder)


def _over_tcp(text: str) -> Address:
    host, _, digits = text.removeprefix("tcp://").rpartition(":")
    port = _small_number(digits) or 0
    if not 0 < port <= 65_533:
        raise UsageError(f"bus: {text!r} has no usable port; expected one from 1 to 65533 (three are taken)")
    if host == "localhost":
        host = "127.0.0.1"
    if _is_loopback(host):
        return Address(None, host, port)
    raise UsageError(
        f"bus: {host!r} is not this machine; TCP beyond loopback (127.0.0.1) needs keys, "
        "which are not there yet"
    )


def _is_loopback(host: str) -> bool:
    """Whether it is an IPv4 address in 127.0.0.0/8 (RFC 1122, 3.2.1.3)."""
    numbers = [_small_number(part) for part in host.split(".")]
    return len(numbers) == 4 and numbers[0] == 127 and all(n is not None and n < 256 for n in numbers)


def _small_number(digits: str) -> int | None:
    """The number that at most five digits name."""
    return int(digits) if len(digits) <= 5 and digits.isascii() and digits.isdigit() else None
