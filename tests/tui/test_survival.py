"""What the monitor outlives: lines that drop, terminals that stand still, brokers that go, and floods."""

import fcntl
import signal
import struct
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dashctl.bus import Broker, Connection, Publisher
from dashctl.errors import Closed
from dashctl.events import Metric, ModelMetric, Progress, RunFinished, RunStarted, Stamped
from dashctl.state import State, fold_all
from dashctl_tui.scenes import DECK
from dashctl_tui.widgets.rows import RowsView
from tests.tui.sample import CONNECTED, NOW, FixedSource, full_state, looked_at, monitor_of
from tests.tui.screen import Terminal, monitor, tell

ASKED, ANSWER = b"\x1b[6n", b"\x1b[1;1R"


@pytest.fixture
def address() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="dc") as folder:
        yield f"ipc://{Path(folder) / 'bus'}"


def see(terminal: Terminal, text: bytes, patience: float = 30.0) -> None:
    """Read, and answer as a terminal does, until this is sent."""
    start = len(terminal.sent)
    until = time.monotonic() + patience
    answered = start
    while text not in terminal.sent[start:]:
        assert time.monotonic() < until, f"{text!r} was never sent: {terminal.sent[-2000:]!r}"
        terminal.read_for(0.05)
        terminal.type(ANSWER * terminal.sent[answered:].count(ASKED))
        answered = len(terminal.sent)


def leave(terminal: Terminal) -> None:
    terminal.type(b"q")
    assert terminal.end() == 0
    assert b"Traceback" not in terminal.sent


def test_a_terminal_that_stops_reading_shows_the_newest_when_it_reads_again(address: str) -> None:
    with Broker(address) as broker:
        broker.start()
        with monitor(address) as terminal:
            terminal.type(b"9")
            see(terminal, b"No model")
            # Pages are opened and shut, more than any queue of writes has room for; nobody reads.
            for number in range(60):
                terminal.type(b"?" if number % 2 == 0 else b"\x1b")
                broker.publish(ModelMetric("lstm", number / 100))
                time.sleep(0.04)
            broker.publish(ModelMetric("lstm", 0.987))
            see(terminal, b"0.987")
            leave(terminal)


def test_a_broker_that_goes_and_comes_again_is_followed_again(address: str) -> None:
    first = Broker(address)
    first.start()
    first.publish(ModelMetric("lstm", 0.5))
    with monitor(address) as terminal:
        terminal.type(b"9")
        see(terminal, b"0.500")
        first.stop()
        see(terminal, b"no broker")
        with Broker(address) as second:
            second.start()
            second.publish(ModelMetric("lstm", 0.75))
            see(terminal, b"0.750")
            leave(terminal)


def resize(terminal: Terminal, columns: int, rows: int) -> None:
    fcntl.ioctl(terminal._own, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    tell(terminal, signal.SIGWINCH)


def test_sizes_change_at_any_moment(address: str) -> None:
    with Broker(address) as broker:
        broker.start()
        with monitor(address) as terminal:
            for key, size in zip(b"14TKB", ((400, 120), (1, 1), (80, 24), (3, 200), (200, 2)), strict=True):
                terminal.type(bytes([key]))
                resize(terminal, *size)
                broker.publish(Metric("loss", key, 0.5))
                terminal.type(ANSWER * terminal.read_for(0.15).count(ASKED))
            resize(terminal, 120, 40)
            terminal.type(b"9")
            broker.publish(ModelMetric("lstm", 0.875))
            see(terminal, b"0.875")
            leave(terminal)


def test_a_flood_leaves_keys_their_answer(address: str) -> None:
    ended = threading.Event()

    def flood() -> None:
        with Publisher(address, run="flood") as publisher:
            step = 0
            begun = time.monotonic()
            while not ended.wait(0.01):
                # A machine that cannot make so many would never look whether it is enough.
                while step < (time.monotonic() - begun) * 100_000 and not ended.is_set():
                    publisher.log(Metric(f"series {step % 200}", step, 0.5))
                    step += 1

    with Broker(address) as broker:
        broker.start()
        broker.publish(ModelMetric("lstm", 0.625))
        with monitor(address) as terminal:
            thread = threading.Thread(target=flood)
            thread.start()
            try:
                terminal.type(b"T")
                see(terminal, b"series")
                terminal.type(b"9")
                see(terminal, b"0.625")
            finally:
                ended.set()
                thread.join()
            leave(terminal)


@cache
def many_runs() -> State:
    state = State()
    for number in range(10_000):
        run = f"run-{number}"
        fold_all(
            state,
            [
                Stamped(NOW - number, run, RunStarted({"lr": number / 10_000, "seed": number % 7})),
                Stamped(NOW - number + 0.5, run, Metric("loss", 1, number / 100)),
                Stamped(NOW - number + 0.6, run, Progress("epochs", 1, 2)),
                Stamped(NOW - number + 0.9, run, RunFinished("finished" if number % 3 else "failed")),
            ],
        )
    return state


@cache
def many_series() -> State:
    state = State()
    fold_all(
        state,
        [
            Stamped(NOW - 9 + step, "run-1", Metric(f"layer {number}/norm", step, number + step))
            for step in range(3)
            for number in range(5_000)
        ],
    )
    return state


@pytest.mark.parametrize("many", [many_runs, many_series])
@pytest.mark.parametrize("scene", DECK, ids=lambda scene: scene.name)
def test_no_scene_minds_how_much_there_is(scene: Any, many: Callable[[], State]) -> None:
    state = many()
    viewport = looked_at(scene, 120, 38, NOW)
    rows = scene.paint(scene.select(state, viewport), viewport).rows
    assert [row.width for row in rows] == [120] * 38


class Troubled(FixedSource):
    """A source that cannot be asked for a while."""

    in_trouble = False

    def connection(self) -> Connection:
        if self.in_trouble:
            raise Closed("the follower was stopped")
        return CONNECTED


async def test_a_source_that_raises_is_told_of_and_asked_again() -> None:
    source = Troubled(full_state())
    app = monitor_of(source, interval=0.02)

    def status() -> str:
        return app.query_one("#status", RowsView).rows[0].text

    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.1)
        source.in_trouble = True
        for _ in range(100):
            await pilot.pause(0.02)
            if "the follower was stopped" in status():
                break
        assert "the follower was stopped" in status()
        await pilot.press("9")
        assert app.scene.name == "models"
        source.in_trouble = False
        await pilot.press("escape")
        for _ in range(200):
            await pilot.pause(0.02)
            if "connected since" in status():
                break
        assert "connected since" in status()
        assert "lstm" in "".join(row.text for row in app.query_one("#scene", RowsView).rows)


def test_a_session_that_was_dropped_is_taken_up_again(address: str, tmp_path: Path) -> None:
    """An SSH connection drops: its tmux client gets SIGHUP; another one attaches, of another size."""
    with tempfile.TemporaryDirectory(prefix="dc") as folder, Broker(address) as broker:
        broker.start()
        environment = {"TMUX": "", "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        tmux = ["tmux", "-S", f"{folder}/tmux", "-f", "/dev/null"]
        command = f"exec {sys.executable} -m dashctl monitor --bus {address} --scene models"
        with Terminal([*tmux, "new-session", command], environment) as first:
            first.read_until(b"Models")
            broker.publish(ModelMetric("lstm", 0.5))
            first.read_until(b"0.500")
            first.forget()
            first.hang_up()
        broker.publish(ModelMetric("lstm", 0.25))
        with Terminal([*tmux, "attach"], environment) as second:
            second.read_until(b"0.250")
            # What some clients send when they attach again.
            second.type(b"\x1b[M \xff\xfe")
            broker.publish(ModelMetric("lstm", 0.75))
            second.read_until(b"0.750")
            second.type(b"q")
            second.end()
