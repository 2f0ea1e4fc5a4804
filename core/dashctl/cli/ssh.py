"""A bus on another machine, reached by ssh as if it were here: `ssh://[user@]host[:port][/folder]`.

Rules: it needs ssh, and on the far side a broker that runs; nothing is installed or left running there.
One login carries all sockets into a private folder of this machine, where they are an ordinary bus. Who
logs in is asked what ssh asks, once; after that the connection is made anew without a word whenever it
breaks. All of it ends with this process, however that ends: ssh by its standard input, the folder by a
guard.
"""

import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, NamedTuple, Self

from dashctl.bus.address import Address, runtime_folder
from dashctl.errors import DashctlError, UsageError
from dashctl.validation import sendable

SOCKETS: Final = ("in", "out", "calls", "pub")
FIRST_PAUSE: Final = 0.5
"""Seconds until a broken connection is made anew; twice as long after every failure."""
LONGEST_PAUSE: Final = 30.0
PARTING: Final = 2.0
"""Seconds within which ssh has to end."""
LONGEST_PATH: Final = 107
"""Bytes of a Unix socket's path, the closing NUL of its 108 left out."""
LONGEST_PLACE: Final = 50
"""Bytes of the folder that sockets may be put into: ssh needs room for names of its own."""
LONGEST_SAID: Final = 300

_FORM: Final = re.compile(
    r"ssh://(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.+-]*)@)?"
    r"(?P<host>[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<folder>/[A-Za-z0-9_.,+@%=/-]*)?\Z"
)
_MARK: Final = "dashctl-bus"
# Read by whatever shell a person has there: one pair of single quotes, and nothing in it that any treats
# in a way of its own. The folder is looked for where `runtime_folder` has it.
_LOOK: Final = (
    'for d in %s; do if [ -S "$d/calls" ]; then echo %s "$d"; exec cat >/dev/null; fi; done; '
    "echo %s; exec cat >/dev/null"
)
_USUAL: Final = '"$XDG_RUNTIME_DIR/dashctl" "/run/user/$(id -u)/dashctl" "/tmp/dashctl-$(id -u)"'
_OPTIONS: Final = (
    "ControlMaster=yes",
    "ControlPersist=no",
    "ClearAllForwardings=yes",
    "StreamLocalBindUnlink=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    "ConnectTimeout=15",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
)


class FarAway(DashctlError):
    """A bus on another machine cannot be reached: the message has what ssh said."""

    exit_code = 3


class Far(NamedTuple):
    """Where to log in, and the folder of the bus there, "" for the usual one."""

    text: str
    host: str
    user: str
    port: str
    folder: str

    @classmethod
    def parse(cls, text: str) -> "Far":
        """What a text names. Raises UsageError."""
        found = _FORM.match(text)
        if found is None:
            raise UsageError(
                f"bus: {text!r} is not an address; expected ssh://[USER@]HOST[:PORT][/FOLDER], as ssh://box"
            )
        folder = (found["folder"] or "").rstrip("/")
        _check_length(text, folder)
        return cls(text, found["host"].strip("[]"), found["user"] or "", found["port"] or "", folder)

    def target(self) -> list[str]:
        """The arguments that say so to ssh."""
        port = ["-p", self.port] if self.port else []
        user = ["-l", self.user] if self.user else []
        return [*port, *user, "--", self.host]


class Tunnel:
    """Open from `with` on; `address` is the far bus then. Raises FarAway and UsageError."""

    def __init__(self, far: Far) -> None:
        self.far = far
        self._folder = Path(tempfile.mkdtemp(prefix="dashctl-", dir=_short_place()))
        self.address = Address.parse(f"ipc://{self._folder}")
        self._there = ""
        self._ended = threading.Event()
        self._keeper: threading.Thread | None = None
        self._ssh: subprocess.Popen[bytes] | None = None
        self._guard = _guard(self._folder)

    def __enter__(self) -> Self:
        try:
            self._connect(batch=False)
        except BaseException:
            self.close()
            raise
        self._keeper = threading.Thread(target=self._keep, name="dashctl-ssh", daemon=True)
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection, and leave nothing behind."""
        self._ended.set()
        self._hang_up()
        if self._keeper is not None:
            self._keeper.join()
            self._hang_up()
        shutil.rmtree(self._folder, ignore_errors=True)
        _close(self._guard.stdin)
        self._guard.wait()

    def _keep(self) -> None:
        """Make the connection anew whenever it breaks, less and less often while that fails."""
        pause = FIRST_PAUSE
        while not self._ended.is_set():
            if self._ssh is not None:
                self._ssh.wait()
                self._hang_up()
            if self._ended.wait(pause):
                return
            try:
                self._connect(batch=True)
                pause = FIRST_PAUSE
            except (DashctlError, OSError):
                self._hang_up()
                pause = min(2 * pause, LONGEST_PAUSE)

    def _connect(self, *, batch: bool) -> None:
        ssh = self._log_in(batch=batch)
        assert ssh.stdout is not None
        found = _folder_in(ssh.stdout)
        if found is None:
            ssh.wait()
            raise FarAway(f"{self.far.text}: {self._said() or 'ssh ended without a word'}")
        if not found and not self._there:
            where = f" in {self.far.folder}" if self.far.folder else ""
            raise FarAway(
                f"{self.far.text}: no broker{where} there; start one there with  dashctl broker run"
            )
        self._there = found or self._there
        _check_length(self.far.text, self._there)
        self._forward()

    def _log_in(self, *, batch: bool) -> "subprocess.Popen[bytes]":
        look = _LOOK % (self._there or self.far.folder or _USUAL, _MARK, _MARK)
        options = [*_OPTIONS, f"ControlPath={self._control}", f"BatchMode={'yes' if batch else 'no'}"]
        with (self._folder / "ssh.log").open("wb") as said:
            # ssh asks at the terminal, whatever its input is; once there is a screen it must not, and
            # keys pressed there are not for it.
            self._ssh = _started(
                [*_ssh(options), *self.far.target(), f"exec sh -c '{look}'"], said, new_session=batch
            )
        return self._ssh

    def _forward(self) -> None:
        ways = [f"-L{self._folder}/{name}:{self._there}/{name}" for name in SOCKETS]
        command = [*_ssh([f"ControlPath={self._control}"]), "-O", "forward", *ways, *self.far.target()]
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=15)
        except subprocess.CalledProcessError as error:
            raise FarAway(f"{self.far.text}: sockets are not forwarded: {_last_line(error.stderr)}") from None
        except subprocess.TimeoutExpired:
            raise FarAway(f"{self.far.text}: sockets are not forwarded: no answer in 15 s") from None

    @property
    def _control(self) -> Path:
        return self._folder / "ssh"

    def _said(self) -> str:
        return _last_line((self._folder / "ssh.log").read_bytes())

    def _hang_up(self) -> None:
        ssh = self._ssh
        if ssh is None:
            return
        _close(ssh.stdin)
        if ssh.poll() is None:
            ssh.terminate()
        try:
            ssh.wait(PARTING)
        except subprocess.TimeoutExpired:
            ssh.kill()
            ssh.wait()
        _close(ssh.stdout)


def _ssh(options: Sequence[str]) -> list[str]:
    return ["ssh", "-T", *(word for option in options for word in ("-o", option))]


def _started(command: list[str], said: IO[bytes], *, new_session: bool) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=new_session,
        )
    except FileNotFoundError:
        raise UsageError("ssh is not installed here; an address ssh://… needs it") from None


def _guard(folder: Path) -> "subprocess.Popen[bytes]":
    """Removes a folder once this process has ended, also where it could not do so itself."""
    command = ["sh", "-c", 'cat >/dev/null; sleep 1; rm -rf -- "$1"', "sh", str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


def _folder_in(output: IO[bytes]) -> str | None:
    """The folder of the bus there, "" if there is none, None if the login failed.

    What a person's shell prints by itself comes before.
    """
    for line in output:
        words = line.decode("utf-8", "replace").rstrip("\n").split(" ", 1)
        if words[0] == _MARK:
            return words[1] if len(words) > 1 else ""
    return None


def _check_length(text: str, folder: str) -> None:
    longest = len(os.fsencode(f"{folder}/calls"))
    if longest > LONGEST_PATH:
        raise UsageError(
            f"bus: {text}: {folder} is too long a path for Unix sockets ({longest} bytes with /calls); "
            f"at most {LONGEST_PATH} are allowed"
        )


def _short_place() -> Path:
    place = runtime_folder().parent
    return place if len(os.fsencode(place)) <= LONGEST_PLACE else Path("/tmp")  # noqa: S108 - mode 0700


def _last_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return sendable(lines[-1].strip(), LONGEST_SAID) if lines else ""


def _close(end: IO[bytes] | None) -> None:
    if end is not None:
        with suppress(BrokenPipeError):
            end.close()
