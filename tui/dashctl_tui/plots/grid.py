"""A grid of cells held as two arrays, and its rows.

Rules: one numpy pass per grid and no Python per cell; a blank cell takes the ink on its left, or of what
follows where there is none, so that runs merge.
Braille: a cell is 2×4 dots, and since cells are about twice as high as wide, dots are about square.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise, repeat

import numpy as np
from numpy.typing import NDArray

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import PLAIN, Ink, Row

DOTS_ACROSS = 2
DOTS_DOWN = 4
UNDER = 16
"""What a dot of the lower layer has, beside the 1 of one of the upper."""


def _patterns() -> NDArray[np.uint8]:
    """The braille pattern of four dots of the left column (low bits, from the top) and four of the right."""
    bit_of = (0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80)
    number = np.arange(256)
    bits = [(number >> place & 1) * bit for place, bit in enumerate(bit_of)]
    patterns: NDArray[np.uint8] = np.sum(bits, axis=0).astype(np.uint8)
    return patterns


@lru_cache(maxsize=1)
def _upper_or_lower() -> NDArray[np.uint8]:
    """The pattern of the upper layer, or of the lower where that is blank, by both columns' layers."""
    number = np.arange(1 << 16)
    upper, lower = ((number >> shift & 0x0F) | (number >> shift + 4 & 0xF0) for shift in (0, 4))
    return _patterns()[np.where(upper, upper, lower)]


@lru_cache(maxsize=1)
def _characters() -> NDArray[np.uint16]:
    """The character of each braille pattern: a space for a blank cell."""
    characters = np.arange(glyphs.BRAILLE_BASE, glyphs.BRAILLE_BASE + 256, dtype="<u2")
    characters[0] = ord(" ")
    return characters


def braille_bits(dots: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The braille pattern of each cell: dots (4h, 2w), C-contiguous -> bits (h, w)."""
    return braille_layers(dots.view(np.uint8))[0]


def braille_layers(dots: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The upper layer's pattern of each cell, or the lower one's where that is blank; and where it is.

    dots: (4h, 2w) of 0, 1, UNDER or both, C-contiguous. Both results are (h, w).
    """
    # Two neighbouring dots are read as one 16-bit number, so both columns and both layers shift at once.
    pairs = dots.view("<u2")
    columns = pairs[3::4] << 1
    columns |= pairs[2::4]
    for row in (1, 0):
        columns <<= 1
        columns |= pairs[row::4]
    return _upper_or_lower().take(columns), (columns & 0x0F0F) == 0


def grid_rows(bits: NDArray[np.uint8], ink: NDArray[np.integer], inks: Sequence[Ink]) -> list[Row]:
    """Rows of a braille grid.

    bits: (h, w) braille patterns, 0 for a blank cell. ink: (h, w) index into `inks`; ignored where blank.
    """
    height, width = bits.shape
    text = str(_characters().take(bits).data, "utf-16-le")
    starts, shown, first = _runs(_distinct(ink, inks), bits)
    bounds = starts.tolist()
    texts = list(map(text.__getitem__, map(slice, bounds, [*bounds[1:], bits.size])))
    runs = list(zip(texts, map([*inks, PLAIN].__getitem__, shown.tolist()), strict=True))
    return list(map(Row, [tuple(runs[begin:end]) for begin, end in pairwise(first)], repeat(width, height)))


def _runs(
    ink: NDArray[np.integer], bits: NDArray[np.uint8]
) -> tuple[NDArray[np.intp], NDArray[np.integer], list[int]]:
    """Where runs begin (flat), their inks (-1 in a blank row), and the number of each row's first run.

    The last of these is followed by the number of all runs.
    """
    height, width = bits.shape
    cells = np.flatnonzero(bits)
    edges = np.arange(0, height * width + 1, width)
    first = cells.searchsorted(edges)
    blank = np.flatnonzero(first[1:] == first[:-1])
    inks = ink.ravel()[cells]
    if blank.size:
        cells = np.insert(cells, first[blank], edges[blank])
        inks = np.insert(inks, first[blank], -1)
        first = cells.searchsorted(edges)
    begins = np.empty(cells.size, dtype=np.bool_)
    np.not_equal(inks[1:], inks[:-1], out=begins[1:])
    begins[first[:-1]] = True
    run = np.flatnonzero(begins)
    leading = run.searchsorted(first)
    starts = cells[run]
    starts[leading[:-1]] = edges[:-1]
    return starts, inks[run], leading.tolist()


def _distinct(ink: NDArray[np.integer], inks: Sequence[Ink]) -> NDArray[np.integer]:
    """`ink` with equal inks under one index, so that their runs merge."""
    first = {colour: index for index, colour in reversed(list(enumerate(inks)))}
    if len(first) == len(inks):
        return ink
    distinct: NDArray[np.intp] = np.array([first[colour] for colour in inks])[ink]
    return distinct
