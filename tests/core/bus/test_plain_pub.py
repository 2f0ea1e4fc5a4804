"""A plain PUB socket as a producer: what it sends is taken like anybody's, what it loses is counted."""

import time

import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashctl import wire
from dashctl.bus import Address, Broker
from dashctl.bus.control import ask_snapshot, ask_status
from dashctl.events import Metric, PhaseEvent
from tests.core.bus.processes import until
from tests.core.bus.test_broker import raw

COUNT = 2_000


def numbered(first: int, producer: bytes = b"plain-js") -> bytes:
    return wire.encode_frame(producer, first, "run", [1.0], [Metric("loss", first, 0.5)])


def test_what_it_sends_once_it_is_heard_comes_in(broker: Broker, address: Address) -> None:
    with raw(zmq.XPUB, address.plain) as pub:
        assert pub.recv() == b"\x01"
        for first in range(COUNT // 10):
            pub.send(numbered(first))
        until(lambda: ask_snapshot(address).version(Metric) == COUNT // 10)
    status = ask_status(address)
    assert (status.lost, status.duplicates, status.rejected) == (0, 0, {})


def test_what_it_sent_before_it_was_heard_is_counted_as_lost(broker: Broker, address: Address) -> None:
    with raw(zmq.PUB, address.plain) as pub:
        # Some are lost in any case, however soon the broker hears it.
        for first in range(5, COUNT):
            pub.send(numbered(first))
            if first == COUNT // 2:
                time.sleep(0.2)
        last = COUNT

        def all_told() -> bool:
            nonlocal last
            pub.send(numbered(last))
            last += 1
            came = ask_snapshot(address).version(Metric)
            return came > 0 and came + ask_status(address).lost >= COUNT

        until(all_told)
        until(lambda: ask_snapshot(address).version(Metric) + ask_status(address).lost == last)
    assert ask_status(address).lost >= 5


def test_a_hole_in_the_middle_is_counted_too(broker: Broker, address: Address) -> None:
    with raw(zmq.XPUB, address.plain) as pub:
        pub.recv()
        for first in (7, 8, 20):
            pub.send(numbered(first))
        until(lambda: ask_snapshot(address).version(Metric) == 3)
    assert ask_status(address).lost == 7 + 11


def test_first_numbers_of_who_pushes_are_no_loss(broker: Broker, address: Address) -> None:
    with raw(zmq.PUSH, address.inbox) as push:
        push.send(numbered(7, b"pushes--"))
        until(lambda: ask_snapshot(address).version(Metric) == 1)
    assert ask_status(address).lost == 0


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.binary(max_size=200) | st.binary(max_size=90).map(numbered(0).__add__), max_size=20))
def test_no_bytes_whatsoever_end_the_broker(broker: Broker, address: Address, frames: list[bytes]) -> None:
    with raw(zmq.XPUB, address.plain) as pub:
        pub.recv()
        for frame in frames:
            pub.send(frame)
        pub.send_multipart([b"several", *frames])
    broker.publish(PhaseEvent("clean"))
    assert ask_status(address).pid
