"""Key pairs of this user: who a program is to a broker that asks for keys.

Rules: a secret is never shown, logged or sent; a file that others can read, or that is not whole, is
refused; a pair that was made is never overwritten, and its file is whole from the moment it is there.
The keys are those of CurveZMQ (RFC 26), kept as Z85 text (RFC 32) and shown to people as 64 hex digits.
"""

import base64
import hashlib
import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
import zmq
from zmq.utils import z85

from dashctl.bus.address import make_private
from dashctl.errors import UsageError
from dashctl.folders import config_folder

BROKER: Final = "broker"
"""The name of the pair that a broker shows itself with."""
CLIENT: Final = "client"
"""The name of the pair that everybody else uses unless told otherwise."""
ALLOWED_NAME: Final = "1 to 32 letters, digits, '_' or '-', beginning with a letter or digit"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}\Z")
_PUBLIC: Final = re.compile(r"[0-9a-fA-F]{64}\Z")
_SUFFIX: Final = ".key"
_LARGEST: Final = 65_536


@dataclass(frozen=True, slots=True)
class KeyPair:
    """One pair: its name, the public key as 64 hex digits, the secret one as 32 bytes."""

    name: str
    public: str
    secret: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """See `fingerprint`."""
        return fingerprint(self.public)


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pair in its file: both as Z85 text."""

    public: str
    secret: str


def fingerprint(public: str) -> str:
    """A public key in short, `SHA256:…`, made as ssh makes them (ssh-keygen(1), -l)."""
    digest = hashlib.sha256(bytes.fromhex(public)).digest()
    return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")


def check_name(name: str) -> str:
    """The name, if it is one. Raises UsageError."""
    if not _NAME.match(name):
        raise UsageError(f"keys: the name {name!r} is not allowed; expected {ALLOWED_NAME}")
    return name


def check_public(text: str) -> str:
    """The public key that 64 hex digits name, in lower case. Raises UsageError."""
    if not _PUBLIC.match(text):
        raise UsageError(f"keys: {text!r} is no public key; expected 64 hex digits")
    return text.lower()


def keys_folder() -> Path:
    """Where this user's pairs are."""
    return config_folder() / "keys"


def new_pair(name: str) -> KeyPair:
    """Make a pair and keep it. Raises UsageError if there is one with this name."""
    path = _path(name)
    public, secret = zmq.curve_keypair()
    stored = _Stored(public.decode("ascii"), secret.decode("ascii"))
    make_keys_folder(path.parent)
    try:
        write_private(path, msgspec.json.encode(stored), replace=False)
    except FileExistsError:
        raise UsageError(
            f"keys: there is a pair {name!r} already, and whoever knows it by its key would not know another;"
            f" remove {path} first if that is meant"
        ) from None
    return own_pair(name)


def own_pair(name: str) -> KeyPair:
    """The pair with this name. Raises UsageError if there is none, or its file is not as it has to be."""
    path = _path(name)
    content = read_private(path)
    if content is None:
        raise UsageError(
            f"keys: there is no pair {name!r} in {path.parent}; make it with  dashctl keys new {name}"
        )
    try:
        stored = msgspec.json.decode(content, type=_Stored)
        secret = z85.decode(stored.secret.encode("ascii"))
        whole = zmq.curve_public(stored.secret.encode("ascii")) == stored.public.encode("ascii")
    except (msgspec.DecodeError, ValueError, KeyError, RecursionError, zmq.ZMQError):
        whole = False
    if not whole:
        # Without a cause: what could not be read may be a part of the secret.
        raise UsageError(f"keys: {path} is damaged; remove it and make a pair anew") from None
    return KeyPair(name, z85.decode(stored.public.encode("ascii")).hex(), secret)


def own_or_new_pair(name: str) -> KeyPair:
    """The pair with this name, made if there is none. Raises UsageError."""
    try:
        return own_pair(name)
    except UsageError:
        if _path(name).exists():
            raise
    with suppress(UsageError):  # Another process may have made it in between.
        return new_pair(name)
    return own_pair(name)


def own_names() -> tuple[str, ...]:
    """The names of all pairs, in order."""
    found = keys_folder().glob(f"*{_SUFFIX}") if keys_folder().is_dir() else ()
    return tuple(sorted(path.stem for path in found if _NAME.match(path.stem)))


def make_keys_folder(folder: Path) -> None:
    """Make a folder that only this user may enter, or make sure that it is one. Raises UsageError."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(f"keys: {folder.parent} cannot be made ({error.strerror})") from None
    make_private(folder, "keys")


def write_private(path: Path, content: bytes, *, replace: bool) -> None:
    """Have a file there that only this user can read, whole or not at all.

    Raises FileExistsError if it is there and must not be replaced, and UsageError.
    """
    aside = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if replace:
            aside.replace(path)
        else:
            path.hardlink_to(aside)
    except FileExistsError:
        raise
    except OSError as error:
        raise UsageError(f"keys: {path} cannot be written ({error.strerror})") from None
    finally:
        aside.unlink(missing_ok=True)


def read_private(path: Path) -> bytes | None:
    """What is in a file that only this user can read; None if there is none. Raises UsageError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"keys: {path} cannot be read ({error.strerror})") from None
    try:
        _check_private_file(path, os.fstat(descriptor))
        return os.read(descriptor, _LARGEST)
    finally:
        os.close(descriptor)


def _check_private_file(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"keys: {path} is not a file")
    if found.st_uid != os.getuid():
        raise UsageError(f"keys: {path} belongs to user {found.st_uid}; expected a file of your own")
    if found.st_mode & 0o077:
        raise UsageError(
            f"keys: {path} is open to others (mode {found.st_mode & 0o777:o}); expected mode 600:"
            f" chmod 600 {path}"
        )


def _path(name: str) -> Path:
    return keys_folder() / f"{check_name(name)}{_SUFFIX}"
