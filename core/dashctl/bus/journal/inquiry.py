"""Queries over a journal, each in a process of its own.

Rules: a query takes nothing from the broker's loop, for it has an interpreter of its own; it takes
bounded time, or is refused; it ends with the broker; where the broker was started does not matter to it.
"""

import signal
import subprocess
import sys
import threading

import msgspec

from dashctl.bus import messages
from dashctl.bus.journal.index import Extent
from dashctl.bus.journal.query import LIMIT, TOO_MUCH, FileExtent, Query


class Inquiry:
    """One query at a time; `close` ends the one that runs, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._closed = False

    def ask(self, extents: list[Extent], question: messages.AskHistory) -> messages.Reply:
        """The answer, which may be a refusal."""
        query = msgspec.msgpack.encode(Query(question, [_as_file(extent) for extent in extents]))
        try:
            with self._started() as process:
                try:
                    answer, _ = process.communicate(query, timeout=LIMIT)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()
                    return _too_long(question.id)
        except (OSError, InterruptedError) as error:
            return messages.Refused(question.id, f"no query can be made ({error})", "busy")
        finally:
            self._running = None
        if process.returncode == -signal.SIGALRM:
            return _too_long(question.id)
        if process.returncode or not answer:
            reason = f"the query failed (status {process.returncode}); the broker's log says why"
            return messages.Refused(question.id, reason)
        return messages.decode_reply(answer)

    def close(self) -> None:
        """End the query that runs, and begin no other."""
        with self._lock:
            self._closed = True
            if self._running is not None:
                self._running.kill()

    def _started(self) -> "subprocess.Popen[bytes]":
        with self._lock:
            if self._closed:
                raise InterruptedError("the broker ends")
            self._running = subprocess.Popen(
                [sys.executable, "-P", "-m", "dashctl.bus.journal.query"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # Python does not start in a folder that was removed, as the broker's may be by now.
                cwd="/",
            )
            return self._running


def _too_long(id_: int) -> messages.Refused:
    reason = f"the query did not end within {LIMIT:g} s: ask for a shorter time, a run or a name"
    return messages.Refused(id_, reason, TOO_MUCH)


def _as_file(extent: Extent) -> FileExtent:
    path = str(extent.path.absolute())
    return FileExtent(path, extent.header.records, extent.bytes, extent.header.begun, extent.last)
