"""What the command is connected to.

Rules: a stream may be a terminal, a file, a pipe, or closed, and a terminal may be able to do next to
nothing: whoever asks gets an answer for each; one that terminfo does not know is taken for a modern
one, because those are newer than many a machine that a person logs in to.
"""

import os
import re
import sys
from typing import Final, NamedTuple

from dashctl.settings import COLOURS, MONITOR_ASCII, MONITOR_COLOURS, setting

_UNABLE: Final = ("", "dumb", "unknown")
_STANDARD_OUTPUT: Final = 1
_AUTO, _ALL, _MANY, _FEW, _NONE = COLOURS
_EVERY_COLOUR, _MANY_COLOURS, _FEW_COLOURS = 1 << 24, 256, 8
_ALL_COLOURS: Final = ("truecolor", "24bit")
_COUNTED: Final = re.compile(r"-([0-9]{1,9})color")
_FORCED: Final = {"2": _MANY, "3": _ALL}


class Abilities(NamedTuple):
    """What a terminal that is called `$TERM` can do."""

    moves_cursor: bool
    colours: int


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


def colour_depth(flag: str | None = None) -> str:
    """How many colours to send: truecolor, 256, 16 or none.

    What the flag says holds anywhere; then NO_COLOR (no-color.org), unless the monitor's own variable says
    more; FORCE_COLOR asks for colours where no terminal is, 2 for 256 and 3 for truecolor; the configuration
    says how many a terminal gets, and without it that is what the terminal can do. Raises UsageError.
    """
    wanted = setting(MONITOR_COLOURS, flag)
    if flag not in (None, _AUTO):
        return wanted
    if os.environ.get("NO_COLOR") and (wanted == _AUTO or not os.environ.get(MONITOR_COLOURS.variable)):
        return _NONE
    forced = os.environ.get("FORCE_COLOR")
    if not forced and not draws_in_browser() and not (sys.stdout is not None and sys.stdout.isatty()):
        return _NONE
    if wanted != _AUTO:
        return wanted
    able = _able_depth()
    return _FORCED.get(forced, _FEW if able == _NONE else able) if forced else able


def _able_depth() -> str:
    """What the terminal can do, as far as the environment tells."""
    if draws_in_browser():
        return _ALL
    known = abilities().colours
    name = os.environ.get("TERM", "")
    # It is handed on by programs in which another terminal runs, so it may not be about this one.
    if os.environ.get("COLORTERM") in _ALL_COLOURS and (known >= _MANY_COLOURS or name == "xterm"):
        return _ALL
    if known >= _EVERY_COLOUR:
        return _ALL
    if known >= _MANY_COLOURS:
        return _MANY
    return _FEW if known >= _FEW_COLOURS else _NONE


def only_ascii(flag: bool | None = None) -> bool:
    """Whether to send nothing but ASCII: where it was asked for, or nothing else could be shown."""
    wanted = flag if flag is not None else setting(MONITOR_ASCII)
    if wanted is not None:
        return wanted
    if draws_in_browser() or sys.stdout is None:
        return False
    # The fonts of a console have neither braille nor blocks.
    name = os.environ.get("TERM", "") if sys.stdout.isatty() else ""
    return name == "linux" or name.startswith("vt") or not _takes_unicode(sys.stdout.encoding)


def _takes_unicode(encoding: str | None) -> bool:
    return (encoding or "").lower().replace("-", "").replace("_", "").startswith("utf")


def abilities() -> Abilities:
    """As terminfo has them."""
    name = os.environ.get("TERM", "")
    if name in _UNABLE:
        return Abilities(moves_cursor=False, colours=0)
    try:
        import curses
    except ImportError:  # a Python may be built without it
        return Abilities(moves_cursor=True, colours=_named_colours(name))
    try:
        curses.setupterm(name, _STANDARD_OUTPUT)
    except curses.error:
        return Abilities(moves_cursor=True, colours=_named_colours(name))
    return Abilities(curses.tigetstr("cup") is not None, max(0, curses.tigetnum("colors")))


def _named_colours(name: str) -> int:
    """What a terminal's name promises, as xterm-16color or xterm-direct; many, if it says nothing."""
    if name.endswith("-direct"):
        return _EVERY_COLOUR
    found = _COUNTED.search(name)
    return int(found[1]) if found else 0 if name.endswith(("-m", "-mono")) else _MANY_COLOURS
