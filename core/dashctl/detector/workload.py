"""The workload emulator's child process: makes harmless load of a given profile and phase.

Rules: it writes inside its own temporary folder only, talks to itself over loopback only, starts
nothing but `true`, and needs no privileges. It reads phases from standard input, one a line, and
answers each with a line. When its input ends, its parent is gone or SIGTERM comes, it removes its
folder and ends. It imports the standard library only, so that it is there at once.

    python -m dashctl.detector.workload --profile disk-churn --seed 1 --seconds 60 --parent PID
"""

import argparse
import contextlib
import fcntl
import hashlib
import mmap
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Final, Self

from dashctl.detector.profiles import PROFILES, Activity, activity_of, added, ordinary_jobs
from dashctl.phases import PHASES, Phase

PREFIX: Final = "dashctl-emulator-"
TICK: Final = 0.02  # seconds: five ticks to a sample at 10 Hz
CHUNK: Final = b"\xa5" * 65536
SMALL: Final = CHUNK[:2048]


class _Stopped(BaseException):
    """SIGTERM came. Not an Exception: nothing between here and main may take it for a failure."""


def main() -> None:
    """Makes load until standard input ends, the parent is gone or SIGTERM comes."""
    parser = argparse.ArgumentParser(prog="dashctl.detector.workload", description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    # A terminal's ctrl+c reaches the whole group: the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with own_folder(options.folder) as folder, Workload(folder) as workload:
            _follow(workload, options)
    except (_Stopped, BrokenPipeError):
        pass
    except OSError as error:
        sys.exit(f"dashctl: workload emulator: {error}")


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _Stopped


def _follow(workload: "Workload", options: argparse.Namespace) -> None:
    """Obeys the phases that come on standard input, and ticks in between."""
    jobs = ordinary_jobs(options.seed, options.seconds)
    base, begun, changed = Activity(), time.monotonic(), time.monotonic()
    print("ready", flush=True)
    last = time.monotonic()
    while os.getppid() == options.parent:
        if select.select([sys.stdin], [], [], 0)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            phase = _phase(line)
            base, changed = activity_of(options.profile, phase, options.seed), time.monotonic()
            if line.startswith("start "):
                begun = changed
            print(phase, flush=True)
        now = time.monotonic()
        load = in_burst(base, now - changed)
        for job in jobs:
            if job.start <= now - begun < job.end:
                load = added(load, job.activity)
        workload.tick(load, now - last)
        last = now
        time.sleep(max(0.0, now + TICK - time.monotonic()))


def _phase(line: str) -> Phase:
    word = line.rsplit(maxsplit=1)[-1]
    return next(phase for phase in PHASES if phase == word)


def in_burst(activity: Activity, t: float) -> Activity:
    """The activity `t` seconds after it began: itself in a burst, only its memory held between."""
    if t % activity.period < activity.duty * activity.period:
        return activity
    return replace(Activity(), memory=activity.memory)


@contextlib.contextmanager
def own_folder(base: Path) -> Iterator[Path]:
    """A fresh folder under `base`, locked while it lives, removed at the end."""
    sweep(base)
    folder, lock = _locked_folder(base)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked_folder(base: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Another run's sweep may have come between making the folder and locking it.
            if folder.is_dir():
                return folder, lock
            os.close(lock)


def sweep(base: Path) -> int:
    """Removes the folders of runs that were killed: those that nobody holds locked. How many."""
    return sum(_swept(folder) for folder in base.glob(PREFIX + "*"))


def _swept(folder: Path) -> bool:
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # gone meanwhile, not a folder, or another user's
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        shutil.rmtree(folder, ignore_errors=True)
        return True
    finally:
        os.close(lock)


class Workload:
    """Makes load in ticks. What a tick could not do for lack of time is dropped, not made up for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._owed: dict[str, float] = {}
        self._memory: mmap.mmap | None = None
        self._cursor = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self._sender = socket.create_connection(self._listener.getsockname())
        self._receiver, _ = self._listener.accept()
        self._sender.setblocking(False)
        self._receiver.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._sender, self._receiver, self._listener):
            end.close()
        self._hold(0)

    def tick(self, load: Activity, seconds: float) -> None:
        """Does what `load` asks for in `seconds`."""
        begun = time.monotonic()
        self._hold(int(load.memory))
        self._touch(int(self._due("touch", load.touch, seconds, mmap.PAGESIZE)) * mmap.PAGESIZE)
        self._send(int(self._due("send", load.send, seconds, 512)) * 512)
        self._write(int(self._due("write", load.write, seconds, len(CHUNK))))
        for _ in range(int(self._due("connects", load.connects, seconds))):
            self._connect()
        for _ in range(int(self._due("files", load.files, seconds))):
            self._small_file()
        for _ in range(int(self._due("forks", load.forks, seconds))):
            subprocess.run(["true"], check=True)
        self._burn(begun + load.cpu * TICK)

    def _due(self, what: str, rate: float, seconds: float, unit: float = 1.0) -> float:
        """Whole units of `what` that are due now; the rest is kept for the next tick."""
        # At most a quarter of a second's worth: after a stall there is no flood.
        owed = self._owed.get(what, 0.0) + rate * min(seconds, 0.25) / unit
        whole = owed // 1.0
        self._owed[what] = owed - whole
        return whole

    def _hold(self, size: int) -> None:
        if size == (len(self._memory) if self._memory else 0):
            return
        if self._memory is not None:
            self._memory.close()
        self._memory = mmap.mmap(-1, size) if size else None
        self._cursor = 0
        if self._memory is not None:
            self._fill(size)

    def _touch(self, size: int) -> None:
        if self._memory is None or size == 0:
            return
        if self._cursor + size > len(self._memory):
            old, self._memory = self._memory, mmap.mmap(-1, len(self._memory))
            old.close()
            self._cursor = 0
        self._fill(min(size, len(self._memory)))

    def _fill(self, size: int) -> None:
        assert self._memory is not None
        end = min(self._cursor + size, len(self._memory))
        for at in range(self._cursor, end, mmap.PAGESIZE):
            self._memory[at] = 1
        self._cursor = end

    def _send(self, size: int) -> None:
        with contextlib.suppress(BlockingIOError):  # the buffers are full: enough for this tick
            while size > 0:
                size -= self._sender.send(CHUNK[:size])
                self._drain()

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._receiver.recv(len(CHUNK)):
                pass

    def _connect(self) -> None:
        with socket.create_connection(self._listener.getsockname()) as near:
            far, _ = self._listener.accept()
            with far:
                near.sendall(SMALL)
                far.recv(len(SMALL))

    def _write(self, chunks: int) -> None:
        if chunks == 0:
            return
        path = self._folder / "churn"
        with path.open("wb") as file:
            for _ in range(chunks):
                file.write(CHUNK)
            file.flush()
            # Without this the file would be deleted before a disk ever saw it.
            os.fsync(file.fileno())
        path.unlink()

    def _small_file(self) -> None:
        path = self._folder / "small"
        path.write_bytes(SMALL)
        path.unlink()

    def _burn(self, until: float) -> None:
        while time.monotonic() < until:
            hashlib.sha256(CHUNK)


if __name__ == "__main__":
    main()
