"""Time travel: the cursor, the way there, and the line that shows where one is."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from dashctl.bus import Broker, Connection, Follower, Publisher
from dashctl.bus.journal.settings import JournalSettings
from dashctl.bus.past import Past
from dashctl.errors import NoBroker
from dashctl.events import BusStats, LogLine, ModelMetric
from dashctl.state import State, fold
from dashctl_tui.app import Monitor
from dashctl_tui.calls import Calls
from dashctl_tui.chosen import Chosen
from dashctl_tui.cursor import Cursor
from dashctl_tui.plots.canvas import Row, to_text
from dashctl_tui.source import Lens
from dashctl_tui.time_bar import TimeBar, draw_time_bar, moment_at
from dashctl_tui.travel import BEGINNING, LOOK, Arrival, Traveller, Trouble, Wish, goal_of
from dashctl_tui.widgets.rows import RowsView
from dashctl_tui.widgets.time_view import TimeView
from tests.tui.past import PastInMemory, Range, no_past
from tests.tui.sample import NOW, FixedSource, full_state, monitor_of

SIZE = (100, 30)
FIRST = NOW - 600
"""Ten minutes are kept: an accuracy every second for a minute, nothing for eight, and then again."""
SECONDS = [*range(60), *range(540, 601)]


def accuracy_at(second: int) -> float:
    return second / 1000


@pytest.fixture
def past() -> PastInMemory:
    return PastInMemory([(FIRST + second, ModelMetric("lstm", accuracy_at(second))) for second in SECONDS])


@pytest.fixture
def monitor(past: PastInMemory) -> Monitor:
    source = FixedSource(full_state())
    return monitor_of(source, past=past.opened, scene="models", interval=0.02, now=lambda: NOW)


def shown(app: Monitor, name: str = "scene") -> str:
    return to_text(app.screen_stack[0].query_one(f"#{name}", RowsView).rows)


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        await pilot.pause(0.02)
    raise AssertionError(f"it did not come to hold: {shown(pilot.app, 'time')}\n{shown(pilot.app, 'status')}")  # type: ignore[arg-type]


# Where a wish leads


@pytest.mark.parametrize(
    ("wish", "second"),
    [
        (Wish(steps=-1), 29),
        (Wish(steps=1), 31),
        (Wish(steps=-5), 25),
        (Wish(jumps=-1), 0),
        (Wish(jumps=1), 60),
        (Wish(jumps=2), 90),
        (Wish(moment=FIRST + 100, jumps=1), 540),
        (Wish(moment=FIRST + 500, jumps=-1), 59),
        (Wish(moment=FIRST + 7.5), 7.5),
        (Wish(moment=FIRST + 100, steps=1), 540),
        (Wish(moment=FIRST + 100, steps=-1), 59),
        (Wish(moment=FIRST + 59, steps=1), 540),
        (Wish(moment=FIRST + 540, steps=-1), 59),
        (Wish(moment=FIRST + 600, steps=3), 600),
        (BEGINNING, 0),
        (Wish(moment=inf), 600),
        (BEGINNING.then(Wish(steps=2)).then(Wish(steps=1)), 3),
    ],
    ids=str,
)
def test_a_step_is_a_second_or_to_where_something_happened(
    past: PastInMemory, wish: Wish, second: float
) -> None:
    span = past.span()
    assert span is not None
    assert goal_of(past, span, wish, FIRST + 30) - FIRST == second


def test_a_jump_is_a_minute_where_more_than_twenty_minutes_are_kept() -> None:
    hours = PastInMemory([(NOW - 30 * each, LogLine("said")) for each in range(240, -1, -1)])
    span = hours.span()
    assert span is not None
    assert goal_of(hours, span, Wish(jumps=-3), NOW) == NOW - 180


# The traveller


def news_of(traveller: Traveller) -> Arrival | Trouble:
    for _ in range(500):
        news = traveller.take()
        if news is not None:
            return news
        threading.Event().wait(0.01)
    raise AssertionError("nothing came")


def test_wishes_that_come_while_it_is_busy_become_one(past: PastInMemory) -> None:
    past.gate.clear()
    traveller = Traveller(past.opened)
    traveller.ask(Wish(steps=-1), NOW)
    while not past.asked:
        threading.Event().wait(0.005)
    for _ in range(20):
        traveller.ask(Wish(steps=-1), NOW)
    assert traveller.journey.under_way
    past.gate.set()
    while traveller.journey.under_way:
        threading.Event().wait(0.005)
    news = news_of(traveller)
    traveller.close()
    assert [moment - NOW for moment in past.asked] == [-1, -21]
    assert isinstance(news, Arrival)
    assert news.moment == NOW - 21
    (told,) = news.state.latest(ModelMetric).values()
    assert told.event.accuracy == accuracy_at(579)


def test_what_was_asked_before_the_present_was_shown_again_is_not_handed_over(past: PastInMemory) -> None:
    past.gate.clear()
    told: list[None] = []
    traveller = Traveller(past.opened, lambda: told.append(None))
    traveller.ask(BEGINNING, NOW)
    while not past.asked:
        threading.Event().wait(0.005)
    traveller.forget()
    past.gate.set()
    traveller.ask(LOOK, NOW)
    traveller.ask(Wish(steps=-1), NOW)
    news = news_of(traveller)
    traveller.close()
    assert isinstance(news, Arrival)
    assert news.moment == NOW - 1, "a step begins where the picture was paused, not where an older one led"
    assert told


def test_where_there_is_no_journal_it_says_why_and_tries_again_when_asked() -> None:
    traveller = Traveller(no_past)
    for _ in range(2):
        traveller.ask(BEGINNING, NOW)
        assert news_of(traveller) == Trouble("the broker keeps no journal")
        assert not traveller.journey.under_way
    traveller.close()


def test_a_broker_that_keeps_nothing_is_no_place_to_go() -> None:
    traveller = Traveller(PastInMemory([]).opened)
    traveller.ask(BEGINNING, NOW)
    assert news_of(traveller) == Trouble("this broker keeps no journal")
    traveller.close()


# The lens


def test_a_broker_whose_clock_is_elsewhere_tells_the_time_there() -> None:
    source = FixedSource(State())
    lens = Lens(source, lambda: NOW)
    assert lens.present() == NOW
    fold(source.state, BusStats(NOW - 9000), NOW - 1)
    assert lens.present() == NOW
    fold(source.state, BusStats(NOW - 9000), NOW - 7200)
    assert lens.present() == lens.now() == NOW - 7200
    source.told = Connection(connected=False, since=NOW)
    assert lens.present() == NOW, "what was heard long ago is no clock"


def test_what_went_wrong_is_said_once_and_not_whenever_the_bar_asks_again() -> None:
    told = threading.Event()
    traveller = Traveller(no_past, told.set)
    cursor = Cursor(Lens(FixedSource(full_state()), lambda: NOW), traveller)

    def said(ask: Callable[[], None]) -> str:
        told.clear()
        ask()
        assert told.wait(30)
        return cursor.arrive()

    for _ in range(2):
        assert said(lambda: cursor.go(BEGINNING)) == "the broker keeps no journal"
        assert said(lambda: traveller.ask(LOOK, NOW)) == ""
    traveller.close()


# The bar

BAR = TimeBar(FIRST, NOW, NOW - 123, density=[Range(FIRST, FIRST + 59, 60), Range(NOW - 60, NOW, 600)])


def test_the_bar_says_when_how_far_behind_and_where_events_were_dense() -> None:
    text = draw_time_bar(BAR, 80).text
    assert text.startswith(" 22:11:17  -2m 03s ")
    assert " 22:03:20 ▃" in text
    assert text.rstrip().endswith("█ now")
    assert "·┃·" in text


def test_a_moment_of_another_day_has_its_date() -> None:
    text = draw_time_bar(TimeBar(NOW - 90_000, NOW, NOW - 89_000), 100).text
    assert text.startswith(" 13 Nov 21:30:00  -1d 00h")


def test_a_jump_that_is_under_way_is_shown_at_once() -> None:
    text = draw_time_bar(TimeBar(FIRST, NOW, NOW - 60, goal=NOW - 300), 80).text
    assert text.startswith(" 22:08:20  -5m 00s  … ")
    assert text.index("┆") < text.index("┃")


def test_the_present_is_called_live() -> None:
    text = draw_time_bar(TimeBar(FIRST, NOW), 80).text
    assert text.startswith(" live ")
    assert "┃" not in text


@pytest.mark.parametrize("width", range(1, 130, 4))
def test_every_column_leads_where_the_cursor_then_stands(width: int) -> None:
    bar = TimeBar(FIRST, NOW, FIRST)
    row = draw_time_bar(bar, width)
    assert row.width == width
    start = row.text.find("┃")
    if start < 0:
        return
    for column in range(start, width):
        moment = moment_at(bar, width, column)
        if moment is None:
            assert column >= width - len(" now") - 3
            break
        assert draw_time_bar(TimeBar(FIRST, NOW, moment), width).text.index("┃") == column


def test_a_bar_of_no_length_does_no_harm() -> None:
    assert draw_time_bar(TimeBar(NOW, NOW, NOW), 60).width == 60
    one_frame = draw_time_bar(TimeBar(NOW, NOW, NOW, density=[Range(NOW, NOW, 1)]), 60)
    assert one_frame.width == 60


def test_stretches_that_touch_and_instants_count_where_they_are() -> None:
    """Ten cells of ten seconds each."""
    first = NOW - 100
    density = [Range(first, first + 10, 4), Range(first + 10, first + 20, 1), Range(NOW - 35, NOW - 35, 4)]
    text = draw_time_bar(TimeBar(first, NOW, density=density), 31).text
    assert text == " live  22:11:40 █▄····█··· now "


# In the monitor


async def test_stepping_pauses_and_shows_what_was(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await pilot.press("comma")
        await until(pilot, lambda: "0.599" in shown(monitor))
        assert " past " in shown(monitor, "status")
        assert " 22:13:19  -1s" in shown(monitor, "time")
        await pilot.press("comma", "comma", "full_stop")
        await until(pilot, lambda: "0.598" in shown(monitor))
        await pilot.press("less_than_sign")
        await until(pilot, lambda: "0.568" in shown(monitor))
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: "0.598" in shown(monitor))
        await pilot.press("home")
        await until(pilot, lambda: " 22:03:20  -10m 00s" in shown(monitor, "time"))
        await pilot.press("end")
        await until(pilot, lambda: "0.928" in shown(monitor))
        assert " past " not in shown(monitor, "status")
        assert not monitor.query_one(TimeView).display


async def test_all_scenes_share_the_cursor(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await pilot.press("home")
        await until(pilot, lambda: "22:03:20" in shown(monitor, "time"))
        await pilot.press("T")
        await until(pilot, lambda: "No metric was logged yet" in shown(monitor))
        await pilot.press("space")
        await until(pilot, lambda: "lstm/" in shown(monitor))


async def test_a_pause_shows_the_bar_and_nothing_else_changes(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await pilot.press("space")
        await until(pilot, lambda: " 22:13:20  -0s" in shown(monitor, "time"))
        assert " paused " in shown(monitor, "status")
        assert "0.928" in shown(monitor)
        await pilot.press("escape")
        await until(pilot, lambda: " paused " not in shown(monitor, "status"))


async def test_keys_are_answered_while_a_jump_is_on_its_way(monitor: Monitor, past: PastInMemory) -> None:
    past.gate.clear()
    async with monitor.run_test(size=SIZE) as pilot:
        await pilot.press("home")
        await until(pilot, lambda: "…" in shown(monitor, "time"))
        assert " paused " in shown(monitor, "status")
        await pilot.press("8")
        await until(pilot, lambda: "ep-00" in shown(monitor))
        await pilot.press("end")
        await until(pilot, lambda: not monitor.query_one(TimeView).display)
        past.gate.set()
        await pilot.pause(0.1)
        assert "ep-00" in shown(monitor), "what was not waited for is not shown"


async def test_the_bar_is_clicked_and_dragged(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await pilot.press("t")
        await until(pilot, lambda: " live " in shown(monitor, "time"))
        await pilot.mouse_down("#time", offset=(40, 0))
        await until(pilot, lambda: " past " in shown(monitor, "status"))
        assert shown(monitor, "time").index("┃") > 0
        first = shown(monitor, "time")
        await pilot.hover("#time", offset=(60, 0))
        await until(pilot, lambda: shown(monitor, "time") != first)
        await pilot.mouse_up("#time", offset=(60, 0))
        await pilot.hover("#time", offset=(97, 0))
        await pilot.pause(0.1)
        assert " past " in shown(monitor, "status"), "a mouse without a button down leads nowhere"
        await pilot.click("#time", offset=(98, 0))
        await until(pilot, lambda: " past " not in shown(monitor, "status"))
        assert monitor.query_one(TimeView).display, "who wants it always has it always"
        await pilot.press("t")
        await until(pilot, lambda: not monitor.query_one(TimeView).display)


async def test_without_a_journal_a_pause_works_and_a_step_says_why_not() -> None:
    app = monitor_of(FixedSource(full_state()), past=no_past, interval=0.02, now=lambda: NOW)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("space")
        await pilot.pause(0.1)
        assert "journal" not in shown(app, "status")
        await pilot.press("comma")
        await until(pilot, lambda: "the broker keeps no journal" in shown(app, "status"))
        assert " paused " in shown(app, "status")
        assert not app.query_one(TimeView).display


async def test_a_far_bus_is_named_as_a_person_does() -> None:
    @contextmanager
    def gone() -> Iterator[PastInMemory]:
        raise NoBroker("no broker at ipc:///tmp/private-7f")
        yield

    app = Monitor(
        FixedSource(full_state()),
        "ssh://box",
        traveller=Traveller(gone),
        calls=Calls("ipc:///tmp/private-7f"),
        publish=lambda event, run: None,
        interval=0.02,
        local="ipc:///tmp/private-7f",
    )
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("comma")
        await until(pilot, lambda: "no broker at ssh://box" in shown(app, "status"))


async def test_a_bar_that_stands_still_is_drawn_once(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[TimeBar] = []

    def draw(bar: TimeBar, width: int) -> Row:
        drawn.append(bar)
        return draw_time_bar(bar, width)

    monkeypatch.setattr("dashctl_tui.pictures.draw_time_bar", draw)
    async with monitor.run_test(size=SIZE) as pilot:
        await pilot.press("space")
        await until(pilot, lambda: " 22:13:20  -0s" in shown(monitor, "time"))
        drawn.clear()
        for _ in range(10):
            monitor.draw()
        assert not drawn


async def test_counters_go_on_in_the_past(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await pilot.press("home")
        await until(pilot, lambda: " past " in shown(monitor, "status"))
        source = monitor._lens.source
        assert isinstance(source, FixedSource)
        source.told = Connection(connected=True, since=NOW, rate=77.0)
        await until(pilot, lambda: "77 events/s" in shown(monitor, "status"))


async def test_a_key_that_repeats_never_waits(monitor: Monitor, past: PastInMemory) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        past.gate.clear()
        await pilot.press(*["comma"] * 15)
        assert len(past.asked) == 1
        past.gate.set()
        await until(pilot, lambda: " 22:13:05  -15s " in shown(monitor, "time"))
        await until(pilot, lambda: "0.585" in shown(monitor))
    assert len(past.asked) == 2


# With a real journal


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Broker]:
    """A broker that keeps a journal."""
    with tempfile.TemporaryDirectory(prefix="dc-", dir="/tmp") as folder:
        kept = JournalSettings(tmp_path / "journal")
        with Broker(f"ipc://{folder}/bus", journal=kept) as broker:
            broker.start()
            yield broker


async def test_a_real_journal_is_travelled_and_the_present_goes_on(bus: Broker) -> None:
    address = str(bus.address)
    with Publisher(address) as publisher, Follower(address) as follower:
        publisher.publish(ModelMetric("early", 0.111))
        app = Monitor(
            follower,
            address,
            traveller=Traveller(partial(Past, address)),
            calls=Calls(address),
            publish=lambda event, run: None,
            chosen=Chosen("models"),
            interval=0.02,
        )
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: "0.111" in shown(app))
            await pilot.pause(0.3)
            between = time.time()
            publisher.publish(ModelMetric("late", 0.999))
            await until(pilot, lambda: "0.999" in shown(app))
            await pilot.press("home")
            await until(pilot, lambda: "late" not in shown(app) and " past " in shown(app, "status"))
            await pilot.press("full_stop", "full_stop", "full_stop")
            await until(pilot, lambda: "late" in shown(app))
            app._traveller.ask(Wish(moment=between), 0.0)
            await until(pilot, lambda: "late" not in shown(app) and "early" in shown(app))
            publisher.publish(ModelMetric("later still", 0.5))
            await until(pilot, lambda: follower.state.version(ModelMetric) == 3)
            assert "later still" not in shown(app)
            await pilot.press("end")
            await until(pilot, lambda: "later still" in shown(app))


def test_a_journal_tells_how_many_events_came_when(bus: Broker) -> None:
    with Publisher(bus.address) as publisher:
        for number in range(20):
            publisher.publish(ModelMetric("lstm", number / 20))
    with Past(bus.address) as past:
        span = past.span()
        assert span is not None
        (whole,) = past.stretches()
        assert (whole.first, whole.last) == (span.first, span.last)
        past.at(span.last)
        fine = list(past.stretches())
    assert len(fine) > 20
    assert sum(each.events for each in fine) == pytest.approx(whole.events, abs=0.01)
    assert fine[0].first == span.first
    assert fine[-1].last == span.last


def test_a_broker_without_a_journal_says_so() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="dc-", dir="/tmp") as folder,
        Broker(f"ipc://{folder}/bus") as bare,
    ):
        bare.start()
        traveller = Traveller(partial(Past, bare.address))
        traveller.ask(BEGINNING, NOW)
        assert news_of(traveller) == Trouble("this broker keeps no journal")
        traveller.close()
