"""Curves and totals: what a person is shown of episodes."""

from pathlib import Path

import numpy as np
import pytest

from dashctl.detector.curves import COLUMN_OF, MOST_POINTS, SHAPE_OF, curve
from dashctl.detector.episodes import META, write_episode
from dashctl.detector.profiles import PROFILES, Boundary, Profile
from dashctl.detector.telemetry import COLUMNS, NAMES
from dashctl.detector.totals import Totals, count
from dashctl.detector.windows import cut, window_phases
from dashctl.events import AttackProfile
from dashctl.phases import PHASES
from tests.core.detector.recordings import episode, recorded_set


@pytest.mark.parametrize("profile", PROFILES)
def test_a_curve_is_the_profiles_column_second_by_second(profile: Profile) -> None:
    made = episode(seconds=3.0, labels=(Boundary(0.0, "clean"),))
    column = made.telemetry[:, NAMES.index(COLUMN_OF[profile])]
    points = curve(profile, made.t.tolist(), list(made.telemetry))
    # The tenth row of each second is taken some milliseconds into the next.
    assert points[:3] == pytest.approx(
        [np.median(part) for part in (column[:9], column[9:19], column[19:29])]
    )
    assert SHAPE_OF[profile]


def test_a_second_without_rows_repeats_the_one_before() -> None:
    row = np.ones(len(NAMES), dtype=np.float32)
    assert curve("slow-exfil", [0.5, 3.5], [row, row * 2]) == (1.0, 1.0, 1.0, 2.0)
    assert curve("slow-exfil", [], []) == ()


def test_a_long_curve_is_thinned_and_keeps_its_peaks() -> None:
    rows = np.ones((36_000, len(NAMES)), dtype=np.float32)
    rows[20_000:20_010] = 9.0
    points = curve("slow-exfil", (np.arange(36_000) / 10).tolist(), list(rows))
    assert len(points) == MOST_POINTS == 600
    assert [i for i, point in enumerate(points) if point != 1.0] == [2_000 // 6]
    assert points[2_000 // 6] == 9.0
    assert AttackProfile("slow-exfil", points).curve == points


def test_a_curve_of_more_points_than_fit_has_less_than_all() -> None:
    rows = np.ones((601, len(NAMES)), dtype=np.float32)
    assert len(curve("slow-exfil", list(range(601)), list(rows))) == 301
    assert len(curve("slow-exfil", list(range(600)), list(rows[:600]))) == 600


def test_window_phases_are_the_labels_of_the_windows() -> None:
    for made in recorded_set(2):
        codes = cut([made]).phases
        assert window_phases(made) == tuple(PHASES[code] for code in codes)
    assert window_phases(episode(seconds=5.0, labels=(Boundary(0.0, "clean"),))) == ()


def test_totals_count_sound_episodes_and_name_the_others(tmp_path: Path) -> None:
    for made in (episode(), episode(name="b", profile="slow-exfil"), episode(name="c")):
        write_episode(tmp_path, made)
    (tmp_path / "c" / META).write_text("{}")
    totals, wrong = count(tmp_path)
    assert (totals.episodes, totals.windows) == (2, 12)
    assert totals.hosts == {"box": 2}
    assert totals.profiles == {"disk-churn": 1, "slow-exfil": 1}
    assert totals.phases == {"clean": 2, "armed": 10}
    files = (file for name in ("box-disk-churn-00", "b") for file in (tmp_path / name).iterdir())
    assert totals.bytes == sum(file.stat().st_size for file in files)
    assert len(wrong) == 1
    assert "version" in str(wrong[0])


def test_totals_of_nothing_are_zero(tmp_path: Path) -> None:
    assert count(tmp_path / "missing") == (Totals(), ())


def test_the_data_sheet_describes_every_column() -> None:
    sheet = (Path(__file__).parents[3] / "docs" / "data.md").read_text(encoding="utf-8")
    for column in COLUMNS:
        assert f"| `{column.name}` | {column.unit} | {column.what} |" in sheet
