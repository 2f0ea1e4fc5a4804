"""A producer in another language: the example in Node, run as it stands, against a real broker."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from dashctl.bus import Address, Broker
from dashctl.bus.control import ask_snapshot, ask_status
from dashctl.events import Metric
from tests.core.bus.beyond import free_ports
from tests.core.bus.processes import until

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "node" / "publish.mjs"
MODULES = ROOT / ".venv" / "node" / "node_modules"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example beside its packages, as `npm install` puts them."""
    missing = not shutil.which("node") or not (MODULES / "zeromq").is_dir()
    if missing and os.environ.get("CI"):
        pytest.fail("CI installs Node and npm's zeromq: see .ci/run")
    if missing:
        pytest.skip("needs Node, and: npm install --prefix .venv/node --ignore-scripts zeromq@6")
    (tmp_path / "node_modules").symlink_to(MODULES)
    return Path(shutil.copy(EXAMPLE, tmp_path))


def run(example: Path, *arguments: str) -> None:
    ran = subprocess.run(
        ["node", str(example), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("kind", ["push", "pub"])
def test_what_node_publishes_arrives(broker: Broker, address: Address, example: Path, kind: str) -> None:
    run(example, str(address), "from-node", "100", kind)
    until(lambda: ask_snapshot(address).version(Metric) == 100)
    columns = ask_snapshot(address).curve(Metric, ("from-node", "loss"))
    assert columns is not None
    assert memoryview(columns.steps).cast("q").tolist() == list(range(100))
    assert memoryview(columns.low).cast("d").tolist() == [1 / (step + 1) for step in range(100)]
    status = ask_status(address)
    assert (status.rejected, status.lost, status.duplicates) == ({}, 0, 0)


def test_it_finds_a_broker_at_ports_of_this_machine(example: Path) -> None:
    with Broker(f"tcp://127.0.0.1:{free_ports()}") as broker:
        broker.start()
        run(example, str(broker.address), "", "10")
        assert ask_snapshot(broker.address).version(Metric) == 10


def test_it_is_as_short_as_a_producer_can_be() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert sum(bool(line.strip()) and not line.startswith("//") for line in lines) <= 36
