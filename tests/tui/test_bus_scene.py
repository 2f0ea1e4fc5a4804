"""What scene Bus says of the broker, and what it must not say."""

from dataclasses import replace
from typing import Any

import msgspec

from dashctl.events import BusStats, JournalStats, ProducerStats
from dashctl.state import State, fold
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.plots.palette import ALERT
from dashctl_tui.scenes import scene_named
from dashctl_tui.scenes.viewport import ScreenStats
from tests.tui.sample import NOW, full_state, looked_at, state_of

STATS = BusStats(NOW - 3600, events=12_345, frames=99, monitors=2, producers=1, connections=3, rate=55.5)


def text_of(state: State, width: int = 120, height: int = 38, now: float = NOW, **chosen: Any) -> str:
    scene = scene_named("bus")
    viewport = looked_at(scene, width, height, now, **chosen)
    return to_text(scene.paint(scene.select(state, viewport), viewport).rows)


def told(**changed: Any) -> State:
    return state_of(msgspec.structs.replace(STATS, **changed))


def alerted(state: State) -> str:
    """What is drawn in the colour of alarm."""
    scene = scene_named("bus")
    viewport = looked_at(scene, 120, 38, NOW)
    picture = scene.paint(scene.select(state, viewport), viewport)
    return " ".join(text for row in picture.rows for text, ink in row.runs if ink == ALERT)


def test_it_tells_what_the_broker_told() -> None:
    text = text_of(told(services=("trainer",), listening=("ipc:///run/dashctl",), queues={"fold": 1_204}))
    for words in (
        "1 h  since 21:13:20",
        "12,345 in 99 frames",
        "1 heard, 3 connected",
        "trainer",
        "ipc:///run/dashctl",
    ):
        assert words in text
    assert "1,204" in next(line for line in text.splitlines() if "fold" in line)


def test_it_tells_what_this_terminal_is_sent() -> None:
    scene = scene_named("bus")
    viewport = looked_at(scene, 120, 38, NOW)
    stats = ScreenStats(3_072.0, frames_a_second=29.7, interval=0.1, latency=0.0123, slow=True)
    view = scene.select(told(), viewport)
    text = to_text(scene.paint(view, replace(viewport, screen=stats)).rows)
    assert "3.0 KiB/s of 195, 30 fps, slow" in text
    assert "12 ms to their picture" in text
    assert "none" in next(line for line in text_of(told()).splitlines() if "screen" in line)


def test_what_telling_costs_is_not_told_so_that_a_screen_at_rest_stays_so() -> None:
    scene = scene_named("bus")
    viewport = looked_at(scene, 120, 38, NOW)
    view = scene.select(told(), viewport)
    quiet = ScreenStats(0.0, frames_a_second=0.0, interval=0.1)
    telling = ScreenStats(90.0, frames_a_second=1.0, interval=0.1)
    still, moved = (
        to_text(scene.paint(view, replace(viewport, screen=each)).rows) for each in (quiet, telling)
    )
    assert "under 1 KiB/s of 195" in still
    assert still == moved


def test_a_history_has_its_peak_and_how_long_it_is() -> None:
    state = State()
    for second in range(90):
        stats = msgspec.structs.replace(STATS, rate=900.0 if second == 40 else 10.0, rate_out=20.0)
        fold(state, stats, NOW - 89 + second)
    text = text_of(state)
    assert "peak 900" in text
    assert "last 1 min" in text


def test_what_is_zero_does_not_stand_out_and_what_was_lost_does() -> None:
    assert alerted(told()) == ""
    assert "vanished" not in text_of(told())
    assert alerted(told(lost=7)) == "7"
    text = text_of(told(vanished=2, slow=1, duplicates=5))
    for words in ("2 vanished", "1 slow", "5 came twice"):
        assert words in text


def test_a_journal_that_is_not_safe_stands_out() -> None:
    safe = JournalStats(1_234_000_000, 12, 0.012, durable=True, oldest=NOW - 86_400)
    text = text_of(told(journal=safe))
    for words in ("durable", "1.2 GB in 12 segments", "from 13 Nov 22:13:20"):
        assert words in text
    assert alerted(told(journal=safe)) == ""
    assert "lag" not in text
    unsafe = msgspec.structs.replace(safe, durable=False, lag=75.0)
    assert "NOT durable, lag 1:15" in text_of(told(journal=unsafe))
    assert "Journal, NOT durable" in alerted(told(journal=unsafe))
    assert "none is kept" in text_of(told())


def test_what_was_rejected_is_ranked_and_summed() -> None:
    text = text_of(told(rejected={"version": 1, "unknown type": 40, "malformed": 4}))
    assert "Rejected, 45" in text
    assert text.index("unknown type") < text.index("malformed") < text.index("version")
    many = {f"reason {number}": number for number in range(1, 30)}
    assert "… 2" in text_of(told(rejected=many), 80, 22)


def test_a_broker_that_says_nothing_any_more_is_late() -> None:
    assert "last heard" not in text_of(told(), now=NOW + 2)
    assert "Broker, last heard 40 s ago" in text_of(told(), now=NOW + 40)


def test_a_producer_that_ended_is_not_called_silent() -> None:
    producers = (
        ProducerStats("aa" * 8, "done", 9, 0, 0.0, 720.0, "left"),
        ProducerStats("bb" * 8, "gone", 9, 0, 0.0, 60.0, "vanished"),
    )
    text = text_of(told(by_producer=producers))
    assert "left 12 min ago" in text
    assert "vanished 1 min ago" in text


def test_producers_come_busiest_first_and_are_filtered_and_scrolled() -> None:
    producers = tuple(
        ProducerStats(f"{n:02}" * 8, f"run-{n}", n, n == 3, float(n), 40.0 * (n == 1)) for n in range(30)
    )
    state = told(by_producer=producers)
    text = text_of(state, 80, 22)
    assert text.index("run-29") < text.index("run-28")
    assert "1–" in text
    assert "of 30" in text
    assert "run-0 " in text_of(state, 80, 22, scroll=100)
    only = text_of(state, wanted="run-1")
    assert "run-19" in only
    assert "run-29" not in only
    assert "40 s" in only
    assert "nobody" in text_of(state, wanted="nobody at all")


def test_a_low_screen_keeps_the_producers() -> None:
    text = text_of(full_state(), 60, 8)
    assert "run-1" in text
    assert "Journal" not in text


def test_a_low_screen_tells_of_the_broker_in_short() -> None:
    text = text_of(full_state(), 60, 13)
    for words in ("in ", "8 producers, 2 monitors", "lost 3", "rejected 45", "journal durable", "run-1"):
        assert words in text
    assert "last heard 40 s ago" in text_of(full_state(), 80, 10, now=NOW + 39)
