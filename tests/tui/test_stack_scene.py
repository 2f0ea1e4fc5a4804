"""What scene Stack draws of the broker and of who is connected to it."""

from typing import Any

import msgspec

from dashctl.events import BusStats, DoorStats, JournalStats, ProducerStats, RunStarted
from dashctl.state import State, fold
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.plots.palette import ALERT
from dashctl_tui.scenes import scene_named
from dashctl_tui.scenes.acts import At, ShowScene, Taken
from tests.tui.sample import NOW, full_state, looked_at

STATS = BusStats(NOW - 3600, monitors=2, producers=1, rate=620.0, rate_out=1240.0, bytes_in=48_000.0)
TRAINING = ProducerStats("ab" * 8, "run-1", 12_345, 0, 620.0, 0.1)


def told(*producers: ProducerStats, **changed: Any) -> State:
    state = State()
    fold(state, RunStarted(name="detector", host="bramble"), NOW - 60, "run-1")
    fold(state, msgspec.structs.replace(STATS, by_producer=producers, **changed), NOW, "")
    return state


def text_of(state: State, width: int = 120, height: int = 38, now: float = NOW, **chosen: Any) -> str:
    scene = scene_named("stack")
    viewport = looked_at(scene, width, height, now, **chosen)
    return to_text(scene.paint(scene.select(state, viewport), viewport).rows)


def line_with(text: str, word: str) -> str:
    return next(line for line in text.splitlines() if word in line)


def test_a_producer_has_the_name_and_the_host_of_its_run_and_its_rate_on_its_wire() -> None:
    text = text_of(told(TRAINING))
    assert "● detector" in text
    assert "bramble  12.3k events" in text
    assert "─ 620/s ─" in text
    assert "▶" in line_with(text, "1240/s ─")
    for words in ("620/s  48 kB/s", "1240/s", "2 monitors", "services"):
        assert words in text


def test_who_speaks_in_the_run_of_another_has_its_own_name() -> None:
    watcher = ProducerStats("cd" * 8, "run-1", 1, 0, 0.0, 2.0, name="alerts")
    text = text_of(told(TRAINING, watcher))
    assert text.count("● detector") == 1
    assert "● alerts" in text
    assert "1 event " in text


def test_the_picture_follows_the_rates() -> None:
    assert "17/s" not in text_of(told(TRAINING))
    assert "17/s" in text_of(told(msgspec.structs.replace(TRAINING, rate=17.0)))


def test_who_is_silent_has_left_or_vanished_is_told_apart() -> None:
    silent = ProducerStats("01" * 8, "quiet", 5, 0, 0.0, 40.0)
    left = ProducerStats("02" * 8, "done", 5, 0, 0.0, 20.0, "left")
    vanished = ProducerStats("03" * 8, "killed", 5, 3, 0.0, 30.0, "vanished")
    for size in ((120, 38), (80, 22)):
        text = text_of(told(TRAINING, silent, left, vanished), *size)
        for words in ("silent 40 s", "left 20 s ago", "✗ killed", "vanished 30 s ago"):
            assert words in text
    # A wire that is cut is dotted, and joins nothing.
    cut = line_with(text_of(told(TRAINING, vanished)), " vanished ")
    assert "vanished ·" in cut
    assert "─ vanished" not in cut


def test_who_left_a_while_ago_is_shown_no_longer() -> None:
    left = ProducerStats("02" * 8, "done", 5, 0, 0.0, 20.0, "left")
    assert "done" in text_of(told(TRAINING, left))
    assert "done" not in text_of(told(TRAINING, left), now=NOW + 100)


def test_producers_keep_their_places_while_their_rates_change() -> None:
    slow, fast = (ProducerStats(f"{n}" * 16, f"name-{n}", 5, 0, float(9 - n), 0.0) for n in (1, 2))
    first = text_of(told(slow, fast))
    again = text_of(told(fast, msgspec.structs.replace(slow, rate=0.5)))
    for text in (first, again):
        assert text.index("name-1") < text.index("name-2")


def test_what_does_not_fit_is_summed_up_and_can_be_scrolled_to() -> None:
    many = [ProducerStats(f"{n:016}", f"job-{n:02}", 10, 0, 2.0, 0.0) for n in range(40)]
    text = text_of(told(*many))
    shown = sum(f"job-{n:02}" in text for n in range(40))
    assert 5 < shown < 40
    assert f"+{40 - shown} more" in text
    assert f"{2 * (40 - shown)}/s" in text
    assert "job-39" not in text
    assert "job-39" in text_of(told(*many), scroll=100)
    narrow = text_of(told(*many), 80, 22)
    assert "more, " in narrow
    assert "job-39" in text_of(told(*many), 80, 22, scroll=100)


def test_each_door_that_is_watched_at_has_its_monitors() -> None:
    doors = (DoorStats("ipc:///run/dashctl", 1, 3), DoorStats("tcp://0.0.0.0:5570", 3), DoorStats("unused"))
    text = text_of(told(TRAINING, doors=doors, monitors=4, rate_out=400.0))
    for words in ("1 monitor ", "3 monitors", "ipc:///run/dashctl", "100/s", "300/s", "48 kB/s to each"):
        assert words in text
    assert "unused" not in text
    assert "2 slow" in text_of(told(TRAINING, slow=2))


def test_the_journal_and_the_broker_upstream_hang_below_the_broker() -> None:
    journal = JournalStats(1_234_000_000, 12, 0.012, durable=True, oldest=NOW)
    text = text_of(told(TRAINING, journal=journal, upstream="tcp://hub:5570: connected, 0 bytes behind"))
    assert text.index("Broker") < text.index("Journal") < text.index("Upstream")
    assert "1.2 GB in 12 segments" in text
    assert "tcp://hub:5570:" in text
    unsafe = msgspec.structs.replace(journal, durable=False)
    assert "NOT durable" in text_of(told(TRAINING, journal=unsafe))
    assert "NOT durable" in text_of(told(TRAINING, journal=unsafe), 80, 22)


def test_losses_stand_out() -> None:
    scene = scene_named("stack")
    viewport = looked_at(scene, 120, 38)
    state = told(msgspec.structs.replace(TRAINING, lost=7), lost=7)
    rows = scene.paint(scene.select(state, viewport), viewport).rows
    alerted = " ".join(text for row in rows for text, ink in row.runs if ink == ALERT)
    assert "7" in alerted
    assert ALERT not in {
        ink
        for row in scene.paint(scene.select(told(TRAINING), viewport), viewport).rows
        for _, ink in row.runs
    }


def test_a_broker_that_says_nothing_any_more_is_late() -> None:
    assert "late" not in text_of(told(TRAINING), now=NOW + 2)
    assert "Broker, late by 40 s" in text_of(told(TRAINING), now=NOW + 40)


def test_nothing_changes_with_time_alone_while_nothing_runs() -> None:
    quiet = told(ProducerStats("01" * 8, "quiet", 5, 0, 0.0, 400.0), rate=0.0, rate_out=0.0)
    assert text_of(quiet, now=NOW) == text_of(quiet, now=NOW + 1)


def test_the_filter_chooses_among_producers() -> None:
    other = ProducerStats("01" * 8, "other", 5, 0, 0.0, 1.0)
    only = text_of(told(TRAINING, other), wanted="bramble")
    assert "detector" in only
    assert "other" not in only


def test_it_can_be_exported_and_enter_leads_to_the_broker() -> None:
    scene = scene_named("stack")
    viewport = looked_at(scene, 120, 38)
    view = scene.select(full_state(), viewport)
    assert scene.table is not None
    heading, *rows = scene.table(view, viewport)
    assert {len(row) for row in rows} == {len(heading)}
    assert {row[0] for row in rows} == {"producer", "broker", "monitors"}
    outcome = scene.acts["open"](At(view, viewport))
    assert isinstance(outcome, Taken)
    assert outcome.effects == (ShowScene("bus"),)
