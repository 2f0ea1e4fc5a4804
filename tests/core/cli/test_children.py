"""Commands that run beside another one: their output, their failure, and that they never outlive it."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from dashctl.bus import Broker
from dashctl.cli.children import Child, ChildFailed


def test_what_it_prints_and_what_it_says_are_kept_apart(tmp_path: Path) -> None:
    with Child("places", ["locate", "log"], tmp_path) as child:
        child.wait()
        assert child.has_finished
        assert child.failure is None
        assert child.output() == f"{tmp_path}/state/dashctl/log\n"
        assert child.log.read_text() == ""


def test_its_failure_is_what_it_said_last_and_where_its_log_is(tmp_path: Path) -> None:
    with Child("vocabulary", ["events", "nonsense"], tmp_path) as child:
        told: list[ChildFailed] = []
        was_told = threading.Event()
        child.on_failure(lambda failed: (told.append(failed), was_told.set()))
        with pytest.raises(ChildFailed) as caught:
            child.wait()
        message = str(caught.value)
        assert message.startswith("vocabulary failed: 'nonsense' is not an event type; ")
        assert message.endswith(f"(its log: {tmp_path}/vocabulary.log)")
        assert was_told.wait(20)
        assert [str(one) for one in told] == [message]
        assert not child.has_finished


def test_nobody_is_told_of_its_failure_after_it_was_stopped(tmp_path: Path) -> None:
    began, told = threading.Event(), threading.Event()

    def tell(_: ChildFailed) -> None:
        began.set()
        time.sleep(0.3)
        told.set()

    with Child("vocabulary", ["events", "nonsense"], tmp_path) as child:
        child.on_failure(tell)
        assert began.wait(20)
    assert told.is_set()


def test_one_that_was_stopped_has_not_failed(broker: Broker, tmp_path: Path) -> None:
    with Child("waiting", ["publish", "-", "--timeout", "60"], tmp_path) as child:
        pass
    assert child.failure is None
    assert not child.has_finished
    child.stop()


def test_it_gives_way_to_what_a_person_looks_at(broker: Broker, tmp_path: Path) -> None:
    with Child("recording", ["collect", str(tmp_path / "episodes")], tmp_path):
        process = psutil.Process().children()[-1]
        deadline = time.monotonic() + 20
        while process.nice() == os.getpriority(os.PRIO_PROCESS, 0):
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_the_parent_ends_it_and_all_below_it(
    number: signal.Signals, broker: Broker, tmp_path: Path
) -> None:
    code = (
        "import sys, time; from pathlib import Path; from dashctl.cli.children import Child\n"
        "with Child('recording', ['collect', sys.argv[1]], Path(sys.argv[2])): time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "episodes"), str(tmp_path)])
    deadline = time.monotonic() + 60
    # The command, and the workload that it started.
    while len(below := psutil.Process(parent.pid).children(recursive=True)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    parent.send_signal(number)
    assert parent.wait(20) == -number
    gone, alive = psutil.wait_procs(below, timeout=30)
    assert (len(gone), alive) == (2, [])
