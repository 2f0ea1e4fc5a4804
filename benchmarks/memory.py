"""Whether a broker's memory grows with what goes through it: 50 million events of 200 series.

`python -m benchmarks.memory 5_000_000` is a shorter run. The peer is what the events take as they come in:
26 bytes each, in columns. Frames are made once and numbered anew, for the broker is what is looked at.
"""

import struct
import sys
import time

import psutil
import zmq

from benchmarks.processes import broker
from benchmarks.result import Result, format_results
from dashctl.bus.control import ask_status
from dashctl.events import Metric
from dashctl.wire import encode_frame

EVENTS = 50_000_000
SERIES = 200
PER_FRAME = 4_000
LOOKS = 48
_FIRST = struct.Struct("<Q")
_FIRST_AT = 16
"""Where in a frame the number of its first event stands."""


def megabytes_over(events: int) -> list[float]:
    """Resident memory of a broker, looked at so many times while events go through it."""
    metrics = [Metric(f"metric/{step % SERIES:03}", step, 0.5 + step) for step in range(PER_FRAME)]
    frame = bytearray(encode_frame(b"producer", 0, "run", [1.7e9] * PER_FRAME, metrics))
    seen: list[float] = []
    with broker() as address, zmq.Context() as context, context.socket(zmq.PUSH) as push:
        push.connect(address.inbox)
        process = psutil.Process(ask_status(address).pid)
        frames = events // PER_FRAME
        for number in range(frames):
            _FIRST.pack_into(frame, _FIRST_AT, number * PER_FRAME)
            push.send(frame)
            if (number + 1) * LOOKS // frames > len(seen):
                seen.append(process.memory_info().rss / 1e6)
        while ask_status(address, 30.0).events < events or ask_status(address, 30.0).backlog:
            time.sleep(0.05)
        seen.append(process.memory_info().rss / 1e6)
    return seen


def spark(values: list[float]) -> str:
    """A line of bars from 0 to the highest."""
    bars = "▁▂▃▄▅▆▇█"
    return "".join(bars[min(7, int(8 * value / max(values)))] for value in values)


def run(events: int = EVENTS) -> list[Result]:
    """How far it grew after the first tenth."""
    seen = megabytes_over(events)
    settled = seen[LOOKS // 10 :]
    note = f"{spark(seen)}  {settled[0]:.0f} MB after a tenth, {seen[-1]:.0f} MB after {events:,} events"
    grown = max(0.1, max(settled) - settled[0])
    return [Result("growth of the broker", grown, events * 26e-6, "the events as they come", "MB", note=note)]


if __name__ == "__main__":
    print(format_results(run(*map(int, sys.argv[1:]))))
