"""Windows: where they are cut, what they contain, what they are called."""

from dataclasses import replace

import numpy as np
import pytest

from dashctl.detector.episodes import Episode
from dashctl.detector.profiles import Boundary
from dashctl.detector.windows import CHANNELS, STEPS, cut, majority
from dashctl.errors import InvalidData
from dashctl.phases import PHASES
from tests.core.detector.recordings import episode


def labelled(*boundaries: tuple[float, str]) -> Episode:
    return episode(tuple(Boundary(t, next(p for p in PHASES if p == phase)) for t, phase in boundaries))


def test_a_minute_has_six_windows_in_a_row() -> None:
    windows = cut([episode(), episode(name="b")])
    assert windows.sequences.shape == (12, STEPS, CHANNELS)
    assert windows.sequences.dtype == np.float32
    assert windows.episode.tolist() == [0] * 6 + [1] * 6
    assert windows.start.tolist() == [0, 10, 20, 30, 40, 50] * 2


def test_a_window_holds_the_rows_of_its_time_in_order() -> None:
    made = episode()
    np.testing.assert_array_equal(cut([made]).sequences[2], made.telemetry[200:300])


def test_overlapping_windows_lie_wholly_within_the_episode() -> None:
    windows = cut([episode(seconds=15.0)], stride=2.0)
    assert windows.start.tolist() == [0, 2, 4]


@pytest.mark.parametrize(
    ("boundaries", "expected"),
    [
        ([(0, "clean")], ["clean"] * 6),
        ([(0, "clean"), (14, "armed")], ["clean", "armed", "armed", "armed", "armed", "armed"]),
        ([(0, "clean"), (16, "armed"), (40, "dormant")], ["clean"] * 2 + ["armed"] * 2 + ["dormant"] * 2),
        # Five seconds each: of equals, the phase that comes first.
        ([(0, "armed"), (5, "clean")], ["clean"] * 6),
        ([(0, "clean"), (3, "armed"), (6, "infecting")], ["infecting"] * 6),
    ],
)
def test_a_window_is_called_after_the_phase_that_holds_longest(
    boundaries: list[tuple[float, str]], expected: list[str]
) -> None:
    windows = cut([labelled(*boundaries)])
    assert [PHASES[code] for code in windows.phases] == expected


def test_majority_counts_along_the_last_axis() -> None:
    codes = np.array([[[0, 1, 1], [4, 4, 0]], [[2, 2, 2], [3, 0, 3]]])
    assert majority(codes).tolist() == [[1, 4], [2, 3]]


def test_rows_that_a_late_sampler_missed_repeat_the_one_before() -> None:
    made = episode()
    kept = np.delete(np.arange(600), [50, 51, 52])
    gappy = replace(made, t=made.t[kept], telemetry=made.telemetry[kept])
    window = cut([gappy]).sequences[0]
    np.testing.assert_array_equal(window[49:53], np.repeat(made.telemetry[49:50], 4, axis=0))
    np.testing.assert_array_equal(window[53:], made.telemetry[53:100])


def test_a_slower_rate_fills_the_same_grid() -> None:
    made = episode()
    slow = replace(made, t=made.t[1::2], telemetry=made.telemetry[1::2])
    window = cut([slow]).sequences[1]
    np.testing.assert_array_equal(window[1::2], made.telemetry[101:200:2])


def test_too_short_and_foreign_episodes_are_refused() -> None:
    with pytest.raises(InvalidData, match="no window"):
        cut([episode(seconds=9.0, labels=(Boundary(0.0, "clean"),))])
    made = episode()
    foreign = replace(made, meta=replace(made.meta, columns=("fans", *made.meta.columns[1:])))
    with pytest.raises(InvalidData, match="fans"):
        cut([foreign])


def test_windows_of_some_episodes() -> None:
    windows = cut([episode(), episode(name="b"), episode(name="c")])
    chosen = windows.of(np.array([0, 2]))
    assert sorted(set(chosen.episode.tolist())) == [0, 2]
    assert len(chosen) == 12
