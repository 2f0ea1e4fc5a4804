"""One broker per journal: a lock that the kernel gives back however its holder ends.

Rules: the folder belongs to the user and is closed to all others; the lock file stays where it is.
"""

import fcntl
import os
from pathlib import Path

from dashctl.bus.address import make_private
from dashctl.errors import UsageError


class FolderLock:
    """Held from construction to `release`; makes the folder if need be. Raises UsageError."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_private(folder, "journal")
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._descriptor = os.open(folder / "lock", flags, 0o600)
        except OSError as error:
            raise _unusable(folder, error.strerror) from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            reason = "another broker keeps it" if isinstance(error, BlockingIOError) else error.strerror
            raise _unusable(folder, reason) from None

    def release(self) -> None:
        """Let the next one have it; once more does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _unusable(folder: Path, reason: str | None) -> UsageError:
    return UsageError(
        f"journal: {folder} cannot be used ({reason}): keep it elsewhere with $DASHCTL_JOURNAL_FOLDER, "
        "or none with --no-journal"
    )
