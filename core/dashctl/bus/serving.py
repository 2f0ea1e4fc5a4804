"""The threads behind a service: one that owns the socket, and those in which methods run.

Rules:
1. Every invocation is answered once, whatever the method does, also when nobody waits any more.
2. What belongs to a connection ends with it: its invocations are abandoned, their answers dropped.
3. The service is offered again whenever a broker is there, and whenever it has got another method.
4. Of many reports of progress the newest travels, twenty a second at most.
"""

import itertools
import logging
import math
import os
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple

import zmq

from dashctl.bus import messages
from dashctl.bus.address import Address
from dashctl.bus.control import is_listening
from dashctl.bus.invocation import Invocation
from dashctl.bus.login import Login, line
from dashctl.bus.methods import TypedMethod
from dashctl.bus.plain_values import NotPlain, plain_value
from dashctl.bus.sockets import plain, private_context
from dashctl.bus.wake import Bell
from dashctl.errors import BadArguments, DashctlError, NameTaken, NotAllowed
from dashctl.validation import sendable

ANSWERS: Final = 2.0
"""Seconds within which a broker that is there says whether the name is free."""
RETRY: Final = 1.0
"""Seconds until a name that was taken is asked for again."""
PACE: Final = 0.05
"""Seconds between two reports of progress that travel."""
LONGEST_MESSAGE: Final = 4_000
LONGEST_KIND: Final = 256
PARTING: Final = 200
"""Milliseconds for which the last answers may still be on their way when all else has ended."""

_log = logging.getLogger(__name__)


class _Task(NamedTuple):
    """Something to be run: under the broker's number, with what was given for the method."""

    id: int
    invoke: messages.Invoke
    invocation: Invocation


class Serving:
    """Offers a service from `start` to `close`; methods may be added all along."""

    def __init__(self, name: str, address: Address, threads: int) -> None:
        self.name = name
        self.address = address
        self._login = Login.at(address)
        self.refused: DashctlError | None = None
        """Why the broker does not take the offer, as of its last answer."""
        self._threads = threads
        self._methods: dict[str, TypedMethod] = {}
        self._wanted = 0
        """The version of the offer that is to be made, and the one that was answered."""
        self._answered = 0
        self._changed = threading.Condition()
        self._is_connected = False
        self._was_offered = False
        self._over = False
        self._deadline = math.inf
        self._begins_by = 0.0
        """Until when a broker is waited for that listened at the start."""
        self._retry = math.inf
        self._ids = itertools.count(1)
        self._asked: dict[int, int] = {}
        """Versions of the offer by the question they were sent with."""
        self._bell = Bell()
        self._tasks: deque[_Task] = deque()
        self._running: dict[int, Invocation] = {}
        self._working = 0
        self._answers: deque[messages.ResultOf | messages.FailureOf] = deque()
        self._reports: dict[int, messages.ProgressOf] = {}
        self._next_reports = 0.0
        self._thread: threading.Thread | None = None

    @property
    def is_offered(self) -> bool:
        """Whether a broker has the service as it is now."""
        return self._is_connected and self._answered == self._wanted and self.refused is None

    def add(self, method: TypedMethod) -> None:
        """Offer one more method, or another one under its name."""
        self._methods[method.name] = method
        self._offer_anew()

    def start(self) -> None:
        """Begin to offer."""
        self._begins_by = time.monotonic() + ANSWERS * is_listening(self.address)
        self._thread = threading.Thread(target=self._serve, name=f"dashctl-service-{self.name}", daemon=True)
        self._thread.start()
        self._offer_anew()

    def settle(self) -> None:
        """Wait until the broker has answered the offer as it is now; not for one that is not there."""
        if self._thread is None:
            return
        with self._changed:
            grace = max(0.0, self._begins_by - time.monotonic())
            self._changed.wait_for(lambda: self._is_connected or self._is_settled(), grace)
            if self._is_connected:
                self._changed.wait_for(self._is_settled, ANSWERS)

    def close(self, timeout: float) -> None:
        """End; methods that run hear that nobody waits, and have so many seconds to return."""
        with self._changed:
            self._over = True
            self._deadline = time.monotonic() + timeout
        self._bell.ring()
        if self._thread is None:
            self._bell.close()
        else:
            self._thread.join()

    def _is_settled(self) -> bool:
        refused = self.refused is not None and not self._is_connected
        return refused or self._over or self._answered == self._wanted

    def _offer_anew(self) -> None:
        with self._changed:
            self._wanted += 1
        self._bell.ring()

    def _serve(self) -> None:
        with private_context() as context:
            self._calls = plain(context, zmq.DEALER)
            # Answers for a broker that has ended are nothing to the next one.
            self._calls.immediate = True
            self._calls.linger = PARTING
            with line(self._calls, self._login, self.address.calls) as self._line:
                try:
                    self._loop()
                finally:
                    self._disconnected()
                    self._bell.close()

    def _loop(self) -> None:
        poller = zmq.Poller()
        for source in (self._calls, self._line.monitor, self._bell.fileno()):
            poller.register(source, zmq.POLLIN)
        while not self._is_done():
            poller.poll(self._patience())
            self._bell.quiet()
            self._look_at_line()
            self._hear()
            self._send_answers()
            self._offer_if_due()
        self._send(messages.Withdraw(service=self.name))

    def _is_done(self) -> bool:
        if not self._over:
            return False
        for invocation in self._running.values():
            invocation.abandon()
        return not self._running or not self._is_connected or time.monotonic() >= self._deadline

    def _patience(self) -> int:
        """Milliseconds until something has to be done even if nothing happens; -1: none."""
        due = [self._deadline, self._retry] + [self._next_reports] * bool(self._reports)
        if self._line.refusal is not None:
            due.append(time.monotonic() + RETRY)
        wait = min(due) - time.monotonic()
        return -1 if wait == math.inf else max(0, math.ceil(wait * 1000))

    def _look_at_line(self) -> None:
        was_up = self._is_connected
        made_anew = self._line.look()
        if was_up and (made_anew or not self._line.is_up):
            self._disconnected()
        if self._line.is_up != self._is_connected or self._line.refusal is not None:
            with self._changed:
                self._is_connected = self._line.is_up
                self.refused = self._line.refusal
                self._changed.notify_all()

    def _disconnected(self) -> None:
        with self._changed:
            self._is_connected = False
            self._answered = 0
            self._changed.notify_all()
        self._retry = math.inf
        self._asked.clear()
        self._tasks.clear()
        for invocation in self._running.values():
            invocation.abandon()
        self._running.clear()
        self._reports.clear()

    def _offer_if_due(self) -> None:
        now = time.monotonic()
        if self._over or not self._is_connected:
            return
        if self._retry <= now:
            self._retry = math.inf
        elif self._answered == self._wanted or self._wanted in self._asked.values():
            return
        id_, version = next(self._ids), self._wanted
        described = tuple(method.described for method in list(self._methods.values()))
        if self._send(messages.Offer(id_, self.name, described, socket.gethostname(), os.getpid())):
            self._asked[id_] = version

    def _hear(self) -> None:
        with suppress(zmq.Again):
            while True:
                message = self._calls.recv(zmq.NOBLOCK)
                with suppress(messages.BadReply):
                    self._take(messages.decode_reply(message))

    def _take(self, reply: messages.AnyReply) -> None:
        match reply:
            case messages.Offered(id=id_):
                self._hear_of_offer(id_, None)
            case messages.Refused(id=id_, reason=reason, code=code):
                kind = {"taken": NameTaken, "forbidden": NotAllowed}.get(code, DashctlError)
                self._hear_of_offer(id_, kind(reason))
            case messages.Invoke(id=id_):
                self._begin(id_, reply)
            case messages.Abandon(id=id_):
                if id_ in self._running:
                    self._running[id_].abandon()

    def _hear_of_offer(self, id_: int, refused: DashctlError | None) -> None:
        version = self._asked.pop(id_, None)
        if version is None:
            return
        if refused is not None:
            self._retry = time.monotonic() + RETRY
            if self.refused is None and self._was_offered:
                _log.warning("%s", refused)
        with self._changed:
            self.refused = refused
            self._was_offered = self._was_offered or refused is None
            self._answered = version
            self._changed.notify_all()

    def _begin(self, id_: int, invoke: messages.Invoke) -> None:
        invocation = Invocation(partial(self._report, id_))
        self._running[id_] = invocation
        with self._changed:
            self._tasks.append(_Task(id_, invoke, invocation))
            if self._working >= self._threads:
                return
            self._working += 1
        threading.Thread(target=self._work, name=f"dashctl-{self.name}", daemon=True).start()

    def _work(self) -> None:
        """Run what waits, until nothing does."""
        while True:
            with self._changed:
                if not self._tasks:
                    self._working -= 1
                    return
                task = self._tasks.popleft()
            self._answers.append(self._outcome(task))
            self._bell.ring()

    def _outcome(self, task: _Task) -> messages.ResultOf | messages.FailureOf:
        """What a method came to: its result, or why there is none."""
        place = f"{self.name}.{task.invoke.method}"
        if task.invocation.cancelled:
            return messages.FailureOf(task.id, "cancelled", f"{place}: cancelled before it began")
        method = self._methods.get(task.invoke.method)
        if method is None:
            return messages.FailureOf(task.id, "no method", f"{place}: no such method")
        try:
            result = method.call(method.arguments(task.invoke.arguments), task.invocation)
        except BadArguments as error:
            return messages.FailureOf(task.id, "bad arguments", sendable(str(error), LONGEST_MESSAGE))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - what a method raises is the caller's to hear
            _log.info("%s raised", place, exc_info=True)
            return _failure(task.id, type(error).__name__, str(error))
        try:
            answer = messages.ResultOf(task.id, plain_value(result))
        except NotPlain as error:
            return _failure(task.id, "NotPlain", f"{place} returned what cannot travel: {error}")
        size = len(messages.encode(answer))
        if size > messages.MAX_REQUEST:
            most = f"at most {messages.MAX_REQUEST:,} are allowed"
            return _failure(task.id, "TooLarge", f"{place} returned a result of {size:,} bytes; {most}")
        return answer

    def _report(self, id_: int, done: float, total: float | None, note: str) -> None:
        amount = None if total is None else max(0.0, float(total))
        report = messages.ProgressOf(id_, max(0.0, float(done)), amount, sendable(str(note), LONGEST_MESSAGE))
        is_news = id_ not in self._reports
        self._reports[id_] = report
        if is_news:
            self._bell.ring()

    def _send_answers(self) -> None:
        now = time.monotonic()
        if now >= self._next_reports and self._reports:
            self._next_reports = now + PACE
            for id_ in list(self._reports):
                self._send_report(id_)
        while self._answers:
            answer = self._answers.popleft()
            if self._running.pop(answer.id, None) is not None:
                self._send_report(answer.id)
                self._send(answer)

    def _send_report(self, id_: int) -> None:
        report = self._reports.pop(id_, None)
        if report is not None:
            self._send(report)

    def _send(self, request: messages.Request) -> bool:
        try:
            self._calls.send(messages.encode(request), zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True


def _failure(id_: int, kind: str, message: str) -> messages.FailureOf:
    return messages.FailureOf(id_, "failed", sendable(message, LONGEST_MESSAGE), sendable(kind, LONGEST_KIND))
