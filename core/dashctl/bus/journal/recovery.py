"""What a broker knows when it begins: the newest checkpoint, and what came after it.

Rules: a record is replayed if it is whole and follows whole ones; behind the first that is not, the
newest segment is cut; a checkpoint that is damaged is passed over, by way of the one before; a file
whose header is damaged is put aside, never removed.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dashctl.bus.journal.index import NEW, Extent, Index, header_of, segment_files
from dashctl.bus.journal.segment import (
    SUFFIX,
    Damaged,
    Header,
    NewerFormat,
    read_checkpoint,
    records,
)
from dashctl.bus.ledger import BadLedger, Ledger
from dashctl.errors import UsageError
from dashctl.state import BadSnapshot, State, fold_all
from dashctl.wire import BROKER, BadFrame, decode_header, open_frame

ASIDE: Final = ".unreadable"

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Recovered:
    """What is known, and where the journal ends."""

    index: Index
    clock: float
    state: State = field(default_factory=State)
    ledger: Ledger = field(default_factory=Ledger)
    number: int = 0
    """Of the newest segment; 0: none."""
    events: int = 0
    """In the records of all segments, those included that are gone."""
    last: float = 0.0
    """When the newest record came, seconds since 1970."""
    unreadable: int = 0
    """Frames that another version of the protocol wrote."""


def recover(folder: Path, clock: float) -> Recovered:
    """Read a journal, and cut off what is torn. Raises UsageError if it cannot be read.

    `clock` is what makes seconds since 1970 of the time that the ledger is in.
    """
    try:
        headers = _headers(folder)
        recovered = Recovered(Index(_extents(headers)), clock)
        base = _newest_checkpoint(headers, recovered)
        for path, header in headers[base:]:
            _replay(path, header, recovered)
        if headers:
            _cut(recovered)
            _tell_unreadable(folder, recovered.unreadable)
            recovered.number = headers[-1][1].number
    except NewerFormat as error:
        raise UsageError(f"journal: {folder}: {error}: keep another one, or none") from None
    except OSError as error:
        raise UsageError(f"journal: {folder} cannot be read ({error.strerror})") from None
    return recovered


def _headers(folder: Path) -> list[tuple[Path, Header]]:
    for leftover in folder.glob(f"*{SUFFIX}{NEW}"):
        leftover.unlink()
    headers: list[tuple[Path, Header]] = []
    for path in segment_files(folder):
        try:
            headers.append((path, header_of(path)))
        except Damaged as error:
            _log.warning("journal: %s: %s: put aside", path, error)
            path.rename(path.with_name(path.name + ASIDE))
    return headers


def _extents(headers: Sequence[tuple[Path, Header]]) -> list[Extent]:
    """What each segment has, by what the next one says was before it; the newest is found out by reading."""
    extents = []
    for at, (path, header) in enumerate(headers):
        size = path.stat().st_size
        if at + 1 < len(headers):
            following = headers[at + 1][1]
            last, events = max(header.begun, following.last), max(0, following.events - header.events)
        else:
            last, events = header.begun, 0
        extents.append(Extent(path, header, last, events, size))
    return extents


def _newest_checkpoint(headers: Sequence[tuple[Path, Header]], recovered: Recovered) -> int:
    """Take the newest checkpoint that can be read; where its segment is in the list, 0 without any."""
    for at in range(len(headers) - 1, -1, -1):
        path, header = headers[at]
        with path.open("rb") as file:
            head = file.read(header.records)
        try:
            ledger, state = read_checkpoint(header, head)
            recovered.state = State.decode(bytes(state))
            recovered.ledger = Ledger.load(bytes(ledger), recovered.clock)
        except (Damaged, BadSnapshot, BadLedger) as error:
            _log.warning("journal: %s: %s: using the segment before", path, error)
            continue
        recovered.events, recovered.last = header.events, header.last
        return at
    return 0


def _replay(path: Path, header: Header, recovered: Recovered) -> None:
    """Take in the records of a segment; the index learns what it has if it is the newest."""
    data = path.read_bytes()
    last, events, end = max(header.begun, recovered.last), 0, min(header.records, len(data))
    for record in records(data, header.records):
        last, end = max(last, record.arrival), record.end
        frame = bytes(record.frame)
        try:
            frame_header = decode_header(frame)
        except BadFrame:
            recovered.unreadable += 1
            continue
        events += frame_header.events
        if frame_header.producer != BROKER:
            recovered.ledger.enter(frame_header, record.arrival - recovered.clock)
        fold_all(recovered.state, open_frame(frame).events)
    recovered.last = last
    recovered.events = header.events + events
    if recovered.index.extents()[-1].path == path:
        recovered.index.grow(last, events, end)


def _tell_unreadable(folder: Path, frames: int) -> None:
    if frames:
        _log.warning("journal: %s: %d frames of another version of the protocol: left out", folder, frames)


def _cut(recovered: Recovered) -> None:
    newest = recovered.index.extents()[-1]
    torn = newest.path.stat().st_size - newest.bytes
    if torn > 0:
        _log.warning("journal: %s: %d bytes at its end are torn: cut off", newest.path, torn)
        with newest.path.open("r+b") as file:
            file.truncate(newest.bytes)
            os.fsync(file.fileno())
