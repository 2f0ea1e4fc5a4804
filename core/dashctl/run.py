"""A training run in four lines: it says when it starts, what it measures, and how it ended.

Rules: training never waits for the bus and never fails because of it; a value that no curve can show
is an error where it is logged; however the program leaves the `with`, the run is said to have ended,
by the process that began it.
"""

import contextlib
import itertools
import math
import os
import re
import shlex
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from types import FrameType, TracebackType
from typing import Any, Final, Self

from dashctl.bus.address import Address
from dashctl.bus.publisher import Publisher, PublisherStatistics
from dashctl.errors import InvalidEvent, UsageError
from dashctl.events import Event, LogLine, Metric, RunFinished, RunStarted, Scalar
from dashctl.validation import LONGEST_MAPPING, sendable, shown
from dashctl.wire import MAX_RUN

LARGEST_WHOLE: Final = 2**63 - 1
_TERMINATED: Final = 128 + signal.SIGTERM


class Run:
    """A run of your own training loop, shown live:

        with dashctl.Run("mnist", lr=3e-4) as run:
            for step, batch in enumerate(batches):
                run.log(step, loss=train_on(batch))

    The configuration is what a person compares runs by: keywords, a mapping such as `vars(args)`, or
    both; values that are no text, finite number or truth value are shown as text. Leaving the `with`
    publishes how it ended: finished, failed (with the error), or interrupted (by ctrl+c, SIGTERM or
    `sys.exit`). Where there is no broker, nothing happens, and the newest values arrive when one
    appears. Raises UsageError for an address that is none.
    """

    def __init__(
        self,
        name: str,
        config: Mapping[str, Any] | None = None,
        /,
        *,
        address: Address | str | None = None,
        **more: Any,
    ) -> None:
        if not name.strip():
            raise UsageError(f"run: {shown(name)} is not a name; expected a text that is not empty")
        self.name = name
        self.id = run_id(name)
        """What the events are marked with: the name and when it started, at most 32 bytes."""
        self._config = _configuration({**(config or {}), **more})
        self._publisher = Publisher(address, run=self.id)
        self._former_sigterm: Any = None
        self._process = os.getpid()

    def __enter__(self) -> Self:
        self._process = os.getpid()
        self._former_sigterm = _exit_on_sigterm()
        command = sendable(shlex.join(sys.argv))
        self._publisher.log(RunStarted(self._config, socket.gethostname(), command, self.name))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        # A child that was forked inside may leave as well, and the run goes on.
        if self._process == os.getpid():
            self._publisher.log(_ending(error))
        self._publisher.close()
        if self._former_sigterm is not None:
            signal.signal(signal.SIGTERM, self._former_sigterm)
            self._former_sigterm = None

    def __repr__(self) -> str:
        return f"<Run {self.id}>"

    def __getstate__(self) -> dict[str, Any]:
        # For workers that are spawned: there it is the same run, and not theirs to end.
        return {**self.__dict__, "_former_sigterm": None}

    def log(self, step: int, values: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        """Log values at a step, as keywords or, for names with a slash, as a dict.

        A value is a number, a numpy scalar or a tensor of one element; NaN and infinities are shown as
        such. Never blocks. Raises InvalidEvent for anything else, and Closed after the run.
        """
        given = {**values, **named} if values else named
        if not given:
            raise InvalidEvent(
                f"run.log: only {shown(step)}; expected a step and values: run.log(step, loss=0.5)"
            )
        log = self._publisher.log
        for name, value in given.items():
            log(Metric(name, step, value if type(value) is float else _number(value)))

    def source(self, of: object) -> None:
        """Show the code of a function, class or module, with how far this run is, in the scene Code.

            run.source(train)

        What cannot be read (compiled, built in, typed at a prompt) is said in the log, and the run goes on.
        Raises Closed after the run.
        """
        # What reads code takes its time to load, and most runs never ask for it.
        from dashctl.source_code import NoSource, source_code  # noqa: PLC0415

        try:
            event: Event = source_code(of)
        except NoSource as error:
            event = LogLine(sendable(str(error)), source=self.name)
        self._publisher.log(event)

    def statistics(self) -> PublisherStatistics:
        """What became of the events that this process has logged so far."""
        return self._publisher.statistics()

    def log_event(self, event: Event | Mapping[str, Any]) -> None:
        """Log any other event of this run. Raises InvalidEvent, and Closed after the run."""
        self._publisher.log(event)


def run_id(name: str) -> str:
    """A run's id: its name in letters that fit anywhere, the time, and something random."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "run"
    suffix = f"-{time.strftime('%m%d-%H%M%S')}-{os.urandom(2).hex()}"
    return slug[: MAX_RUN - len(suffix)].rstrip("-") + suffix


def _number(value: Any) -> Any:
    """A tensor says itself which number it is: `float` would warn where it has a gradient."""
    if type(value) is float or type(value) is int:
        return value
    item = getattr(value, "item", None)
    if item is None:
        return value
    with contextlib.suppress(ValueError, RuntimeError):
        return item()
    return value


def _configuration(given: Mapping[Any, Any]) -> dict[str, Scalar]:
    """As much of a configuration as an event can carry: a program is never ended by its own settings."""
    few = itertools.islice(given.items(), LONGEST_MAPPING)
    return {shown_text(key) or "(empty)": _scalar(value) for key, value in few}


def _scalar(value: Any) -> Scalar:
    plain = _number(value)
    if plain is None or isinstance(plain, bool) or (isinstance(plain, float) and math.isfinite(plain)):
        return plain
    if isinstance(plain, int) and abs(plain) <= LARGEST_WHOLE:
        return int(plain)
    return shown_text(plain)


def shown_text(value: object) -> str:
    """A value as a text of bounded length."""
    return sendable(value if isinstance(value, str) else repr(value), 200)


def _ending(error: BaseException | None) -> RunFinished:
    match error:
        case None:
            return RunFinished("finished")
        case SystemExit(code=None | 0):
            return RunFinished("finished")
        case SystemExit(code=code) if code == _TERMINATED:
            return RunFinished("interrupted", "SIGTERM")
        case KeyboardInterrupt() | SystemExit() | GeneratorExit():
            return RunFinished("interrupted", shown_text(f"{type(error).__name__}: {error}".rstrip(": ")))
    return RunFinished("failed", shown_text(f"{type(error).__name__}: {error}".rstrip(": ")))


def _exit_on_sigterm() -> Any:
    """Have SIGTERM end the program by way of its `with` blocks; the former action, None if left alone.

    A program that has its own idea of SIGTERM keeps it.
    """
    if threading.current_thread() is not threading.main_thread():
        return None
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return None
    return signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(_TERMINATED)
