"""One segment that was fetched: its frames, and the state at any moment in it.

Rules: it may grow at its end; a state that was computed is kept as a mark, so that the next moment is a
few frames from one and never the whole segment; states that are given away are copies.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

from dashctl.bus.journal.segment import RECORD_SIZE, Header, read_checkpoint, read_header, records
from dashctl.state import State, fold_all
from dashctl.wire import open_frame

MARKS: Final = 4
"""States kept within a segment, besides its checkpoint."""


class SegmentReplay:
    """Empty at first, then extended."""

    def __init__(self) -> None:
        self.arrivals = array("d")
        """When each frame came, seconds since 1970."""
        self._data = bytearray()
        self._header: Header | None = None
        self._ends = array("Q")
        """Where each record ends."""
        self._marks: dict[int, State] = {}
        """States by how many records they have, and what was asked for last."""
        self._last = (0, State())

    @property
    def size(self) -> int:
        """Bytes that are here."""
        return len(self._data)

    @property
    def cost(self) -> int:
        """Bytes of memory, about: a decoded state is as large as an encoded one."""
        state = self._header.state if self._header else 0
        return len(self._data) + (len(self._marks) + 1) * state

    def extend(self, parts: Iterable[memoryview]) -> None:
        """Take more bytes in. Raises Damaged or NewerFormat for what is no segment."""
        for part in parts:
            self._data += part
        if self._header is None:
            self._header = read_header(memoryview(self._data))
            _, state = read_checkpoint(self._header, memoryview(self._data))
            self._marks[0] = State.decode(bytes(state))
            self._last = (0, self._marks[0].copy())
        start = self._ends[-1] if self._ends else self._header.records
        arrival = self.arrivals[-1] if self.arrivals else 0.0
        for record in records(memoryview(self._data), start, arrival):
            self.arrivals.append(record.arrival)
            self._ends.append(record.end)

    def at(self, moment: float, begun: float) -> tuple[float, State]:
        """When the last frame up to a moment came (`begun` if none did), and the state then."""
        count = bisect_right(self.arrivals, moment)
        have, state = self._nearest(count)
        step = max(1, -(-len(self._ends) // (MARKS + 1)))
        for at in range(have, count):
            fold_all(state, open_frame(self._frame(at)).events)
            if (at + 1) % step == 0 and at + 1 not in self._marks and len(self._marks) <= MARKS:
                self._marks[at + 1] = state.copy()
        self._last = (count, state)
        return (self.arrivals[count - 1] if count else begun), state.copy()

    def frames(self, since: float, until: float) -> Iterator[tuple[float, bytes]]:
        """The frames that came from `since` to `until`, both included."""
        for at, arrival in enumerate(self.arrivals):
            if since <= arrival <= until:
                yield arrival, self._frame(at)

    def _nearest(self, count: int) -> tuple[int, State]:
        """A state to go on with, that has at most so many records."""
        mark = max(at for at in self._marks if at <= count)
        if mark <= self._last[0] <= count:
            return self._last
        return mark, self._marks[mark].copy()

    def _frame(self, at: int) -> bytes:
        assert self._header is not None
        start = self._ends[at - 1] if at else self._header.records
        return bytes(memoryview(self._data)[start + RECORD_SIZE : self._ends[at]])
