"""One broker per address: a lock that the kernel gives back however its holder ends.

Rules: the lock file stays where it is (removing it would let two hold it); it names the holder's
process for a person to read, and nothing depends on that text.
"""

import fcntl
import os
from pathlib import Path

from dashctl.bus.address import Address, make_private, runtime_folder
from dashctl.errors import DashctlError


class BrokerRunning(DashctlError):
    """Another broker holds the address."""


class AddressLock:
    """Held from construction to `release`. Raises BrokerRunning or UsageError."""

    def __init__(self, address: Address) -> None:
        self.path = lock_path(address)
        make_private(self.path.parent)
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            raise BrokerRunning(f"a broker runs at {address} already (process {holder})") from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def in_place(self) -> bool:
        """Whether the file that is locked is still the one at its path."""
        try:
            found = self.path.stat()
        except OSError:
            return False
        held = os.fstat(self._descriptor)
        return (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino)

    def release(self) -> None:
        """Let the next one have it."""
        os.close(self._descriptor)


def lock_path(address: Address) -> Path:
    """The file that whoever is the broker at this address holds locked."""
    return address.folder / "lock" if address.folder else runtime_folder() / f"tcp-{address.port}.lock"
