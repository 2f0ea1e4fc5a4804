"""The whole way, as a person goes it: the command in a real tmux, a real broker, and the screen read back."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashctl.events import ModelMetric, Stamped
from tests.core.recording.examples import record

PATIENCE = 40.0
DASHCTL = f"{shlex.quote(sys.executable)} -m dashctl"


class Tmux:
    """A tmux server of its own with one window of 120×40 cells."""

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "tmux")
        self.bus = f"ipc://{folder / 'bus'}"
        self._environment = {
            **os.environ,
            "DASHCTL_BUS_ADDRESS": self.bus,
            "XDG_STATE_HOME": str(folder),
            "TZ": "UTC",
        }
        self._environment.pop("TMUX", None)
        self._tmux("-f", "/dev/null", "new-session", "-d", "-s", "test", "-x", "120", "-y", "40", "sh")

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", self._socket, *arguments]
        return subprocess.run(
            command, env=self._environment, check=True, capture_output=True, text=True, timeout=30
        ).stdout

    def keys(self, *keys: str) -> None:
        self._tmux("send-keys", "-t", "test", *keys)

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p", "-t", "test")

    def resize(self, columns: int, rows: int) -> None:
        self._tmux("resize-window", "-t", "test", "-x", str(columns), "-y", str(rows))

    def wait_for(self, *texts: str) -> str:
        """The screen, once it has all of these."""
        until = time.monotonic() + PATIENCE
        while True:
            screen = self.screen()
            if all(text in screen for text in texts):
                return screen
            assert time.monotonic() < until, f"{texts} never came:\n{screen}"
            time.sleep(0.1)

    def dashctl(self, *arguments: str) -> str:
        """Run a command of dashctl against the same bus."""
        command = [*shlex.split(DASHCTL), *arguments]
        return subprocess.run(
            command, env=self._environment, check=True, capture_output=True, text=True, timeout=60
        ).stdout

    def stop(self) -> None:
        self._tmux("kill-server")


@pytest.fixture
def tmux() -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        if os.environ.get("CI"):
            pytest.fail("tmux is not installed, and CI has to have it")
        pytest.skip("tmux is not installed: apt-get install tmux")
    with tempfile.TemporaryDirectory(prefix="dc") as folder:
        server = Tmux(Path(folder))
        try:
            yield server
        finally:
            stop = [*shlex.split(DASHCTL), "broker", "stop", "--bus", server.bus]
            try:
                subprocess.run(stop, capture_output=True, timeout=60, check=False)
            finally:
                server.stop()


def test_what_is_published_comes_to_the_screen(tmux: Tmux) -> None:
    tmux.keys(f"{DASHCTL} monitor; echo status $?", "Enter")
    tmux.wait_for("Overview", "Nothing has happened yet", "connected since")

    tmux.dashctl("publish", "model_metric", "model=lstm", "accuracy=0.928")
    tmux.wait_for("lstm", "0.928")
    tmux.keys("9")
    tmux.wait_for("Models", "Accuracy on held-out episodes", "0.928")

    tmux.keys("T")
    tmux.wait_for("No metric was logged yet")
    tmux.dashctl("publish", "metric", "name=loss", "step=1", "value=0.5")
    tmux.wait_for("loss", "step")

    tmux.resize(80, 24)
    screen = tmux.wait_for("Training", "? help")
    assert len(screen.splitlines()) == 24

    tmux.keys("?")
    tmux.wait_for("Keys", "A second back")
    tmux.keys("Escape")
    tmux.wait_for("Training", "loss", "connected")
    tmux.keys("Space")
    tmux.wait_for(" paused ")

    tmux.dashctl("broker", "stop")
    tmux.wait_for("no broker", "loss")
    tmux.keys("q")
    tmux.wait_for("status 0")


def test_a_replay_says_when_it_has_ended_and_stays_on_the_screen(tmux: Tmux, tmp_path: Path) -> None:
    path = record(tmp_path / "x.mcap", [Stamped(1.0, "", ModelMetric("gru", 0.75))])
    tmux.keys(f"{DASHCTL} replay {shlex.quote(str(path))} --scene models; echo status $?", "Enter")
    tmux.wait_for("gru", "0.750", " replay ended ")
    tmux.keys("q")
    tmux.wait_for("status 0")


def test_a_monitor_that_joins_late_shows_what_was_before(tmux: Tmux) -> None:
    tmux.keys(f"{DASHCTL} broker run &", "Enter")
    until = time.monotonic() + PATIENCE
    while not (Path(tmux.bus.removeprefix("ipc://")).exists() or time.monotonic() > until):
        time.sleep(0.1)
    tmux.dashctl("publish", "model_metric", "model=gru", "accuracy=0.75")
    tmux.keys(f"{DASHCTL} monitor --scene models", "Enter")
    tmux.wait_for("Models", "gru", "0.750")
    assert "0.750" in tmux.dashctl("monitor", "--once", "--scene", "models", "--size", "80x24")
    tmux.keys("q")
