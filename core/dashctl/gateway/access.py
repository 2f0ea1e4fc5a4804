"""Who may do what over HTTP.

Rules: on loopback a token may be asked for, beyond it a token and TLS have to be; a token is compared in
constant time and never repeated in a message; a page in a browser is no producer, so what has an
Origin is refused, and without tokens so is a Host that is not this machine (DNS rebinding).
"""

import hmac
import ipaddress
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

from dashctl.errors import DashctlError, UsageError

Right = Literal["publish", "watch"]
RIGHTS: Final[tuple[Right, ...]] = get_args(Right)
SHORTEST: Final = 16
"""Characters of a token."""


class Unauthorised(DashctlError):
    """There is no token, or one that is not known here."""


class Forbidden(DashctlError):
    """Who asks is known, or is a browser, and may not do this."""


class Token(NamedTuple):
    """A secret and what whoever has it may do."""

    secret: bytes
    rights: frozenset[Right]


class Access:
    """The tokens of one gateway; without any, everybody on this machine may do everything."""

    def __init__(self, tokens: tuple[Token, ...] = ()) -> None:
        self._tokens = tokens

    def check(self, headers: Mapping[str, str], right: Right) -> None:
        """Raises Unauthorised or Forbidden. Header names are in lower case."""
        if "origin" in headers:
            raise Forbidden("origin: web pages may not use this gateway")
        if not self._tokens:
            _check_host(headers.get("host", ""))
        elif right not in self._rights(headers.get("authorization", "")):
            raise Forbidden(f"token: does not include the right to {right}")

    def _rights(self, authorization: str) -> frozenset[Right]:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer" or not given:
            raise Unauthorised("token: missing; expected the header  Authorization: Bearer TOKEN")
        secret = given.strip().encode("utf-8", "replace")
        # All are compared, so that the time says nothing of which one it is.
        matching = [each.rights for each in self._tokens if hmac.compare_digest(each.secret, secret)]
        if not matching:
            raise Unauthorised("token: not one that is known here")
        return frozenset[Right]().union(*matching)


def read_tokens(path: Path) -> tuple[Token, ...]:
    """The tokens in a file of lines `RIGHTS TOKEN`, as `publish,watch 3f…`; # begins a comment.

    Raises UsageError for a file that others may read, and for a line that is not as it has to be;
    the message names the line and never repeats it.
    """
    try:
        with path.open(encoding="utf-8") as file:
            _check_private(path, os.fstat(file.fileno()))
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({getattr(error, 'strerror', error)})") from None
    wanted = [(place, line.split()) for place, line in enumerate(lines, 1) if line.partition("#")[0].strip()]
    if not wanted:
        raise UsageError(f"{path}: no token in it; expected lines of the form  publish,watch TOKEN")
    return tuple(_token(path, place, words) for place, words in wanted)


def check_exposure(host: str, *, tokens: bool, tls: bool) -> None:
    """Raises UsageError if others than this machine could listen or talk without a token and TLS."""
    if is_loopback(host) or (tokens and tls):
        return
    missing = [
        text
        for given, text in ((tokens, "--token-file FILE"), (tls, "--tls-cert FILE and --tls-key FILE"))
        if not given
    ]
    raise UsageError(
        f"host: {host!r} can be reached from other machines; add {' and '.join(missing)}, "
        "or listen at 127.0.0.1 and use an SSH tunnel"
    )


def is_loopback(host: str) -> bool:
    """Whether a host, a name or an address, is this machine and reachable from nowhere else."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_host(header: str) -> None:
    name = header[1:].partition("]")[0] if header.startswith("[") else header.partition(":")[0]
    if not is_loopback(name):
        raise Forbidden(f"host: {header[:100]!r} is not this machine; expected 127.0.0.1 or localhost")


def _check_private(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.getuid():
        raise UsageError(f"{path}: belongs to user {found.st_uid}; expected a file of your own")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise UsageError(
            f"{path}: is open to others (mode {stat.S_IMODE(found.st_mode):o}); expected mode 600"
        )


def _token(path: Path, place: int, words: list[str]) -> Token:
    rights = words[0].split(",")
    if len(words) != 2 or not all(right in RIGHTS for right in rights):
        raise UsageError(f"{path}: line {place}: expected RIGHTS TOKEN, with rights out of publish,watch")
    if len(words[1]) < SHORTEST:
        raise UsageError(
            f"{path}: line {place}: the token is too short; expected {SHORTEST} characters or more"
        )
    return Token(words[1].encode(), frozenset(right for right in RIGHTS if right in rights))
