"""A bus over several hosts: slow, lossy and cut links cost time, and no event."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hosts.network import Host, needs_network, network

PATIENCE = 60.0
PORT = 5570
LOGGING = """
import sys, time
from dashctl import Metric, Publisher
address, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Publisher(address) as publisher:
    for step in range(count):
        publisher.log(Metric(name, step, 1.0))
        if step % 100 == 0:
            time.sleep(0.01)
    left = publisher.close(60)
    print(left, publisher.statistics().dropped, flush=True)
"""
COUNTING = """
import json, sys
from dashctl.bus.control import ask_snapshot
from dashctl.events import Metric
state = ask_snapshot(sys.argv[1], 20.0)
print(json.dumps({name: state.curve(Metric, ("", name)).total for _, name in state.series(Metric)}))
"""
BROKER = ("-m", "dashctl", "broker", "run")

pytestmark = pytest.mark.xdist_group("hosts")


@pytest.fixture
def hosts() -> Iterator[list[Host]]:
    needs_network()
    folder = Path(tempfile.mkdtemp(prefix="dc-", dir="/tmp"))
    with network(folder, "a", "b", "c") as made:
        yield made
    shutil.rmtree(folder)


@contextmanager
def centre(host: Host, *clients: Host) -> Iterator[str]:
    """A broker on a host that lets the others in, and where it is to them."""
    for client in clients:
        client.dashctl("keys", "new")
        host.dashctl("keys", "allow", client.name, own_key(client))
    with host.python(*BROKER, "--listen", f"tcp://{host.address}:{PORT}"):
        until(lambda: answers(host))
        yield f"tcp://{host.address}:{PORT}?key={own_key(host)}"


def own_key(host: Host) -> str:
    """The public key of the one pair that a host has."""
    (pair,) = json.loads(host.dashctl("keys", "list", "--json"))["own"]
    public: str = pair["public"]
    return public


def answers(host: Host) -> bool:
    try:
        host.dashctl("broker", "status")
    except subprocess.CalledProcessError:
        return False
    return True


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not come true in {seconds:g} s"
        time.sleep(0.1)


def counted(host: Host, address: str = "") -> dict[str, int]:
    """The samples of each curve, as this host sees them at the address, or at its own bus."""
    found: dict[str, int] = json.loads(host.run(sys.executable, "-c", COUNTING, address or host.bus))
    return found


def test_producers_and_monitors_far_away_over_a_slow_and_lossy_link(hosts: list[Host]) -> None:
    a, b, c = hosts
    with centre(a, b, c) as address:
        for far in (b, c):
            far.link.delay, far.link.loss = 0.02, 0.02
        with (
            b.python("-c", LOGGING, address, "b", "20000") as first,
            c.python("-c", LOGGING, address, "c", "20000") as second,
        ):
            for process in (first, second):
                assert process.stdout is not None
                assert process.stdout.readline().split() == ["0", "0"]
        assert counted(b, address) == counted(a) == {"b": 20_000, "c": 20_000}


def test_a_cut_link_delays_and_loses_nothing(hosts: list[Host]) -> None:
    a, b, _ = hosts
    with centre(a, b) as address, b.python("-c", LOGGING, address, "b", "30000") as producer:
        until(lambda: counted(a).get("b", 0) > 1_000)
        b.link.cut = True
        time.sleep(3.0)
        b.link.cut = False
        assert producer.stdout is not None
        assert producer.stdout.readline().split() == ["0", "0"]
        assert counted(a) == {"b": 30_000}


def test_an_edge_goes_on_without_its_centre_and_catches_up(hosts: list[Host]) -> None:
    a, b, c = hosts
    with centre(a, b, c) as address, b.python(*BROKER, "--upstream", address):
        until(lambda: answers(b))
        b.link.delay = 0.02
        b.dashctl("publish", "model_metric", "model=early", "accuracy=0.5")
        until(lambda: "early" in a.dashctl("state", "--json"))
        b.link.cut = True
        with b.python("-c", LOGGING, b.bus, "b", "30000") as producer:
            assert producer.stdout is not None
            assert producer.stdout.readline().split() == ["0", "0"]
        assert counted(b) == {"b": 30_000}
        assert counted(a) == {}
        b.link.cut = False
        until(lambda: counted(a).get("b") == 30_000)
        assert "lost       0\n" in a.dashctl("broker", "status")


def test_a_host_whose_key_is_not_allowed_gets_nowhere(hosts: list[Host]) -> None:
    a, b, c = hosts
    with centre(a, b) as address:
        c.dashctl("keys", "new")
        for command in (
            ("publish", "model_metric", "model=m", "accuracy=1", "--bus", address),
            ("state", "--json", "--bus", address),
            ("broker", "status", "--bus", address),
        ):
            with pytest.raises(subprocess.CalledProcessError, match="exit status 3"):
                c.dashctl(*command)
        assert counted(a) == {}
        assert "key not allowed" in a.dashctl("broker", "status")
