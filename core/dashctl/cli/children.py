"""Commands that run beside this one and end with it.

Rules: a child never outlives its parent (see `tether`); it is in a session of its own, so that keys
pressed in the terminal reach the parent alone; what it says goes to a log file, what it prints to
another.
"""

import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from dashctl.cli.tether import GRACE, tethered
from dashctl.errors import DashctlError
from dashctl.validation import sendable

_LONGEST_LINE: Final = 300


class ChildFailed(DashctlError):
    """A command that was started from here failed."""


class Child:
    """`dashctl ARGUMENTS` in the background, started at once; as a context, stopped at its end.

    Its narration goes to `NAME.log` in the folder, its output to `NAME.out`.
    """

    def __init__(self, name: str, arguments: Sequence[str], folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._output = folder / f"{name}.out"
        self._stopping = False
        self._watchers: list[threading.Thread] = []
        with self.log.open("wb") as log, self._output.open("wb") as output:
            self._process = subprocess.Popen(
                tethered(arguments),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=log,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def failure(self) -> ChildFailed | None:
        """What to say of it if it ended by itself and not well."""
        status = self._process.poll()
        if self._stopping or not status:
            return None
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = (
            sendable(lines[-1].removeprefix("dashctl: "), _LONGEST_LINE) if lines else f"exit status {status}"
        )
        return ChildFailed(f"{self.name} failed: {last} (its log: {self.log})")

    @property
    def has_finished(self) -> bool:
        """Whether it came to its end, and well."""
        return self._process.poll() == 0

    def output(self) -> str:
        """What it printed so far."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def wait(self) -> None:
        """Wait for its end. Raises ChildFailed."""
        self._process.wait()
        if self.failure is not None:
            raise self.failure

    def on_failure(self, tell: Callable[[ChildFailed], object]) -> None:
        """Have `tell` called, from another thread, should it fail; never after `stop`."""

        def watch() -> None:
            self._process.wait()
            if self.failure is not None:
                tell(self.failure)

        watcher = threading.Thread(target=watch, name=f"dashctl-{self.name}", daemon=True)
        watcher.start()
        self._watchers.append(watcher)

    def stop(self) -> None:
        """End it and wait until it is gone and all is told of it; it does not count as failed then."""
        self._stopping = self._stopping or self._process.poll() is None
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for watcher in self._watchers:
            watcher.join()
