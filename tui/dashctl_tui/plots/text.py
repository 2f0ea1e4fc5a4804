"""Names and labels made safe to print and cut to a number of cells.

Rules: whatever somebody else wrote (a model's name, a host, a log line) passes through `inert` before it
reaches a row, so that no control character can move the cursor or colour the screen; lengths are terminal
cells, never characters.
"""

import unicodedata
from functools import lru_cache

from rich.cells import cell_len, set_cell_size, split_text

from dashctl_tui.plots.glyphs import ELLIPSIS, UNPRINTABLE

_CONTROL_PICTURES = 0x2400
_DELETE = 0x7F
# Marks that combine with a letter take no cell of their own.
_CHARACTERS_PER_CELL = 16
# Joiners and variation selectors change the width of their neighbours, and terminals disagree by how much.
_WIDTH_CHANGERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
_TAB = 4
_UNPRINTABLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@lru_cache(maxsize=4096)
def inert(text: str) -> str:
    """`text` with control characters replaced by visible symbols (ESC becomes ␛) and a stable cell width."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, unicodedata.normalize("NFC", text)))


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == _DELETE:
        return chr(_CONTROL_PICTURES + 0x21)
    if character in _WIDTH_CHANGERS:
        return ""
    return UNPRINTABLE if unicodedata.category(character) in _UNPRINTABLE_CATEGORIES else character


def split(text: str, cells: int) -> tuple[str, str]:
    """`text` cut in two after so many cells; a wide character in the way becomes a space on either side."""
    if cells <= 0:
        return "", text
    if cells >= cell_len(text):
        return text, ""
    return split_text(text, cells)


def clip(text: str, width: int) -> str:
    """`text`, inert, in at most `width` cells; what is cut off is shown by an ellipsis."""
    # A name of a million characters costs no more than one of a line.
    most = _CHARACTERS_PER_CELL * (max(0, width) + 1)
    shown = inert(text[:most])
    if len(text) <= most and cell_len(shown) <= width:
        return shown
    if width <= 1:
        return ELLIPSIS[:width]
    return split(shown, width - 1)[0].rstrip() + ELLIPSIS


def wrap(text: str, width: int, most: int = 10_000) -> list[str]:
    """`text` in at most so many lines of at most `width` cells, parted at blanks where there are some.

    Its own line breaks and indents stay, tabs become blanks, everything else is inert.
    """
    lines: list[str] = []
    for own in text.splitlines() or [""]:
        rest = own.expandtabs(_TAB)
        while len(lines) < most:
            line, rest = _first_line(rest, max(1, width))
            lines.append(line)
            if not rest:
                break
    return lines


def _first_line(text: str, width: int) -> tuple[str, str]:
    """What fits one line, and what is left of the text."""
    # Looking at no more than can fit keeps a line of a megabyte from being measured a thousand times.
    piece = text[: width + 1]
    shown = inert(piece)
    if len(piece) == len(text) and cell_len(shown) <= width:
        return shown, ""
    count = len(piece) - 1
    while count > 1 and cell_len(inert(piece[:count])) > width:
        count -= 1
    blank = piece.rfind(" ", width // 2, count + 1)
    if blank > 0:
        return inert(piece[:blank]), text[blank + 1 :]
    return split(inert(piece[:count]), width)[0], text[count:]


def fill(text: str, width: int) -> str:
    """`text`, inert, in exactly `width` cells: clipped, or padded on the right."""
    return set_cell_size(clip(text, width), max(0, width))


def fill_left(text: str, width: int) -> str:
    """`text`, inert, in exactly `width` cells: clipped, or padded on the left (for numbers)."""
    clipped = clip(text, width)
    return " " * (width - cell_len(clipped)) + clipped
