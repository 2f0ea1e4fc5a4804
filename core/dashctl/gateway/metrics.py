"""The broker's numbers for Prometheus, in its text format.

Rules: names and units are those of Prometheus' conventions; what is told is what the broker told
monitors last, so a scrape waits for nothing and holds up nobody; what only grows is a counter, and what
may shrink, as losses that come late after all, is a gauge.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler
from typing import Final, cast

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from dashctl import __version__
from dashctl.errors import UsageError
from dashctl.events import BusStats, JournalStats, ProducerStats
from dashctl.gateway.access import is_loopback

SILENT: Final = 10.0
"""Seconds after which one is cut off that has connected and asks nothing."""
BYTES: Final = " bytes"
"""How the name of a queue ends that is counted in bytes."""

_log = logging.getLogger(__name__)


class BusCollector(Collector):
    """What `read` gives, as metrics; nothing but the version before there is something."""

    def __init__(self, read: Callable[[], BusStats | None]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """All metrics as of now."""
        yield InfoMetricFamily("dashctl_build", "The broker's version", {"version": __version__})
        stats = self._read()
        if stats is None:
            return
        yield from _totals(stats)
        yield from _now(stats)
        yield _queues("events", {name: n for name, n in stats.queues.items() if not name.endswith(BYTES)})
        yield _queues(
            "bytes", {name.removesuffix(BYTES): n for name, n in stats.queues.items() if name.endswith(BYTES)}
        )
        yield from _producers(stats.by_producer)
        if stats.journal is not None:
            yield from _journal(stats.journal)


@contextmanager
def serving(read: Callable[[], BusStats | None], host: str, port: int) -> Iterator[int]:
    """Serve /metrics; gives the port. Raises UsageError if it cannot listen there."""
    registry = CollectorRegistry()
    registry.register(BusCollector(read))
    if not is_loopback(host):
        _log.warning("anybody who reaches %s may read the broker's metrics", host)
    try:
        server, thread = start_http_server(port, host, registry)
        # Each connection is a thread here, which by itself waits for ever for who says nothing.
        handling = cast("type[StreamRequestHandler]", server.RequestHandlerClass)
        server.RequestHandlerClass = type("Impatient", (handling,), {"timeout": SILENT})
    except OSError as error:
        raise UsageError(f"metrics: cannot listen at {host}:{port} ({error.strerror})") from None
    try:
        _log.info("metrics at http://%s:%d/metrics", host, server.server_port)
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _totals(stats: BusStats) -> Iterator[Metric]:
    for name, text, value in (
        ("events", "Events passed on", stats.events),
        ("frames", "Frames passed on", stats.frames),
        ("duplicate_events", "Events that came twice, and were dropped", stats.duplicates),
        ("vanished_producers", "Producers that ended without a farewell", stats.vanished),
    ):
        yield CounterMetricFamily(f"dashctl_{name}", text, value)
    rejected = CounterMetricFamily("dashctl_rejected", "What was refused, by reason", labels=["reason"])
    for reason, count in stats.rejected.items():
        rejected.add_metric([reason], count)
    yield rejected


def _now(stats: BusStats) -> Iterator[Metric]:
    for name, text, value in (
        ("start_time_seconds", "When the broker began, seconds since 1970", stats.started),
        ("lost_events", "Events that were numbered and have not arrived", stats.lost),
        ("monitors", "Monitors that are connected", stats.monitors),
        ("producers", "Producers heard in the last ten seconds", stats.producers),
        ("connections", "Producers that are connected", stats.connections),
        ("slow_monitors", "Monitors that lost frames in the last minute", stats.slow),
        ("services", "Services that can be called", len(stats.services)),
        ("incoming_events_per_second", "Over the last second", stats.rate),
        ("outgoing_events_per_second", "To all monitors, over the last second", stats.rate_out),
    ):
        yield GaugeMetricFamily(f"dashctl_{name}", text, value)


def _queues(unit: str, sizes: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(f"dashctl_queue_{unit}", f"What waits, in {unit}", labels=["queue"])
    for name, size in sizes.items():
        family.add_metric([name], size)
    return family


def _producers(rows: tuple[ProducerStats, ...]) -> Iterator[Metric]:
    names = ["producer", "run"]
    events = CounterMetricFamily("dashctl_producer_events", "Events of one producer", labels=names)
    lost = GaugeMetricFamily("dashctl_producer_lost_events", "Not arrived, of one producer", labels=names)
    for row in rows:
        events.add_metric([row.producer, row.run], row.events)
        lost.add_metric([row.producer, row.run], row.lost)
    yield events
    yield lost


def _journal(journal: JournalStats) -> Iterator[Metric]:
    for name, text, value in (
        ("bytes", "Bytes on disk", float(journal.bytes)),
        ("segments", "Files on disk", journal.segments),
        ("lag_seconds", "For how long the oldest frame waits that is not on disk", journal.lag),
        ("durable", "1 while the disk takes what comes", float(journal.durable)),
        ("oldest_timestamp_seconds", "When the oldest event in it came, since 1970", journal.oldest),
    ):
        yield GaugeMetricFamily(f"dashctl_journal_{name}", text, value)
