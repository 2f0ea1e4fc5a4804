"""Everything that a bus does, through a door that asks for keys, over IPv6 as well."""

import socket
from pathlib import Path

import pytest

from dashctl.bus import Address, Broker, Publisher, Service, Subscriber, ask_services, call
from dashctl.bus.control import ask_snapshot
from dashctl.bus.journal.settings import JournalSettings
from dashctl.bus.past import Past
from dashctl.events import ModelMetric
from tests.core.bus.beyond import free_ports, let_in
from tests.core.bus.processes import PATIENCE, until


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("[::1]", marks=needs_ipv6)])
def test_events_calls_and_the_past_come_through_with_a_key(
    address: Address, tmp_path: Path, host: str
) -> None:
    let_in()
    kept = JournalSettings(tmp_path / "journal")
    with Broker(address, listen=[f"tcp://{host}:{free_ports()}"], journal=kept) as broker:
        broker.start()
        (there,) = broker.listen
        with Publisher(there) as publisher:
            assert publisher.publish(ModelMetric("lstm", 0.9), PATIENCE)["durable"]
        with Service("trainer", there) as service:

            @service.method
            def double(number: int) -> int:
                return 2 * number

            until(lambda: service.is_offered)
            assert [each.name for each in ask_services(there)] == ["trainer"]
            assert call(there, "trainer", "double", {"number": 21}, timeout=PATIENCE) == 42
        with Past(there, timeout=PATIENCE) as past:
            span = until(past.span)
            state = until(lambda: past.at(span.last + PATIENCE).state.latest(ModelMetric))
        assert set(state) == {("lstm",)}


@needs_ipv6
def test_a_bus_of_ones_own_may_have_an_ipv6_address() -> None:
    bus = Address.parse(f"tcp://[::1]:{free_ports()}")
    with Broker(bus) as broker, Publisher(bus) as publisher, Subscriber(bus) as subscriber:
        broker.start()
        until(lambda: subscriber.receive(0.05))
        assert publisher.publish(ModelMetric("lstm", 0.9), PATIENCE)["delivered"] == 1
        assert set(ask_snapshot(bus, PATIENCE).latest(ModelMetric)) == {("lstm",)}
