"""What the broker refused: counted by reason, and the last few kept for a person to read.

Rules: nothing that was refused goes uncounted; what a stranger sent takes bounded room, however much
and however often; a reason is one of a few words, its detail is for a person.
"""

import time
from collections import Counter, deque
from typing import Final

from dashctl.bus.messages import Rejection

RECENT: Final = 20
LONGEST_DETAIL: Final = 300


class Refusals:
    """Counts by reason, and the last few with time and detail."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._recent: deque[Rejection] = deque(maxlen=RECENT)

    def add(self, reason: str, detail: str, count: int = 1) -> None:
        """Something was refused: a frame, a request, or `count` events of a frame."""
        self._counts[reason] += count
        self._recent.append(Rejection(time.time(), reason, detail[:LONGEST_DETAIL]))

    def counts(self) -> dict[str, int]:
        """How many, by reason."""
        return dict(self._counts)

    def recent(self) -> tuple[Rejection, ...]:
        """The last few, oldest first."""
        return tuple(self._recent)
