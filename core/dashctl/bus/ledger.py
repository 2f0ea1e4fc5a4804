"""What each producer has numbered, and what of it came in.

Rules: every number of a producer counts once; a hole is counted as lost until what fills it comes
late; the books are bounded, and the producer that was silent longest leaves them first.
"""

from dataclasses import dataclass, field
from typing import Final

from dashctl.wire import Header

PRODUCERS: Final = 4_096
GAPS: Final = 64
"""Holes remembered per producer; what fills a forgotten one counts as a duplicate."""
ACTIVE: Final = 10.0
"""Seconds for which a producer counts as heard."""


@dataclass(slots=True)
class Gap:
    """Numbers from `first` to before `end` that have not come in; `lost` says whether they count."""

    first: int
    end: int
    lost: bool


@dataclass(slots=True)
class Account:
    """One producer: the number expected next, when it was last heard, and the holes before."""

    next: int
    heard: float
    gaps: list[Gap] = field(default_factory=list)


class Ledger:
    """Books over all producers."""

    def __init__(self) -> None:
        self.lost = 0
        self.duplicates = 0
        self._accounts: dict[bytes, Account] = {}

    def enter(self, header: Header, now: float) -> bool:
        """Whether a frame's events are new; if not, they are counted as duplicates."""
        account = self._accounts.pop(header.producer, None) or self._open(header, now)
        self._accounts[header.producer] = account
        account.heard = now
        end = header.first + header.events
        if header.first >= account.next:
            if header.first > account.next:
                self._skip(account, Gap(account.next, header.first, lost=True))
            account.next = end
            return True
        return self._enter_late(account, header.first, end)

    def has(self, producer: bytes, number: int) -> bool:
        """Whether this event came in."""
        account = self._accounts.get(producer)
        if account is None or number >= account.next:
            return False
        return not any(gap.first <= number < gap.end for gap in account.gaps)

    def active(self, now: float) -> int:
        """How many producers were heard lately."""
        count = 0
        for account in reversed(self._accounts.values()):
            if now - account.heard > ACTIVE:
                break
            count += 1
        return count

    def _open(self, header: Header, now: float) -> Account:
        """A producer that is new here may have sent its earlier numbers to a broker before this one:
        only those count as lost that it says it dropped itself."""
        if len(self._accounts) >= PRODUCERS:
            del self._accounts[next(iter(self._accounts))]
        self.lost += header.dropped
        account = Account(header.first, now)
        if header.first:
            account.gaps.append(Gap(0, header.first, lost=False))
        return account

    def _skip(self, account: Account, gap: Gap) -> None:
        self.lost += gap.end - gap.first
        account.gaps.append(gap)
        if len(account.gaps) > GAPS:
            del account.gaps[0]

    def _enter_late(self, account: Account, first: int, end: int) -> bool:
        for index, gap in enumerate(account.gaps):
            if gap.first <= first and end <= gap.end:
                rest = [Gap(gap.first, first, gap.lost), Gap(end, gap.end, gap.lost)]
                account.gaps[index : index + 1] = [piece for piece in rest if piece.first < piece.end]
                self.lost -= end - first if gap.lost else 0
                return True
        self.duplicates += end - first
        return False
