"""The past through a broker: any moment's state is what folding up to it gives."""

import random
import time
from collections.abc import Iterator

import pytest

from dashctl.bus import Address, Broker, Publisher
from dashctl.bus.journal.settings import JournalSettings
from dashctl.bus.past import NoJournal, Past
from dashctl.errors import NoBroker
from dashctl.events import LogLine, Metric
from dashctl.state import State, fold_all
from dashctl.wire import open_frame
from tests.core.bus.processes import PATIENCE, until


@pytest.fixture
def kept(address: Address, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """A bus whose journal has several segments."""
    settings = JournalSettings(tmp_path_factory.mktemp("kept") / "journal", segment_effort=2_000)
    with Broker(address, journal=settings) as broker, Publisher(address, run="run") as publisher:
        broker.start()
        for number in range(30):
            for step in range(100):
                publisher.log(Metric("loss", number * 100 + step, step / 7))
            publisher.publish(LogLine(f"line {number}"), PATIENCE)
        yield address


def all_frames(past: Past) -> list[tuple[float, bytes]]:
    """What is on disk by now, all that was published included."""

    def has_all() -> list[tuple[float, bytes]]:
        frames = list(past.frames())
        lines = sum(
            isinstance(each.event, LogLine) for _, frame in frames for each in open_frame(frame).events
        )
        return frames if lines == 30 else []

    return until(has_all)


def folded(frames: list[tuple[float, bytes]], until_: float) -> bytes:
    state = State()
    for arrival, frame in frames:
        if arrival <= until_:
            fold_all(state, open_frame(frame).events)
    return state.encode()


def test_every_moment_is_what_folding_up_to_it_gives_in_whatever_order_they_are_asked_for(
    kept: Address,
) -> None:
    with Past(kept) as past:
        frames = all_frames(past)
        span = past.span()
        assert span is not None
        assert len({segment.number for segment in past._fetcher.index()}) > 2
        chosen = random.Random(3)
        moments = [span.first, frames[0][0], frames[-1][0], *(chosen.choice(frames)[0] for _ in range(15))]
        moments += [chosen.uniform(span.first, frames[-1][0]) for _ in range(10)]
        chosen.shuffle(moments)
        for moment in moments:
            seen = past.at(moment)
            assert seen.state.encode() == folded(frames, moment)
            # A segment may have begun between its first frame and the one before.
            latest = max((at for at, _ in frames if at <= moment), default=span.first)
            assert latest <= seen.time <= moment


def test_a_state_is_the_callers_own(kept: Address) -> None:
    with Past(kept) as past:
        frames = all_frames(past)
        moment = frames[len(frames) // 2][0]
        fold_all(past.at(moment).state, open_frame(frames[0][1]).events)
        assert past.at(moment).state.encode() == folded(frames, moment)


def test_neighbours_are_frames_and_stop_at_the_ends(kept: Address) -> None:
    with Past(kept) as past:
        frames = all_frames(past)
        arrivals = [arrival for arrival, _ in frames]
        assert [past.neighbour(arrivals[0], by) for by in range(1, len(arrivals))] == arrivals[1:]
        assert [past.neighbour(arrivals[-1], -by) for by in range(1, len(arrivals))] == arrivals[-2::-1]
        between = (arrivals[3] + arrivals[4]) / 2
        assert (past.neighbour(between, 1), past.neighbour(between, -1)) == (arrivals[4], arrivals[3])
        span = past.span()
        assert span is not None
        assert past.neighbour(arrivals[0], -1_000) == span.first
        assert past.neighbour(arrivals[0], 1_000_000) == past.span().last  # type: ignore[union-attr]


def test_what_comes_meanwhile_is_there_soon(kept: Address) -> None:
    with Past(kept) as past, Publisher(kept) as publisher:
        all_frames(past)
        publisher.publish(LogLine("new"), PATIENCE)

        def newest() -> str:
            (lines,) = past.at(time.time()).state.last(LogLine).values()
            return lines[-1].event.message

        until(lambda: newest() == "new")


def test_frames_are_cut_at_both_ends(kept: Address) -> None:
    with Past(kept) as past:
        frames = all_frames(past)
        since, last = frames[5][0], frames[-4][0]
        assert list(past.frames(since, last)) == [each for each in frames if since <= each[0] <= last]


def test_where_nothing_is_kept_there_is_no_past(broker: Broker) -> None:
    with Past(broker.address) as past:
        assert past.span() is None
        assert list(past.frames()) == []
        with pytest.raises(NoJournal, match="keeps no journal"):
            past.at(time.time())


def test_where_no_broker_is_there_is_none_to_ask(address: Address) -> None:
    with Past(address) as past, pytest.raises(NoBroker):
        past.span()


def test_a_broker_that_is_gone_is_not_waited_for(
    address: Address, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = JournalSettings(tmp_path_factory.mktemp("kept") / "journal")
    with Past(address, timeout=600.0) as past:
        with Broker(address, journal=settings) as broker:
            broker.start()
            until(past.span)
        with pytest.raises(NoBroker):
            past.span()


def test_it_goes_on_with_the_next_broker(address: Address, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = JournalSettings(tmp_path_factory.mktemp("kept") / "journal")
    with Past(address, timeout=PATIENCE) as past:
        for life in range(3):
            with Broker(address, journal=settings) as broker, Publisher(address) as publisher:
                broker.start()
                publisher.publish(LogLine(f"life {life}"), PATIENCE)
                (lines,) = past.at(time.time()).state.last(LogLine).values()
                assert len(lines) == life + 1
