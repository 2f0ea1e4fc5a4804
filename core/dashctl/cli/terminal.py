"""What the command is connected to.

Rules: a stream may be a terminal, a file, a pipe, or closed, and a terminal may be able to do next to
nothing: whoever asks gets an answer for each; one that terminfo does not know is taken for a modern
one, because those are newer than many a machine that a person logs in to.
"""

import os
import sys
from typing import Final, NamedTuple

_UNABLE: Final = ("", "dumb", "unknown")
_STANDARD_OUTPUT: Final = 1


class Abilities(NamedTuple):
    """What a terminal that is called `$TERM` can do."""

    moves_cursor: bool
    has_colours: bool


def at_terminal() -> bool:
    """Whether a person sits at both ends: input and output are terminals."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def draws_in_browser() -> bool:
    """Whether what is drawn goes to a browser, by way of a program that started this one."""
    return bool(os.environ.get("TEXTUAL_DRIVER"))


def why_no_screen() -> str:
    """What speaks against drawing a screen, "" where a person sits at a terminal that can show one."""
    if draws_in_browser():
        return ""
    if not at_terminal():
        return "input or output is no terminal"
    if not abilities().moves_cursor:
        return f"the terminal cannot show a screen (TERM is {os.environ.get('TERM') or 'not set'})"
    return ""


def is_coloured() -> bool:
    """Colour where a person can see it, after no-color.org; FORCE_COLOR asks for it anywhere."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout is not None and sys.stdout.isatty() and abilities().has_colours


def abilities() -> Abilities:
    """As terminfo has them."""
    name = os.environ.get("TERM", "")
    if name in _UNABLE:
        return Abilities(moves_cursor=False, has_colours=False)
    try:
        import curses
    except ImportError:  # a Python may be built without it
        return Abilities(moves_cursor=True, has_colours=True)
    try:
        curses.setupterm(name, _STANDARD_OUTPUT)
    except curses.error:
        return Abilities(moves_cursor=True, has_colours=True)
    return Abilities(curses.tigetstr("cup") is not None, curses.tigetnum("colors") > 0)
