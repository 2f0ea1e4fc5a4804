"""How many files a process may have open at once; each connection is one.

Rule: a command that serves others takes what the system lets it have, for strangers can be many; a library
never changes it, for it is the whole program's.
"""

import resource
from typing import Final

WANTED: Final = 65_536


def allow_many() -> None:
    """Raise the limit as far as is wanted and allowed (setrlimit(2): the soft one, up to the hard one)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
