"""Recording for real: the emulator, the sampler and the store together, in short episodes."""

import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from dashctl.detector.collect import CollectCallbacks, PhaseEntered, Recorded, Sample, collect
from dashctl.detector.episodes import read_episode, read_episodes
from dashctl.detector.profiles import course_of
from dashctl.detector.workload import PREFIX
from dashctl.errors import InvalidData


def test_episodes_are_recorded_whole_and_told_as_they_happen(tmp_path: Path) -> None:
    samples: list[Sample] = []
    phases: list[PhaseEntered] = []
    recorded: list[Recorded] = []
    folders = collect(
        tmp_path / "out",
        episodes=2,
        profiles=("bursty-c2", "disk-churn"),
        host="box",
        seconds=2.0,
        seed=3,
        pause=0.0,
        callbacks=CollectCallbacks(samples.append, phases.append, recorded.append),
    )
    assert [folder.name for folder in folders] == ["box-bursty-c2-00", "box-disk-churn-00"]
    assert [(said.done, said.total) for said in recorded] == [(1, 2), (2, 2)]
    for folder, said in zip(folders, recorded, strict=True):
        episode = read_episode(folder)
        own = [sample for sample in samples if sample.episode == folder.name]
        assert episode.meta == said.episode.meta
        np.testing.assert_array_equal(episode.telemetry, [sample.row for sample in own])
        assert [b.phase for b in episode.labels] == [p.phase for p in phases if p.episode == folder.name]
        assert 15 <= len(episode.t) <= 20


def test_labels_follow_the_course_closely(tmp_path: Path) -> None:
    (folder,) = collect(tmp_path, episodes=1, profiles=("slow-exfil",), seconds=3.0, seed=1)
    course = course_of("slow-exfil", 0, 1, 3.0)
    labels = read_episode(folder).labels
    assert [label.phase for label in labels] == [boundary.phase for boundary in course]
    for label, boundary in zip(labels, course, strict=True):
        assert -0.001 <= label.t - boundary.t < 1.0


def test_names_go_on_where_an_earlier_recording_ended(tmp_path: Path) -> None:
    for _ in range(2):
        collect(tmp_path, episodes=1, profiles=("slow-exfil",), host="box", seconds=1.0)
    names = [episode.meta.episode for episode in read_episodes(tmp_path)[0].values()]
    assert names == ["box-slow-exfil-00", "box-slow-exfil-01"]


def test_stopped_in_mid_episode_it_leaves_nothing_half_done(tmp_path: Path) -> None:
    samples: list[Sample] = []
    whole: list[int] = []
    folders = collect(
        tmp_path,
        episodes=5,
        seconds=1.0,
        pause=0.0,
        callbacks=CollectCallbacks(
            on_sample=samples.append, on_episode=lambda recorded: whole.append(len(samples))
        ),
        stopped=lambda: bool(whole) and len(samples) >= whole[0] + 2,
    )
    assert len(folders) == len(whole) == 1
    assert list(tmp_path.iterdir()) == list(folders)


def test_an_interruption_ends_the_emulator_and_drops_the_episode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def interrupt(_: Sample) -> None:
        assert list(tmp_path.glob(PREFIX + "*"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(tmp_path / "out", episodes=1, seconds=5.0, callbacks=CollectCallbacks(interrupt))
    assert not list((tmp_path / "out").iterdir())
    assert not list(tmp_path.glob(PREFIX + "*"))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"episodes": 0}, "episodes is 0"),
        ({"host": "../box"}, "host is '../box'"),
        ({"rate": 0.5}, "rate is 0.5"),
        ({"rate": 1000.0}, "rate is 1000"),
        ({"seconds": 0.0}, "seconds is 0"),
        ({"seconds": float("nan")}, "seconds is nan"),
        ({"profiles": ("ransom",)}, "'ransom'"),
        ({"profiles": ()}, "cpu-saturate"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(
    wrong: dict[str, object], reason: str, tmp_path: Path
) -> None:
    arguments: dict[str, object] = {"episodes": 1, "seconds": 1.0, **wrong}
    with pytest.raises(InvalidData, match=reason):
        collect(tmp_path, **arguments)  # type: ignore[arg-type]


def test_where_nothing_can_be_recorded_is_named_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidData, match="file"):
        collect(tmp_path / "file", episodes=1)


def test_the_host_is_this_machine_unless_said_otherwise(tmp_path: Path) -> None:
    (folder,) = collect(tmp_path, episodes=1, seconds=1.0, profiles=("slow-exfil",))
    assert read_episode(folder).meta.host in folder.name


def test_a_machine_that_stood_still_past_the_end_leaves_an_episode_that_can_be_read(tmp_path: Path) -> None:
    def stand_still(sample: Sample) -> None:
        time.sleep(0.4)

    callbacks = CollectCallbacks(on_sample=stand_still)
    (folder,) = collect(tmp_path, episodes=1, profiles=("slow-exfil",), seconds=1.0, callbacks=callbacks)
    episode = read_episode(folder)
    assert all(boundary.t < 1.0 for boundary in episode.labels)
