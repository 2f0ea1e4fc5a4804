"""What the command is connected to.

Rule: a stream may be a terminal, a file, a pipe, or closed; whoever asks gets an answer for each.
"""

import os
import sys


def has_screen() -> bool:
    """Whether a person sits at both ends: input and output are terminals."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def is_coloured() -> bool:
    """Colour where a person looks at it, after no-color.org; FORCE_COLOR asks for it anywhere."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout is not None and sys.stdout.isatty())
