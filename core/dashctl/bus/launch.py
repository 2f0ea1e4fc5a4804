"""A broker where one is needed: found, or started in the background.

Rules: only the command starts processes, a library never does; two who start one at once end up with
one; a broker that does not come up says why, in the error and in its log; one that ends, however
late, leaves no zombie behind.
"""

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from dashctl.bus.address import Address
from dashctl.bus.control import ask_status
from dashctl.errors import DashctlError, NoBroker
from dashctl.folders import log_folder

IDLE_EXIT: Final = 1_800
"""Seconds after which a broker that was started here ends itself when nobody is connected."""
COMES_UP: Final = 5.0
"""Seconds within which it has to answer."""
SECOND_THOUGHT: Final = 1.0
"""Seconds for which somebody else's broker is waited for, when the one started here has ended."""
LARGEST_LOG: Final = 1024 * 1024


class Launched(msgspec.Struct, frozen=True):
    """A broker that answers: `found` if it was there already; `log` is where one started here writes."""

    found: bool
    pid: int
    log: Path | None = None


class BrokerFailed(DashctlError):
    """A broker was started and does not answer."""

    exit_code = 3


def ensure_broker(address: Address | str | None = None, timeout: float = COMES_UP) -> Launched:
    """The broker at an address, started if there is none. Raises BrokerFailed, TimedOut or UsageError."""
    where = Address.parse(address)
    where.guard()
    found = _answering(where)
    if found is not None:
        return Launched(found=True, pid=found)
    if where.key:
        raise NoBroker(f"no broker at {where.place}; start one there with  dashctl broker run --listen")
    log = broker_log()
    started = _start(where, log)
    deadline = time.monotonic() + timeout
    ended = _reaped(started)
    given_up = False
    while time.monotonic() < deadline:
        answering = _answering(where)
        if answering is not None:
            # Whoever else started one at the same moment may have been first.
            return Launched(found=answering != started, pid=answering, log=log)
        if not given_up and ended.is_set():
            given_up = True
            # Unless another one was first, and is about to answer.
            deadline = min(deadline, time.monotonic() + SECOND_THOUGHT)
        time.sleep(0.02)
    state = "ended at once" if given_up else f"does not answer after {timeout:g} s"
    raise BrokerFailed(f"the broker for {where} {state}; its log is {log}{_last_line(log)}")


def broker_log() -> Path:
    """Where brokers that were started in the background write."""
    return log_folder() / "broker.log"


def _answering(address: Address) -> int | None:
    try:
        return ask_status(address, timeout=2.0).pid
    except NoBroker:
        return None


def _start(address: Address, log: Path) -> int:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    command = [sys.executable, "-P", "-m", "dashctl", "broker", "run"]
    command += ["--idle-exit", str(IDLE_EXIT), "--bus", str(address)]
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return os.posix_spawn(
            sys.executable,
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output, 1),
                (os.POSIX_SPAWN_DUP2, output, 2),
            ],
            setsid=True,
        )
    finally:
        os.close(output)


def _reaped(pid: int) -> threading.Event:
    """Set once a child has ended and was taken off the table of processes."""
    ended = threading.Event()

    def reap() -> None:
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
        ended.set()

    threading.Thread(target=reap, name="dashctl-reaper", daemon=True).start()
    return ended


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f": {lines[-1][:300]}" if lines else ""
