"""The code that a run is running, as an event.

Rules: the text is what stands in the file, line for line, cut after a whole line where it is too long for an
event, which its last line then says; the line of the loop is found in Python's own syntax tree.
"""

import ast
import inspect
import textwrap
from pathlib import Path
from typing import Final

from dashctl.errors import DashctlError
from dashctl.events import SourceCode
from dashctl.validation import LONGEST_NAME, LONGEST_TEXT, sendable

_ROOM_FOR_THE_REST: Final = 80


class NoSource(DashctlError):
    """Code that cannot be shown: it was not written in Python, or is not at hand."""


def source_code(of: object) -> SourceCode:
    """The code of a function, method, class or module, at most 65,536 characters of it.

    Raises NoSource where there is none: for what is built in, compiled, or typed at a prompt.
    """
    try:
        lines, first = inspect.getsourcelines(of)  # type: ignore[arg-type]
        path = inspect.getsourcefile(inspect.unwrap(of)) or "unknown"  # type: ignore[arg-type]
    except (OSError, TypeError, ValueError, SyntaxError) as error:
        name = getattr(of, "__qualname__", None) or getattr(of, "__name__", None) or type(of).__name__
        raise NoSource(f"source: the code of {sendable(str(name), 60)} cannot be read ({error})") from None
    # A module begins with line 0, which is its first.
    first = max(1, first)
    return SourceCode(_absolute(path), _bounded(lines), first, loop=_loop(lines, first))


def _absolute(path: str) -> str:
    """A cell of a notebook has a name of its own instead of a file."""
    shown = path if path.startswith("<") else str(Path(path).absolute())
    return sendable(shown, LONGEST_NAME)


def _bounded(lines: list[str]) -> str:
    kept, room = 0, LONGEST_TEXT - _ROOM_FOR_THE_REST
    for line in lines:
        room -= len(line)
        if room < 0:
            break
        kept += 1
    text = "".join(lines[:kept])
    if kept < len(lines):
        text += f"# … {len(lines) - kept:,} more lines are not shown"
    return sendable(text)


def _loop(lines: list[str], first: int) -> int | None:
    """The number in its file of the longest of the outermost loops; None if there is no loop."""
    try:
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except SyntaxError:
        return None
    loops = [node for node in _outermost(tree) if node.end_lineno is not None]
    if not loops:
        return None
    longest = max(loops, key=lambda loop: (loop.end_lineno or 0) - loop.lineno)
    return first + longest.lineno - 1


def _outermost(node: ast.AST) -> list[ast.For | ast.AsyncFor | ast.While]:
    found: list[ast.For | ast.AsyncFor | ast.While] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.For | ast.AsyncFor | ast.While):
            found.append(child)
        else:
            found += _outermost(child)
    return found
