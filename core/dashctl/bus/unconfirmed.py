"""Frames that were sent and that the broker has not said it has: they are sent again if it dies.

Rules: frames stay in the order of their numbers and byte for byte as they were made; what is known to
be in is forgotten; it is bounded by bytes and by number, and while it is full nothing new is begun.
"""

from collections import deque
from typing import Final, NamedTuple

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of frames that are kept; the frame that goes beyond is the last."""
FRAMES: Final = 4_096


class Frame(NamedTuple):
    """A frame, the numbers of its events from `first` to before `end`."""

    first: int
    end: int
    data: bytes


class Unconfirmed:
    """What has to be sent, and what may have to be sent again."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._sent = 0
        """How many of the frames went over the present connection."""

    def __len__(self) -> int:
        """Events that are not known to be in."""
        return sum(frame.end - frame.first for frame in self._frames)

    def __bool__(self) -> bool:
        return bool(self._frames)

    @property
    def is_full(self) -> bool:
        """Whether nothing new should be begun."""
        return self._bytes >= LARGEST or len(self._frames) >= FRAMES

    @property
    def sent_to(self) -> int:
        """The number up to which, excluded, all went over the present connection; 0 if none did."""
        return self._frames[self._sent - 1].end if self._sent else 0

    @property
    def next(self) -> Frame | None:
        """The frame to be sent next, if there is one."""
        return self._frames[self._sent] if self._sent < len(self._frames) else None

    def add(self, frame: Frame) -> None:
        """Take a new frame, to be sent after the others."""
        self._frames.append(frame)
        self._bytes += len(frame.data)

    def mark_sent(self) -> None:
        """The `next` one is on its way."""
        self._sent += 1

    def confirm(self, end: int) -> None:
        """All numbers before `end` are in."""
        while self._frames and self._frames[0].end <= end:
            self._bytes -= len(self._frames.popleft().data)
            self._sent = max(0, self._sent - 1)

    def rewind(self) -> None:
        """What was sent may have gone with the connection: send all of it again."""
        self._sent = 0
