"""What happened between two moments, found in the files of segments; as a process, one query.

Rules: it reads and never writes; a frame is opened only if it may have what is asked for; curves are
thinned as a state's are, so no peak is lost; an answer is bounded, and one that would be larger is
refused with a word on how to ask for less.
"""

import os
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import Final

import msgspec

from dashctl.bus import messages
from dashctl.bus.journal.segment import records
from dashctl.curve import CurveBuffer
from dashctl.events import Event, Metric, Stamped
from dashctl.metric_columns import MetricColumns, MixedEvents
from dashctl.wire import BadFrame, decode_header, open_frame

LIMIT: Final = 20.0
"""Seconds that a query may take."""
SKEW: Final = 300.0
"""Seconds between the time in an event and its arrival within which it is found: clocks differ, and a
producer may have been without its broker."""
CURVES: Final = 512
POINTS: Final = 400_000
"""Points of all curves together."""
TOO_MUCH: Final = "too much"


class FileExtent(msgspec.Struct, frozen=True, array_like=True):
    """Where the records of one segment are, and when they came."""

    path: str
    start: int
    end: int
    begun: float
    last: float


class Query(msgspec.Struct, frozen=True, array_like=True):
    """What is asked, and where to look."""

    question: messages.AskHistory
    extents: list[FileExtent]


def answer(query: Query) -> messages.Reply:
    """The answer: HistoryReply or Refused."""
    question = query.question
    if question.type == Metric.type_name():
        return _curves(question, query.extents)
    newest: deque[Stamped[Event]] = deque(maxlen=question.points)
    total = 0
    for events in _matching(question, query.extents, question.type):
        for item in events:
            if _is_asked_for(question, item):
                total += 1
                newest.append(item)
    return messages.HistoryReply(question.id, events=tuple(newest), total=total)  # type: ignore[arg-type]


def _curves(question: messages.AskHistory, extents: list[FileExtent]) -> messages.Reply:
    curves: dict[tuple[str, str], CurveBuffer] = {}
    total = 0
    # A query for all names needs a string that all of them have.
    for events in _matching(question, extents, question.name or ""):
        for run, time, name, step, value in _samples(events):
            if question.since <= time < question.until and question.name in {None, name}:
                curve = curves.get((run, name))
                if curve is None:
                    curve = curves[run, name] = CurveBuffer(question.points)
                curve.append(step, time, value)
                total += 1
        if len(curves) > CURVES or len(curves) * question.points > POINTS:
            reason = f"more than {min(CURVES, POINTS // question.points)} curves of {question.points} points"
            return messages.Refused(question.id, f"{reason}: name a run or a metric", TOO_MUCH)
    found = tuple(messages.Curve(run, name, curve.columns()) for (run, name), curve in sorted(curves.items()))
    return messages.HistoryReply(question.id, curves=found, total=total)


def _samples(events: Sequence[Stamped[Event]]) -> Iterator[tuple[str, float, str, int, float]]:
    """Run, time, name, step and value of every metric."""
    if isinstance(events, MixedEvents):
        events = events.metrics
    if isinstance(events, MetricColumns):
        names = map(events.names.__getitem__, events.codes)
        yield from zip(repeat(events.run), events.times, names, events.steps, events.values, strict=False)
        return
    for item in events:
        if isinstance(item.event, Metric):
            yield item.run, item.time, item.event.name, item.event.step, item.event.value


def _matching(
    question: messages.AskHistory, extents: list[FileExtent], needle: str
) -> Iterator[Sequence[Stamped[Event]]]:
    """The events of frames that may have what is asked for, and `needle` in their bytes."""
    sought = needle.encode()
    for frame in _frames(question, extents):
        try:
            header = decode_header(frame)
        except BadFrame:
            continue
        if question.run is not None and header.run != question.run:
            continue
        # Searching bytes is far cheaper than opening; JSON may spell a name in other ways.
        if sought.isascii() and sought not in frame and b"\\" not in frame:
            continue
        yield open_frame(frame).events


def _frames(question: messages.AskHistory, extents: list[FileExtent]) -> Iterator[bytes]:
    for extent in extents:
        if extent.last < question.since - SKEW or extent.begun > question.until + SKEW:
            continue
        try:
            data = Path(extent.path).read_bytes()
        except FileNotFoundError:
            continue
        for record in records(memoryview(data)[: extent.end], extent.start):
            yield bytes(record.frame)


def _is_asked_for(question: messages.AskHistory, item: Stamped[Event]) -> bool:
    if not question.since <= item.time < question.until or item.event.type_name() != question.type:
        return False
    return question.name is None or getattr(item.event, "name", None) == question.name


def main() -> None:
    """One query from stdin, its answer to stdout."""
    signal.alarm(round(LIMIT))
    os.nice(5)
    query = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Query)
    sys.stdout.buffer.write(messages.encode(answer(query)))


if __name__ == "__main__":
    main()
