"""Which segments there are, as the writer and those who read see it.

Rules: any thread may ask; the newest segment grows, and what is said of it is on disk by then, if not
yet safe; times of arrival never go back.
"""

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from dashctl.bus.journal.segment import (
    HEADER_SIZE,
    SUFFIX,
    Damaged,
    Header,
    file_name,
    number_of,
    read_header,
)
from dashctl.bus.messages import Segment

NEW: Final = ".new"
"""What a segment's file is called until its checkpoint is safe."""


@dataclass(frozen=True, slots=True)
class Extent:
    """One segment: its file up to `bytes`."""

    path: Path
    header: Header
    last: float
    """When its last record came; when it began if it has none."""
    events: int
    bytes: int

    def described(self) -> Segment:
        """As it is told to those who ask."""
        return Segment(self.header.number, self.header.begun, self.last, self.events, self.bytes)


class Index:
    """All segments in a folder, oldest first."""

    def __init__(self, extents: list[Extent]) -> None:
        self._lock = threading.Lock()
        self._extents = extents

    def extents(self) -> list[Extent]:
        """All of them, as of now."""
        with self._lock:
            return self._extents.copy()

    def find(self, number: int) -> Extent | None:
        """The segment with this number, if it is there."""
        return next((each for each in self.extents() if each.header.number == number), None)

    def add(self, extent: Extent) -> None:
        """A new segment began."""
        with self._lock:
            self._extents.append(extent)

    def grow(self, last: float, events: int, size: int) -> None:
        """The newest has more."""
        with self._lock:
            newest = self._extents[-1]
            self._extents[-1] = replace(newest, last=last, events=newest.events + events, bytes=size)

    def drop_removed(self) -> None:
        """Somebody may have removed files: what is gone is not told of any more."""
        with self._lock:
            self._extents = [each for each in self._extents if each.path.exists()]

    def drop_oldest(self) -> None:
        """The oldest is gone."""
        with self._lock:
            del self._extents[0]


def segment_files(folder: Path) -> list[Path]:
    """The files of segments in a folder, oldest first. Raises OSError."""
    found = [path for path in folder.iterdir() if number_of(path) is not None]
    return sorted(found, key=lambda path: number_of(path) or 0)


def path_of(folder: Path, number: int) -> Path:
    """Where a segment's file is."""
    return folder / file_name(number)


def header_of(path: Path) -> Header:
    """The header of a segment's file. Raises Damaged, NewerFormat or OSError."""
    with path.open("rb") as file:
        header = read_header(file.read(HEADER_SIZE))
    if header.number != number_of(path):
        raise Damaged(f"{path}: has segment {header.number}; expected {path.name.removesuffix(SUFFIX)}")
    return header
