"""A frame on its way to the terminal, around Textual's compositor: the runs that changed, and nothing else.

Rules: this is the only place that writes past Textual; afterwards the terminal shows, cell by cell, what
Textual would have shown (a test compares the two); a pen is put down once and changed by as little as may be;
a frame begins and ends with the terminal's default pen.

Textual's way sends each line that changed whole, every run with its colours before it and a reset behind it,
and up to a sixtieth of a second later.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_NO_ATTRIBUTES: Final = ""
_RESET: Final = "\x1b[0m"
_DEFAULT: Final = ("39", "49")
_SEEN_ON_BLANKS: Final = frozenset({"4", "7", "9", "21", "53"})
"""Underlines, reverse and strokes: with these a blank is not only its background."""


class Pen(NamedTuple):
    """How a terminal draws: parameters of SGR, "" for its default."""

    colour: str = ""
    background: str = ""
    attributes: str = _NO_ATTRIBUTES

    @classmethod
    def of(cls, style: Style, system: ColorSystem) -> "Pen":
        """The pen of a style, in as many colours as there are."""
        colour = style.color.downgrade(system).get_ansi_codes() if style.color else ()
        background = style.bgcolor.downgrade(system).get_ansi_codes(foreground=False) if style.bgcolor else ()
        bare = style.without_color.render("x", color_system=system)
        attributes = bare[2 : bare.index("m")] if bare.startswith("\x1b[") else _NO_ATTRIBUTES
        return cls(
            ";".join(code for code in colour if code != "39"),
            ";".join(code for code in background if code != "49"),
            attributes,
        )

    @lru_cache(maxsize=4096)  # noqa: B019 - pens are values, and of few kinds
    def after(self, former: "Pen") -> str:
        """The shortest codes that lead here from another pen."""
        if self == former:
            return ""
        if self.attributes != former.attributes:
            codes = ["0" if former != Pen() else "", self.attributes, self.colour, self.background]
        else:
            codes = [
                "" if mine == theirs else mine or default
                for mine, theirs, default in zip(self[:2], former[:2], _DEFAULT, strict=True)
            ]
        return f"\x1b[{';'.join(code for code in codes if code)}m"

    def draws_blanks_as(self, other: "Pen") -> bool:
        """Whether blanks look the same as with another pen."""
        return (
            self.background == other.background
            and self.attributes == other.attributes
            and _SEEN_ON_BLANKS.isdisjoint(self.attributes.split(";"))
        )


class Inkwell:
    """The pens of styles, as one widget draws them: filled anew when its own style or filters change."""

    def __init__(self, finished: Callable[[Style], Style], system: ColorSystem) -> None:
        self._finished, self._system = finished, system
        self._pens: dict[Style | None, Pen] = {}

    def pen(self, style: Style | None) -> Pen:
        """The pen of a run with this style."""
        pen = self._pens.get(style)
        if pen is None:
            pen = self._pens[style] = Pen.of(self._finished(style or Style.null()), self._system)
        return pen


class Frame:
    """Codes for one frame; add the lines that changed, then take its `text`."""

    def __init__(self) -> None:
        self._codes: list[str] = []
        self._pen = Pen()
        self.left_out = False
        """Whether somebody had to leave lines to Textual."""

    def line(self, column: int, row: int, was: Strip, strip: Strip, ink: Inkwell) -> None:
        """Draw a strip from cell (column, row) on, where `was` stands until now."""
        there = _by_column(was)
        at, cursor = 0, -1
        for segment in strip:
            text, style, _ = segment
            width = cell_len(text)
            if there.get(at) != segment:
                if cursor < 0:
                    self._codes.append(f"\x1b[{row + 1};{column + at + 1}H")
                elif cursor != at:
                    # Absolute, so that a terminal that finds a letter wider than we do is wrong but here.
                    self._codes.append(f"\x1b[{column + at + 1}G")
                self._draw(text, ink.pen(style))
                cursor = at + width
            at += width

    def _draw(self, text: str, pen: Pen) -> None:
        if not (text.isspace() and pen.draws_blanks_as(self._pen)):
            self._codes.append(pen.after(self._pen))
            self._pen = pen
        self._codes.append(text)

    @property
    def text(self) -> str:
        """All codes; "" if nothing changed."""
        return "".join(self._codes) + _RESET if self._codes else ""


def _by_column(strip: Strip) -> dict[int, Segment]:
    found: dict[int, Segment] = {}
    at = 0
    for segment in strip:
        found[at] = segment
        at += cell_len(segment.text)
    return found
