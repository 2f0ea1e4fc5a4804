"""What each producer has numbered, and what of it came in.

Rules: every number of a producer counts once; a hole is counted as lost until what fills it comes
late; the books are bounded, and the producer that was silent longest leaves them first.
"""

from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, Self

import msgspec

from dashctl.errors import DashctlError
from dashctl.events import ProducerStats
from dashctl.wire import BROKER, Header

PRODUCERS: Final = 4_096
GAPS: Final = 64
"""Holes remembered per producer; what fills a forgotten one counts as a duplicate."""
LARGEST_COUNT: Final = 2**63 - 1
ACTIVE: Final = 10.0
"""Seconds for which a producer counts as heard."""
REPORTED: Final = 50
"""Producers that a report tells of at most."""

_Dumped = tuple[int, int, list[tuple[bytes, int, float, str, int, int, list[tuple[int, int, bool]]]]]
_decoder: Final = msgspec.msgpack.Decoder(_Dumped)


class BadLedger(DashctlError):
    """An encoded ledger that cannot be read."""


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
    run: str = ""
    events: int = 0
    lost: int = 0
    reported: int = 0
    """Events that there were at the last report."""


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
        account.run = header.run
        end = header.first + header.events
        if header.first >= account.next:
            if header.first > account.next:
                self._skip(account, Gap(account.next, header.first, lost=True))
            account.next = end
            account.events += header.events
            return True
        return self._enter_late(account, header.first, end)

    def has(self, producer: bytes, number: int) -> bool:
        """Whether this event came in."""
        account = self._accounts.get(producer)
        if account is None or number >= account.next:
            return False
        return not any(gap.first <= number < gap.end for gap in account.gaps)

    def active(self, now: float) -> int:
        """How many producers were heard lately, the broker itself left out."""
        count = 0
        for producer, account in reversed(self._accounts.items()):
            if now - account.heard > ACTIVE:
                break
            count += producer != BROKER
        return count

    def report(self, now: float, seconds: float) -> list[ProducerStats]:
        """Those that were heard last, the busiest first; rates are over the seconds since the last report."""
        rows: list[ProducerStats] = []
        for producer, account in reversed(self._accounts.items()):
            if len(rows) >= REPORTED and now - account.heard > ACTIVE:
                break
            rate = (account.events - account.reported) / seconds
            account.reported = account.events
            if len(rows) < REPORTED and producer != BROKER:
                rows.append(_row(producer, account, rate, now))
        return sorted(rows, key=attrgetter("rate"), reverse=True)

    def dump(self, clock: float) -> bytes:
        """The books as bytes that `load` reads; `clock` is what makes seconds since 1970 of a `now`.

        The broker's own account is left out: it counts anew in each of its lives.
        """
        accounts = [
            (
                producer,
                each.next,
                each.heard + clock,
                each.run,
                each.events,
                each.lost,
                [(gap.first, gap.end, gap.lost) for gap in each.gaps],
            )
            for producer, each in self._accounts.items()
            if producer != BROKER
        ]
        return msgspec.msgpack.encode((self.lost, self.duplicates, accounts))

    @classmethod
    def load(cls, dumped: bytes, clock: float) -> Self:
        """The books that were dumped. Raises BadLedger."""
        ledger = cls()
        try:
            ledger.lost, ledger.duplicates, accounts = _decoder.decode(dumped)
        except msgspec.DecodeError as error:
            raise BadLedger(f"ledger: cannot be read ({error})") from None
        for producer, following, heard, run, events, lost, gaps in accounts:
            made = Account(following, heard - clock, [Gap(*gap) for gap in gaps], run, events, lost, events)
            ledger._accounts[producer] = made
        return ledger

    def _open(self, header: Header, now: float) -> Account:
        """A producer that is new here may have sent its earlier numbers to a broker before this one:
        only those count as lost that it says it dropped itself."""
        if len(self._accounts) >= PRODUCERS:
            del self._accounts[next(iter(self._accounts))]
        self.lost += header.dropped
        account = Account(header.first, now, lost=header.dropped)
        if header.first:
            account.gaps.append(Gap(0, header.first, lost=False))
        return account

    def _skip(self, account: Account, gap: Gap) -> None:
        self.lost += gap.end - gap.first
        account.lost += gap.end - gap.first
        account.gaps.append(gap)
        if len(account.gaps) > GAPS:
            del account.gaps[0]

    def _enter_late(self, account: Account, first: int, end: int) -> bool:
        for index, gap in enumerate(account.gaps):
            if gap.first <= first and end <= gap.end:
                rest = [Gap(gap.first, first, gap.lost), Gap(end, gap.end, gap.lost)]
                account.gaps[index : index + 1] = [piece for piece in rest if piece.first < piece.end]
                found = end - first if gap.lost else 0
                self.lost -= found
                account.lost -= found
                account.events += end - first
                return True
        self.duplicates += end - first
        return False


def _row(producer: bytes, account: Account, rate: float, now: float) -> ProducerStats:
    """Producers may claim any numbers: what they claim must still fit into an event."""
    return ProducerStats(
        producer=producer.hex(),
        run=account.run,
        events=account.events,
        lost=min(max(account.lost, 0), LARGEST_COUNT),
        rate=rate,
        silent=max(0.0, now - account.heard),
    )
