"""Who may do what at this user's brokers beyond loopback.

Rules: a client is known by its public key and has one name and some rights; whoever is not on the list
may nothing; the list is files, one for each client, so that what is changed by one command is seen by
every broker that runs, and is never seen half written.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

from dashctl.bus.keys import (
    check_name,
    check_public,
    fingerprint,
    keys_folder,
    make_keys_folder,
    read_private,
    write_private,
)
from dashctl.errors import DashctlError, UsageError

Right = Literal["publish", "watch", "call"]
RIGHTS: Final[tuple[Right, ...]] = get_args(Right)
_SUFFIX: Final = ".json"


class Client(msgspec.Struct, frozen=True):
    """One who is allowed: its name, its public key as 64 hex digits, its rights, and since when."""

    name: str
    public: str
    rights: tuple[Right, ...]
    since: float
    """Seconds since 1970, UTC."""

    @property
    def fingerprint(self) -> str:
        """See `keys.fingerprint`."""
        return fingerprint(self.public)


def allowed_folder() -> Path:
    """Where the list is."""
    return keys_folder() / "allowed"


def allow(name: str, public: str, rights: Sequence[Right] = RIGHTS) -> Client:
    """Put a client on the list, or give one with that name and key other rights.

    Raises UsageError if name or key stand for another one already.
    """
    client = Client(
        check_name(name), check_public(public), tuple(r for r in RIGHTS if r in rights), time.time()
    )
    if not client.rights:
        raise UsageError(f"keys: {name} would have no right; expected some of {', '.join(RIGHTS)}")
    for other in allowed_clients():
        if (other.name == client.name) != (other.public == client.public):
            raise UsageError(
                f"keys: {other.name!r} is allowed with the key {other.fingerprint};"
                f" dashctl keys revoke {other.name}  first"
            )
    make_keys_folder(keys_folder())
    make_keys_folder(allowed_folder())
    write_private(_path(name), msgspec.json.encode(client), replace=True)
    return client


def revoke(name_or_fingerprint: str) -> Client:
    """Take a client off the list; running brokers drop its connections. Raises UsageError.

    Files that cannot be read allow nobody, and keep nobody else from being taken off.
    """
    clients = AllowList().clients()
    for client in clients:
        if name_or_fingerprint in {client.name, client.fingerprint, client.public}:
            _path(client.name).unlink(missing_ok=True)
            return client
    known = ", ".join(client.name for client in clients) or "nobody is"
    raise UsageError(f"keys: {name_or_fingerprint!r} is not allowed anyway; those who are: {known}")


def allowed_clients() -> tuple[Client, ...]:
    """The list, by name. Raises UsageError for a file that is not as it has to be."""
    return tuple(_read(path) for path in _files())


class AllowList:
    """The list as a broker knows it: files that cannot be read allow nobody, and are named."""

    def __init__(self) -> None:
        self.problems: tuple[str, ...] = ()
        self._seen: object = None
        self._by_key: dict[str, Client] = {}
        self._by_name: dict[str, Client] = {}
        self.refresh()

    def refresh(self) -> bool:
        """Look at the files again; whether somebody may less than before."""
        seen = _marks()
        if seen == self._seen:
            return False
        before, clients, problems = self._by_key, [], []
        for path in _files():
            try:
                clients.append(_read(path))
            except DashctlError as error:
                problems.append(str(error))
        self._seen, self.problems = seen, tuple(problems)
        self._by_key = {client.public: client for client in clients}
        self._by_name = {client.name: client for client in clients}
        return any(not _as_much(self._by_key.get(public), client) for public, client in before.items())

    def clients(self) -> tuple[Client, ...]:
        """All who are allowed."""
        return tuple(self._by_name.values())

    def client(self, public: str) -> Client | None:
        """Who has this key."""
        return self._by_key.get(public)

    def has(self, name: str) -> bool:
        """Whether a client has this name."""
        return name in self._by_name

    def may(self, name: str, right: str) -> bool:
        """Whether the client with this name has a right."""
        client = self._by_name.get(name)
        return client is not None and right in client.rights


def _as_much(now: Client | None, before: Client) -> bool:
    return now is not None and now.name == before.name and set(now.rights) >= set(before.rights)


def _files() -> list[Path]:
    folder = allowed_folder()
    return sorted(folder.glob(f"*{_SUFFIX}")) if folder.is_dir() else []


def _marks() -> list[tuple[str, int, int, int]]:
    """What changes when a file does."""
    marks = []
    for path in _files():
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue
        marks.append((path.name, found.st_mtime_ns, found.st_ino, found.st_mode))
    return marks


def _read(path: Path) -> Client:
    content = read_private(path)
    if content is None:
        raise UsageError(f"keys: {path} was removed while it was read")
    try:
        client = msgspec.json.decode(content, type=Client)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise UsageError(f"keys: {path} cannot be read ({error})") from None
    if check_name(client.name) != path.stem:
        raise UsageError(f"keys: {path} has the name {client.name!r}; expected {path.stem!r}")
    check_public(client.public)
    return client


def _path(name: str) -> Path:
    return allowed_folder() / f"{name}{_SUFFIX}"
