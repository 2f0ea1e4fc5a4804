"""How far a broker upstream has been fed, kept beside the journal.

Rules: it is written aside and renamed, after the broker upstream has said that it has everything before;
an old one costs a few duplicates, which that broker drops; one that cannot be read counts as the beginning.
"""

from pathlib import Path
from zlib import crc32

import msgspec

from dashctl.bus.address import Address
from dashctl.bus.upstream.tail import Position


class Place:
    """Where the position for an address is kept, in a journal's folder."""

    def __init__(self, folder: Path, upstream: Address) -> None:
        self.path = folder / f"upstream-{crc32(upstream.place.encode()):08x}.json"

    def load(self) -> Position:
        """The position, or the beginning. Raises OSError for a file that is there and cannot be opened."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Position)
        except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
            return Position()

    def save(self, position: Position) -> None:
        """Keep a position. Raises OSError."""
        aside = self.path.with_suffix(".new")
        aside.write_bytes(msgspec.json.encode(position))
        aside.replace(self.path)
