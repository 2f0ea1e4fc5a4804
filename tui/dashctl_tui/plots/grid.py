"""A grid of cells held as two arrays, and its rows.

Rules: one numpy pass per grid and no Python per cell; a blank cell takes the ink on its left, so that runs
merge.
Braille: a cell is 2×4 dots, and since cells are about twice as high as wide, dots are about square.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row

DOTS_ACROSS = 2
DOTS_DOWN = 4


def braille_bits(dots: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The braille pattern of each cell: dots (4h, 2w), C-contiguous -> bits (h, w)."""
    # Two neighbouring dots are read as one 16-bit number, so both columns of a cell shift at once.
    pairs = dots.view("<u2")
    upper = pairs[0::4] | (pairs[1::4] << 1) | (pairs[2::4] << 2)
    lower = pairs[3::4]
    bits: NDArray[np.uint16] = (
        (upper & 0x07) | ((upper >> 5) & 0x38) | ((lower & 1) << 6) | ((lower >> 1) & 0x80)
    )
    return bits.astype(np.uint8)


def grid_rows(bits: NDArray[np.uint8], ink: NDArray[np.integer], inks: Sequence[Ink]) -> list[Row]:
    """Rows of a braille grid.

    bits: (h, w) braille patterns, 0 for a blank cell. ink: (h, w) index into `inks`; ignored where blank.
    """
    width = bits.shape[1]
    codes = np.where(bits == 0, ord(" "), bits + np.uint32(glyphs.BRAILLE_BASE)).astype("<u4")
    text = codes.tobytes().decode("utf-32-le")
    carried = _carry_left(_distinct(ink, inks), bits != 0).ravel()
    changes = np.empty(carried.size, dtype=np.bool_)
    np.not_equal(carried[1:], carried[:-1], out=changes[1:])
    changes[::width] = True
    starts = np.flatnonzero(changes)
    bounds = [*starts.tolist(), carried.size]
    texts = [text[start:stop] for start, stop in pairwise(bounds)]
    runs = list(zip(texts, map(inks.__getitem__, carried[starts].tolist()), strict=True))
    first = np.searchsorted(starts, np.arange(0, carried.size + 1, width)).tolist()
    return [Row(tuple(runs[begin:end]), width) for begin, end in pairwise(first)]


def _distinct(ink: NDArray[np.integer], inks: Sequence[Ink]) -> NDArray[np.integer]:
    """`ink` with equal inks under one index, so that their runs merge."""
    first = {colour: index for index, colour in reversed(list(enumerate(inks)))}
    if len(first) == len(inks):
        return ink
    distinct: NDArray[np.intp] = np.array([first[colour] for colour in inks])[ink]
    return distinct


def _carry_left(ink: NDArray[np.integer], drawn: NDArray[np.bool_]) -> NDArray[np.integer]:
    """`ink` with every cell that is not drawn replaced by its nearest drawn one on the left, if any."""
    height, width = ink.shape
    source = np.where(drawn, np.arange(width), 0)
    np.maximum.accumulate(source, axis=1, out=source)
    source += np.arange(0, height * width, width)[:, None]
    return ink.ravel()[source]
