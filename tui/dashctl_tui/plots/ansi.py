"""Rows turned into terminal escape codes, for a terminal that no application owns.

Rules: this is the only place that spells SGR codes for a plot; widgets use `dashctl_tui.plots.strips`;
without colours only bold, underline and reverse are left.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from dashctl_tui.plots.canvas import Ink, Row
from dashctl_tui.plots.skin import Colour, Paint, Skin

RESET: Final = "\x1b[0m"
_DEFAULT: Final = Skin()
_BRIGHT: Final = 8
_SIXTEEN: Final = 16


class Codes(dict[Ink, str]):
    """The escape codes of inks in one skin, made when they are first asked for."""

    def __init__(self, skin: Skin) -> None:
        super().__init__()
        self._skin = skin

    def __missing__(self, ink: Ink) -> str:
        code = self[ink] = _sgr(self._skin.paint(ink))
        return code


@lru_cache(maxsize=64)
def codes_in(skin: Skin) -> Codes:
    """Every ink's escape code in a skin."""
    return Codes(skin)


def sgr(ink: Ink, skin: Skin = _DEFAULT) -> str:
    """The escape code that switches from the terminal's default to `ink`; "" for plain ink."""
    return codes_in(skin)[ink]


def _sgr(paint: Paint) -> str:
    codes = [
        code for wanted, code in ((paint.bold, "1"), (paint.underline, "4"), (paint.reverse, "7")) if wanted
    ]
    codes += _parameters(paint.colour, 30)
    codes += _parameters(paint.background, 40)
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def _parameters(colour: Colour, base: int) -> list[str]:
    """SGR parameters; base: 30 for the foreground, 40 for the background."""
    if colour is None:
        return []
    if isinstance(colour, str):
        return [f"{base + 8};2", *(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))]
    if colour >= _SIXTEEN:
        return [f"{base + 8};5;{colour}"]
    return [str(base + colour if colour < _BRIGHT else base + 60 + colour - _BRIGHT)]


def to_ansi(rows: Sequence[Row], skin: Skin = _DEFAULT) -> str:
    """The rows with colours, one line each; every line ends in the terminal's default ink."""
    codes = codes_in(skin)
    return skin.spelled("\n".join("".join(_drawn(row, codes)) for row in rows))


def _drawn(row: Row, codes: Codes) -> Iterator[str]:
    """Runs that look the same share one code."""
    now = ""
    for text, ink in row.runs:
        code = codes[ink]
        if code != now:
            if now:
                yield RESET
            yield code
            now = code
        yield text
    if now:
        yield RESET
