"""When pictures are drawn: at once for news and keys, never on a busy terminal, and not for nothing."""

import asyncio
import math
import time
from dataclasses import dataclass

import pytest

from dashctl_tui.clock import FrameClock
from dashctl_tui.scenes.viewport import NO_SCREEN
from dashctl_tui.traffic import Traffic

TICK = 0.02


@dataclass
class Way:
    """A line that is busy when a test says so."""

    backlogged: bool = False
    pace: float = 0.0


class Drawing:
    """Counts pictures; each says after how many seconds the next one is there by itself."""

    def __init__(self, after: float = math.inf) -> None:
        self.after = after
        self.times: list[float] = []

    def __call__(self) -> float:
        self.times.append(time.monotonic())
        return self.after


async def running(clock: FrameClock, seconds: float = 10 * TICK) -> None:
    task = asyncio.create_task(clock.run())
    await asyncio.sleep(seconds)
    task.cancel()


async def test_nothing_is_drawn_while_nobody_has_news() -> None:
    drawing = Drawing()
    await running(FrameClock(drawing, TICK))
    assert len(drawing.times) == 1, "the first picture alone"


@pytest.mark.parametrize("call", ["tell", "hurry"])
async def test_news_and_keys_are_drawn_once_however_often_they_are_told(call: str) -> None:
    drawing = Drawing()
    clock = FrameClock(drawing, TICK)
    task = asyncio.create_task(clock.run())
    await asyncio.sleep(3 * TICK)
    for _ in range(100):
        getattr(clock, call)()
    await asyncio.sleep(10 * TICK)
    task.cancel()
    assert len(drawing.times) == 2


async def test_what_moves_by_itself_is_drawn_when_it_says_and_no_sooner_than_may_be() -> None:
    drawing = Drawing(after=0.0)
    await running(FrameClock(drawing, TICK), 20 * TICK)
    assert 2 < len(drawing.times) <= 21
    assert all(
        later - before > 0.9 * TICK for before, later in zip(drawing.times, drawing.times[1:], strict=False)
    )


async def test_a_source_that_says_nothing_is_looked_at_each_interval() -> None:
    drawing = Drawing()
    await running(FrameClock(drawing, TICK, polled=True), 20 * TICK)
    assert len(drawing.times) > 2


async def test_no_picture_is_drawn_while_the_terminal_is_busy_and_then_at_once() -> None:
    drawing, way = Drawing(), Way(backlogged=True)
    clock = FrameClock(drawing, TICK, lambda: way)
    task = asyncio.create_task(clock.run())
    await asyncio.sleep(5 * TICK)
    assert not drawing.times
    way.backlogged = False
    clock.look()
    await asyncio.sleep(2 * TICK)
    task.cancel()
    assert len(drawing.times) == 1


def test_a_slow_line_and_a_dear_picture_make_the_pace() -> None:
    clock = FrameClock(Drawing(), TICK, lambda: Way(pace=0.5))
    assert (clock.pace, clock.own_pace) == (0.5, TICK)


class Told:
    """The monotonic clock, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("dashctl_tui.traffic.time.monotonic", lambda: self.now)


def frame(traffic: Traffic, clock: Told, took: float, size: int = 8_000) -> None:
    traffic.drew()
    traffic.ask()
    traffic.wrote(size)
    clock.now += took
    traffic.answer()


def test_a_line_that_takes_long_is_given_as_long_again_and_is_called_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Told(monkeypatch)
    traffic = Traffic()
    frame(traffic, clock, 0.05)
    for _ in range(10):
        frame(traffic, clock, 0.25)
    # 0.05 there and back, 0.2 for the bytes, and 0.2 in which a key finds the line free.
    assert traffic.pace == pytest.approx(0.45, rel=0.1)
    stats = traffic.stats(0.033, NO_SCREEN)
    assert stats.slow
    assert stats.bytes_a_second == pytest.approx(88_000 / 2.55)
    clock.now += 5
    assert traffic.pace == 0.0, "what was long ago says nothing"
    assert not traffic.stats(0.033, stats).slow


def test_a_swift_line_costs_no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Told(monkeypatch)
    traffic = Traffic()
    for _ in range(100):
        frame(traffic, clock, 0.01)
    assert traffic.pace == 0.0
    assert not traffic.stats(0.033, NO_SCREEN).slow


def test_latency_goes_from_the_key_to_the_answer_and_not_for_keys_that_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Told(monkeypatch)
    traffic = Traffic()
    traffic.pressed()
    clock.now += 0.5
    traffic.drew_nothing()
    traffic.pressed()
    clock.now += 0.01
    frame(traffic, clock, 0.02)
    clock.now += 1
    assert traffic.stats(0.033, NO_SCREEN).latency == pytest.approx(0.03)
