"""The first page's first and last line: what goes on, and where it goes on."""

from dashctl.events import Alert, BusStats, LogLine, Metric, RunFinished, RunStarted
from dashctl.state import State, fold
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.scenes import scene_named
from dashctl_tui.scenes.guide import KEYS
from tests.tui.sample import NOW, full_state, looked_at, state_of


def lines_of(
    state: State, width: int = 120, height: int = 38, now: float = NOW, wanted: str = ""
) -> list[str]:
    scene = scene_named("overview")
    viewport = looked_at(scene, width, height, now, wanted=wanted)
    return to_text(scene.paint(scene.select(state, viewport), viewport).rows).splitlines()


def test_the_keys_that_it_names_are_those_of_the_deck() -> None:
    assert {name: scene_named(name).key for name in KEYS} == KEYS


def test_the_first_line_says_what_goes_on_and_how_it_is_doing() -> None:
    first = lines_of(full_state())[0]
    for words in ("● 1 run going on", "alert firing", "best lstm 0.928", "events/s", "2 hosts", "6 episodes"):
        assert words in first
    assert "2 are watching" in lines_of(full_state(), 200)[0]


def test_the_last_line_leads_to_what_there_is_to_see() -> None:
    last = lines_of(full_state())[-1]
    assert last.split()[:4] == ["A", "Alerts", "1", "firing"]
    assert "T Training 4 curves" in last
    assert last.endswith("? all keys")
    narrow = lines_of(full_state(), 80, 22)[-1]
    assert "T Training" in narrow
    assert "curves" not in narrow


def test_what_there_is_none_of_is_not_named() -> None:
    lines = lines_of(state_of(LogLine("hello"), run=""))
    assert "nothing is running" in lines[0]
    assert "firing" not in lines[0] + lines[-1]
    assert lines[-1].split() == ["L", "Logs", "1", "line", "?", "all", "keys"]


def test_a_run_that_ended_goes_on_no_longer_and_its_code_is_no_lead() -> None:
    state = full_state()
    assert "0 Code" in lines_of(state)[-1]
    fold(state, RunFinished(), NOW, "run-1")
    assert "nothing is running" in lines_of(state)[0]
    assert "0 Code" not in lines_of(state)[-1]


def test_several_runs_and_alerts_are_counted() -> None:
    state = State()
    for name in ("a", "b"):
        fold(state, RunStarted(name=name), NOW - 5, name)
        fold(state, Metric("loss", 1, 0.5), NOW - 1, name)
        fold(state, Alert(f"{name} is bad"), NOW - 1, name)
    fold(state, BusStats(NOW - 60, producers=2, monitors=1), NOW - 1)
    first, *_, last = lines_of(state)
    assert "2 runs going on · 2 alerts firing" in first
    assert "2 Stack 2 in, 1 out" in last


def test_behind_a_filter_and_on_a_low_screen_they_make_room() -> None:
    assert "going on" not in lines_of(full_state(), wanted="lstm")[0]
    assert "going on ·" not in "".join(lines_of(full_state(), 80, 13))


def test_nothing_changes_with_time_alone_while_nothing_runs() -> None:
    state = full_state()
    fold(state, RunFinished(), NOW, "run-1")
    fold(state, BusStats(NOW - 60), NOW)
    for size in ((80, 22), (120, 38), (200, 48)):
        assert lines_of(state, *size, now=NOW + 7200) == lines_of(state, *size, now=NOW + 7201)
