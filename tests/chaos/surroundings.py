"""A disk that is full, and a clock that goes back."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashctl.bus.control import ask_snapshot, ask_status
from dashctl.bus.past import Past
from dashctl.events import Alert
from tests.chaos.audit import Row, audit
from tests.chaos.harness import finished, until, world

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
MEGABYTE = 1 << 20


def full_disk(seconds: float, rate: float) -> Row:
    """The disk with the journal fills up while producers log, and has room again later."""
    with world() as here, small_disk(here.folder / "journal", 24) as disk:
        broker = here.broker(DASHCTL_JOURNAL_FOLDER=str(disk))
        producer = here.producer(round(seconds * rate), rate)
        time.sleep(seconds / 4)
        filler = disk / "filler"
        until(lambda: _is_starved(here.address, filler))
        until(lambda: here.told.volatile > 0)
        time.sleep(seconds / 4)
        filler.unlink()
        until(lambda: _is_durable(here.address))
        finished([producer])
        here.heard()
        alerts = [each.event.resolved for each in ask_snapshot(here.address).last(Alert).get((), ())]
        assert alerts[:1] == [False], "nobody was told that the disk is full"
        assert alerts[-1], "nobody was told that it has room again"
        broker.kill()
        broker.wait()
        here.broker(DASHCTL_JOURNAL_FOLDER=str(disk))
        said = f"{here.told.volatile} answers said not durable; the state after a kill -9 is whole"
        return audit("disk full", here.address, here.told, said, whole_past=False)


def clock_set_back(seconds: float, rate: float, back: int = 3_600) -> Row:
    """The broker's clock is set back by an hour while producers log, and it is killed afterwards."""
    with world() as here:
        clock = here.folder / "clock"
        clock.write_text("+0\n")
        fake = {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        broker = here.broker(**fake)
        producer = here.producer(round(seconds * rate), rate)
        time.sleep(seconds / 2)
        clock.write_text(f"-{back}\n")
        finished([producer])
        here.heard()
        broker.kill()
        broker.wait()
        here.broker(**fake)
        with Past(here.address, timeout=30.0) as past:
            arrivals = [arrival for arrival, _ in past.frames(0.0, float("inf"))]
        assert arrivals == sorted(arrivals), "times of arrival went back with the clock"
        return audit("clock set back", here.address, here.told, f"by {back} s, then kill -9")


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own in memory, for as long as the context."""
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "dashctl-chaos", folder], check=True
    )
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(filler: Path) -> None:
    """Leave no room on the file system of this file."""
    with filler.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(MEGABYTE // 16))
        except OSError:
            os.fsync(file.fileno())


def can_mount(folder: Path) -> bool:
    """Whether this user may mount."""
    try:
        with small_disk(folder / "trial", 1):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def _is_starved(address: object, filler: Path) -> bool:
    """Whether the journal takes no more, having given up for room all the segments that it can."""
    fill(filler)
    return not _is_durable(address)


def _is_durable(address: object) -> bool:
    journal = ask_status(str(address)).journal
    assert journal is not None
    return journal.durable
