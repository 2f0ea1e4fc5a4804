"""Many points onto few dots: projection, z-buffer, and what each cell then shows.

Rules: exact occlusion without sorting; no Python per point; blocks stay in the second-level cache, and what
is written per frame goes into arrays that are kept.
Method: the depth is mapped into [1, 2), where the bits of a float32 sort like the numbers; the lowest byte
of those bits gives way to the point's class, and the maximum per dot is then both the nearest point and its
class (a z-buffer as in E. Catmull, "A subdivision algorithm for computer display of curved surfaces", 1974).
"""

import sys
from collections.abc import Iterator
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint32]
"""Per point or dot: depth in the upper 24 bits (nearer is greater), class + 1 in the lowest; 0 is nothing."""

BLOCK = 16_384
MAX_CLASSES = 255
_LOWEST = 0 if sys.byteorder == "little" else 3
"""Where in a key's four bytes the lowest is."""
_FRACTION_BITS = 23
_FRACTION = np.uint32((1 << _FRACTION_BITS) - 1)


class Points(msgspec.Struct, frozen=True):
    """Points ready to be projected.

    blocks: (b, 4, BLOCK) float32, rows x, y, z, 1, block after block in a fixed random order, so any prefix
    is a fair sample; a block lies in one piece, because rows as long as the cloud would share cache lines.
    codes: (n,) class + 1, in 1..255.
    """

    blocks: NDArray[np.float32]
    codes: NDArray[np.uint8]

    @classmethod
    def of(cls, coordinates: NDArray[np.floating], codes: NDArray[np.uint8]) -> "Points":
        """Points of (3, n) coordinates."""
        count = coordinates.shape[1]
        blocks = np.zeros((-(-count // BLOCK), 4, BLOCK), dtype=np.float32)
        blocks[:, 3] = 1
        for number, start in enumerate(range(0, count, BLOCK)):
            part = coordinates[:, start : start + BLOCK]
            blocks[number, :3, : part.shape[1]] = part
        return cls(blocks, codes)

    @property
    def count(self) -> int:
        return int(self.codes.size)

    def coordinates(self) -> NDArray[np.float32]:
        """(3, n), as they were given."""
        flat: NDArray[np.float32] = self.blocks[:, :3].transpose(1, 0, 2).reshape(3, -1)[:, : self.count]
        return flat

    def parts(self, limit: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """The first `limit` points in blocks of (4, m), each behind the number of its first point."""
        for number, start in enumerate(range(0, limit, BLOCK)):
            yield start, self.blocks[number][:, : limit - start]


class View(msgspec.Struct, frozen=True):
    """An affine projection onto a grid of dots.

    matrix: (3, 4) float32 to (column, row, depth), in dots and [1, 2). clips: some points may fall outside.
    """

    matrix: NDArray[np.float32]
    columns: int
    rows: int
    clips: bool


class Raster:
    """A grid of dots to draw points on, again and again: each time what was returned is overwritten."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        # Whatever falls outside the grid goes to one more dot at the end.
        self._nearest = np.zeros(columns * rows + 1, dtype=np.uint32)
        self._projected = np.empty((3, BLOCK), dtype=np.float32)
        self._index = np.empty(BLOCK, dtype=np.intp)

    def nearest(self, points: Points, view: View, limit: int) -> Keys:
        """The key of the nearest of the first `limit` points on every dot: (rows, columns)."""
        self._nearest.fill(0)
        for start, block in points.parts(limit):
            size = block.shape[1]
            projected, index = self._projected[:, :size], self._index[:size]
            np.matmul(view.matrix, block, out=projected)
            keys: Keys = projected[2].view(np.uint32)
            keys.view(np.uint8)[_LOWEST::4] = points.codes[start : start + size]
            self._find_dots(projected[:2], index, clips=view.clips)
            np.maximum.at(self._nearest, index, keys)
        return self._nearest[:-1].reshape(self.rows, self.columns)

    def _find_dots(self, places: NDArray[np.float32], index: NDArray[np.intp], *, clips: bool) -> None:
        """Write down on which dots, counted row by row, these columns and rows (2, m) are."""
        # Up to 2^24 dots, more than any screen has, float32 holds every whole number.
        column, row = np.floor(places, out=places)
        if clips:
            outside = (column < 0) | (column >= self.columns) | (row < 0) | (row >= self.rows)
        np.multiply(row, np.float32(self.columns), out=row)
        np.add(row, column, out=row)
        np.copyto(index, row, casting="unsafe")
        if clips:
            index[outside] = self._nearest.size - 1


class Cells(msgspec.Struct, frozen=True):
    """The cells of 2×4 dots in which there is something.

    places: (m,) counted row by row. keys: (8, m) of their dots. width: cells in a row.
    """

    places: NDArray[np.intp]
    keys: Keys
    width: int

    @classmethod
    def of(cls, keys: Keys, drawn: NDArray[np.bool_]) -> "Cells":
        """keys: (4h, 2w). drawn: (h, w), the cells where a dot has a key."""
        places = np.flatnonzero(drawn)
        corners, offsets = _corners(*keys.shape)
        return cls(places, keys.ravel().take(offsets + corners.take(places)), drawn.shape[1])

    def nearest(self) -> Keys:
        """The greatest key of each: (m,)."""
        nearest: Keys = np.maximum.reduce(self.keys, axis=0)
        return nearest

    def classes(self) -> NDArray[np.uint8]:
        """Class + 1 shown by each: (m,).

        The majority of the cell's dots, ties to the nearest; where the cell on the left shows a class that is
        within one dot of the majority here, that one, because a run of one colour costs the terminal less.
        """
        codes = self.keys.astype(np.uint8)
        shown: NDArray[np.uint8] = np.maximum.reduce(codes, axis=0)
        # One less than nothing is more than any class.
        least = np.minimum.reduce(codes - np.uint8(1), axis=0) + np.uint8(1)
        mixed = np.flatnonzero(shown != least)
        if mixed.size:
            codes = codes.take(mixed, axis=1)
            shown[mixed], most = _majority(self.keys.take(mixed, axis=1), codes)
            left = self._left_of(shown, mixed)
            agreeing = np.add.reduce((codes == left).view(np.uint8), axis=0, dtype=np.uint8)
            near_tie = (left != 0) & (agreeing != 0) & (agreeing + np.uint8(1) >= most)
            kept = mixed[near_tie]
            shown[kept] = left[near_tie]
        return shown

    def _left_of(self, shown: NDArray[np.uint8], cells: NDArray[np.intp]) -> NDArray[np.uint8]:
        """What the cells to the left of some show, 0 for nothing."""
        places = self.places[cells]
        # The cell before the first is the last: it is no neighbour, as its place shows.
        beside = (self.places[cells - 1] == places - 1) & (places % self.width != 0)
        left: NDArray[np.uint8] = shown[cells - 1] * beside
        return left


def _majority(keys: Keys, codes: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """The most frequent class + 1 among the dots of each cell, and on how many dots: (8, m) -> (m,), (m,)."""
    equal = codes[:, None] == codes[None]
    votes = np.add.reduce(equal.view(np.uint8), axis=1, dtype=np.uint8)
    votes *= codes != 0
    # Sign and exponent of every depth are the same. Votes in their place: among equals the nearest wins.
    ranked = votes.astype(np.uint32)
    ranked <<= np.uint32(_FRACTION_BITS)
    ranked |= keys & _FRACTION
    best = np.maximum.reduce(ranked, axis=0)
    return best.astype(np.uint8), best >> np.uint32(_FRACTION_BITS)


@lru_cache(maxsize=16)
def _corners(rows: int, columns: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where each cell's first dot is in a grid of dots, (cells,), and the others behind that, (8, 1)."""
    corners = np.arange(0, rows * columns, 4 * columns)[:, None] + np.arange(0, columns, 2)
    offsets = (np.arange(4)[:, None] * columns + np.arange(2)).reshape(8, 1)
    return corners.ravel(), offsets
