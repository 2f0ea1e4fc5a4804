"""The thread that puts frames on disk, many at a time.

Rules: what is queued is written and made safe within FLUSH and the time that the disk takes, at once
when somebody waits for it; what is settled is said in the order of arrival, safe or not; a disk that
takes nothing costs the journal its frames and nobody else anything: there is one alert, and a new
segment begins with all that is known as soon as the disk takes it.
"""

import errno
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from dashctl.bus.journal.index import NEW, Extent, Index, path_of
from dashctl.bus.journal.retention import drop, outlived
from dashctl.bus.journal.segment import pack_header, read_header
from dashctl.bus.journal.settings import DAY, JournalSettings
from dashctl.events import Alert, Event

FLUSH: Final = 0.04
"""Seconds for which frames are gathered: with writing and syncing, little is older than 50 ms."""
HURRY_BYTES: Final = 4 * 1024 * 1024
CHUNK: Final = 1024 * 1024
RETRY: Final = 3.0
"""Seconds between two tries to write, while the disk takes nothing."""
TIDY: Final = 1.0
CLOSES: Final = 10.0
"""Seconds for which the end waits for the disk."""
ALERT: Final = "journal"

_log = logging.getLogger(__name__)


class Queued(NamedTuple):
    """A record's head and frame. `quiet`: nobody minds if it is lost with the machine."""

    arrival: float
    events: int
    quiet: bool
    head: bytes
    frame: bytes


class Checkpoint(NamedTuple):
    """A new segment begins with this."""

    begun: float
    ledger: bytes
    state: bytes


class Settled(NamedTuple):
    """All frames up to this one, counted from 1, are safe, or are not going to be."""

    upto: int
    durable: bool


class Writer:
    """Writes from `start` to `close`. The broker's loop puts, any thread may read the figures."""

    def __init__(
        self, settings: JournalSettings, index: Index, number: int, events: int, last: float
    ) -> None:
        self.index = index
        self.settled: deque[Settled] = deque()
        """What the loop has not looked at yet."""
        self.trouble = ""
        """Why the disk takes nothing; "" while it does."""
        self.wants_checkpoint = False
        self._settings = settings
        self._number, self._events, self._last = number, events, last
        self._queue: deque[Queued | Checkpoint] = deque()
        self._put_bytes = self._done_bytes = 0
        self._taken = 0
        self._oldest = 0.0
        self._file = -1
        self._size = 0
        self._next_try = self._next_tidying = 0.0
        self._wake, self._hurry = threading.Event(), threading.Event()
        self._closing = False
        self._heard: Callable[[], None] | None = None
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """Bytes of frames that are not written yet."""
        return self._put_bytes - self._done_bytes

    def lag(self, now: float) -> float:
        """Seconds for which the oldest frame waits that is not settled."""
        oldest = self._oldest
        if not oldest:
            with suppress(IndexError):
                first = self._queue[0]
                oldest = first.begun if isinstance(first, Checkpoint) else first.arrival
        return max(0.0, now - oldest) if oldest else 0.0

    def start(self, heard: Callable[[], None], post: Callable[[Event], None]) -> None:
        """Begin; `heard` is called when something is settled or wanted, `post` with alerts."""
        self._heard, self._post = heard, post
        self._thread = threading.Thread(target=self._run, name="dashctl-journal", daemon=True)
        self._thread.start()

    def put(self, item: Queued | Checkpoint) -> None:
        """Write this after all that was put before."""
        self._queue.append(item)
        if isinstance(item, Queued):
            self._put_bytes += len(item.frame)
        if len(self._queue) == 1:
            self._wake.set()
        if self.waiting > HURRY_BYTES:
            self._hurry.set()

    def hurry(self) -> None:
        """Somebody waits for what was put."""
        self._hurry.set()
        self._wake.set()

    def close(self) -> None:
        """Write what is left, and end."""
        self._closing = True
        self.hurry()
        if self._thread is not None:
            self._thread.join(CLOSES)
            if self._thread.is_alive():
                _log.error(
                    "journal: the disk did not answer for %g s: the last frames may be missing", CLOSES
                )

    def _run(self) -> None:
        while not self._closing or self._queue:
            self._wake.wait(RETRY if self.trouble else None)
            self._wake.clear()
            if not self._closing:
                self._hurry.wait(FLUSH)
            self._hurry.clear()
            self._write_queue()
            self._tidy()
        if self._file >= 0:
            self._sync_at_end()

    def _write_queue(self) -> None:
        """Write and settle what is queued by now."""
        batch = [self._queue.popleft() for _ in range(len(self._queue))]
        frames: list[Queued] = []
        for item in batch:
            if isinstance(item, Queued):
                self._oldest = self._oldest or item.arrival
                frames.append(item)
            else:
                self._settle(frames)
                frames = []
                self._begin(item)
        self._settle(frames)
        self._oldest = 0.0
        if self.trouble and time.monotonic() >= self._next_try:
            self._next_try = time.monotonic() + RETRY
            self.wants_checkpoint = True
        if self._heard is not None:
            self._heard()

    def _settle(self, frames: list[Queued]) -> None:
        """Put frames on disk, or give them up."""
        if not frames:
            return
        durable = False
        if self._file >= 0:
            try:
                self._write(frames)
                if not all(item.quiet for item in frames):
                    os.fdatasync(self._file)
                self._look_whether_it_is_there()
                durable = True
            except OSError as error:
                self._fail(error)
        self._taken += len(frames)
        self._done_bytes += sum(len(item.frame) for item in frames)
        self.settled.append(Settled(self._taken, durable))

    def _look_whether_it_is_there(self) -> None:
        """A file that somebody removed takes everything and gives nothing back. Raises OSError."""
        if not os.fstat(self._file).st_nlink:
            self.index.drop_removed()
            raise FileNotFoundError(errno.ENOENT, "The newest segment was removed")

    def _write(self, frames: list[Queued]) -> None:
        parts: list[bytes] = []
        size = events = 0
        for item in frames:
            parts += item[3:]
            size += len(item.head) + len(item.frame)
            events += item.events
            if size >= CHUNK:
                self._append(parts, size, events, item.arrival)
                parts, size, events = [], 0, 0
        if parts:
            self._append(parts, size, events, frames[-1].arrival)

    def _append(self, parts: list[bytes], size: int, events: int, last: float) -> None:
        self._write_out(self._file, b"".join(parts))
        self._size += size
        self._events += events
        self._last = last
        self.index.grow(last, events, self._size)

    def _write_out(self, file: int, data: bytes) -> None:
        """Write all of it; where the disk is full the oldest segments make room. Raises OSError."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(file, view) :]
            except OSError as error:
                if error.errno not in {errno.ENOSPC, errno.EDQUOT} or len(self.index.extents()) <= 2:
                    raise
                drop(self.index, 1)

    def _begin(self, checkpoint: Checkpoint) -> None:
        """Begin a new segment, or go on failing."""
        self.wants_checkpoint = False
        try:
            self._close_segment()
            self._open_segment(checkpoint)
            self._next_tidying = 0.0
        except OSError as error:
            self._fail(error)
            return
        if self.trouble:
            self.trouble = ""
            _log.warning("journal: the disk takes frames again")
            self._post(Alert(ALERT, "the disk takes frames again", severity="critical", resolved=True))

    def _close_segment(self) -> None:
        file, self._file = self._file, -1
        if file >= 0:
            try:
                os.fdatasync(file)
            finally:
                os.close(file)

    def _open_segment(self, checkpoint: Checkpoint) -> None:
        number = self._number + 1
        begun, ledger, state = checkpoint
        header = pack_header(number, begun, self._last, self._events, ledger=ledger, state=state)
        path = path_of(self._settings.folder, number)
        new = path.with_name(path.name + NEW)
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            for part in (header, ledger, state):
                self._write_out(file, part)
            os.fsync(file)
            new.rename(path)
            _sync_folder(path.parent)
        except OSError:
            os.close(file)
            new.unlink(missing_ok=True)
            raise
        self._file, self._number = file, number
        self._size = len(header) + len(ledger) + len(state)
        self.index.add(Extent(path, read_header(header), begun, 0, self._size))

    def _fail(self, error: OSError) -> None:
        """The segment ends where it was whole; the next one begins when the disk takes it."""
        file, self._file = self._file, -1
        if file >= 0:
            with suppress(OSError):
                os.ftruncate(file, self._size)
            os.close(file)
        self._next_try = time.monotonic() + RETRY
        if not self.trouble:
            _log.error("journal: %s: %s", self._settings.folder, error.strerror)
            self._post(
                Alert(
                    ALERT,
                    f"nothing is kept on disk: {error.strerror} ({self._settings.folder})",
                    severity="critical",
                )
            )
        self.trouble = error.strerror or str(error)

    def _tidy(self) -> None:
        """Remove what outlived its time."""
        if time.monotonic() < self._next_tidying:
            return
        self._next_tidying = time.monotonic() + TIDY
        before = time.time() - self._settings.keep_days * DAY
        try:
            drop(self.index, outlived(self.index.extents(), self._settings.keep, before))
        except OSError as error:
            _log.warning("journal: an old segment cannot be removed: %s", error)

    def _sync_at_end(self) -> None:
        try:
            self._close_segment()
        except OSError as error:
            _log.error("journal: %s: %s", self._settings.folder, error.strerror)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
