"""A journal as the broker's loop sees it.

Rules: the loop alone uses it, `status` excepted; nothing here waits for a disk, but for the beginning
and the end; times of arrival never go back, whatever the clock does; who waits to hear that an event
is durable is answered in any case, with yes or no.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from dashctl.bus.askers import Asker
from dashctl.bus.journal.lock import FolderLock
from dashctl.bus.journal.recovery import recover
from dashctl.bus.journal.segment import RECORD_SIZE, pack_record
from dashctl.bus.journal.settings import JournalSettings
from dashctl.bus.journal.writer import Checkpoint, Queued, Writer
from dashctl.bus.ledger import Ledger
from dashctl.bus.messages import JournalStatus
from dashctl.errors import DashctlError
from dashctl.events import Event, JournalStats
from dashctl.wire import KIND_COLUMNS

FULL: Final = 64 * 1024 * 1024
"""Bytes that wait for the disk before no more is taken in from producers."""
EFFORT: Final = 6
"""How many events in columns an event in another frame is worth when it is folded."""
FRAME_EFFORT: Final = 50
"""The same of opening a frame."""


class Journal:
    """Opened on construction, which recovers what is there. Raises UsageError."""

    def __init__(self, settings: JournalSettings) -> None:
        self.settings = settings
        self._lock = FolderLock(settings.folder)
        try:
            found = recover(settings.folder, _clock())
        except DashctlError:
            self._lock.release()
            raise
        self.recovered = found
        self._arrival = found.last
        self._writer = Writer(settings, found.index, found.number, found.events, found.last)
        self.index = found.index
        self._bytes = self._effort = self._checkpoint = 0
        self._put = self._settled = 0
        self._waiting: deque[tuple[int, Asker]] = deque()

    def start(self, heard: Callable[[], None], post: Callable[[Event], None]) -> None:
        """Begin to write: `heard` is called when there is something to look at, `post` with alerts."""
        self._writer.start(heard, post)

    def begin(self, state: bytes, ledger: Ledger) -> None:
        """Begin a segment with everything that was put so far: the state is encoded."""
        books = ledger.dump(_clock())
        self._bytes = self._effort = 0
        self._checkpoint = len(state) + len(books)
        self._writer.wants_checkpoint = False
        self._writer.put(Checkpoint(self._now(), books, state))

    @property
    def due(self) -> bool:
        """Whether a segment should begin."""
        if self._writer.wants_checkpoint:
            return True
        # A state may be larger than what a segment has: checkpoints are not most of what is written.
        large = self._bytes * 2 >= self._checkpoint
        settings = self.settings
        return large and (self._bytes >= settings.largest_segment or self._effort >= settings.segment_effort)

    @property
    def is_full(self) -> bool:
        """Whether so much waits for the disk that nothing more should be taken in."""
        return self._writer.waiting > FULL

    def put(self, frame: bytes, events: int, *, own: bool) -> None:
        """Keep a frame; `own` are the broker's, which nobody waits for."""
        self._put += 1
        self._bytes += len(frame) + RECORD_SIZE
        self._effort += FRAME_EFFORT + (events if frame[3] == KIND_COLUMNS else events * EFFORT)
        arrival = self._now()
        self._writer.put(Queued(arrival, events, own, pack_record(arrival, frame), frame))

    def await_safety(self, asker: Asker) -> None:
        """Somebody waits for everything that was put so far; `answerable` says when to answer."""
        self._waiting.append((self._put, asker))
        if self._put > self._settled:
            self._writer.hurry()

    def answerable(self) -> list[tuple[Asker, bool]]:
        """Who waits no longer, and whether what they waited for is durable."""
        answers: list[tuple[Asker, bool]] = []
        settled = self._writer.settled
        while settled:
            upto, durable = settled.popleft()
            self._settled = upto
            self._answer(answers, durable=durable)
        self._answer(answers, durable=not self._writer.trouble)
        return answers

    def close(self) -> None:
        """Write what is left and give the folder back."""
        self._writer.close()
        self._lock.release()

    def status(self) -> JournalStatus:
        """How it is doing; any thread may ask."""
        extents = self.index.extents()
        return JournalStatus(
            folder=str(self.settings.folder),
            segments=len(extents),
            bytes=sum(each.bytes for each in extents),
            events=sum(each.events for each in extents),
            oldest=extents[0].header.begun if extents else 0.0,
            lag=self._writer.lag(time.time()),
            waiting=self._writer.waiting,
            durable=not self._writer.trouble,
            error=self._writer.trouble,
        )

    def statistics(self) -> JournalStats:
        """The same as an event tells it."""
        status = self.status()
        return JournalStats(status.bytes, status.segments, status.lag, status.durable, status.oldest)

    def _answer(self, answers: list[tuple[Asker, bool]], *, durable: bool) -> None:
        while self._waiting and self._waiting[0][0] <= self._settled:
            answers.append((self._waiting.popleft()[1], durable))

    def _now(self) -> float:
        self._arrival = max(self._arrival, time.time())
        return self._arrival


def _clock() -> float:
    """What makes seconds since 1970 of the monotonic clock."""
    return time.time() - time.monotonic()
