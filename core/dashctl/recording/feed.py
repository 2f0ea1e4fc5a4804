"""Sends events of many runs onto a bus, in order, with the times at which they happened.

Rules: one socket for all runs, so that their order stays; a producer of its own per run, since a frame
belongs to one run; the broker sets the pace, and nothing is dropped here: every frame is kept until the
broker has said that it has it, and sent again over a new connection, where the broker passes over what
it had; at the end it is asked whether all has come in.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from itertools import count, groupby
from operator import attrgetter
from typing import Final, Self

import zmq

from dashctl.bus import messages
from dashctl.bus.address import Address
from dashctl.bus.framing import Entry, Unsendable, encoded, grouped
from dashctl.bus.login import Line, Login, line
from dashctl.bus.sockets import plain, private_context
from dashctl.bus.unconfirmed import Frame, Unconfirmed
from dashctl.errors import NoBroker, TimedOut
from dashctl.events import BusStats, Event, Stamped

IN_FLIGHT: Final = 32
"""Frames on their way."""
PATIENCE: Final = 10.0
"""Seconds for which the broker may take nothing."""
LOOK: Final = 100
"""Milliseconds after which it is looked whether to stop."""

_run: Final = attrgetter("run")
_log = logging.getLogger(__name__)


class _Producer:
    """One run's producer: its id, and how many events it numbered, of which the broker has `confirmed`."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.id = os.urandom(8)
        self.numbered = 0
        self.confirmed = 0


class Feed:
    """A way onto the bus at an address: one thread uses it. Raises UsageError for one that is none."""

    def __init__(self, address: Address, is_over: Callable[[], bool] = lambda: False) -> None:
        self.sent = 0
        """Events handed over to the broker."""
        self.address = address
        self._is_over = is_over
        self._producers: dict[str, _Producer] = {}
        self._kept = Unconfirmed()
        self._ids = count(1)
        address.guard()
        login = Login.at(address)
        with ExitStack() as opened:
            context = opened.enter_context(private_context())
            push, calls = plain(context, zmq.PUSH), plain(context, zmq.DEALER)
            push.set_hwm(IN_FLIGHT)
            push.immediate = True
            self._push = opened.enter_context(line(push, login, address.inbox))
            self._calls = opened.enter_context(line(calls, login, address.calls))
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the sockets back; what is on its way and was not asked for may be lost."""
        self._opened.close()

    def send(self, items: Iterable[Stamped[Event]]) -> None:
        """Send events on, in order, as fast as the broker takes them; what a broker told is left out.

        Returns early when it is over. Raises NoBroker if none takes them, and NotAllowed.
        """
        told = (item for item in items if type(item.event) is not BusStats)
        for run, together in groupby(told, key=_run):
            producer = self._producers.get(run)
            if producer is None:
                producer = self._producers[run] = _Producer(run)
            for group in grouped([(item.time, item.event) for item in together]):
                self._send_group(producer, group)

    def confirm(self, timeout: float = PATIENCE) -> None:
        """Wait until the broker has everything, and say goodbye to it. Raises TimedOut and NoBroker."""
        deadline = time.monotonic() + timeout
        self._settle(deadline)
        for producer in self._producers.values():
            self._calls.socket.send(messages.encode(messages.Farewell(0, producer.id, producer.numbered)))
        # What is asked last is answered last: then the goodbyes have arrived, too.
        while not (self._is_over() or self._ask(messages.AskStatus(next(self._ids)), deadline)):
            self._give_up_after(self._calls, deadline)
        self._producers = {}

    def _send_group(self, producer: _Producer, group: Sequence[Entry]) -> None:
        first, logged = producer.numbered, producer.numbered + len(group)
        try:
            made = encoded(producer.id, producer.run, first, group, logged=logged)
        except Unsendable as error:
            _log.warning("an event was not sent: %s", error)
            return
        if not isinstance(made, bytes):
            for part in made:
                self._send_group(producer, part)
            return
        producer.numbered = logged
        self._kept.add(Frame(self.sent, self.sent + len(group), made))
        self.sent += len(group)
        self._push_out()
        if self._kept.is_full:
            self._settle(time.monotonic() + PATIENCE)

    def _push_out(self) -> None:
        """Send what was not sent over the present connection."""
        deadline = time.monotonic() + PATIENCE
        while not self._is_over():
            self._look_for_another()
            frame = self._kept.next
            if frame is None:
                return
            if not self._push.is_up:
                self._push.monitor.poll(LOOK)
            elif self._push.socket.poll(LOOK, zmq.POLLOUT):
                self._push.socket.send(frame.data, zmq.NOBLOCK)
                self._kept.mark_sent()
                continue
            self._give_up_after(self._push, deadline)

    def _look_for_another(self) -> bool:
        """Whether the connection is another one: then what was sent has to be sent again."""
        made_anew = self._push.look()
        if made_anew:
            self._kept.rewind()
        return made_anew

    def _settle(self, deadline: float) -> None:
        """Wait until the broker has everything that was sent."""
        while not self._is_over():
            self._push_out()
            if self._has_all(deadline):
                self._kept.confirm(self.sent)
                return
            self._give_up_after(self._calls, deadline)

    def _has_all(self, deadline: float) -> bool:
        doubtful = [each for each in self._producers.values() if each.numbered > each.confirmed]
        for producer in doubtful:
            last = producer.numbered - 1
            if not self._ask(messages.AskIngested(next(self._ids), producer.id, last), deadline):
                return False
        for producer in doubtful:
            producer.confirmed = producer.numbered
        return True

    def _ask(self, request: messages.AnyRequest, deadline: float) -> bool:
        """Whether it was answered; not if the connection is another one by now, or the broker is busy."""
        self._calls.socket.send(messages.encode(request))
        while not self._is_over():
            answered = self._calls.socket.poll(LOOK)
            # In this order: that the broker is another one is known before it can have answered.
            if self._look_for_another() or self._calls.look():
                return False
            if answered:
                reply = messages.decode_reply(self._calls.socket.recv())
                if reply.id == request.id and not isinstance(reply, messages.Refused):
                    return True
                if reply.id == request.id:
                    time.sleep(LOOK / 1_000)
                    return False
            else:
                self._give_up_after(self._calls, deadline)
        return False

    def _give_up_after(self, way: Line, deadline: float) -> None:
        if way.refusal is not None:
            raise way.refusal
        if time.monotonic() <= deadline:
            return
        if way.is_up:
            raise TimedOut(f"the broker at {self.address} takes nothing in")
        raise NoBroker(f"no broker at {self.address} within {PATIENCE:g} s")
