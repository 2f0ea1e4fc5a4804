"""Pictures spelled in ASCII, for terminals and fonts that have nothing else.

Rules: what comes out is as many cells wide as what went in, and every character of it is ASCII; each
character that a drawing uses stands in the table, and a test holds it to that; what somebody else wrote is
brought to its base letters where that keeps the width, and is a question mark per cell otherwise.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

from rich.cells import cell_len

from dashctl_tui.plots.glyphs import BRAILLE_BASE

UNKNOWN: Final = "?"
_DOTS: Final = (0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80)
"""The bits of a braille cell in reading order: left and right, from the top."""
# Shapes of up to four dots, four rows of left and right; the most alike is taken, the earlier of equals.
_SHAPES: Final = (
    ("'", "10 00 00 00", "01 00 00 00", "10 10 00 00", "01 01 00 00"),
    ('"', "11 00 00 00", "11 11 00 00"),
    (".", "00 00 00 10", "00 00 00 01", "00 00 10 10", "00 00 01 01"),
    ("_", "00 00 00 11", "00 00 11 11"),
    ("-", "00 11 00 00", "00 00 11 00", "00 10 01 00", "00 01 10 00", "00 11 11 00"),
    ("-", "00 10 00 00", "00 01 00 00", "00 00 10 00", "00 00 01 00"),
    ("|", "10 10 10 10", "01 01 01 01", "10 10 10 00", "01 01 01 00", "00 10 10 10", "00 01 01 01"),
    ("/", "01 01 10 10", "00 01 10 00", "01 10 00 00", "00 00 01 10", "01 10 10 00", "00 01 10 10"),
    ("\\", "10 10 01 01", "10 01 00 00", "00 00 10 01", "10 01 01 00", "00 10 01 01"),
    ("=", "11 00 11 00", "00 11 00 11", "11 00 00 11"),
    (":", "10 00 10 00", "01 00 01 00", "00 10 00 10", "00 01 00 01", "10 00 00 10", "01 00 00 01"),
    (":", "10 00 01 00", "01 00 10 00", "00 10 00 01", "00 01 00 10", "10 00 00 01", "01 00 00 10"),
)
_DENSE: Final = {5: "+", 6: "*", 7: "%", 8: "#"}
"""By the number of dots: with so many there is no shape to be seen."""


def _braille(pattern: int) -> str:
    if not pattern:
        return " "
    dots = [bool(pattern & bit) for bit in _DOTS]
    if sum(dots) in _DENSE:
        return _DENSE[sum(dots)]
    return min(_SHAPES, key=lambda shape: min(_unlike(dots, each) for each in shape[1:]))[0]


def _unlike(dots: Iterable[bool], shape: str) -> int:
    """On how many dots two cells differ."""
    return sum(mine != (theirs == "1") for mine, theirs in zip(dots, shape.replace(" ", ""), strict=True))


def _spelled(*pairs: tuple[str, str]) -> dict[int, str]:
    return {ord(each): by for characters, by in pairs for each in characters}


def _box_drawing() -> dict[int, str]:
    """Whatever joins lines is a plus; the lines themselves are told apart by weight."""
    joints = dict.fromkeys(range(0x2500, 0x2580), "+")
    lines = _spelled(
        ("─╌┄┈╴╶", "-"),
        ("━╍┅┉╸╺╼╾═", "="),
        ("│┃╎╏╵╷╹╻╽╿║", "|"),
        ("┆┇┊┋", ":"),
        ("╱", "/"),
        ("╲", "\\"),
        ("╳", "X"),
    )
    return {**joints, **lines}


_WRITTEN: Final[dict[int, str]] = {
    **_box_drawing(),
    # Columns and bars that fill up by eighths.
    **dict(zip(map(ord, "▁▂▃▄▅▆▇█"), "_.-=+*%#", strict=True)),
    **dict(zip(map(ord, "▏▎▍▌▋▊▉"), ".:-=+*%", strict=True)),
    **_spelled(("▀▔", '"'), ("▐▕", "|"), ("░", "."), ("▒", ":"), ("▓", "%"), ("▖▗", "."), ("▘▝", "'")),
    **_spelled(("▙▛▜▟", "#"), ("▚", "\\"), ("▞", "/")),
    **_spelled(("■▪◆◈●•★", "*"), ("□▫◇○◌◐◑◒◓☆", "o"), ("◉◎", "@")),
    **_spelled(("▲△▴▵↑⇑", "^"), ("▼▽▾▿↓⇓", "v"), ("▶▷▸▹►→⇒›»❯", ">"), ("◀◁◂◃◄←⇐‹«❮", "<")),
    **_spelled(("↔⟷", "-"), ("↕", "|"), ("✓✔", "+"), ("✕✖✗✘×", "x"), ("⚠", "!")),
    **_spelled(("…≈±", "~"), ("·∙⋅", "."), ("‐‑‒–—―−", "-"), ("“”„″", '"'), ("‘’‚′", "'"), ("÷⁄", "/")),
    **_spelled(
        ("≤", "<"), ("≥", ">"), ("≠", "!"), ("°", "o"), ("µμ", "u"), ("Δ", "D"), ("Σ", "S"), ("∞", "8")
    ),
    **dict(zip(map(ord, "αβγδελπρστφω"), "abgdelprstfw", strict=True)),
}


@cache
def _table() -> dict[int, str]:
    """The whole table; most screens never need it."""
    return {**{BRAILLE_BASE + pattern: _braille(pattern) for pattern in range(256)}, **_WRITTEN}


@lru_cache(maxsize=16_384)
def in_ascii(text: str) -> str:
    """`text` in ASCII, in as many cells."""
    if text.isascii():
        return text
    known = text.translate(_table())
    if known.isascii():
        return known
    spelled = "".join(each if each.isascii() else _transliterated(each) for each in known)
    return (spelled + UNKNOWN * cell_len(text))[: cell_len(text)]


def _transliterated(character: str) -> str:
    """Its base letter, or a question mark per cell."""
    width = cell_len(character)
    base = "".join(
        each for each in unicodedata.normalize("NFKD", character) if not unicodedata.combining(each)
    )
    return base if base.isascii() and base.isprintable() and len(base) == width else UNKNOWN * width
