"""Doors that ask for keys: who is let in, to what, and for how long."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashctl import wire
from dashctl.bus import Address, Broker, Follower, Publisher, Subscriber
from dashctl.bus import messages as m
from dashctl.bus.allowed import allow, revoke
from dashctl.bus.control import ask_snapshot, ask_status, ask_stop
from dashctl.bus.keys import KeyPair, new_pair, own_names, own_pair
from dashctl.bus.rights import NEEDED
from dashctl.errors import NoBroker, NotAllowed, UsageError
from dashctl.events import ModelMetric, PhaseEvent
from tests.core.bus.beyond import free_ports, let_in, stranger
from tests.core.bus.processes import PATIENCE, until

GOOD = wire.encode_frame(b"producer", 0, "run-1", [1.5], [ModelMetric("lstm", 0.9)])


@pytest.fixture
def keyed(address: Address) -> Iterator[Broker]:
    """A broker that listens on a port too, for those with keys."""
    with Broker(address, listen=[f"tcp://127.0.0.1:{free_ports()}"]) as made:
        made.start()
        yield made


def rejected(broker: Broker) -> dict[str, int]:
    return ask_status(broker.address).rejected


def test_who_is_allowed_publishes_watches_and_asks(keyed: Broker) -> None:
    let_in()
    (there,) = keyed.listen
    assert there.key
    assert ask_status(keyed.address).listening == (str(keyed.address), str(there))
    with Publisher(there) as publisher, Subscriber(there) as subscriber:
        until(lambda: subscriber.receive(0.05))
        assert publisher.publish(ModelMetric("lstm", 0.9), PATIENCE)["delivered"] == 1
        until(lambda: subscriber.receive(0.05))
    assert set(ask_snapshot(there, PATIENCE).latest(ModelMetric)) == {("lstm",)}
    assert rejected(keyed) == {}


def test_both_doors_are_one_bus(keyed: Broker) -> None:
    let_in()
    with Publisher(keyed.address) as near, Follower(keyed.listen[0]) as far:
        until(lambda: far.connection().connected)
        near.log(ModelMetric("lstm", 0.9))
        until(lambda: far.state.latest(ModelMetric))
    keyed.publish(PhaseEvent("clean"))


def test_a_key_that_is_not_allowed_opens_nothing_and_is_counted(keyed: Broker) -> None:
    pair = new_pair("client")
    (there,) = keyed.listen
    for use in (
        lambda: ask_status(there, PATIENCE),
        lambda: ask_snapshot(there, PATIENCE),
        lambda: publish(there),
    ):
        with pytest.raises(NotAllowed, match=f"{pair.public}$"):
            use()
    status = ask_status(keyed.address)
    assert set(status.rejected) == {"key not allowed"}
    assert status.recent[-1].detail == f"{pair.fingerprint} from 127.0.0.1"
    assert ask_snapshot(keyed.address).version(PhaseEvent) == 0


@pytest.mark.parametrize("kind", [zmq.PUSH, zmq.PUB, zmq.SUB, zmq.DEALER])
def test_a_strangers_key_is_refused_at_each_socket(keyed: Broker, kind: int) -> None:
    (there,) = keyed.listen
    end = {zmq.PUSH: there.inbox, zmq.PUB: there.plain, zmq.SUB: there.outbox, zmq.DEALER: there.calls}[kind]
    with stranger(kind, end, there.key, zmq.curve_keypair()) as made:
        events = made.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        assert events.poll(int(PATIENCE * 1000))
        made.disable_monitor()
        events.close()
    assert rejected(keyed) == {"key not allowed": 1}


def test_who_speaks_in_the_clear_or_to_another_key_is_told(keyed: Broker) -> None:
    pair = let_in()
    (there,) = keyed.listen
    with pytest.raises(NotAllowed, match=r"cannot be spoken with; if it asks for keys, .* \?key="):
        ask_status(there.place, PATIENCE)
    with pytest.raises(NotAllowed, match="does not have the key in the address"):
        ask_status(f"{there.place}?key={pair.public}", PATIENCE)


def test_where_nobody_listens_there_is_no_broker(folder: Path) -> None:
    pair = new_pair("client")
    for host in ("127.0.0.1", "no-such-host.invalid"):
        with pytest.raises(NoBroker):
            ask_status(f"tcp://{host}:{free_ports()}?key={pair.public}")


def test_without_a_pair_of_ones_own_it_is_said_how_to_make_one(folder: Path) -> None:
    for use in (Publisher, Subscriber, ask_status):
        with pytest.raises(UsageError, match="dashctl keys new client"):
            use(f"tcp://127.0.0.1:5570?key={'ab' * 32}")


def test_another_pair_can_be_chosen(keyed: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    allow("wall", new_pair("second").public, ("watch",))
    monkeypatch.setenv("DASHCTL_BUS_KEY", "second")
    assert ask_status(keyed.listen[0], PATIENCE).pid


def test_the_right_to_watch_is_not_the_right_to_publish(keyed: Broker) -> None:
    let_in("watch")
    (there,) = keyed.listen
    assert ask_snapshot(there, PATIENCE).version(PhaseEvent) == 0
    with (
        Publisher(there) as publisher,
        pytest.raises(NotAllowed, match="does not allow this to the key 'client'"),
    ):
        publisher.publish(PhaseEvent("clean"), 0.5)
    assert set(rejected(keyed)) == {"right missing"}
    assert ask_snapshot(there, PATIENCE).version(PhaseEvent) == 0


def test_the_right_to_publish_is_not_the_right_to_watch(keyed: Broker) -> None:
    let_in("publish")
    (there,) = keyed.listen
    with Publisher(there) as publisher, Follower(there) as follower:
        assert publisher.publish(PhaseEvent("clean"), PATIENCE)["delivered"] == 0
        until(lambda: "does not allow this to the key 'client'" in follower.connection().refused)
        assert not follower.connection().connected
    with pytest.raises(NotAllowed, match="AskSnapshot takes the right to watch, which 'client' has not got"):
        ask_snapshot(there, PATIENCE)
    assert ask_status(there, PATIENCE).events > 0


REQUESTS = list(m.AnyRequest.__args__)


@pytest.mark.parametrize("right", ["publish", "watch", "call"])
def test_each_request_takes_the_right_that_the_table_says(keyed: Broker, right: str) -> None:
    pair = let_in(right)
    (there,) = keyed.listen
    with stranger(zmq.DEALER, there.calls, there.key, own(pair)) as calls:
        for number, type_ in enumerate(REQUESTS, start=1):
            calls.send(m.encode(type_(number)))
        calls.send(m.encode(m.AskStatus(99)))
        codes: dict[int, str] = {}
        while 99 not in codes:
            reply = m.decode_reply(calls.recv())
            codes[reply.id] = reply.code if isinstance(reply, m.Refused) else ""
    for number, type_ in enumerate(REQUESTS, start=1):
        allowed = right in NEEDED.get(type_, ())
        assert (codes.get(number) != "forbidden") == allowed, type_
    assert ask_status(keyed.address).pid


def test_only_the_end_of_a_broker_is_for_its_own_machine_alone(keyed: Broker) -> None:
    assert set(REQUESTS) - set(NEEDED) == {m.AskStop}
    let_in()
    with pytest.raises(NotAllowed, match="AskStop is answered on the broker's own machine alone"):
        ask_stop(keyed.listen[0], PATIENCE)
    assert ask_status(keyed.address).pid


def test_a_right_that_was_revoked_ends_connections_that_exist(keyed: Broker) -> None:
    pair = let_in()
    second = new_pair("second")
    allow("second", second.public)
    (there,) = keyed.listen
    with (
        stranger(zmq.PUSH, there.inbox, there.key, own(pair)) as push,
        stranger(zmq.PUSH, there.inbox, there.key, own(second)) as other,
        Follower(there) as follower,
    ):
        push.send(GOOD)
        until(lambda: follower.state.latest(ModelMetric))
        revoke("client")
        until(lambda: follower.connection().refused)
        with suppress(zmq.Again):  # It is out already.
            push.send(wire.encode_frame(b"revoked!", 0, "", [1.0], [PhaseEvent("armed")]), zmq.NOBLOCK)
        until(lambda: is_in(keyed, other))
        assert ask_snapshot(keyed.address).version(PhaseEvent) == 1
        with pytest.raises(NotAllowed):
            ask_status(there, PATIENCE)


def test_who_was_refused_gets_in_once_it_is_allowed(keyed: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashctl.bus.login.AGAIN", 0.1)
    pair = new_pair("client")
    (there,) = keyed.listen
    with Publisher(there) as publisher, Follower(there) as follower:
        publisher.log(PhaseEvent("clean"))
        until(lambda: follower.connection().refused)
        allow("late", pair.public)
        until(lambda: follower.connection().connected)
        assert follower.connection().refused == ""
        until(lambda: follower.state.version(PhaseEvent) == 1)


def test_who_subscribes_without_end_is_kept_out_and_the_others_come_back(
    keyed: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashctl.bus.door.FILTERS", 100)
    pair, second = let_in(), new_pair("second")
    allow("second", second.public)
    (there,) = keyed.listen
    with (
        stranger(zmq.SUB, there.outbox, there.key, own(second)) as good,
        stranger(zmq.XSUB, there.outbox, there.key, own(pair)) as bad,
    ):
        good.subscribe(b"")
        for number in range(200):
            bad.send(b"\x01%d" % number)
        until(lambda: "too many subscriptions" in rejected(keyed))
        until(lambda: came_back(keyed, good))
        until(lambda: "kept out for a while" in rejected(keyed))
    assert rejected(keyed)["too many subscriptions"] == 1
    with pytest.raises(NotAllowed, match="does not allow this"):
        ask_status(there, PATIENCE)


def test_strangers_who_only_connect_keep_newcomers_out_and_never_those_who_are_in(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashctl.bus.door.CONNECTIONS", 30)
    monkeypatch.setattr("dashctl.bus.door.HANDSHAKE", 500)
    pair = let_in()
    with Broker(address, listen=[f"tcp://127.0.0.1:{free_ports()}"]) as broker, ExitStack() as opened:
        broker.start()
        (there,) = broker.listen
        good = opened.enter_context(stranger(zmq.SUB, there.outbox, there.key, own(pair)))
        good.subscribe(b"")
        good.recv()
        ended = opened.enter_context(closing(good.get_monitor_socket(zmq.EVENT_DISCONNECTED)))
        time.sleep(1.0)
        for _ in range(40):
            opened.enter_context(socket.create_connection((there.host, there.port)))
        until(lambda: "too many connections" in rejected(broker))
        broker.publish(PhaseEvent("clean"))
        assert good.recv()
        until(lambda: came_in(there))
        assert not ended.poll(0)
        good.disable_monitor()


def came_in(there: Address) -> bool:
    try:
        return ask_status(there, 1.0).pid > 0
    except NoBroker:
        return False


def test_nobody_speaks_for_a_producer_that_came_with_another_key(keyed: Broker) -> None:
    """What it would send later would be taken for duplicates."""
    pair, second = let_in(), new_pair("second")
    allow("second", second.public)
    (there,) = keyed.listen
    forged = wire.encode_frame(b"producer", 1, "run-1", [1.5], [ModelMetric("lstm", 0.1)])
    later = wire.encode_frame(b"producer", 1, "run-1", [1.5], [ModelMetric("lstm", 0.8)])
    with (
        stranger(zmq.PUSH, there.inbox, there.key, own(pair)) as push,
        stranger(zmq.PUSH, there.inbox, there.key, own(second)) as other,
        stranger(zmq.DEALER, there.calls, there.key, own(second)) as asking,
    ):
        push.send(GOOD)
        until(lambda: ask_snapshot(keyed.address, PATIENCE).latest(ModelMetric))
        other.send(forged)
        asking.send(m.encode(m.Farewell(0, b"producer", 1_000)))
        until(lambda: rejected(keyed) == {"another's producer": 2})
        push.send(later)
        until(lambda: 0.8 in values(keyed))
        revoke("client")
        heir = wire.encode_frame(b"producer", 2, "run-1", [1.5], [ModelMetric("lstm", 0.7)])
        until(lambda: other.send(heir) or 0.7 in values(keyed))


def values(broker: Broker) -> list[float]:
    latest = ask_snapshot(broker.address, PATIENCE).latest(ModelMetric)
    return [stamped.event.accuracy for stamped in latest.values()]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.binary(max_size=200) | st.binary(max_size=90).map(GOOD.__add__), max_size=20))
def test_no_bytes_whatsoever_end_it(keyed: Broker, frames: list[bytes]) -> None:
    if "client" not in own_names():
        let_in()
    pair, (there,) = own_pair("client"), keyed.listen
    with (
        stranger(zmq.PUSH, there.inbox, there.key, own(pair)) as push,
        stranger(zmq.DEALER, there.calls, there.key, own(pair)) as calls,
        stranger(zmq.XSUB, there.outbox, there.key, own(pair)) as sub,
    ):
        for frame in frames:
            for each in (push, calls, sub):
                each.send(frame)
        calls.send_multipart([b"several", *frames])
        calls.send(m.encode(m.AskStatus(99)))
        while m.decode_reply(calls.recv()).id != 99:
            pass


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(min_size=1, max_size=300))
def test_nor_does_one_who_does_not_speak_the_protocol(keyed: Broker, noise: bytes) -> None:
    (there,) = keyed.listen
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"CURVE".ljust(20, b"\0") + bytes(32)
    for port in range(there.port, there.port + 4):
        for start in (b"", greeting):
            with socket.create_connection((there.host, port)) as other:
                other.sendall(start + noise)
    assert ask_status(keyed.address).pid


def test_a_secret_is_in_nothing_that_is_sent_or_kept(keyed: Broker, tmp_path: Path) -> None:
    pair = let_in()
    secrets = [pair.secret, pair.secret.hex().encode()]
    with stranger(zmq.SUB, keyed.listen[0].outbox, keyed.listen[0].key, own(pair)) as sub:
        sub.subscribe(b"")
        seen = sub.recv() + sub.recv()
    status = repr(ask_status(keyed.address)).encode()
    assert not any(secret in seen + status for secret in secrets)


def publish(address: Address) -> None:
    with Publisher(address) as publisher:
        publisher.publish(PhaseEvent("clean"), 0.3)


def came_back(broker: Broker, sub: "zmq.Socket[bytes]") -> bool:
    """Whether a monitor hears what is passed on now."""
    broker.publish(ModelMetric("lstm", 0.9))
    return bool(sub.poll(200)) and b"lstm" in sub.recv()


def own(pair: KeyPair) -> tuple[bytes, bytes]:
    return bytes.fromhex(pair.public), pair.secret


def is_in(broker: Broker, push: "zmq.Socket[bytes]") -> bool:
    """Whether what is sent comes in, for its connection may just be made anew."""
    push.send(wire.encode_frame(b"allowed!", 0, "", [1.0], [PhaseEvent("clean")]))
    time.sleep(0.05)
    return ask_snapshot(broker.address).version(PhaseEvent) > 0
