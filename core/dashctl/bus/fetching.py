"""Fetching a journal's segments from a broker.

Rules: several parts are asked for at a time, so that distance costs little; what is not answered in
time is an error, and its answer, should it still come, is passed over.
"""

import itertools
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import zmq

from dashctl.bus.address import Address
from dashctl.bus.control import BadReply, is_listening
from dashctl.bus.login import Line, Login, line
from dashctl.bus.messages import (
    AnyReply,
    AskJournal,
    AskSegment,
    JournalIndex,
    Refused,
    Request,
    Segment,
    SegmentPart,
    decode_reply,
    encode,
)
from dashctl.bus.sockets import plain, private_context
from dashctl.errors import DashctlError, NoBroker, NotAllowed, TimedOut

PART: Final = 1024 * 1024
IN_FLIGHT: Final = 6
"""Parts that are asked for and not there yet."""
BUSY: Final = 0.02
"""Seconds before a broker that is busy is asked again."""
GLANCE: Final = 0.5
"""Seconds without an answer after which it is looked whether there is anybody."""


class SegmentGone(DashctlError):
    """The segment is not in the journal any more."""


class Fetcher:
    """A connection that is made when something is first asked for."""

    def __init__(self, address: Address, timeout: float) -> None:
        self.address = address
        self._timeout = timeout
        self._ids = itertools.count(1)
        self._stack = ExitStack()
        self._line: Line | None = None

    def close(self) -> None:
        """End the connection."""
        self._line = None
        self._stack.close()

    def index(self) -> tuple[Segment, ...]:
        """All segments, oldest first. Raises NoBroker, NotAllowed or TimedOut."""
        id_ = self._ask(AskJournal(next(self._ids)))
        while True:
            reply = self._next()
            if isinstance(reply, JournalIndex) and reply.id == id_:
                return reply.segments
            if isinstance(reply, Refused) and reply.id == id_:
                raise _refusal(reply)

    def parts(self, number: int, start: int, end: int) -> Iterator[memoryview]:
        """The bytes of a segment in order, in parts.

        Raises SegmentGone, and what `index` raises.
        """
        starts = iter(range(start, end, PART))
        asked: dict[int, int] = {}
        came: dict[int, memoryview] = {}
        due = start
        while due < end:
            for at in itertools.islice(starts, max(0, IN_FLIGHT - len(asked))):
                asked[self._ask_part(number, at, end)] = at
            while due not in came:
                self._take_part(number, end, asked, came)
            part = came.pop(due)
            due += PART
            yield part

    def _take_part(self, number: int, end: int, asked: dict[int, int], came: dict[int, memoryview]) -> None:
        match self._next():
            case SegmentPart(id=id_, data=data) if id_ in asked:
                at = asked.pop(id_)
                if len(data) != min(PART, end - at):
                    raise SegmentGone(f"segment {number}: shorter than it was")
                came[at] = data
            case Refused(id=id_, code="busy") if id_ in asked:
                time.sleep(BUSY)
                at = asked.pop(id_)
                asked[self._ask_part(number, at, end)] = at
            case Refused(id=id_, code="no segment" | "no journal", reason=reason) if id_ in asked:
                raise SegmentGone(reason)
            case Refused(id=id_) as refused if id_ in asked:
                raise _refusal(refused)

    def _ask_part(self, number: int, at: int, end: int) -> int:
        return self._ask(AskSegment(next(self._ids), number, at, min(PART, end - at)))

    def _ask(self, request: Request) -> int:
        self._connected().socket.send(encode(request))
        return request.id

    def _connected(self) -> Line:
        if self._line is None:
            login = Login.at(self.address)
            if not is_listening(self.address):
                raise NoBroker(f"no broker at {self.address.place}")
            context = self._stack.enter_context(private_context())
            dealer = plain(context, zmq.DEALER)
            self._line = self._stack.enter_context(line(dealer, login, self.address.calls))
        return self._line

    def _next(self) -> AnyReply:
        """The next answer. Raises TimedOut, and the connection begins anew with the next question."""
        opened = self._connected()
        deadline = time.monotonic() + self._timeout
        while (left := deadline - time.monotonic()) > 0:
            opened.look()
            if opened.refusal is not None:
                self.close()
                raise opened.refusal
            poller = zmq.Poller()
            poller.register(opened.socket, zmq.POLLIN)
            poller.register(opened.monitor, zmq.POLLIN)
            if opened.socket in dict(poller.poll(max(1, round(min(left, GLANCE) * 1000)))):
                return decode_reply(opened.socket.recv())
            if not is_listening(self.address):
                self.close()
                raise NoBroker(f"no broker at {self.address.place}")
        self.close()
        raise TimedOut(f"the broker at {self.address.place} did not answer within {self._timeout:g} s")


def _refusal(refused: Refused) -> DashctlError:
    kind = NotAllowed if refused.code == "forbidden" else BadReply
    return kind(f"the broker refused: {refused.reason}")
