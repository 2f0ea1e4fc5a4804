"""What every drawing gives back: rows of styled text, and how rows are put together.

Rules: a drawing is a pure function of plain values and a size; `draw_*` functions return exactly `height`
rows of exactly `width` cells each, for any size from 1×1; neighbouring runs of equal ink are merged, because
a terminal is sent every run again; colour is decoration, and `to_text` of a drawing still tells the story.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import NamedTuple

import msgspec
from rich.cells import cell_len

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.text import clip, split


class Ink(NamedTuple):
    """How a run of text is drawn. Colours are "#rrggbb", or "" for the terminal's own."""

    colour: str = ""
    background: str = ""
    bold: bool = False
    underline: bool = False
    reverse: bool = False


PLAIN = Ink()

Run = tuple[str, Ink]
"""Text (already inert) and its ink."""


class Row(msgspec.Struct, frozen=True):
    """One line of cells. `width` is its length in terminal cells and always agrees with `runs`."""

    runs: tuple[Run, ...]
    width: int

    @classmethod
    def of(cls, *parts: str | Run) -> "Row":
        """A row from texts (drawn plain) and runs, left to right."""
        return cls.join((part, PLAIN) if isinstance(part, str) else part for part in parts)

    @classmethod
    def join(cls, runs: Iterable[Run]) -> "Row":
        merged = tuple(_merged(runs))
        return cls(merged, sum(cell_len(text) for text, _ in merged))

    @classmethod
    def blank(cls, width: int, ink: Ink = PLAIN) -> "Row":
        return cls(((" " * width, ink),), width) if width > 0 else cls((), 0)

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.runs)

    def __add__(self, other: "Row") -> "Row":
        left, right = self.runs, other.runs
        if left and right and left[-1][1] == right[0][1]:
            seam = (left[-1][0] + right[0][0], right[0][1])
            left, right = (*left[:-1], seam), right[1:]
        return Row(left + right, self.width + other.width)

    def cut(self, start: int, stop: int) -> "Row":
        """Cells `start` up to `stop`; half of a wide character becomes a space."""
        if start <= 0 and stop >= self.width:
            return self
        kept: list[Run] = []
        at = 0
        for text, ink in self.runs:
            size = cell_len(text)
            if at + size > start and at < stop:
                _, tail = split(text, start - at)
                head, _ = split(tail, stop - max(at, start))
                kept.append((head, ink))
            at += size
        return Row.join(kept)

    def fit(self, width: int, ink: Ink = PLAIN) -> "Row":
        """Exactly `width` cells: cut on the right, or padded with `ink`."""
        if self.width == width:
            return self
        return self.cut(0, width) if self.width > width else self + Row.blank(width - self.width, ink)

    def overlay(self, at: int, over: "Row") -> "Row":
        """`over` laid on this row from cell `at`; what would stick out on either side is cut off."""
        over = over.cut(max(0, -at), self.width - at)
        at = max(0, at)
        if over.width <= 0:
            return self
        return self.cut(0, at) + over + self.cut(at + over.width, self.width)


def _merged(runs: Iterable[Run]) -> Iterable[Run]:
    pending, ink = "", PLAIN
    for text, next_ink in runs:
        if not text:
            continue
        if pending and next_ink == ink:
            pending += text
            continue
        if pending:
            yield pending, ink
        pending, ink = text, next_ink
    if pending:
        yield pending, ink


def fit(rows: Sequence[Row], width: int, height: int) -> list[Row]:
    """Exactly `height` rows of exactly `width` cells: cut, or padded with blanks."""
    fitted = [row.fit(width) for row in rows[:height]]
    return fitted + [Row.blank(width)] * (height - len(fitted))


def beside(*blocks: Sequence[Row], gap: int = 0) -> list[Row]:
    """Blocks side by side, `gap` cells apart; shorter ones are padded below."""
    height = max((len(block) for block in blocks), default=0)
    widths = [max((row.width for row in block), default=0) for block in blocks]
    filled = [fit(block, width, height) for block, width in zip(blocks, widths, strict=True)]
    space = Row.blank(gap)
    return [reduce(lambda left, right: left + space + right, line) for line in zip(*filled, strict=True)]


def framed(rows: Sequence[Row], title: str, width: int, height: int, *, line: Ink, heading: Ink) -> list[Row]:
    """`rows` in a rounded frame of exactly this size with `title` in its upper edge.

    Below 3 rows or 3 columns there is no room for a frame: the rows alone are fitted.
    """
    if width < 3 or height < 3:
        return fit(rows, width, height)
    inner = width - 2
    label = f" {clip(title, inner - 3)} " if title and inner >= 4 else ""
    rule = glyphs.AXIS_HORIZONTAL
    rest = rule * (inner - 1 - cell_len(label)) if label else rule * inner
    top = Row.of(
        (glyphs.FRAME_TOP_LEFT + (rule if label else ""), line),
        (label, heading),
        (rest + glyphs.FRAME_TOP_RIGHT, line),
    )
    bottom = Row.of((glyphs.FRAME_BOTTOM_LEFT + rule * inner + glyphs.FRAME_BOTTOM_RIGHT, line))
    side = Row.of((glyphs.AXIS_VERTICAL, line))
    return [top, *(side + row + side for row in fit(rows, inner, height - 2)), bottom]


def to_text(rows: Sequence[Row]) -> str:
    """The rows as plain text without any escape code, one line each, trailing blanks removed."""
    return "\n".join(row.text.rstrip() for row in rows)
