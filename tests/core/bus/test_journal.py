"""A broker with a journal, as those who use it see it: killed, restarted, asked about the past."""

import os
import random
import threading
import time
from pathlib import Path
from subprocess import Popen

import pytest

from dashctl.bus import Address, Broker, Publisher
from dashctl.bus.control import ask_snapshot, ask_status
from dashctl.bus.journal import journal
from dashctl.bus.journal.settings import JournalSettings
from dashctl.errors import DashctlError
from dashctl.events import Alert, LogLine, Metric
from tests.core.bus.processes import PATIENCE, said, script, until

BROKER = """
import sys
from pathlib import Path
from dashctl.bus import Broker
from dashctl.bus.journal.settings import JournalSettings
settings = JournalSettings(Path(sys.argv[2]), segment_effort=int(sys.argv[3]))
with Broker(sys.argv[1], journal=settings) as broker:
    print("listening", flush=True)
    broker.run()
"""

LIVES = 12


@pytest.fixture
def kept(tmp_path: Path) -> JournalSettings:
    return JournalSettings(tmp_path / "journal" / "x", segment_effort=3_000)


def test_publish_says_that_an_event_is_durable_and_the_next_broker_has_it(
    address: Address, kept: JournalSettings
) -> None:
    for life in range(3):
        with Broker(address, journal=kept) as broker, Publisher(address) as publisher:
            broker.start()
            assert publisher.publish(LogLine(f"life {life}"), PATIENCE)["durable"] is True
    with Broker(address, journal=kept) as broker:
        broker.start()
        (lines,) = ask_snapshot(address, PATIENCE).last(LogLine).values()
    assert [each.event.message for each in lines] == ["life 0", "life 1", "life 2"]


def test_without_a_journal_it_says_that_it_is_not(broker: Broker) -> None:
    with Publisher(broker.address) as publisher:
        assert publisher.publish(LogLine("gone tomorrow"), PATIENCE)["durable"] is False
    assert ask_status(broker.address).journal is None


def test_the_status_tells_of_it(address: Address, kept: JournalSettings) -> None:
    with Broker(address, journal=kept) as broker, Publisher(address) as publisher:
        broker.start()
        publisher.publish(LogLine("one"), PATIENCE)
        status = ask_status(address).journal
        assert status is not None
        assert (status.folder, status.durable, status.error) == (str(kept.folder), True, "")
        assert status.events >= 1
        assert 0 < status.bytes == sum(path.stat().st_size for path in kept.folder.glob("*.segment"))


class Producer:
    """Publishes and logs until told to stop, and knows what was acknowledged as durable."""

    def __init__(self, address: Address, name: str) -> None:
        self.name = name
        self.acknowledged = 0
        self.errors: list[DashctlError] = []
        self._address = address
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        with Publisher(self._address) as publisher:
            number = 0
            while not self._stopping.is_set():
                for step in range(100):
                    publisher.log(Metric(f"logged by {self.name}", number * 100 + step, 0.0))
                try:
                    reply = publisher.publish(Metric(self.name, number, float(number)), PATIENCE)
                except DashctlError as error:
                    self.errors.append(error)
                    return
                assert reply["durable"]
                number += 1
                self.acknowledged = number


def test_killed_at_any_moment_nothing_acknowledged_is_lost_and_nothing_comes_twice(
    address: Address, kept: JournalSettings
) -> None:
    chosen = random.Random(7)
    running = script(BROKER, address, kept.folder, kept.segment_effort)
    process: Popen[str] = running.__enter__()
    said(process)
    producers = [Producer(address, name) for name in ("a", "b")]
    try:
        for _ in range(LIVES):
            time.sleep(chosen.uniform(0.02, 0.4))
            process.kill()
            running.__exit__(None, None, None)
            running = script(BROKER, address, kept.folder, kept.segment_effort)
            process = running.__enter__()
            said(process)
        for producer in producers:
            until(lambda producer=producer: producer.acknowledged > 5)
            producer.stop()
        state = ask_snapshot(address, PATIENCE)
        status = ask_status(address, PATIENCE)
    finally:
        for producer in producers:
            producer.stop()
        process.kill()
        running.__exit__(None, None, None)
    for producer in producers:
        assert producer.errors == []
        published = state.curve(Metric, ("", producer.name))
        logged = state.curve(Metric, ("", f"logged by {producer.name}"))
        assert published is not None
        assert logged is not None
        assert (published.total, published.last) == (producer.acknowledged, producer.acknowledged - 1.0)
        assert logged.total == producer.acknowledged * 100
    assert status.lost == 0


def test_a_disk_that_is_full_is_an_alert_on_the_bus_and_publishing_goes_on(
    address: Address, tmp_path: Path
) -> None:
    code = BROKER.replace(
        "settings =",
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\nsettings =",
    )
    with script(code, address, tmp_path / "j", 1_000_000_000) as process, Publisher(address) as publisher:
        said(process)
        assert publisher.publish(LogLine("small"), PATIENCE)["durable"] is True
        durable = [publisher.publish(LogLine("x" * 10_000), PATIENCE)["durable"] for _ in range(20)]
        assert durable[0]
        assert not durable[-1]
        state = ask_snapshot(address, PATIENCE)
        (alerts,) = state.last(Alert).values()
        assert (alerts[0].event.name, alerts[0].event.severity) == ("journal", "critical")
        assert "File too large" in alerts[0].event.message
        (lines,) = state.last(LogLine).values()
        assert len(lines) == 21
        process.terminate()
        process.wait(PATIENCE)


def test_a_disk_that_is_too_slow_holds_producers_up_and_loses_nothing(
    address: Address, kept: JournalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    real = os.fdatasync

    def slow(file: int) -> None:
        assert answers.wait(PATIENCE)
        real(file)

    monkeypatch.setattr(journal, "FULL", 200_000)
    monkeypatch.setattr(os, "fdatasync", slow)
    with Broker(address, journal=kept) as broker, Publisher(address) as publisher:
        broker.start()
        for number in range(20_000):
            publisher.log(LogLine(f"{number:0100}"))
        until(lambda: ask_status(address).journal.waiting > 200_000)  # type: ignore[union-attr]
        held_up = ask_status(address, PATIENCE).events
        assert held_up < 19_000
        answers.set()
        assert publisher.publish(LogLine("last"), PATIENCE)["durable"]
        assert ask_status(address, PATIENCE).lost == 0
        assert ask_snapshot(address, PATIENCE).version(LogLine) == 20_001
