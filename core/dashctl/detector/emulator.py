"""The parent's end of the workload emulator: starts the child, tells it the phases, ends it.

Rules: leaving the context ends the child and its folder, whatever happened inside; a child that
does not answer in time is an error, not a hang.
"""

import contextlib
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, Self

from dashctl.detector import workload
from dashctl.detector.profiles import Profile
from dashctl.errors import DashctlError, TimedOut
from dashctl.phases import Phase

ANSWER_WITHIN: Final = 20.0  # seconds: a loaded machine may take long to start a process


class EmulatorDied(DashctlError):
    """The workload emulator's process ended by itself."""


class Emulator:
    """The emulator for one episode, as a context; `enter(phase)` changes what it does.

    `folder` is where its temporary folder is made; None means the system's temporary folder.
    """

    def __init__(self, profile: Profile, *, seed: int, seconds: float, folder: Path | None = None) -> None:
        self._folder = folder or Path(tempfile.gettempdir())
        self._started = False
        self._child = subprocess.Popen(
            _command(profile, seed, seconds, self._folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        try:
            self._await("ready")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def enter(self, phase: Phase) -> None:
        """Changes the phase, and returns once the child makes that phase's load.

        The first call starts the episode's clock. Raises EmulatorDied or TimedOut.
        """
        assert self._child.stdin is not None
        line = phase if self._started else f"start {phase}"
        self._started = True
        try:
            self._child.stdin.write(f"{line}\n".encode())
            self._child.stdin.flush()
        except BrokenPipeError:
            raise self._died() from None
        self._await(phase)

    def close(self) -> None:
        """Ends the child, and removes its folder if it could not do so itself."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it may have died with a line unread
            self._child.stdin.close()
        try:
            self._child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child.stdout.close()
        workload.sweep(self._folder)

    def _await(self, word: str) -> None:
        assert self._child.stdout is not None
        if not select.select([self._child.stdout], [], [], ANSWER_WITHIN)[0]:
            raise TimedOut(f"the workload emulator did not answer {word!r} within {ANSWER_WITHIN:.0f} s")
        if self._child.stdout.readline().decode().strip() != word:
            raise self._died()

    def _died(self) -> EmulatorDied:
        return EmulatorDied(f"the workload emulator ended by itself (exit status {self._child.wait(5)})")


def _command(profile: Profile, seed: int, seconds: float, folder: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "dashctl.detector.workload"),
        *("--profile", profile, "--seed", str(seed), "--seconds", str(seconds)),
        *("--parent", str(os.getpid()), "--folder", str(folder)),
    ]
