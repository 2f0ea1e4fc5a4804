"""What the collector tells of a recording, and when."""

from pathlib import Path

import pytest

from dashctl.detector.episodes import META, read_episode, write_episode
from dashctl.detector.windows import window_phases
from dashctl.errors import InvalidData
from dashctl.events import (
    AttackProfile,
    Episode,
    Event,
    HostStats,
    LogLine,
    PhaseEvent,
    Progress,
    RunFinished,
    RunStarted,
    Snapshot,
)
from dashctl_producers import collector
from tests.core.detector.recordings import episode


def of(events: list[Event], kind: type[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Event], Path]:
    out = tmp_path_factory.mktemp("out")
    events: list[Event] = []
    (folder,) = collector.run(
        events.append, out, episodes=1, profiles=("disk-churn",), host="box", seconds=3.0, seed=1
    )
    return events, folder


def test_the_host_and_its_phase_are_told_once_a_second(recording: tuple[list[Event], Path]) -> None:
    events, folder = recording
    stats = [event for event in events if isinstance(event, HostStats)]
    assert 2 <= len(stats) <= 3
    for told in stats:
        assert told.host == "box"
        assert told.cores
        assert told.memory
        assert told.processes
    phases = [event.phase for event in events if isinstance(event, PhaseEvent)]
    assert len(phases) == len(stats)
    assert set(phases) <= {boundary.phase for boundary in read_episode(folder).labels}


def test_the_curve_grows_while_it_is_recorded(recording: tuple[list[Event], Path]) -> None:
    curves = [event for event in recording[0] if isinstance(event, AttackProfile)]
    assert {told.name for told in curves} == {"disk-churn"}
    lengths = [len(told.curve) for told in curves]
    assert lengths == sorted(lengths)
    assert lengths[-1] >= 3


def test_the_episode_and_the_totals_come_once_it_is_whole(recording: tuple[list[Event], Path]) -> None:
    events, folder = recording
    (told,) = [event for event in events if isinstance(event, Episode)]
    made = read_episode(folder)
    assert (told.episode_id, told.host, told.profile) == (folder.name, "box", "disk-churn")
    assert (told.duration, told.phases) == (3.0, window_phases(made))
    before, after = [event for event in events if isinstance(event, Snapshot)]
    assert after.episodes == (before.episodes or 0) + 1
    assert after.bytes is not None
    assert after.bytes > (before.bytes or 0)


def test_the_log_says_what_happens(recording: tuple[list[Event], Path]) -> None:
    lines = [event for event in recording[0] if isinstance(event, LogLine)]
    assert "recording 1 episodes" in lines[0].message
    assert lines[-1].message == "1 of 1 episodes were recorded"
    assert {line.source for line in lines} == {"collector"}


def test_a_recording_is_a_run_that_says_how_far_it_is(recording: tuple[list[Event], Path]) -> None:
    events, folder = recording
    begun, ended = events[0], events[-1]
    assert isinstance(begun, RunStarted)
    assert (begun.host, begun.name, begun.config["profiles"]) == ("box", "collect", "disk-churn")
    assert ended == RunFinished("finished")
    told = [event for event in events if isinstance(event, Progress)]
    assert [(one.done, one.total) for one in told if one.name == "episodes"] == [(0, 1), (1, 1)]
    within = [one for one in told if one.name == "episode"]
    assert [one.done for one in within] == sorted(one.done for one in within)
    assert all(one.total == 3.0 and one.note and one.note.startswith(folder.name) for one in within)


def test_a_recording_that_cannot_begin_says_that_it_failed(tmp_path: Path) -> None:
    events: list[Event] = []
    with pytest.raises(InvalidData):
        collector.run(events.append, tmp_path, episodes=0, host="box")
    ended = events[-1]
    assert isinstance(ended, RunFinished)
    assert ended.outcome == "failed"
    assert "episodes is 0" in (ended.reason or "")


def test_an_older_episode_that_is_broken_is_named_and_not_counted(tmp_path: Path) -> None:
    write_episode(tmp_path, episode(name="sound"))
    (write_episode(tmp_path, episode(name="broken")) / META).write_text("{}")
    events: list[Event] = []
    collector.run(events.append, tmp_path, episodes=1, seconds=1.0, profiles=("slow-exfil",))
    warnings = [event for event in events if isinstance(event, LogLine) and event.level == "warning"]
    assert len(warnings) == 1
    assert "broken" in warnings[0].message
    assert len(of(events, Snapshot)) == 2


def test_numbers_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="rate"):
        collector.run(list[Event]().append, tmp_path, episodes=1, rate=99.0)


def test_stopped_it_says_how_far_it_came(tmp_path: Path) -> None:
    events: list[Event] = []
    folders = collector.run(
        events.append,
        tmp_path,
        episodes=3,
        seconds=2.0,
        stopped=lambda: bool(of(events, HostStats)),
    )
    assert folders == ()
    assert of(events, LogLine)[-1] == LogLine("0 of 3 episodes were recorded", source="collector")
    assert events[-1] == RunFinished("interrupted")
