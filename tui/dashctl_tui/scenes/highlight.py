"""Source code in colour.

Rules: Pygments tells what each piece of the text is, and is loaded aside once there is a picture; the
colours are the palette's; only as much is read as was asked for; a language that nobody knows stays plain.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from dashctl_tui.plots.canvas import Ink, Row, Run
from dashctl_tui.plots.palette import ACCENT, FAINT, GOOD, HEADING, MUTED, TEXT, WARNING
from dashctl_tui.plots.text import inert

if TYPE_CHECKING:
    from pygments.lexer import Lexer

_AT_ONCE: Final = 200
"""Lines that are read together."""
_TAB: Final = 4
_INKS: Final[tuple[tuple[str, Ink], ...]] = (
    ("Comment", MUTED),
    ("Keyword.Constant", WARNING),
    ("Keyword", ACCENT),
    ("Operator.Word", ACCENT),
    ("Literal.String.Doc", MUTED),
    ("Literal.String", GOOD),
    ("Literal.Number", WARNING),
    ("Name.Function", HEADING),
    ("Name.Class", HEADING),
    ("Name.Decorator", WARNING),
    ("Name.Builtin.Pseudo", MUTED),
    ("Name.Builtin", ACCENT),
    ("Name.Exception", WARNING),
    ("Operator", MUTED),
    ("Punctuation", MUTED),
    ("Error", FAINT),
)
"""By the names of Pygments' tokens, of which the first that a token's begins with counts."""


def prepare() -> None:
    """Load what the first text would wait for; in any thread."""
    _lexer("python")


def code_rows(text: str, language: str, stop: int) -> tuple[Row, ...]:
    """The lines of a text up to line `stop` at least, counted from 0, or all there are; not clipped."""
    return _rows(text, language, -(-max(1, stop) // _AT_ONCE) * _AT_ONCE)


@lru_cache(maxsize=16)
def _rows(text: str, language: str, most: int) -> tuple[Row, ...]:
    lines = text.expandtabs(_TAB).splitlines()
    part = "\n".join(lines[:most])
    rows = [Row.join(runs) for runs in _lines(part, language)]
    return tuple(rows[: len(lines)])


def _lines(text: str, language: str) -> Iterator[list[Run]]:
    line: list[Run] = []
    for kind, piece in _lexer(language).get_tokens(text):
        ink = _ink(str(kind))
        first, *others = piece.split("\n")
        line.append((inert(first), ink))
        for other in others:
            yield line
            line = [(inert(other), ink)]
    if any(piece for piece, _ in line):
        yield line


@lru_cache(maxsize=8)
def _lexer(language: str) -> "Lexer":
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415 - the first picture would wait for it
    from pygments.lexers.special import TextLexer  # noqa: PLC0415
    from pygments.util import ClassNotFound  # noqa: PLC0415

    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return TextLexer(stripnl=False)


@lru_cache(maxsize=256)
def _ink(kind: str) -> Ink:
    """Of a token, by its name, such as `Token.Name.Function`."""
    name = kind.removeprefix("Token.")
    return next((ink for prefix, ink in _INKS if name.startswith(prefix)), TEXT)
