"""A folder that appears when it is whole.

Rules: it is written beside its place and renamed; what was there before is not touched, unless it is an
empty folder; ended early, nothing is left.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashctl.errors import UsageError


def check_free(folder: Path) -> None:
    """Raises UsageError if the folder cannot be made."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: is there already; expected the name of a new folder")
    if not folder.absolute().parent.is_dir():
        raise UsageError(f"{folder}: there is no folder {folder.absolute().parent}")


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """A folder to write to, which is there under its own name afterwards. Raises UsageError."""
    check_free(folder)
    target = folder.absolute()
    try:
        made = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made ({error.strerror})") from None
    try:
        yield made
        made.chmod(0o777 & ~_umask())
        made.rename(target)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
