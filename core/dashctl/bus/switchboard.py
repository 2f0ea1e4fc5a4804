"""The broker's side of calls: which services there are, and which calls are in progress.

Rules:
1. Every call ends with one answer: the service's, or why there is none.
2. Who is still there is found out by sending: a name is free at once when its holder is gone, and a
   caller learns within moments that its service died.
3. A service answers each invocation once, also one that nobody waits for any more; until it has, that
   one takes room. So whatever callers and services do, the memory that they take is bounded.
4. The thread of the broker's loop alone uses it.
"""

import itertools
import math
import secrets
import time
from dataclasses import dataclass, field
from typing import Final

from dashctl.bus import messages
from dashctl.bus.door import Door, Peer

LOOK: Final = 0.05
"""Seconds between two looks while calls are in progress: how late a timeout may be, and how far apart
reports of progress travel."""
PROBE: Final = 0.25
"""Seconds between two tries whether those who take part in calls are there."""
IDLE_LOOK: Final = 1.0
"""Seconds between two looks at services that nobody calls."""
SERVICES: Final = 100
"""Services in all."""
OFFER_BYTES: Final = 65_536
"""How much the description of one service may take."""
CALLS: Final = 1_024
"""Calls in progress in all."""
CALLS_PER_SERVICE: Final = 32
CALLS_PER_CALLER: Final = 32
BYTES_PER_SERVICE: Final = 8 * 1024 * 1024
"""Arguments of invocations that one service has not answered."""
BYTES: Final = 64 * 1024 * 1024
"""The same of all services."""
_FAILURES: Final = frozenset({"no method", "bad arguments", "cancelled"})
"""What else than "failed" a service may say."""

Line = tuple[Door, bytes]
"""One end of a connection: identities are only unique behind a door."""


@dataclass(slots=True)
class _Service:
    peer: Peer
    offer: messages.Offer
    since: float
    unanswered: dict[int, int] = field(default_factory=dict)
    """The bytes of every invocation that it owes an answer to."""
    untold: dict[int, str] = field(default_factory=dict)
    """Invocations that nobody waits for any more, and why, as long as it takes nothing in."""

    @property
    def name(self) -> str:
        return self.offer.service

    def place(self) -> str:
        return f"process {self.offer.pid} on {self.offer.host}"


@dataclass(slots=True)
class _Call:
    caller: Peer
    id: int
    service: _Service
    timeout: float
    deadline: float
    reported: float = -math.inf
    report: messages.Progressed | None = None
    """What was not passed on yet of its progress."""


class Switchboard:
    """Services, and calls in progress."""

    def __init__(self) -> None:
        self._services: dict[str, _Service] = {}
        self._calls: dict[int, _Call] = {}
        self._of_callers: dict[Line, dict[int, int]] = {}
        """Invocations by their caller and its own number."""
        # Never the same in two lives of the broker: a service may answer to another one than called.
        self._ids = itertools.count(secrets.randbits(62))
        self._next_look = 0.0
        self._next_probe = 0.0

    def names(self) -> tuple[str, ...]:
        """The services that are there, as far as is known."""
        return tuple(sorted(self._services))

    def patience(self, now: float) -> float:
        """Seconds until `look` has to be called."""
        return max(0.0, self._next_look - now) if self._calls else math.inf

    def look(self, now: float) -> None:
        """Do what is due: end calls that took too long, pass progress on, see who is still there."""
        if now < self._next_look:
            return
        self._next_look = now + (LOOK if self._calls else IDLE_LOOK)
        if now >= self._next_probe:
            self._next_probe = now + (PROBE if self._calls else IDLE_LOOK)
            self._probe()
        for id_, call in list(self._calls.items()):
            if now >= call.deadline:
                self._give_up(id_, "timed out", f"the call took longer than {call.timeout:g} s")
            elif call.report is not None:
                self._pass_report_on(call, now)

    def answer(self, peer: Peer, request: messages.AnyRequest) -> bool:
        """Do what is asked; whether it was anything about calls."""
        match request:
            case messages.AskServices(id=id_):
                self._probe()
                peer.reply(messages.Services(id_, self._listed()))
            case messages.Offer():
                peer.reply(self._offered(peer, request))
            case messages.Withdraw(service=name):
                service = self._services.get(name)
                if service is not None and _line(service.peer) == _line(peer):
                    self._drop(service, "was withdrawn")
            case messages.Call():
                refused = self._begin(peer, request)
                if refused is not None:
                    peer.reply(refused)
            case messages.Cancel(id=id_):
                invocation = self._of_callers.get(_line(peer), {}).get(id_)
                if invocation is not None:
                    self._give_up(invocation, "cancelled", "the call was cancelled")
            case _:
                return self._hear_of_invocation(peer, request)
        return True

    def _hear_of_invocation(self, peer: Peer, request: messages.AnyRequest) -> bool:
        match request:
            case messages.ProgressOf():
                self._report(peer, request)
            case messages.ResultOf(id=id_, value=value):
                if call := self._answered(peer, id_):
                    call.caller.reply(messages.Returned(call.id, value))
            case messages.FailureOf(id=id_):
                if call := self._answered(peer, id_):
                    call.caller.reply(_failure(call.id, request))
            case _:
                return False
        return True

    def _offered(self, peer: Peer, offer: messages.Offer) -> messages.Reply:
        size = len(messages.encode(offer))
        if size > OFFER_BYTES:
            reason = f"service {offer.service!r}: its description has {size:,} bytes; at most {OFFER_BYTES:,}"
            return messages.Refused(offer.id, reason, "too large")
        there = self._services.get(offer.service)
        if there is not None and _line(there.peer) == _line(peer):
            there.offer = offer
            return messages.Offered(offer.id)
        if there is not None and self._is_there(there):
            reason = f"the service {offer.service!r} is offered already, by {there.place()}"
            return messages.Refused(offer.id, reason, "taken")
        if len(self._services) >= SERVICES:
            return messages.Refused(offer.id, f"there are {SERVICES} services already", "busy")
        self._services[offer.service] = _Service(peer, offer, time.time())
        return messages.Offered(offer.id)

    def _listed(self) -> tuple[messages.ServiceInfo, ...]:
        return tuple(
            messages.ServiceInfo(
                name=name,
                methods=service.offer.methods,
                host=service.offer.host,
                pid=service.offer.pid,
                since=service.since,
                calls=sum(call.service is service for call in self._calls.values()),
            )
            for name, service in sorted(self._services.items())
        )

    def _begin(self, caller: Peer, asked: messages.Call) -> messages.Refused | None:
        """Have the service begin; otherwise, why not."""
        service = self._services.get(asked.service)
        if service is None:
            return self._no_service(asked)
        names = [method.name for method in service.offer.methods]
        if asked.method not in names:
            expected = f"expected {_list(names)}" if names else "it has none"
            reason = f"{asked.service}.{asked.method}: no such method; {expected}"
            return messages.Refused(asked.id, reason, "no method")
        id_ = next(self._ids)
        invoke = messages.Invoke(id_, asked.service, asked.method, asked.arguments)
        size = len(messages.encode(invoke))
        busy = self._why_busy(_line(caller), asked.id, service, size)
        if busy:
            return messages.Refused(asked.id, busy, "busy")
        if not service.peer.reply(invoke):
            if not self._is_there(service):
                return self._no_service(asked)
            return messages.Refused(asked.id, f"the service {service.name!r} takes nothing in now", "busy")
        now = time.monotonic()
        service.unanswered[id_] = size
        self._calls[id_] = _Call(caller, asked.id, service, asked.timeout, now + asked.timeout)
        self._of_callers.setdefault(_line(caller), {})[asked.id] = id_
        self._next_look = min(self._next_look, now + LOOK)
        self._next_probe = min(self._next_probe, now + PROBE)
        return None

    def _no_service(self, asked: messages.Call) -> messages.Refused:
        there = f"expected {_list(list(self.names()))}" if self._services else "none is offered now"
        return messages.Refused(asked.id, f"{asked.service}: no such service; {there}", "no service")

    def _why_busy(self, caller: Line, number: int, service: _Service, size: int) -> str:
        mine = self._of_callers.get(caller, {})
        all_services = self._services.values()
        if number in mine:
            return f"a call with the number {number} is in progress already"
        if len(mine) >= CALLS_PER_CALLER:
            return f"{len(mine)} calls of this caller are in progress already"
        if len(service.unanswered) >= CALLS_PER_SERVICE:
            return f"the service {service.name!r} has {CALLS_PER_SERVICE} calls to answer already"
        if sum(service.unanswered.values()) + size > BYTES_PER_SERVICE:
            return f"the service {service.name!r} has too many large calls to answer already"
        if len(self._calls) >= CALLS:
            return f"{CALLS:,} calls are in progress already"
        if sum(sum(each.unanswered.values()) for each in all_services) + size > BYTES:
            return "too many large calls are in progress already"
        return ""

    def _report(self, peer: Peer, report: messages.ProgressOf) -> None:
        call = self._calls.get(report.id)
        if call is not None and _line(call.service.peer) == _line(peer):
            call.report = messages.Progressed(call.id, report.done, report.total, report.note)
            now = time.monotonic()
            if now - call.reported >= LOOK:
                self._pass_report_on(call, now)

    def _pass_report_on(self, call: _Call, now: float) -> None:
        if call.report is not None:
            call.caller.reply(call.report)
            call.report, call.reported = None, now

    def _answered(self, peer: Peer, id_: int) -> _Call | None:
        """The call that a service has answered, if somebody waits for it; it is over."""
        call = self._calls.get(id_)
        if call is not None and _line(call.service.peer) != _line(peer):
            return None
        for service in self._services.values():
            if _line(service.peer) == _line(peer):
                service.unanswered.pop(id_, None)
                service.untold.pop(id_, None)
        return self._end(id_)

    def _give_up(self, id_: int, code: str, reason: str) -> None:
        """Answer a call, and tell its service that nobody waits for it any more."""
        call = self._end(id_)
        if call is not None:
            call.caller.reply(messages.Refused(call.id, reason, code))
            call.service.untold[id_] = code
            self._tell(call.service)

    def _tell(self, service: _Service) -> None:
        for id_, code in list(service.untold.items()):
            if not service.peer.reply(messages.Abandon(id_, code)):
                return
            del service.untold[id_]

    def _end(self, id_: int) -> _Call | None:
        """Forget a call, all of its progress being passed on."""
        call = self._calls.pop(id_, None)
        if call is not None:
            self._pass_report_on(call, time.monotonic())
            mine = self._of_callers[_line(call.caller)]
            del mine[call.id]
            if not mine:
                del self._of_callers[_line(call.caller)]
        return call

    def _probe(self) -> None:
        for service in list(self._services.values()):
            self._is_there(service)
        for mine in list(self._of_callers.values()):
            caller = self._calls[next(iter(mine.values()))].caller
            if not caller.is_there():
                for id_ in list(mine.values()):
                    self._give_up(id_, "cancelled", "the caller has ended")

    def _is_there(self, service: _Service) -> bool:
        if service.peer.is_there():
            self._tell(service)
            return True
        self._drop(service, "has ended")
        return False

    def _drop(self, service: _Service, what: str) -> None:
        """A service is no more; the calls that it did not answer fail."""
        if self._services.get(service.name) is service:
            del self._services[service.name]
        reason = f"the service {service.name!r} ({service.place()}) {what} in mid-call"
        for id_ in list(service.unanswered):
            call = self._end(id_)
            if call is not None:
                call.caller.reply(messages.Refused(call.id, reason, "gone"))


def _line(peer: Peer) -> Line:
    return peer.door, peer.identity


def _failure(id_: int, failure: messages.FailureOf) -> messages.Reply:
    if failure.code in _FAILURES:
        return messages.Refused(id_, failure.message, failure.code)
    return messages.Failed(id_, failure.kind, failure.message)


def _list(names: list[str]) -> str:
    """Some of them, for a message of one line."""
    return ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
