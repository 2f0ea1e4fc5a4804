"""Watching over HTTP: events in their order, without a gap or a duplicate, also after a cut."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import islice
from typing import Any

import httpx

from dashctl.bus import Address, Broker, Publisher
from dashctl.events import Metric, PhaseEvent
from dashctl.gateway.feed import Feed, Position
from dashctl.gateway.stream import Wanted, stream
from tests.core.bus.processes import until
from tests.core.gateway.conftest import Running
from tests.core.gateway.listening import Message, listening

ALL = Wanted(frozenset(), frozenset())


def steps(messages: list[Message]) -> list[int]:
    return [message.data["step"] for message in messages]


def test_events_come_in_their_order_with_an_id_and_a_name(gateway: Running, address: Address) -> None:
    with (
        gateway.client() as client,
        listening(client, "?type=metric") as messages,
        Publisher(address, run="mnist") as publisher,
    ):
        for step in range(1_000):
            publisher.log(Metric("loss", step, float("nan")))
        came = list(islice(messages, 1_000))
    assert steps(came) == list(range(1_000))
    assert {message.name for message in came} == {"metric"}
    assert len({message.id for message in came}) == 1_000
    first = came[0].data
    assert (first["run"], first["type"], first["value"]) == ("mnist", "metric", "nan")
    assert isinstance(first["time"], float)


def test_one_who_was_cut_off_goes_on_without_a_gap_or_a_duplicate(gateway: Running, address: Address) -> None:
    seen: list[Message] = []
    with gateway.client() as client, Publisher(address) as publisher:
        with listening(client, "?type=metric") as messages:
            for step in range(300):
                publisher.log(Metric("loss", step, 0.5))
            seen += islice(messages, 7)
        publisher.publish(Metric("loss", 300, 0.5))
        while len(seen) < 301:
            with listening(client, "?type=metric", last=seen[-1].id) as messages:
                seen += islice(messages, min(50, 301 - len(seen)))
    assert steps(seen) == list(range(301))


def test_only_what_is_asked_for_comes(gateway: Running, address: Address) -> None:
    with (
        gateway.client() as client,
        listening(client, "?type=phase&type=metric&run=b") as messages,
        Publisher(address, run="a") as a,
        Publisher(address, run="b") as b,
    ):
        a.publish(PhaseEvent("armed"))
        b.publish(PhaseEvent("clean"))
        a.publish(Metric("loss", 1, 1.0))
        b.publish(Metric("loss", 2, 1.0))
        came = list(islice(messages, 2))
    assert [(message.name, message.data["run"]) for message in came] == [("phase", "b"), ("metric", "b")]


def test_a_type_that_is_none_is_refused(gateway: Running) -> None:
    with gateway.client() as client:
        answer = client.get("/events?type=nonsense")
    assert answer.status_code == 400
    assert "type: 'nonsense' is not an event type" in answer.json()["error"]


def test_the_state_says_from_where_to_go_on(gateway: Running, address: Address) -> None:
    with gateway.client() as client, Publisher(address) as publisher:
        publisher.publish(Metric("loss", 1, 0.5))
        answer = client.get("/state")
        publisher.publish(Metric("loss", 2, 0.5))
        with listening(client, f"?type=metric&after={answer.headers['dashctl-position']}") as messages:
            assert steps([next(messages)]) == [2]
    assert answer.json()["events"]["metric"][0]["steps"] == [1]


def test_where_it_cannot_go_on_exactly_it_says_so(gateway: Running, address: Address) -> None:
    with gateway.client() as client, Publisher(address) as publisher:
        for last, reason in (
            ("0123456789abcdef-1-0", "another life of the broker"),
            ("nonsense", "an id that is none"),
        ):
            with listening(client, "?type=phase", last=last) as messages:
                told = next(messages)
                assert (told.name, told.data) == ("resync", {"reason": reason})
                publisher.publish(PhaseEvent("armed"))
                assert next(messages).name == "phase"


def test_a_broker_that_begins_anew_is_told(address: Address) -> None:
    async def watch() -> list[bytes]:
        feed = Feed(address)
        texts = stream(feed, ALL, None)
        came: list[bytes] = []
        try:
            for _ in range(2):
                with Broker(address) as broker:
                    broker.start()
                    await asyncio.to_thread(until, feed.is_connected)
                    await until_came(texts, came, b"event: bus_stats")
        finally:
            feed.close()
        return came

    came = asyncio.run(watch())
    told = [text for text in came if b"event: resync" in text]
    assert len(told) == 1
    assert b"another life of the broker" in told[0]


async def until_came(texts: AsyncIterator[bytes], came: list[bytes], wanted: bytes) -> None:
    before = len(came)
    async with asyncio.timeout(30):
        while not any(wanted in text for text in came[before:]):
            came.append(await anext(texts))


def test_a_reader_that_is_too_slow_is_cut_off_and_what_is_kept_stays_bounded(
    broker: Broker, address: Address
) -> None:
    async def watch() -> tuple[list[bytes], int]:
        feed = Feed(address, events=500)
        came: list[bytes] = []
        try:
            await asyncio.to_thread(until, lambda: feed.newest().epoch)
            texts = stream(feed, Wanted(frozenset({"metric"}), frozenset()), None)
            with Publisher(address) as publisher:
                publisher.log(Metric("loss", 0, 0.5))
                await until_came(texts, came, b'"step":0,')
                for step in range(1, 3_000):
                    publisher.log(Metric("loss", step, 0.5))
                    if step % 100 == 0:
                        await asyncio.to_thread(publisher.publish, Metric("other", step, 0.5))
                await asyncio.to_thread(until, lambda: feed.kept <= 600 and feed.newest().seq > 20)
            came += [text async for text in texts]
            return came, feed.kept
        finally:
            feed.close()

    came, kept = asyncio.run(watch())
    assert b'{"reason": "too slow"}' in came[-1]
    assert kept <= 600


def test_one_who_reads_as_fast_as_can_be_leaves_others_their_turn(broker: Broker, address: Address) -> None:
    async def watch() -> tuple[int, int]:
        feed = Feed(address)
        turns = chunks = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        try:
            await asyncio.to_thread(until, lambda: feed.newest().epoch)
            begin = feed.newest()
            with Publisher(address) as publisher:
                for step in range(5_000):
                    publisher.log(Metric("loss", step, 0.5))
                await asyncio.to_thread(publisher.publish, PhaseEvent("armed"))
            await asyncio.to_thread(until, lambda: feed.kept > 5_000)
            beside = asyncio.create_task(other())
            async for text in stream(feed, ALL, str(begin)):
                chunks += 1
                if b"armed" in text:
                    break
            beside.cancel()
            return turns, chunks
        finally:
            feed.close()

    turns, chunks = asyncio.run(watch())
    assert chunks > 10
    assert turns >= chunks - 2


def test_silence_is_filled_with_comments(broker: Broker, address: Address) -> None:
    async def watch() -> list[bytes]:
        feed = Feed(address)
        came: list[bytes] = []
        try:
            wanted = Wanted(frozenset({"alert"}), frozenset())
            await until_came(stream(feed, wanted, None, heartbeat=0.05), came, b": alive\n\n")
        finally:
            feed.close()
        return came

    assert asyncio.run(watch()) == [b"retry: 1000\n\n", b": alive\n\n"]


def test_a_position_is_read_back_and_nothing_else_is_one() -> None:
    position = Position("00ff00ff00ff00ff", 12, 3)
    assert Position.parse(str(position)) == position
    for wrong in (
        "",
        "a-1-2",
        "00ff00ff00ff00ff-1",
        "00ff00ff00ff00ff-1-x",
        "00ff00ff00ff00ff-1-" + "9" * 30,
    ):
        assert Position.parse(wrong) is None


def test_what_json_has_no_word_for_is_a_text(gateway: Running) -> None:
    with gateway.client() as client, listening(client, "?type=metric") as messages:
        event: dict[str, Any] = {"type": "metric", "name": "loss", "step": 0, "value": "-inf"}
        client.post("/publish", json=event)
        assert next(messages).data["value"] == "-inf"


def test_listening_stays_possible_for_many(gateway: Running) -> None:
    with gateway.client() as client:
        streams = [client.stream("GET", "/events?type=phase") for _ in range(20)]
        opened = [each.__enter__() for each in streams]
        try:
            client.post("/publish", content=json.dumps({"type": "phase", "phase": "armed"}))
            lines = [first_data(response) for response in opened]
        finally:
            for each in streams:
                each.__exit__(None, None, None)
    assert len(set(lines)) == 1


def first_data(response: httpx.Response) -> str:
    return next(line for line in response.iter_lines() if line.startswith("data: "))
