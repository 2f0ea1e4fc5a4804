"""A broker that feeds another: everything goes up, once, however often either of them is away."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from dashctl.bus import Address, Broker, Publisher
from dashctl.bus.control import ask_snapshot, ask_status
from dashctl.bus.journal.segment import pack_record
from dashctl.bus.journal.settings import JournalSettings
from dashctl.bus.upstream.place import Place
from dashctl.bus.upstream.tail import Position
from dashctl.errors import UsageError
from dashctl.events import Metric, ModelMetric, PointCloud
from dashctl.wire import encode_frame
from tests.core.bus.processes import until


@pytest.fixture
def centre(folder: Path) -> Address:
    return Address.parse(f"ipc://{folder}/centre")


@pytest.fixture
def settings(tmp_path: Path) -> JournalSettings:
    return JournalSettings(tmp_path / "edge", segment_bytes=64 * 1024)


@pytest.fixture
def edge(address: Address, centre: Address, settings: JournalSettings) -> Iterator[Broker]:
    with Broker(address, journal=settings, upstream=centre) as made:
        made.start()
        yield made


def steps(address: Address) -> int:
    curve = ask_snapshot(address).curve(Metric, ("r", "loss"))
    return 0 if curve is None else curve.total


def await_steps(address: Address, count: int) -> None:
    until(lambda: steps(address) >= count)


def test_what_comes_in_at_the_edge_goes_up_as_it_was(edge: Broker, centre: Address) -> None:
    cloud = PointCloud.pack("pca", [0.0, 1.0], [2.0, 3.0])
    with Broker(centre) as upper, Publisher(edge.address, run="r") as publisher:
        upper.start()
        publisher.publish(ModelMetric("lstm", 0.5), 10)
        publisher.publish(cloud, 10)
        until(lambda: ask_snapshot(centre).version(PointCloud) == 1)
        here, there = ask_snapshot(edge.address), ask_snapshot(centre)
        assert there.latest(ModelMetric) == here.latest(ModelMetric)
        assert there.latest(PointCloud) == here.latest(PointCloud)


def test_what_came_while_the_centre_was_away_is_caught_up_with(
    edge: Broker, centre: Address, tmp_path: Path
) -> None:
    kept = JournalSettings(tmp_path / "centre")
    with Publisher(edge.address, run="r") as publisher:
        for step in range(20_000):
            publisher.log(Metric("loss", step, 0.5))
        for life in range(1, 4):
            with Broker(centre, journal=kept) as upper:
                upper.start()
                await_steps(centre, 10_000 * life)
                for step in range(20_000 * life, 20_000 * (life + 1)):
                    publisher.log(Metric("loss", step, 0.5))
        with Broker(centre, journal=kept) as upper:
            upper.start()
            until(lambda: steps(centre) == 80_000)
            status = ask_status(centre)
            assert status.lost == 0
            until(lambda: "connected, 0 bytes" in ask_status(edge.address).upstream)
            assert steps(centre) == 80_000


def test_an_edge_that_begins_anew_goes_on_where_it_was(
    address: Address, centre: Address, settings: JournalSettings
) -> None:
    with Broker(centre) as upper:
        upper.start()
        for life in range(3):
            with (
                Broker(address, journal=settings, upstream=centre) as lower,
                Publisher(address, run="r") as publisher,
            ):
                lower.start()
                for step in range(5_000 * life, 5_000 * (life + 1)):
                    publisher.log(Metric("loss", step, 0.5))
                publisher.publish(ModelMetric("lstm", 0.5), 10)
                await_steps(centre, 5_000 * (life + 1))
                until(lambda: ", 0 bytes" in ask_status(address).upstream)
        assert ask_status(centre).duplicates == 0


def test_a_place_that_was_lost_costs_duplicates_and_nothing_else(
    address: Address, centre: Address, settings: JournalSettings
) -> None:
    with Broker(centre) as upper:
        upper.start()
        for _ in range(2):
            with (
                Broker(address, journal=settings, upstream=centre) as lower,
                Publisher(address, run="r") as publisher,
            ):
                lower.start()
                publisher.publish(Metric("loss", 1, 0.5), 10)
                until(lambda: ", 0 bytes" in ask_status(address).upstream)
            Place(settings.folder, centre).path.write_text("not a place")
        assert steps(centre) == 2
        assert ask_status(centre).duplicates == 1


def test_a_place_is_kept_by_address(tmp_path: Path, centre: Address, address: Address) -> None:
    place = Place(tmp_path, centre)
    assert place.load() == Position(0, 0)
    place.save(Position(7, 4096, 1.5))
    assert Place(tmp_path, centre).load() == Position(7, 4096, 1.5)
    assert Place(tmp_path, address).load() == Position(0, 0)


def test_without_a_journal_there_is_nothing_to_feed_from(address: Address, centre: Address) -> None:
    with pytest.raises(UsageError, match="upstream: it is fed from the journal"):
        Broker(address, upstream=centre)


def test_a_journal_that_begins_anew_goes_up_from_its_beginning(
    address: Address, centre: Address, settings: JournalSettings
) -> None:
    with Broker(centre) as upper:
        upper.start()
        for life in range(2):
            with (
                Broker(address, journal=settings, upstream=centre) as lower,
                Publisher(address, run="r") as publisher,
            ):
                lower.start()
                for step in range(0, 20_000, 1 + life):
                    publisher.log(Metric("loss", step, 0.5))
                await_steps(centre, 20_000 + life * 10_000)
                until(lambda: ", 0 bytes" in ask_status(address).upstream)
            for segment in settings.folder.glob("*.segment"):
                segment.unlink()


def test_a_frame_of_another_protocol_stays_here_and_stops_nothing(
    address: Address, centre: Address, settings: JournalSettings
) -> None:
    with Broker(address, journal=settings) as lower, Publisher(address, run="r") as publisher:
        lower.start()
        publisher.publish(Metric("loss", 1, 0.5), 10)
    (newest,) = settings.folder.glob("*.segment")
    foreign = b"DC\x63" + bytes(100)
    with newest.open("ab") as file:
        file.write(pack_record(time.time(), foreign) + foreign)
    with Broker(centre) as upper, Broker(address, journal=settings, upstream=centre) as lower:
        upper.start()
        lower.start()
        with Publisher(address, run="r") as publisher:
            publisher.publish(Metric("loss", 2, 0.5), 10)
            until(lambda: steps(centre) == 2)


def test_a_centre_that_goes_in_the_middle_is_said_to_be_gone(edge: Broker, centre: Address) -> None:
    def status() -> str:
        return ask_status(edge.address).upstream

    Path(centre.inbox.removeprefix("ipc://")).parent.mkdir(mode=0o700)
    with zmq.Context() as context:
        with context.socket(zmq.PULL) as pull, context.socket(zmq.ROUTER) as calls:
            pull.bind(centre.inbox)
            calls.bind(centre.calls)
            until(lambda: ": connected" in status())
            with Publisher(edge.address, run="r") as publisher:
                publisher.publish(Metric("loss", 1, 0.5), 10)
            assert pull.poll(10_000), "it was not passed on"
        until(lambda: "not connected" in status())


def test_a_broker_does_not_feed_itself(address: Address, settings: JournalSettings) -> None:
    with pytest.raises(UsageError, match=r"upstream: .* is this broker's own address"):
        Broker(address, journal=settings, upstream=address)


def test_thousands_of_frames_are_caught_up_with_in_one_go(
    edge: Broker, centre: Address, tmp_path: Path
) -> None:
    frames = 3_000
    with zmq.Context() as context, context.socket(zmq.PUSH) as push:
        push.connect(edge.address.inbox)
        for step in range(frames):
            push.send(encode_frame(b"producer", step, "r", [1.0], [Metric("loss", step, 0.5)]))
        await_steps(edge.address, frames)
    with Broker(centre, journal=JournalSettings(tmp_path / "centre")) as upper:
        upper.start()
        await_steps(centre, frames)
        until(lambda: ", 0 bytes" in ask_status(edge.address).upstream)
        assert (steps(centre), ask_status(centre).duplicates) == (frames, 0)
