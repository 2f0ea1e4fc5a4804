"""From a bus into a file.

Rules:
1. What arrived is in the file a second later, also if this process is killed.
2. The time of arrival grows with every event, whatever becomes of the clock, so that order is kept.
3. What was missed is written down where it is missing, with the state that goes on behind it.
4. No file is made before a broker was heard, and none is overwritten unless asked for.
"""

import fcntl
import os
import platform
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Self

import msgspec

from dashctl import __version__, wire
from dashctl.bus.address import Address
from dashctl.bus.subscriber import Arrived, Resynchronised, Subscriber
from dashctl.errors import DashctlError, TimedOut, UsageError
from dashctl.events import Event, Stamped
from dashctl.recording.mcap_writer import McapWriter
from dashctl.recording.message import as_message
from dashctl.recording.recording import FACTS, FORMAT, LOSS, PROFILE, STATE, STATE_TYPE
from dashctl.recording.schema import name_of, schema_of, topic_of
from dashctl.state import State

EVERY: Final = 0.5
"""Seconds for which an event waits in memory at most."""
LOOK: Final = 0.1
"""Seconds after which it is looked whether to end."""
PATIENCE: Final = 10.0
"""Seconds within which the broker has to say how things stand."""


class CannotRecord(DashctlError):
    """The disk takes no more; what was recorded before stays readable."""


class Progress(NamedTuple):
    """How far a recording is."""

    events: int
    bytes: int
    losses: int


class RecordingWriter:
    """A recording that is being written: `begin` it, `add` to it, and `close` it.

    `address` is written down. `add` and `flush` raise CannotRecord.
    """

    def __init__(self, path: Path, out: BinaryIO, address: str = "", runs: str = "*") -> None:
        self.path = path
        self.losses = 0
        self._out = out
        self._channels: dict[type[Event], int] = {}
        self._clock = time.time_ns() - time.monotonic_ns()
        """What has to be added to the monotonic clock, which nobody sets, for the time of day."""
        self._log_time = 0
        self._flushed = time.monotonic()
        facts = {
            "format": str(FORMAT),
            "version": __version__,
            "protocol": str(wire.VERSION),
            "host": platform.node(),
            "address": address,
            "runs": runs,
        }
        try:
            self._mcap = McapWriter(out, PROFILE, f"dashctl {__version__}")
            self._mcap.note(FACTS, facts)
        except OSError as error:
            out.close()
            raise CannotRecord(f"{path}: {error.strerror}; nothing is recorded") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def progress(self) -> Progress:
        """How far it is; what waits in memory is counted as events and not as bytes."""
        return Progress(self._mcap.messages, self._mcap.bytes, self.losses)

    def begin(self, state: State) -> None:
        """What is known so far; what is added from now on comes after it."""
        self._log_time = self._next_time()
        with self._on_the_disk():
            self._mcap.attach(STATE, STATE_TYPE, state.encode(), self._log_time)

    def lose(self, reason: str, state: State) -> None:
        """Something is missing here, and the state is this one now."""
        self.losses += 1
        with self._on_the_disk():
            self._mcap.note(LOSS, {"reason": reason, "log_time": str(self._next_time())})
        self.begin(state)

    def add(self, items: Sequence[Stamped[Event]]) -> None:
        """What has just arrived, in order."""
        at = self._next_time()
        with self._on_the_disk():
            add_message, channels = self._mcap.add_message, self._channels
            for item in items:
                cls = type(item.event)
                channel = channels.get(cls) or self._add_channel(cls)
                add_message(channel, at, int(item.time * 1e9), as_message(item))
                at += 1
        self._log_time = at - 1

    def flush_if_due(self) -> None:
        """Have what waits in the file, if it waits for long enough."""
        now = time.monotonic()
        if now - self._flushed >= EVERY:
            self._flushed = now
            with self._on_the_disk():
                self._mcap.flush()

    def close(self) -> None:
        """Write what waits, and the summary; nothing if it is closed. Raises CannotRecord."""
        if self._out.closed:
            return
        with self._out, self._on_the_disk():
            self._mcap.finish()

    def _add_channel(self, cls: type[Event]) -> int:
        schema = msgspec.json.encode(schema_of(cls))
        channel = self._channels[cls] = self._mcap.add_channel(topic_of(cls), name_of(cls), schema)
        return channel

    def _next_time(self) -> int:
        return max(self._log_time + 1, self._clock + time.monotonic_ns())

    @contextmanager
    def _on_the_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CannotRecord(
                f"{self.path}: {error.strerror}; the {self._mcap.kept:,} events before that are kept"
            ) from None


class Recorder:
    """Follows a bus and records it: `run` does it all.

    `runs` is a shell pattern: only events of runs that match it are kept. `tell` is given what a person
    should know, a line at a time. Raises UsageError.
    """

    def __init__(
        self,
        path: Path,
        address: Address,
        *,
        runs: str = "*",
        force: bool = False,
        tell: Callable[[str], object] = lambda line: None,
    ) -> None:
        check_free(path, force=force)
        self.path = path
        self._address = address
        self._force = force
        self._runs = runs
        self._wanted = _matching(runs)
        self._tell = tell
        self._seq = 0
        self._epoch = b""
        self._gone = False

    def record(
        self,
        seconds: float | None = None,
        *,
        is_over: Callable[[], bool] = lambda: False,
        on_progress: Callable[[Progress], object] = lambda progress: None,
    ) -> Progress:
        """Record for that long, or until `is_over` says so, which is asked several times a second.

        Raises TimedOut if the broker does not say how things stand, CannotRecord, and UsageError.
        """
        with Subscriber(self._address) as subscriber:
            first = self._await_first(subscriber, is_over)
            if first is None:
                return Progress(0, 0, 0)
            place = str(self._address).partition("?")[0]
            with RecordingWriter(
                self.path, open_new(self.path, force=self._force), place, self._runs
            ) as kept:
                self._begin(kept, first)
                deadline = float("inf") if seconds is None else time.monotonic() + seconds
                while not is_over() and time.monotonic() < deadline:
                    self._take(kept, subscriber.receive(min(LOOK, max(0.0, deadline - time.monotonic()))))
                    kept.flush_if_due()
                    self._look_after(subscriber)
                    on_progress(kept.progress)
        self._tell_refused(subscriber)
        return kept.progress

    def _await_first(self, subscriber: Subscriber, is_over: Callable[[], bool]) -> Resynchronised | None:
        deadline = time.monotonic() + PATIENCE
        while not is_over():
            news = subscriber.receive(LOOK)
            if isinstance(news, Resynchronised):
                return news
            if time.monotonic() > deadline:
                raise TimedOut(f"the broker at {self._address} did not say within {PATIENCE:g} s how it is")
        return None

    def _take(self, kept: RecordingWriter, news: Resynchronised | Arrived | None) -> None:
        match news:
            case Resynchronised():
                self._resynchronise(kept, news)
            case Arrived(seq=seq):
                self._seq = seq
                kept.add(self._chosen(news.events))

    def _begin(self, kept: RecordingWriter, first: Resynchronised) -> None:
        self._epoch, self._seq = first.epoch, first.seq
        kept.begin(self._chosen_state(first.state))

    def _resynchronise(self, kept: RecordingWriter, news: Resynchronised) -> None:
        frames = news.seq - self._seq
        reason = f"{frames} frames were missed" if news.epoch == self._epoch else "the broker began anew"
        self._tell(f"{reason}; the recording says so, and goes on with the state as it is now")
        self._epoch, self._seq = news.epoch, news.seq
        kept.lose(reason, self._chosen_state(news.state))

    def _chosen(self, items: Sequence[Stamped[Event]]) -> Sequence[Stamped[Event]]:
        if self._runs == "*":
            return items
        return [item for item in items if self._wanted(item.run)]

    def _chosen_state(self, state: State) -> State:
        if self._runs != "*":
            state.keep_runs(self._wanted)
        return state

    def _look_after(self, subscriber: Subscriber) -> None:
        gone = not subscriber.is_connected()
        if gone and not self._gone:
            self._tell(f"the broker at {self._address} is not heard any more; waiting for it")
        self._gone = gone

    def _tell_refused(self, subscriber: Subscriber) -> None:
        refused = ", ".join(f"{count} {reason}" for reason, count in subscriber.rejected.items())
        if refused:
            self._tell(f"not recorded, because it cannot be read: {refused}")


def check_free(path: Path, *, force: bool) -> None:
    """Raises UsageError if a recording cannot be made there."""
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; expected the name of a file to record to")
    if path.exists() and not force:
        raise UsageError(f"{path}: is there already; --force overwrites it")
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        raise UsageError(f"{path}: is no ordinary file; expected the name of a file to record to")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"{path}: there is no folder {folder}")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"{path}: cannot be written (Permission denied)")


def open_new(path: Path, *, force: bool) -> BinaryIO:
    """An empty file to record to, which nobody else records to meanwhile. Raises UsageError."""
    check_free(path, force=force)
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (0 if force else os.O_EXCL)
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
    except OSError as error:
        os.close(descriptor)
        why = "is being recorded to" if isinstance(error, BlockingIOError) else f"cannot be written ({error})"
        raise UsageError(f"{path}: {why}") from None
    return os.fdopen(descriptor, "wb", buffering=0)


def _matching(runs: str) -> Callable[[str], bool]:
    return lru_cache(maxsize=4_096)(lambda run: fnmatchcase(run, runs))
