"""Where a journal is and how much of it is kept.

Rules: without settings there is no journal; a folder belongs to one address; what is kept is bounded
by bytes and by age, whichever comes first.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zlib import crc32

from dashctl.bus.address import Address
from dashctl.folders import state_folder
from dashctl.settings import JOURNAL_DAYS, JOURNAL_FOLDER, JOURNAL_KEEP, setting

SEGMENT_BYTES: Final = 16 * 1024 * 1024
SEGMENT_EFFORT: Final = 180_000
"""Folding so much effort takes a tenth of a second: an event in columns counts as 1."""
SMALLEST_SEGMENT: Final = 1024 * 1024
DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """A journal's folder, and what is kept in it: so many bytes, for so many days."""

    folder: Path
    keep: int = JOURNAL_KEEP.default
    keep_days: float = JOURNAL_DAYS.default
    segment_bytes: int = SEGMENT_BYTES
    """Frames in a segment before the next begins."""
    segment_effort: int = SEGMENT_EFFORT

    @property
    def largest_segment(self) -> int:
        """Bytes of frames after which the next segment begins: there are several, however little is kept."""
        return min(self.segment_bytes, max(SMALLEST_SEGMENT, self.keep // 8))


def journals_folder() -> Path:
    """Where the journals of all addresses are. Raises UsageError."""
    base = setting(JOURNAL_FOLDER)
    return Path(base) if base else state_folder() / "journal"


def journal_folder(address: Address) -> Path:
    """Where the journal of a broker at this address is kept unless told otherwise."""
    # Two addresses may read the same once their slashes are gone: the sum keeps them apart.
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", str(address)).strip("-")[-80:]
    name = f"{readable}-{crc32(str(address).encode()):08x}"
    return journals_folder() / name


def journal_settings(
    address: Address, keep: int | None = None, keep_days: float | None = None
) -> JournalSettings:
    """What flags, environment and configuration file say. Raises UsageError."""
    return JournalSettings(
        journal_folder(address), setting(JOURNAL_KEEP, keep), setting(JOURNAL_DAYS, keep_days)
    )
