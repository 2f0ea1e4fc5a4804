"""One turn of the broker's loop: from door to doors, into memory, and answers.

Rules:
1. A frame's header is read before it is passed on, its body is not; what cannot be read is counted.
2. Numbers are given in the order of passing on; the snapshot `as of seq` has exactly those frames.
3. Nothing here waits for a peer: a queue that is full loses, and its reader sees the hole.
4. One thread uses it; only `post` and `interrupt` may be called from others.
"""

import os
import time
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
import zmq

from dashctl import wire
from dashctl.bus import messages
from dashctl.bus.address import Address
from dashctl.bus.askers import PATIENCE, Asker, Askers
from dashctl.bus.door import Door, Peer
from dashctl.bus.doors import Doors
from dashctl.bus.framing import Entry, Unsendable, encoded, grouped
from dashctl.bus.history import History
from dashctl.bus.journal.journal import Journal
from dashctl.bus.ledger import Ledger
from dashctl.bus.memory import Memory
from dashctl.bus.refusals import Refusals
from dashctl.bus.statistics import Parts, Statistics
from dashctl.bus.switchboard import Switchboard
from dashctl.bus.vanishing import Vanishing
from dashctl.bus.wake import Bell
from dashctl.errors import UsageError
from dashctl.events import BusStats, Event
from dashctl.state import State

if TYPE_CHECKING:
    from dashctl.bus.keys import KeyPair

TICK: Final = 1.0
"""Seconds between two events of the broker's own: a monitor that hears none knows it is gone."""
BURST: Final = 256
"""Frames passed on before requests are looked at."""
BURST_EVENTS: Final = 8_192
BURST_BYTES: Final = 16 * 1024 * 1024
SLICE: Final = 0.002
"""Seconds of folding in one turn."""
LONGER_SLICE: Final = 0.01
"""The same while a checkpoint is due."""
NEARLY_FOLDED: Final = 8_192
"""Events that a checkpoint may still have to fold."""
POSTED: Final = 65_536


class Exchange:
    """Doors at addresses, and everything that came in there."""

    def __init__(
        self,
        address: Address,
        idle_exit: float | None = None,
        *,
        state: State | None = None,
        journal: Journal | None = None,
        listen: Sequence[Address] = (),
        pair: "KeyPair | None" = None,
    ) -> None:
        self.address = address
        self.idle_exit = idle_exit
        self.epoch = os.urandom(8)
        self.stop_asked = False
        self.idle_since = time.monotonic()
        self._journal = journal
        self._ledger = Ledger() if journal is None else journal.recovered.ledger
        self._vanishing = Vanishing(self._ledger, self.epoch, time.monotonic())
        self._refusals = Refusals()
        if state is None and journal is not None:
            state = journal.recovered.state
        self._memory = Memory(self._refusals, state)
        self._askers = Askers()
        self._switchboard = Switchboard()
        self._own = 0
        """The number of the broker's own next event."""
        self._posted: deque[Entry] = deque(maxlen=POSTED)
        self._bell = Bell()
        self._history = History(None if journal is None else journal.index, self._bell.ring)
        self._doors = Doors(self.epoch, self._refusals, self._bell.fileno())
        self.statistics = Statistics(
            Parts(
                address,
                idle_exit,
                self.epoch,
                self._doors,
                self._ledger,
                self._refusals,
                self._memory,
                self._posted,
                self._switchboard,
                journal,
            )
        )
        self._totals = self.statistics.totals
        try:
            self._doors.open(address, listen, pair)
        except UsageError:
            self.close()
            raise
        if journal is not None:
            journal.start(self._bell.ring, self.post)
            journal.begin(self._memory.snapshot(), self._ledger)

    @property
    def monitors(self) -> int:
        """How many are connected, at all doors."""
        return self.statistics.monitors

    def post(self, event: Event) -> None:
        """Take an event of this very process; any thread may call it."""
        self._posted.append((time.time(), event))
        self._bell.ring()

    def interrupt(self) -> None:
        """End the turn that is going on; any thread and any signal may call it."""
        self._bell.ring()

    def turn(self) -> None:
        """Wait for something to do until the next tick, and do it."""
        due = self.statistics.rates.ticked + TICK
        wait = 0.0 if self._memory.waiting else max(0.0, due - time.monotonic())
        wait = min(wait, self._switchboard.patience(time.monotonic()))
        self._doors.heed(full=self._journal is not None and self._journal.is_full)
        ready = self._doors.wait(wait)
        came = False
        for door in self._doors:
            for source in (door.inbox, door.plain):
                if source in ready:
                    came = True
                    self._pass_on_burst(door, source)
        if self._bell.fileno() in ready:
            self._bell.quiet()
            self._pass_on_posted()
        for door in self._doors:
            if door.calls in ready:
                self._answer_burst(door)
        self._switchboard.look(time.monotonic())
        if not came:
            self._memory.fold(SLICE)
        self._memory.make_room()
        if time.monotonic() >= due:
            self._tick()
        self._attend_journal()
        self._history.send()

    def listen(self) -> None:
        """Accept connections once more, where the sockets were removed.

        Connections that exist stay as they are. Raises UsageError.
        """
        self._doors.listen()

    def close(self) -> None:
        """Give the sockets back; what monitors have not been sent by now gets a moment."""
        self._history.close()
        if self._journal is not None:
            self._journal.close()
            self._confirm_settled(self._journal)
        self._doors.close()
        self._bell.close()

    def _pass_on_burst(self, door: Door, source: "zmq.Socket[bytes]") -> None:
        now, enough, taken = time.monotonic(), self._totals.events + BURST_EVENTS, 0
        plain = source is door.plain
        for frame, user in door.received(source, BURST):
            self._take(frame, now, user, plain=plain)
            taken += len(frame)
            if self._totals.events >= enough or taken >= BURST_BYTES:
                break

    def _pass_on_posted(self) -> None:
        entries = [self._posted.popleft() for _ in range(min(len(self._posted), BURST_EVENTS))]
        for group in grouped(entries):
            self._pass_on_group(group)
        if self._posted:
            self._bell.ring()

    def _pass_on_group(self, group: Sequence[Entry]) -> None:
        try:
            made = encoded(wire.BROKER, "", self._own, group)
        except Unsendable as error:
            self._refusals.add("unsendable", str(error))
            return
        if isinstance(made, bytes):
            self._own += len(group)
            self._pass_on(wire.decode_header(made), made, time.monotonic())
            return
        for part in made:
            self._pass_on_group(part)

    def _take(self, frame: bytes, now: float, user: str, *, plain: bool) -> None:
        try:
            header = wire.decode_header(frame)
        except wire.BadFrame as bad:
            self._refusals.add(bad.reason, str(bad))
            return
        if header.producer == wire.BROKER:
            self._refusals.add("malformed", "frame: its producer is all zero, which is the broker's own")
            return
        if self._is_anothers(header.producer, user):
            return
        if plain:
            # What a PUB socket sends before the broker's subscription has reached it, it loses unsaid.
            header = header._replace(dropped=header.first)
        self._pass_on(header, frame, now, user)

    def _is_anothers(self, producer: bytes, user: str) -> bool:
        """Whether a key speaks for a producer that came with another: it could have what that one sends
        later taken for duplicates. Who came with none is this user, and speaks for all."""
        if not user:
            return False
        owner = self._ledger.owner(producer)
        if owner in {None, user} or (owner and not self._doors.knows(owner)):
            return False
        self._refusals.add("another's producer", f"{user!r} speaks for producer {producer.hex()}")
        return True

    def _pass_on(self, header: wire.Header, frame: bytes, now: float, user: str = "") -> None:
        if not self._ledger.enter(header, now, user):
            return
        totals = self._totals
        totals.frames += 1
        totals.events += header.events
        # What the broker tells of itself is no traffic.
        size = 0 if header.producer == wire.BROKER else len(frame)
        totals.bytes += size
        message = wire.stamp(self.epoch, totals.frames) + frame
        for door in self._doors:
            door.send_on(message)
            totals.out += header.events * door.monitors
            totals.bytes_out += size * door.monitors
        self._memory.keep(frame, header.events)
        if self._journal is not None:
            self._journal.put(frame, header.events, own=header.producer == wire.BROKER)
        if header.producer in self._askers:
            self._tell_ingested(header.producer)

    def _answer_burst(self, door: Door) -> None:
        for _ in range(BURST):
            came = door.next_request()
            if came is None:
                break
            self.idle_since = time.monotonic()
            self._answer(*came)

    def _answer(self, peer: Peer, message: list[bytes]) -> None:
        if len(message) != 1:
            self._refusals.add("malformed request", f"request: {len(message)} parts; expected 1")
            return
        try:
            request = messages.decode_request(message[0])
        except (msgspec.DecodeError, RecursionError) as error:
            self._refusals.add("malformed request", f"request: {error}")
            return
        lacking = self._doors.lacking(peer, request)
        if lacking:
            self._refusals.add("right missing", lacking)
            peer.reply(messages.Refused(request.id, lacking, "forbidden"))
            return
        match request:
            case messages.AskStatus(id=id_):
                peer.reply(messages.StatusReply(id_, self.statistics.status()))
            case messages.AskSnapshot(id=id_, reason=reason):
                self.statistics.asked_for_snapshot(reason)
                state = memoryview(self._memory.snapshot(settled=False))
                peer.reply(messages.SnapshotReply(id_, self.epoch, self._totals.frames, state))
            case messages.AskJournal() | messages.AskSegment() | messages.AskHistory():
                self._history.answer(peer, request)
            case messages.AskIngested():
                self._await_ingested(peer, request)
            case messages.Hello() | messages.Farewell():
                if not self._is_anothers(request.producer, peer.user):
                    self._vanishing.hear(peer, request)
            case messages.AskStop(id=id_):
                peer.reply(messages.Stopping(id_, os.getpid()))
                self.stop_asked = True
            case _:
                self._switchboard.answer(peer, request)

    def _await_ingested(self, peer: Peer, request: messages.AskIngested) -> None:
        asker = Asker(peer, request.id, request.number, time.monotonic())
        if self._askers.add(request.producer, asker):
            self._tell_ingested(request.producer)
        else:
            peer.reply(messages.Refused(request.id, "too many wait for events to come in"))

    def _tell_ingested(self, producer: bytes) -> None:
        for asker in self._askers.answerable(producer, partial(self._ledger.has, producer)):
            if self._journal is None:
                self._confirm(asker, durable=False)
            else:
                self._journal.await_safety(asker)

    def _confirm(self, asker: Asker, *, durable: bool) -> None:
        asker.peer.reply(messages.Ingested(asker.id, self.epoch, self.monitors, durable))

    def _confirm_settled(self, journal: Journal) -> None:
        for asker, durable in journal.answerable():
            self._confirm(asker, durable=durable)

    def _attend_journal(self) -> None:
        if self._journal is None:
            return
        self._confirm_settled(self._journal)
        if not self._journal.due:
            return
        if self._memory.waiting > NEARLY_FOLDED:
            # A checkpoint has everything folded: by and by, so that nobody waits for long.
            self._memory.fold(LONGER_SLICE)
        else:
            self._journal.begin(self._memory.snapshot(), self._ledger)

    def _tick(self) -> None:
        now = time.monotonic()
        before = self.statistics.rates.events
        self._askers.forget_before(now - PATIENCE)
        self._doors.tick()
        for line in self._vanishing.look(now):
            self.post(line)
        self._pass_on_posted()
        self._tell(self.statistics.tick(now))
        is_used = self.monitors or self.statistics.connections or self._switchboard.names()
        if is_used or self._totals.events > before:
            self.idle_since = now

    def _tell(self, stats: BusStats) -> None:
        """Pass on how the broker is doing, which is no traffic: a bus on which nothing happens shows that."""
        totals = self._totals
        events, frames, out = totals.events, totals.frames, totals.out
        self._pass_on_group([(time.time(), stats)])
        totals.events, totals.out = events, out
        totals.told += totals.frames - frames
