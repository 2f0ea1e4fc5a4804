"""The broker's numbers, scraped as Prometheus does."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from dashctl.bus import Address, Broker, Publisher
from dashctl.events import BusStats, JournalStats, Metric
from dashctl.gateway.metrics import BusCollector, serving
from tests.core.bus.processes import PATIENCE, until

Samples = dict[tuple[str, tuple[str, ...]], float]


def scraped(port: int) -> Samples:
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE, trust_env=False).text
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@contextmanager
def broker_with_metrics(bus: Address) -> "Iterator[tuple[subprocess.Popen[str], int]]":
    command = [sys.executable, "-W", "error", "-m", "dashctl", "broker", "run", "--bus", str(bus)]
    with subprocess.Popen([*command, "--metrics-port", "0"], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = ""
            while not (found := re.search(r"metrics at http://127.0.0.1:(\d+)/metrics", said)):
                said = process.stderr.readline()
                assert said
            yield process, int(found[1])
        finally:
            process.terminate()
            process.communicate(timeout=20)


def test_a_broker_tells_what_it_passed_on(address: Address) -> None:
    with broker_with_metrics(address) as (process, port):
        with Publisher(address, run="mnist") as publisher:
            for step in range(100):
                publisher.log(Metric("loss", step, 0.5))

            def counted() -> Samples | None:
                samples = scraped(port)
                return samples if samples.get(("dashctl_events_total", ()), 0) >= 100 else None

            samples = until(counted)
        (producer,) = [labels for name, labels in samples if name == "dashctl_producer_events_total"]
        assert producer[1] == "mnist"
        assert samples["dashctl_producer_events_total", producer] == 100
        assert samples["dashctl_producer_lost_events", producer] == 0
        assert samples["dashctl_lost_events", ()] == 0
        assert samples["dashctl_queue_events", ("fold",)] >= 0
        assert samples["dashctl_queue_bytes", ("large frames",)] == 0
        process.terminate()
        assert process.wait(20) == 0


def test_every_number_has_a_name() -> None:
    journal = JournalStats(bytes=5, segments=2, lag=0.25, durable=True, oldest=7.0)
    stats = BusStats(
        1.0, events=10, lost=3, rejected={"malformed": 4, 'odd "\n': 1}, duplicates=6, journal=journal
    )
    with serving(lambda: stats, "127.0.0.1", 0) as port:
        samples = scraped(port)
    assert samples["dashctl_events_total", ()] == 10
    assert samples["dashctl_rejected_total", ("malformed",)] == 4
    assert samples["dashctl_rejected_total", ('odd "\n',)] == 1
    assert samples["dashctl_duplicate_events_total", ()] == 6
    assert samples["dashctl_journal_bytes", ()] == 5
    assert samples["dashctl_journal_lag_seconds", ()] == 0.25
    assert samples["dashctl_journal_durable", ()] == 1


def test_before_the_first_second_there_is_the_version_alone() -> None:
    assert [family.name for family in BusCollector(lambda: None).collect()] == ["dashctl_build"]


def test_a_port_that_is_taken_is_one_line(address: Address) -> None:
    with serving(lambda: None, "127.0.0.1", 0) as port:
        command = [sys.executable, "-m", "dashctl", "broker", "run", "--bus", str(address)]
        ran = subprocess.run(
            [*command, "--metrics-port", str(port)], capture_output=True, text=True, check=False, timeout=60
        )
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-1] == (
        f"dashctl: metrics: cannot listen at 127.0.0.1:{port} (Address already in use)"
    )
    assert "Traceback" not in ran.stderr


def test_who_lets_others_read_them_is_warned(caplog: pytest.LogCaptureFixture) -> None:
    with serving(lambda: None, "0.0.0.0", 0):
        assert "anybody who reaches 0.0.0.0 may read the broker's metrics" in caplog.text


def test_the_broker_tells_its_own_program_as_well(broker: Broker) -> None:
    stats = until(broker.told)
    assert stats.listening == (str(broker.address),)
