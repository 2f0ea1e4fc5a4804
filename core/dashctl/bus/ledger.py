"""What each producer has numbered, and what of it came in.

Rules: every number of a producer counts once; a hole is counted as lost until what fills it comes
late, and so is what a producer had numbered beyond what came when it ends; one that is sent again after
a crash is a duplicate and no loss; the books are bounded, and the producer that was silent longest
leaves them first.
"""

from collections import Counter
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, Self

import msgspec

from dashctl.errors import DashctlError
from dashctl.events import ProducerStats
from dashctl.wire import BROKER, Header

PRODUCERS: Final = 4_096
PRODUCERS_OF_ONE: Final = 1_024
"""Of one key: a new one of its own pushes out the one that was silent longest of these, and no other's."""
GAPS: Final = 64
"""Holes remembered per producer; what fills a forgotten one counts as a duplicate."""
LARGEST_COUNT: Final = 2**63 - 1
ACTIVE: Final = 10.0
"""Seconds for which a producer counts as heard."""
REPORTED: Final = 50
"""Producers that a report tells of at most."""


class _DumpedAccount(msgspec.Struct, array_like=True):
    producer: bytes
    next: int
    heard: float
    run: str
    events: int
    lost: int
    gaps: list[tuple[int, int, bool]]
    logged: int
    dropped: int
    greets: bool
    parted: bool
    closed: bool
    missing: int
    owner: str = ""
    name: str = ""


_Dumped = tuple[int, int, int, list[_DumpedAccount]]
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
    logged: int = 0
    """How many it had numbered when it was last heard; 0: it does not say."""
    dropped: int = 0
    """How many of them it has dropped itself, as far as it has said so."""
    greets: bool = False
    """Whether it says where it is, so that it can be missed."""
    parted: bool = False
    """Whether it has said farewell."""
    closed: bool = False
    missing: int = 0
    """What counts as lost since it was closed, beyond the holes."""
    owner: str = ""
    """The name of the key that it came with first; "" for who needs none."""
    name: str = ""
    """What program it says it is."""


class Ledger:
    """Books over all producers."""

    def __init__(self) -> None:
        self.lost = 0
        self.duplicates = 0
        self.vanished = 0
        """Producers that ended without a farewell."""
        self._accounts: dict[bytes, Account] = {}
        self._owned: Counter[str] = Counter()
        """How many producers came with each key."""
        self._named: dict[bytes, str] = {}
        """What those say they are of whom nothing else has come yet."""

    def owner(self, producer: bytes) -> str | None:
        """With whose key a producer came first, "" with none; None if it is not in the books."""
        account = self._accounts.get(producer)
        return None if account is None else account.owner

    def enter(self, header: Header, now: float, user: str = "") -> bool:
        """Whether a frame's events are new; if not, they are counted as duplicates.

        `user` is the name of the key that it came with.
        """
        account = self._accounts.pop(header.producer, None) or self._open(header, now, user)
        self._accounts[header.producer] = account
        if account.closed:
            self._reopen(account)
        account.heard = now
        account.run = header.run
        account.logged = max(account.logged, header.logged)
        declared, account.dropped = header.dropped - account.dropped, max(account.dropped, header.dropped)
        end = header.first + header.events
        if header.first >= account.next:
            if header.first > account.next:
                self._skip(account, Gap(account.next, header.first, lost=True), declared)
            account.next = end
            account.events += header.events
            return True
        return self._enter_late(account, header.first, end)

    def greet(self, producer: bytes, logged: int, name: str = "") -> bool:
        """A producer says that it is there, and how many it has numbered; whether it is in the books."""
        account = self._accounts.get(producer)
        if account is None:
            self._await(producer, name)
            return False
        account.name = name or account.name
        if account.closed:
            self._reopen(account)
        account.greets = True
        account.logged = max(account.logged, logged)
        return True

    def _await(self, producer: bytes, name: str) -> None:
        if name:
            self._named[producer] = name
            if len(self._named) > PRODUCERS:
                del self._named[next(iter(self._named))]

    def part(self, producer: bytes, logged: int) -> None:
        """A producer ends, and says how many it has numbered in all."""
        account = self._accounts.get(producer)
        if account is not None:
            if account.closed:
                self._reopen(account)
            account.parted = True
            account.logged = max(account.logged, logged)

    def silent(self, since: float) -> list[tuple[bytes, Account]]:
        """Producers that were not heard since then and are not closed, the one silent longest first."""
        found: list[tuple[bytes, Account]] = []
        for producer, account in self._accounts.items():
            if account.heard > since:
                break
            if not account.closed and producer != BROKER:
                found.append((producer, account))
        return found

    def settle(self, account: Account) -> int:
        """A producer has ended: how many it had numbered beyond those that came; they count as lost."""
        account.closed = True
        account.missing = max(0, account.logged - account.next)
        account.lost += account.missing
        self.lost += account.missing
        self.vanished += not account.parted
        return account.missing

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
            _DumpedAccount(
                producer,
                each.next,
                each.heard + clock,
                each.run,
                each.events,
                sayable(each.lost),
                [(gap.first, gap.end, gap.lost) for gap in each.gaps],
                sayable(each.logged),
                each.dropped,
                each.greets,
                each.parted,
                each.closed,
                sayable(each.missing),
                each.owner,
                each.name,
            )
            for producer, each in self._accounts.items()
            if producer != BROKER
        ]
        totals = (sayable(self.lost), sayable(self.duplicates), self.vanished)
        return msgspec.msgpack.encode((*totals, accounts))

    @classmethod
    def load(cls, dumped: bytes, clock: float) -> Self:
        """The books that were dumped. Raises BadLedger."""
        ledger = cls()
        try:
            ledger.lost, ledger.duplicates, ledger.vanished, accounts = _decoder.decode(dumped)
        except msgspec.DecodeError as error:
            raise BadLedger(f"ledger: cannot be read ({error})") from None
        for each in accounts:
            ledger._accounts[each.producer] = Account(
                each.next,
                each.heard - clock,
                [Gap(*gap) for gap in each.gaps],
                each.run,
                each.events,
                each.lost,
                each.events,
                each.logged,
                each.dropped,
                each.greets,
                each.parted,
                each.closed,
                each.missing,
                each.owner,
                each.name,
            )
            ledger._owned[each.owner] += 1
        return ledger

    def _open(self, header: Header, now: float, user: str) -> Account:
        """A producer that is new here may have sent its earlier numbers to a broker before this one:
        only those count as lost that it says it dropped itself."""
        if user and self._owned[user] >= PRODUCERS_OF_ONE:
            self._forget(next(id_ for id_, each in self._accounts.items() if each.owner == user))
        elif len(self._accounts) >= PRODUCERS:
            self._forget(next(iter(self._accounts)))
        self._owned[user] += 1
        self.lost += header.dropped
        account = Account(header.first, now, lost=header.dropped, dropped=header.dropped, owner=user)
        account.name = self._named.pop(header.producer, "")
        if header.first:
            account.gaps.append(Gap(0, header.first, lost=False))
        return account

    def _forget(self, producer: bytes) -> None:
        self._owned[self._accounts.pop(producer).owner] -= 1

    def _reopen(self, account: Account) -> None:
        """It was thought to have ended, and is heard again."""
        self.vanished -= not account.parted
        self.lost -= account.missing
        account.lost -= account.missing
        account.closed, account.missing = False, 0

    def _skip(self, account: Account, gap: Gap, declared: int) -> None:
        self.lost += gap.end - gap.first
        account.lost += gap.end - gap.first
        if declared >= gap.end - gap.first:
            # The producer dropped all of it: nothing will fill this hole, and it need not be remembered.
            return
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


def sayable(count: int) -> int:
    """What producers claim adds up beyond any format: the count, as far as one can hold it."""
    return min(max(count, 0), LARGEST_COUNT)


def _row(producer: bytes, account: Account, rate: float, now: float) -> ProducerStats:
    """Producers may claim any numbers: what they claim must still fit into an event."""
    return ProducerStats(
        producer=producer.hex(),
        run=account.run,
        events=account.events,
        lost=sayable(account.lost),
        rate=rate,
        silent=max(0.0, now - account.heard),
        ended="left" if account.parted else "vanished" if account.closed else "",
        user=account.owner,
        name=account.name,
    )
