"""A bus on another machine: a real sshd on a port of its own stands for that machine."""

import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from dashctl.bus import Address, Broker, Publisher, Service, Subscriber
from dashctl.bus.subscriber import Arrived, Resynchronised
from dashctl.cli import main
from dashctl.cli.ssh import Far, Tunnel
from dashctl.errors import UsageError
from dashctl.events import ModelMetric
from tests.core.bus.processes import until

Dashctl = Callable[..., "subprocess.CompletedProcess[str]"]

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/sbin")


class Box:
    """A machine to log in to: `url` leads to the bus at `address` there."""

    def __init__(self, folder: Path, bus: Path) -> None:
        assert SSHD is not None
        self.folder = folder
        self.address = Address.parse(f"ipc://{bus}")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.host = f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}"
        self.url = f"{self.host}{bus}"
        for name in ("host", "user"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True
            )
        (folder / "authorized").write_bytes((folder / "user.pub").read_bytes())
        (folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\n"
            f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nUsePAM no\nPidFile none\n"
            f"SetEnv XDG_RUNTIME_DIR={bus.parent}\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
        )
        known = (folder / "host.pub").read_text().split()
        (folder / "known").write_text(f"[127.0.0.1]:{self.port} {known[0]} {known[1]}\n")
        self._start()

    def _start(self) -> None:
        assert SSHD is not None
        # Some builds insist on this folder, even where it stays empty.
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self._sshd = subprocess.Popen(
            [SSHD, "-D", "-f", str(self.folder / "sshd_config"), "-E", str(self.folder / "log")],
            stdin=subprocess.DEVNULL,
        )
        until(self._listens)

    def _listens(self) -> bool:
        assert self._sshd.poll() is None, (self.folder / "log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def cut(self) -> None:
        """End all connections, and the sshd with them."""
        for process in [*psutil.Process(self._sshd.pid).children(recursive=True), self._sshd]:
            with_suppressed_kill(process)
        self._sshd.wait()

    def come_back(self) -> None:
        """Be there again."""
        self._start()


def with_suppressed_kill(process: "psutil.Process | subprocess.Popen[bytes]") -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    if SSHD is None or shutil.which("ssh") is None:
        assert not os.environ.get("CI"), "CI has to have ssh and sshd"
        pytest.skip("no sshd here to log in to")
    place = Path(tempfile.mkdtemp(prefix="dc-", dir="/tmp"))
    made = Box(tmp_path, place / "dashctl")
    monkeypatch.setenv("PATH", f"{in_front(tmp_path)}:{os.environ['PATH']}")
    yield made
    made.cut()
    shutil.rmtree(place)


def in_front(folder: Path) -> Path:
    """A folder with an `ssh` that has the test's own keys, as a person's configuration would give them."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    (bin_folder / "ssh").write_text(
        f"#!/bin/sh\nexec {shutil.which('ssh')} -F none -i {folder}/user -o IdentitiesOnly=yes"
        f' -o UserKnownHostsFile={folder}/known -o StrictHostKeyChecking=yes "$@"\n'
    )
    (bin_folder / "ssh").chmod(0o755)
    return bin_folder


@pytest.fixture
def far(box: Box) -> Iterator[Broker]:
    """A broker on the far side, which knows a model."""
    with Broker(box.address) as broker:
        broker.start()
        with Publisher(box.address) as publisher:
            publisher.publish(ModelMetric("lstm", 0.928))
        yield broker


def processes_for(box: Box) -> list[psutil.Process]:
    """Every ssh that is logged in there."""
    found = []
    for process in psutil.process_iter(["name", "cmdline"]):
        words = process.info["cmdline"] or []
        if process.info["name"] == "ssh" and str(box.port) in words:
            found.append(process)
    return found


def test_one_picture_of_a_far_bus(far: Broker, box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["monitor", box.url, "--once", "--scene", "models", "--size", "100x20"]) == 0
    out, err = capsys.readouterr()
    assert "lstm" in out
    assert "0.928" in out
    assert err == ""
    assert processes_for(box) == []


def test_whatever_asks_a_bus_asks_a_far_one(
    far: Broker, box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    with Service("trainer", box.address) as service:

        @service.method
        def double(value: float) -> float:
            return 2 * value

        assert main(["call", "trainer", "double", "value=3", "--bus", box.url]) == 0
    assert capsys.readouterr() == ("6.0\n", "")
    assert main(["publish", "model_metric", "model=gru", "accuracy=0.5", "--bus", box.url]) == 0
    assert '"delivered": 0' in capsys.readouterr().out


def test_a_connection_that_breaks_is_made_anew(far: Broker, box: Box) -> None:
    with Tunnel(Far.parse(box.url)) as tunnel, Subscriber(tunnel.address) as subscriber:
        until(lambda: isinstance(subscriber.receive(0.1), Resynchronised))
        box.cut()
        far.publish(ModelMetric("knn", 0.7))
        box.come_back()
        until(lambda: knows(subscriber, "knn"))
    assert processes_for(box) == []


def knows(subscriber: Subscriber, model: str) -> bool:
    news = subscriber.receive(0.1)
    if isinstance(news, Resynchronised):
        return (model,) in {(told.event.model,) for told in news.state.latest(ModelMetric).values()}
    return isinstance(news, Arrived) and any(
        isinstance(told.event, ModelMetric) and told.event.model == model for told in news.events
    )


def test_nothing_is_left_of_it(far: Broker, box: Box) -> None:
    with Tunnel(Far.parse(box.url)) as tunnel:
        folder = tunnel.address.folder
        assert folder is not None
        assert folder.stat().st_mode & 0o777 == 0o700
        assert len(processes_for(box)) == 1
    assert not folder.exists()
    assert processes_for(box) == []


HOLDING = """
import sys, time
from dashctl.cli.ssh import Far, Tunnel
with Tunnel(Far.parse(sys.argv[1])) as tunnel:
    print(tunnel.address.folder, flush=True)
    time.sleep(600)
"""


def test_it_ends_with_a_process_that_is_killed(far: Broker, box: Box) -> None:
    command = [sys.executable, "-c", HOLDING, box.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        assert (folder / "calls").exists()
        process.send_signal(signal.SIGKILL)
    until(lambda: not processes_for(box))
    until(lambda: not folder.exists())


def test_no_broker_there_says_what_to_run(box: Box, bus: Address, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["monitor", "--once", box.url]) == 3
    said = capsys.readouterr().err
    assert re.fullmatch(r"dashctl: ssh://\S+: no broker in \S+ there; start one there with  .* run\n", said)


def test_the_usual_folder_is_looked_for_there(
    far: Broker, box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["state", "--json", "--bus", box.host]) == 0
    assert '"lstm"' in capsys.readouterr().out


def test_a_login_that_is_refused_is_one_line(
    box: Box, bus: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    (box.folder / "authorized").write_text("")
    assert main(["monitor", "--once", box.url]) == 3
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "Permission denied" in said


def test_a_host_that_does_not_answer_is_one_line(
    box: Box, bus: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    box.cut()
    assert main(["state", "--bus", box.url]) == 3
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "Connection refused" in said
    box.come_back()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ssh://", "is not an address; expected ssh://"),
        ("ssh://-oProxyCommand=x", "is not an address; expected ssh://"),
        ("ssh://-l@box", "is not an address; expected ssh://"),
        ("ssh://box/a b", "is not an address; expected ssh://"),
        ("ssh://box/$(x)", "is not an address; expected ssh://"),
        ("ssh://box/" + "x" * 120, "is too long a path for Unix sockets (127 bytes with /calls)"),
    ],
)
def test_an_address_that_is_none_is_refused(
    text: str, words: str, bus: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["monitor", "--once", text]) == 2
    assert words in capsys.readouterr().err
    with pytest.raises(UsageError):
        Far.parse(text)


def test_an_address_has_user_port_and_folder() -> None:
    assert Far.parse("ssh://box").target() == ["--", "box"]
    far = Far.parse("ssh://me@[::1]:2222/run/user/1000/dashctl/")
    assert (far.target(), far.folder) == (
        ["-p", "2222", "-l", "me", "--", "::1"],
        "/run/user/1000/dashctl",
    )


def test_a_broker_runs_where_it_is_started(bus: Address, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["broker", "run", "--bus", "ssh://box"]) == 2
    assert "is not here; run  dashctl broker run  there" in capsys.readouterr().err
