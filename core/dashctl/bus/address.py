"""Where a bus is: a folder of Unix sockets of this user, four loopback ports, or four ports and a key.

Rules: an address is checked when it is made, not when it is used; the folder belongs to the user
and is closed to all others, or it is refused; nothing beyond this machine is reachable without keys,
and the broker's public key is a part of its address, so that nobody else can pretend to be it.
"""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from dashctl.errors import UsageError
from dashctl.settings import BUS_ADDRESS, setting

_LONGEST_PATH: Final = 107
"""Bytes of a Unix socket's path, the closing NUL of its 108 left out."""
_SOCKETS: Final = ("in", "out", "calls", "pub")
_HOST_NAME: Final = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\Z")
_KEY: Final = re.compile(r"[0-9a-f]{64}\Z")
_UNMAPPED_USER: Final = 65_534
"""Who the system's folders belong to where a user namespace shows only one's own (user_namespaces(7))."""
_LAST_PORT: Final = 65_535 - len(_SOCKETS) + 1


class Address(msgspec.Struct, frozen=True):
    """A bus's address; make one with `parse`."""

    folder: Path | None = None
    """The folder of the sockets, None over TCP."""
    host: str = ""
    port: int = 0
    """The first of four ports, 0 over Unix sockets."""
    key: str = ""
    """The broker's public key, 64 hex digits; "" where no keys are asked for."""

    @classmethod
    def parse(cls, text: "str | Address | None" = None) -> "Address":
        """The address that a text names: `ipc:///folder`, `tcp://127.0.0.1:5570`, or beyond this machine
        `tcp://HOST:5570?key=…` with the broker's public key (64 hex digits; an IPv6 HOST in brackets).

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

    @classmethod
    def listening(cls, text: str, key: str) -> "Address":
        """Where a broker with this public key is to listen beyond loopback: `tcp://0.0.0.0:5570`.

        Raises UsageError.
        """
        if not text.startswith("tcp://") or "?" in text:
            raise UsageError(
                f"listen: {text!r} is not allowed; expected tcp://ADDRESS:PORT, as tcp://0.0.0.0:5570"
            )
        host, port = _host_and_port(text)
        return cls(None, host, port, key)

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

    @property
    def plain(self) -> str:
        """Where plain PUB sockets connect."""
        return self._endpoint("pub", 3)

    @property
    def place(self) -> str:
        """The address without its key."""
        return f"ipc://{self.folder}" if self.folder else self._port(0)

    def __str__(self) -> str:
        return f"{self.place}?key={self.key}" if self.key else self.place

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
        return tuple(self.folder / name for name in _SOCKETS) if self.folder else ()

    def _endpoint(self, name: str, offset: int) -> str:
        return f"ipc://{self.folder}/{name}" if self.folder else self._port(offset)

    def _port(self, offset: int) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port + offset}"


def runtime_folder() -> Path:
    """The user's own folder for what lives as long as a login: $XDG_RUNTIME_DIR, or one in /tmp."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given and Path(given).is_dir():
        return Path(given).absolute() / "dashctl"
    return Path(f"/tmp/dashctl-{os.getuid()}")  # noqa: S108 - made with mode 0700, or refused


def make_private(folder: Path, of: str = "bus") -> None:
    """Make a folder that only its owner may enter, or make sure that it is one.

    Raises UsageError, which names what the folder is `of`.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{of}: {folder} cannot be made ({error.strerror})") from None
    check_private(folder, of)


def check_private(folder: Path, of: str = "bus") -> None:
    """Raises UsageError if a folder belongs to somebody else, is open to others, or could be replaced."""
    for found in (folder.lstat(), folder.stat()):
        if found.st_uid != os.getuid():
            raise UsageError(f"{of}: {folder} belongs to user {found.st_uid}; expected a folder of your own")
    if not stat.S_ISDIR(found.st_mode):
        raise UsageError(f"{of}: {folder} is not a folder")
    if found.st_mode & 0o077:
        raise UsageError(
            f"{of}: {folder} is open to others (mode {found.st_mode & 0o777:o}); expected mode 700"
        )
    for above in {*folder.absolute().parents, *folder.resolve().parents}:
        _check_above(above, folder, of)


def _check_above(above: Path, folder: Path, of: str) -> None:
    """Who may rename what is in a folder could put one of his own in its place between look and use."""
    found = above.stat()
    if found.st_uid not in {0, os.getuid(), _UNMAPPED_USER}:
        raise UsageError(f"{of}: {folder} is in {above}, which belongs to user {found.st_uid}")
    open_to = 0o002 if found.st_gid in {0, os.getuid()} else 0o022
    if found.st_mode & open_to and not found.st_mode & stat.S_ISVTX:
        raise UsageError(
            f"{of}: {folder} is in {above}, where others may write (mode {found.st_mode & 0o7777:o});"
            " expected one where only you may, or with the sticky bit"
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
    place, question, key = text.partition("?key=")
    host, port = _host_and_port(place)
    if question:
        if not _KEY.match(key):
            raise UsageError(f"bus: {key!r} is no public key; expected ?key= and 64 hex digits")
        return Address(None, host, port, key)
    if _is_loopback(host):
        return Address(None, host, port)
    raise UsageError(
        f"bus: {host!r} is not this machine; TCP beyond loopback (127.0.0.1) needs keys: the address that"
        f" dashctl broker run --listen  prints there, as in {place}?key=…"
    )


def _host_and_port(place: str) -> tuple[str, int]:
    host, _, digits = place.removeprefix("tcp://").rpartition(":")
    port = _small_number(digits) or 0
    if not 0 < port <= _LAST_PORT:
        raise UsageError(
            f"bus: {place!r} has no usable port; expected one from 1 to {_LAST_PORT} (four are taken)"
        )
    if host == "localhost":
        return "127.0.0.1", port
    if host.startswith("[") and host.endswith("]") and _is_ipv6(host[1:-1]):
        return host[1:-1], port
    if not _HOST_NAME.match(host):
        raise UsageError(
            f"bus: {host!r} is no host; expected a name, an IPv4 address, or an IPv6 address in brackets"
        )
    return host, port


def _is_ipv6(host: str) -> bool:
    """Whether it is an IPv6 address, with or without a zone (RFC 4007, 11)."""
    from socket import AF_INET6, inet_pton  # noqa: PLC0415 - few buses have such an address

    address, _, zone = host.partition("%")
    try:
        inet_pton(AF_INET6, address)
    except OSError:
        return False
    return not zone or bool(_HOST_NAME.match(zone))


def _is_loopback(host: str) -> bool:
    """Whether it is an IPv4 address in 127.0.0.0/8 (RFC 1122, 3.2.1.3), or ::1 (RFC 4291, 2.5.3)."""
    if host == "::1":
        return True
    numbers = [_small_number(part) for part in host.split(".")]
    return len(numbers) == 4 and numbers[0] == 127 and all(n is not None and n < 256 for n in numbers)


def _small_number(digits: str) -> int | None:
    """The number that at most five digits name."""
    return int(digits) if len(digits) <= 5 and digits.isascii() and digits.isdigit() else None
