"""Colours: the same everywhere, apart from each other, also with 256 of them and for colour-blind eyes."""

import subprocess
import sys
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from dashctl.phases import PHASES
from dashctl_tui.plots.ansi import sgr
from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.palette import (
    MUTED,
    PHASE_LETTERS,
    cloud_palette,
    cluster_ink,
    model_ink,
    name_ink,
    phase_ink,
    shades,
)

MODELS = ("rnn", "gru", "lstm", "bert", "knn")
# Linear RGB as seen without one kind of cone: G. Machado, M. Oliveira and L. Fernandes, 2009, severity 1.
SIGHT = {
    "full": np.eye(3),
    "protan": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "deutan": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "tritan": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}
# From linear RGB to the Oklab space, where distances look alike: B. Ottosson, 2020.
TO_LMS = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]])
TO_LAB = np.array([[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]])


def linear(ink: Ink) -> NDArray[np.float64]:
    channels = np.array([int(ink.colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def seen(ink: Ink, sight: str) -> NDArray[np.float64]:
    lab: NDArray[np.float64] = TO_LAB @ np.cbrt(TO_LMS @ (SIGHT[sight] @ linear(ink)).clip(0, 1))
    return lab


def least_distance(inks: Sequence[Ink], sight: str) -> float:
    return min(float(np.linalg.norm(seen(a, sight) - seen(b, sight))) for a, b in combinations(inks, 2))


def luminance(ink: Ink) -> float:
    return float(np.array([0.2126, 0.7152, 0.0722]) @ linear(ink))


@pytest.mark.parametrize("sight", SIGHT)
def test_phases_and_models_stay_apart_for_every_eye(sight: str) -> None:
    assert least_distance([phase_ink(phase) for phase in PHASES], sight) > 0.06
    assert least_distance([model_ink(model) for model in MODELS], sight) > 0.07
    assert least_distance([cluster_ink(index) for index in range(6)], sight) > 0.07
    assert least_distance([cluster_ink(index) for index in range(12)], sight) > 0.05


def test_every_colour_reads_on_a_dark_background() -> None:
    background = luminance(Ink("#101016"))
    inks = [phase_ink(phase) for phase in PHASES] + [cluster_ink(index) for index in range(12)]
    for ink in [*inks, *(model_ink(model) for model in MODELS)]:
        assert (luminance(ink) + 0.05) / (background + 0.05) > 4.5


def test_colours_stay_apart_when_there_are_only_256() -> None:
    for inks in ([phase_ink(phase) for phase in PHASES], [cluster_ink(index) for index in range(12)]):
        assert len({sgr(ink, truecolor=False) for ink in inks}) == len(inks)


def test_the_three_depths_of_a_colour_stay_apart_when_there_are_only_256() -> None:
    inks = [*(phase_ink(phase) for phase in PHASES), *(cluster_ink(index) for index in range(12))]
    for one in cloud_palette(inks):
        assert len({sgr(ink, truecolor=False) for ink in (one.near, one.middle, one.far)}) == 3


def test_no_depth_of_a_phase_is_one_of_another_when_there_are_only_256() -> None:
    depths = cloud_palette([phase_ink(phase) for phase in PHASES])
    codes = [{sgr(ink, truecolor=False) for ink in (one.near, one.middle, one.far)} for one in depths]
    assert all(mine.isdisjoint(theirs) for mine, theirs in combinations(codes, 2))


def test_no_depth_of_a_category_looks_like_a_depth_of_another() -> None:
    depths = [shades(cluster_ink(index)) for index in range(12)]
    for mine, theirs in combinations(depths, 2):
        for a in (mine.near, mine.middle, mine.far):
            for b in (theirs.near, theirs.middle, theirs.far):
                assert np.linalg.norm(seen(a, "full") - seen(b, "full")) > 0.05


def test_nearer_is_lighter() -> None:
    for index in range(12):
        depth = shades(cluster_ink(index))
        assert luminance(depth.near) > luminance(depth.middle) > luminance(depth.far)


def test_every_phase_has_a_letter_of_its_own() -> None:
    assert sorted(PHASE_LETTERS) == sorted(PHASES)
    assert len(set(PHASE_LETTERS.values())) == len(PHASES)


def test_a_phase_that_is_none_is_muted() -> None:
    assert phase_ink(None) == phase_ink("sleeping") == MUTED


def test_known_models_have_their_own_colour_whatever_their_case() -> None:
    assert len({model_ink(model) for model in MODELS}) == len(MODELS)
    assert model_ink("LSTM") == model_ink("lstm")
    assert model_ink("resnet") == name_ink("resnet")


def test_a_name_has_the_same_colour_in_every_process() -> None:
    code = "from dashctl_tui.plots.palette import name_ink; print(name_ink('resnet').colour)"
    colours = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert colours == {name_ink("resnet").colour}


def test_the_palette_of_a_cloud_has_the_shades_of_each_colour() -> None:
    inks = [phase_ink(phase) for phase in PHASES]
    assert cloud_palette(inks) == tuple(shades(ink) for ink in inks)
