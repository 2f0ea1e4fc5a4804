"""Questions about the past, answered beside the broker's loop.

Rules: the loop waits for no disk and no query: threads read, queries run in a process of their own, and
what they find is sent by the loop; what waits is bounded by number, and who is too many is told so.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import Final

from dashctl.bus import messages
from dashctl.bus.door import Peer
from dashctl.bus.journal.index import Index
from dashctl.bus.journal.inquiry import Inquiry

READS: Final = 256
"""Questions for parts of segments that wait."""
QUERIES: Final = 16
"""Queries that wait."""
UNSENT: Final = 16
"""Answers that wait for the loop before reading goes on."""
PART: Final = 1024 * 1024
"""Bytes of a segment in one answer at most."""

Question = messages.AskJournal | messages.AskSegment | messages.AskHistory


class History:
    """Answers between `start` and `close`; the loop asks and sends, threads read."""

    def __init__(self, index: Index | None, ring: Callable[[], None]) -> None:
        self._index = index
        self._ring = ring
        self._reads: Queue[tuple[Peer, messages.AskSegment]] = Queue(READS)
        self._queries: Queue[tuple[Peer, messages.AskHistory]] = Queue(QUERIES)
        self._answers: deque[tuple[Peer, messages.Reply]] = deque()
        self._room = threading.Semaphore(UNSENT)
        self._inquiry = Inquiry()
        self._threads: list[threading.Thread] = []
        self._closing = False

    def answer(self, peer: Peer, question: Question) -> None:
        """Answer at once what is at hand, and the rest by and by."""
        if self._index is None:
            if isinstance(question, messages.AskJournal):
                peer.reply(messages.JournalIndex(question.id))
            else:
                peer.reply(messages.Refused(question.id, "this broker keeps no journal", "no journal"))
            return
        try:
            match question:
                case messages.AskJournal(id=id_):
                    segments = tuple(extent.described() for extent in self._index.extents())
                    peer.reply(messages.JournalIndex(id_, segments))
                case messages.AskSegment():
                    self._reads.put_nowait((peer, question))
                case messages.AskHistory():
                    self._queries.put_nowait((peer, question))
        except Full:
            peer.reply(messages.Refused(question.id, "too many ask about the past", "busy"))
            return
        self._begin(self._index)

    def send(self) -> None:
        """Send what was found since."""
        with suppress(IndexError):
            while True:
                peer, reply = self._answers.popleft()
                self._room.release()
                peer.reply(reply)

    def close(self) -> None:
        """Answer nobody any more."""
        self._closing = True
        self._inquiry.close()
        for thread in self._threads:
            thread.join()

    def _begin(self, index: Index) -> None:
        """Threads for those who ask: most brokers are never asked."""
        if not self._threads:
            for work, name in ((self._read_all, "reader"), (self._query_all, "inquirer")):
                thread = threading.Thread(target=work, args=(index,), name=f"dashctl-{name}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _read_all(self, index: Index) -> None:
        while not self._closing:
            with suppress(Empty):
                peer, question = self._reads.get(timeout=0.2)
                self._found(peer, _part(index, question))

    def _query_all(self, index: Index) -> None:
        while not self._closing:
            with suppress(Empty):
                peer, question = self._queries.get(timeout=0.2)
                self._found(peer, self._inquiry.ask(index.extents(), question))

    def _found(self, peer: Peer, reply: messages.Reply) -> None:
        while not self._room.acquire(timeout=0.2):
            if self._closing:
                return
        self._answers.append((peer, reply))
        self._ring()


def _part(index: Index, question: messages.AskSegment) -> messages.Reply:
    extent = index.find(question.number)
    if extent is None:
        reason = f"segment {question.number} is not in the journal any more, or not yet"
        return messages.Refused(question.id, reason, "no segment")
    size = max(0, min(question.size, PART, extent.bytes - question.offset))
    try:
        file = os.open(extent.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.pread(file, size, max(0, question.offset)) if size else b""
        finally:
            os.close(file)
    except OSError as error:
        reason = f"segment {question.number} cannot be read ({error.strerror})"
        return messages.Refused(question.id, reason, "no segment")
    return messages.SegmentPart(question.id, question.number, question.offset, extent.bytes, memoryview(data))
