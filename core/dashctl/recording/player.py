"""From a recording into a state or onto a bus, at the pace at which it was recorded or another.

Rules:
1. Order is that of the recording; the pace is that of arrival, not of what clocks of producers said.
2. A seek folds everything up to there, so that the picture is what it was at that moment.
3. Waiting is done in short steps, so that it can be ended.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final, NamedTuple, Protocol, Self

from dashctl.bus.address import Address
from dashctl.bus.broker import Broker
from dashctl.events import Event, Stamped
from dashctl.recording.feed import Feed
from dashctl.recording.recording import Beginning, Recorded, Recording
from dashctl.state import State, fold_all

AT_ONCE: Final = 4_096
"""Events handed on together at most."""
STEP: Final = 0.1
"""Seconds that are waited without looking whether to end."""
SOON: Final = 0.004
"""Seconds that an event may come too early, so that neighbours travel together."""


class Stage(Protocol):
    """Where a recording is played."""

    has_states: bool
    """Whether `begin` makes the state there the one that is given."""

    def begin(self, state: State) -> None:
        """What comes next goes on from this state."""

    def send(self, items: Iterable[Stamped[Event]]) -> None:
        """These happened."""

    def finish(self) -> None:
        """All was sent: wait until it has come in."""


class PrivateBus:
    """A broker of one's own at an address, in this process, that begins with the recorded state."""

    has_states = True

    def __init__(self, address: Address, is_over: threading.Event) -> None:
        self.address = address
        self._is_over = is_over
        self._broker: Broker | None = None
        self._feed: Feed | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def begin(self, state: State) -> None:
        """A new life of the broker: whoever follows it is given the state."""
        if self._feed is not None:
            self._feed.confirm()
        self._end()
        self._broker = Broker(self.address, state=state)
        self._broker.start()
        self._feed = Feed(self.address, self._is_over.is_set)

    def send(self, items: Iterable[Stamped[Event]]) -> None:
        if self._feed is None:
            self.begin(State())
        assert self._feed is not None
        self._feed.send(items)

    def finish(self) -> None:
        if self._feed is not None:
            self._feed.confirm()

    def _end(self) -> None:
        feed, broker = self._feed, self._broker
        self._feed = self._broker = None
        if feed is not None:
            feed.close()
        if broker is not None:
            broker.stop()


class SharedBus:
    """A bus that others use as well: it is sent the events, for its state is its own."""

    has_states = False

    def __init__(self, address: Address, is_over: threading.Event) -> None:
        self.feed = Feed(address, is_over.is_set)
        self.on_sent: Callable[[int], object] = lambda sent: None
        """Told how many events were sent so far."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.feed.close()

    def begin(self, state: State) -> None:
        """What is known there stays."""

    def send(self, items: Iterable[Stamped[Event]]) -> None:
        self.feed.send(items)
        self.on_sent(self.feed.sent)

    def finish(self) -> None:
        self.feed.confirm()


class Sought(NamedTuple):
    """A place in a recording: the state there, what comes after it, and when that before it came."""

    state: State
    rest: Iterator[Beginning | Recorded]
    moment: float
    """Seconds since 1970; 0: nothing came before it."""


def seek(recording: Recording, moment: float = -math.inf) -> Sought:
    """The place at a moment (seconds since 1970): everything that arrived before it is folded.

    The state that the recording began with is always there.
    """
    state, last = State(), 0
    items = iter(recording)
    waiting: list[Stamped[Event]] = []
    for each in items:
        if each.log_time >= moment * 1e9 and (last or not isinstance(each, Beginning)):
            items = chain((each,), items)
            break
        last = each.log_time
        if isinstance(each, Beginning):
            state, waiting = each.state, []
            continue
        waiting.append(each.item)
        if len(waiting) >= AT_ONCE:
            fold_all(state, waiting)
            waiting = []
    fold_all(state, waiting)
    return Sought(state, items, last / 1e9)


class Player:
    """Plays a recording, `speed` times as fast as it was recorded (inf: as fast as it goes).

    Nothing that arrived at or after `until` (seconds since 1970) is played.
    """

    def __init__(
        self, *, speed: float = 1.0, until: float = math.inf, is_over: threading.Event | None = None
    ) -> None:
        self.played = 0
        """Events, over all times that it was played."""
        self.is_over = is_over or threading.Event()
        """Set it to end, from any thread."""
        self._speed = speed
        self._until = until
        self._start = -math.inf
        self._played_to = 0.0
        self._anchor: tuple[float, float] | None = None
        """When the pacing began, by the monotonic clock, and which moment that is in the recording."""

    def now(self) -> float:
        """The moment of the recording that is being played, seconds since 1970; any thread may ask."""
        anchor = self._anchor
        if anchor is None or math.isinf(self._speed):
            return self._played_to
        return anchor[1] + (time.monotonic() - anchor[0]) * self._speed

    def play(self, recording: Recording, stage: Stage, start: float = -math.inf) -> None:
        """Play from a moment (seconds since 1970) on, until the end or until `is_over` is set.

        What came before that moment is there at once. Raises what the stage does.
        """
        self._anchor, self._start = None, start
        if stage.has_states:
            state, rest, self._played_to = seek(recording, start)
            stage.begin(state)
        else:
            rest = iter(recording)
        self._play(rest, stage)
        self._anchor = None
        if not self.is_over.is_set():
            stage.finish()

    def _play(self, items: Iterator[Beginning | Recorded], stage: Stage) -> None:
        together: list[Stamped[Event]] = []
        for each in items:
            at = each.log_time / 1e9
            if at >= self._until or self.is_over.is_set():
                break
            cut = len(together) >= AT_ONCE or isinstance(each, Beginning) or self._left(at) > SOON
            if together and cut:
                self._hand_on(stage, together)
                together = []
            if not self._wait_for(at):
                return
            self._played_to = at
            if isinstance(each, Beginning):
                stage.begin(each.state)
            else:
                together.append(each.item)
        self._hand_on(stage, together)

    def _hand_on(self, stage: Stage, together: list[Stamped[Event]]) -> None:
        stage.send(together)
        self.played += len(together)

    def _left(self, at: float) -> float:
        """Seconds until a moment of the recording is due."""
        if at < self._start or math.isinf(self._speed):
            return 0.0
        if self._anchor is None:
            self._anchor = (time.monotonic(), max(self._start, self._played_to) if self._played_to else at)
        return (at - self._anchor[1]) / self._speed - (time.monotonic() - self._anchor[0])

    def _wait_for(self, at: float) -> bool:
        """Wait until a moment is due; False when it is over before."""
        while (left := self._left(at)) > SOON:
            if self.is_over.wait(min(left, STEP)):
                return False
        return True
