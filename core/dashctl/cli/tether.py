"""A command that ends with the process that started it, however that one ends.

Rules: standard input is the tether: its other end is held by whoever started this, and when the
system closes it (also after kill -9) the command is asked to end, and made to if it does not. It
carries no data. What runs in the background gives way to what a person looks at.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import Final

from dashctl.cli import main

GRACE: Final = 10.0
"""Seconds within which a command has to end once it was asked to."""
NICENESS: Final = 10


def tethered(arguments: Sequence[str]) -> list[str]:
    """The command line that runs `dashctl ARGUMENTS` tethered to its standard input."""
    return [sys.executable, "-P", "-m", "dashctl.cli.tether", *arguments]


def _end_with_the_other_end() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    os.nice(NICENESS)
    threading.Thread(target=_end_with_the_other_end, daemon=True).start()
    sys.exit(main())
