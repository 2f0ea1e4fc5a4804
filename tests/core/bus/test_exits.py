"""How processes end, fork and run in parallel: a normal end loses nothing, any other is noticed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dashctl.bus import Address, Broker, vanishing
from dashctl.bus.control import ask_status
from dashctl.events import LogLine, Metric, RunFinished
from tests.core.bus.processes import PATIENCE, finished, quiet_state, script, until

LOG = """
import asyncio, atexit, os, signal, sys, threading, time
import dashctl
from dashctl import Metric, Publisher
def log(publisher, name, count):
    for step in range(count):
        publisher.log(Metric(name, step, 0.5))
"""


def came(address: Address, *, lost: int = 0) -> dict[str, int]:
    """How many samples each curve has; nothing else was lost, nor came twice."""
    status = ask_status(address)
    assert (status.lost, status.duplicates, status.rejected) == (lost, 0, {})
    state = quiet_state(address)
    counts = {}
    for key in state.series(Metric):
        curve = state.curve(Metric, key)
        assert curve is not None
        counts[key[1]] = sum(memoryview(curve.counts).cast("Q"))
    return counts


@pytest.mark.parametrize(
    ("end", "status", "says"),
    [
        ("", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("raise RuntimeError('diverged')", 1, "RuntimeError: diverged"),
        ("signal.raise_signal(signal.SIGINT)", -signal.SIGINT, "KeyboardInterrupt"),
    ],
    ids=["its last line", "sys.exit", "an exception", "ctrl+c"],
)
def test_a_program_that_ends_by_itself_loses_nothing(
    broker: Broker, address: Address, end: str, status: int, says: str
) -> None:
    code = LOG + "publisher = Publisher(sys.argv[1])\nlog(publisher, 'loss', 20_000)\n" + end
    with script(code, address) as process:
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == status
        assert errors.rstrip().rpartition("\n")[2] == says
    assert came(address) == {"loss": 20_000}
    assert ask_status(address).vanished == 0


def test_a_run_that_is_terminated_loses_nothing(broker: Broker, address: Address) -> None:
    code = """
with dashctl.Run("r", address=sys.argv[1]) as run:
    for step in range(20_000):
        run.log(step, loss=0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
"""
    with script(LOG + code, address) as process:
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert came(address) == {"loss": 20_000}
    (finish,) = quiet_state(address).latest(RunFinished).values()
    assert finish.event.outcome == "interrupted"


@pytest.mark.parametrize("end", ["os._exit(1)", "os.kill(os.getpid(), signal.SIGTERM)"])
def test_a_program_that_ends_without_a_chance_to_say_so_is_missed(
    broker: Broker, address: Address, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vanishing, "SILENT", 0.2)
    code = """
publisher = Publisher(sys.argv[1], run="mnist")
publisher.publish(Metric("loss", 0, 0.5), 30)
log(publisher, "loss", 1_000)
"""
    with script(LOG + code + end, address) as process:
        assert process.wait(PATIENCE) != 0
    until(lambda: ask_status(address).vanished == 1)
    assert quiet_state(address).version(Metric) + ask_status(address).lost <= 1_001
    (lines,) = quiet_state(address).last(LogLine).values()
    assert "of run 'mnist' vanished without a farewell" in lines[-1].event.message


@pytest.mark.parametrize("end", ["", "publisher.close(0.5)"], ids=["by itself", "closed"])
def test_a_program_whose_broker_dies_before_it_says_how_much_may_be_missing(
    address: Address, end: str
) -> None:
    code = """
publisher = Publisher(sys.argv[1])
publisher.publish(Metric("loss", 0, 0.5), 30)
print("in", flush=True)
sys.stdin.readline()
log(publisher, "loss", 1_000)
"""
    with script(LOG + code + end, address) as process:
        with Broker(address) as broker:
            broker.start()
            assert process.stdout is not None
            assert process.stdout.readline() == "in\n"
        _, errors = process.communicate("go on\n", timeout=PATIENCE)
    assert errors == f"1000 events may not have reached the broker at {address} before the end\n"


def test_a_program_that_never_had_a_broker_ends_without_a_word(address: Address) -> None:
    with script(
        LOG + "publisher = Publisher(sys.argv[1])\nlog(publisher, 'loss', 1_000)", address
    ) as process:
        assert process.communicate(timeout=PATIENCE) == ("", "")


def test_the_last_acts_of_a_process_are_heard(broker: Broker, address: Address) -> None:
    """Before a publisher is closed, and after: what is registered first runs last."""
    code = """
atexit.register(lambda: log(publisher, "last", 10))
publisher = Publisher(sys.argv[1])
atexit.register(lambda: log(publisher, "early", 10))
log(publisher, "loss", 100)
atexit.register(lambda: log(publisher, "first", 10))
"""
    with script(LOG + code, address) as process:
        finished(process)
    assert came(address) == {"loss": 100, "first": 10, "early": 10, "last": 10}
    assert ask_status(address).vanished == 0


def test_what_is_logged_when_nothing_is_left_harms_nobody(broker: Broker, address: Address) -> None:
    code = """
class Model:
    def __del__(self):
        log(publisher, "too late", 10)
publisher = Publisher(sys.argv[1])
log(publisher, "loss", 100)
sys.modules["kept until the end"] = Model()
"""
    with script(LOG + code, address) as process:
        finished(process)
    assert came(address)["loss"] == 100


def test_a_thread_that_goes_on_while_the_process_ends_does_not_hold_it_up(
    broker: Broker, address: Address
) -> None:
    code = """
publisher = Publisher(sys.argv[1])
def for_ever():
    while True:
        log(publisher, "for ever", 100)
        time.sleep(0.001)
threading.Thread(target=for_ever, daemon=True).start()
log(publisher, "loss", 1_000)
time.sleep(0.1)
"""
    with script(LOG + code, address) as process:
        _, errors = process.communicate(timeout=PATIENCE)
    # What the thread logs in the very last moment may come too late, and is said to.
    assert process.returncode == 0
    assert all("may not have reached" in line for line in errors.splitlines())
    assert came(address)["loss"] == 1_000


def test_32_threads_lose_nothing_and_are_counted_exactly(broker: Broker, address: Address) -> None:
    code = """
publisher = Publisher(sys.argv[1], capacity=100_000)
threads = [threading.Thread(target=log, args=(publisher, f"t{n}", 1_000)) for n in range(32)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
left = publisher.close(30)
statistics = publisher.statistics()
print(left, statistics.logged, statistics.sent, statistics.dropped)
"""
    with script(LOG + code, address) as process:
        assert finished(process).split() == ["0", "32000", "32000", "0"]
    assert came(address) == {f"t{number}": 1_000 for number in range(32)}


def test_an_asyncio_program_logs_in_its_coroutines_and_publishes_beside_them(
    broker: Broker, address: Address
) -> None:
    code = """
async def train(publisher, name):
    for step in range(200):
        publisher.log(Metric(name, step, 0.5))
        if step % 50 == 0:
            await asyncio.to_thread(publisher.publish, Metric(name, step, 0.5), 30)
async def main():
    with Publisher(sys.argv[1]) as publisher:
        await asyncio.gather(*(train(publisher, f"task {n}") for n in range(10)))
asyncio.run(main())
"""
    with script(LOG + code, address) as process:
        finished(process)
    assert came(address) == {f"task {number}": 204 for number in range(10)}


def test_a_notebook_whose_cells_are_run_again_loses_nothing_of_the_first_time(
    broker: Broker, address: Address
) -> None:
    """A kernel runs cells in one namespace; the publisher of the first time is dropped unclosed."""
    code = """
import code, gc, warnings
warnings.simplefilter("ignore", ResourceWarning)
kernel = code.InteractiveInterpreter({"log": log, "Publisher": Publisher, "address": sys.argv[1]})
async def serve():
    for name in ("first", "second", "third"):
        kernel.runsource(f"publisher = Publisher(address); log(publisher, {name!r}, 1_000)")
        await asyncio.sleep(0.01)
asyncio.run(serve())
"""
    with script(LOG + code, address) as process:
        finished(process)
    assert came(address) == {"first": 1_000, "second": 1_000, "third": 1_000}


def test_forks_while_threads_log_lose_nothing_on_any_side(broker: Broker, address: Address) -> None:
    code = """
publisher = Publisher(sys.argv[1], capacity=100_000)
threads = [threading.Thread(target=log, args=(publisher, f"t{n}", 5_000)) for n in range(4)]
for thread in threads:
    thread.start()
children = []
for number in range(4):
    children.append(os.fork())
    if children[-1] == 0:
        log(publisher, f"child {number}", 1_000)
        sys.exit(publisher.close(30))
for child in children:
    assert os.waitpid(child, 0)[1] == 0
for thread in threads:
    thread.join()
assert publisher.close(30) == 0
"""
    with script(LOG + code, address) as process:
        finished(process)
    expected = {f"t{number}": 5_000 for number in range(4)}
    assert came(address) == expected | {f"child {number}": 1_000 for number in range(4)}


def test_a_child_that_outlives_its_parent_delivers(broker: Broker, address: Address) -> None:
    code = """
parent, publisher = os.getpid(), Publisher(sys.argv[1])
log(publisher, "parent", 1_000)
if os.fork():
    publisher.close(30)
    os._exit(0)
while os.getppid() == parent:
    time.sleep(0.01)
log(publisher, "child", 1_000)
"""
    with script(LOG + code, address) as process:
        finished(process)
    until(lambda: came(address) == {"parent": 1_000, "child": 1_000})


WORKERS = """
import sys
import torch
import torch.multiprocessing as mp
from torch.utils.data import DataLoader, Dataset
import dashctl
from dashctl import Metric, Publisher

class Logged(Dataset):
    def __init__(self, run):
        self.run = run
    def __len__(self):
        return 100
    def __getitem__(self, index):
        self.run.log(index, items=0.5)
        return torch.zeros(1)

def work(address):
    publisher = Publisher(address)
    for step in range(1_000):
        publisher.log(Metric("work", step, 0.5))

if __name__ == "__main__":
    method, address = sys.argv[1:]
    with dashctl.Run("mnist", address=address) as run:
        run.log(0, loss=0.5)
        for _ in DataLoader(Logged(run), num_workers=1, batch_size=10, multiprocessing_context=method):
            pass
        child = mp.get_context(method).Process(target=work, args=(address,))
        child.start()
        child.join()
        assert child.exitcode == 0
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_torch_lose_nothing(broker: Broker, address: Address, tmp_path: Path, method: str) -> None:
    program = tmp_path / "train.py"
    program.write_text(WORKERS)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, program, method, str(address)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert came(address) == {"loss": 1, "items": 100, "work": 1_000}
    assert ask_status(address).vanished == 0
    (finish,) = quiet_state(address).latest(RunFinished).values()
    assert finish.event == RunFinished("finished")
