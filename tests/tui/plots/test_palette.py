"""Inks: a role for everything, the same everywhere."""

import subprocess
import sys
from itertools import pairwise

import pytest

from dashctl.phases import PHASES
from dashctl_tui.plots.palette import (
    MUTED,
    PHASE_LETTERS,
    cloud_palette,
    cluster_ink,
    filled,
    hidden_in,
    inks_apart,
    model_ink,
    name_ink,
    phase_ink,
    scale_ink,
    shades,
)

MODELS = ("rnn", "gru", "lstm", "bert", "knn")


def test_every_phase_has_a_letter_of_its_own() -> None:
    assert sorted(PHASE_LETTERS) == sorted(PHASES)
    assert len(set(PHASE_LETTERS.values())) == len(PHASES)


def test_a_phase_that_is_none_is_muted() -> None:
    assert phase_ink(None) == phase_ink("sleeping") == MUTED


def test_known_models_have_their_own_ink_whatever_their_case() -> None:
    assert len({model_ink(model) for model in MODELS}) == len(MODELS)
    assert model_ink("LSTM") == model_ink("lstm")
    assert model_ink("resnet") == name_ink("resnet")


def test_a_name_has_the_same_ink_in_every_process() -> None:
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


def test_categories_start_over_after_twelve() -> None:
    assert len({cluster_ink(index) for index in range(12)}) == 12
    assert cluster_ink(12) == cluster_ink(0)


def test_the_palette_of_a_cloud_has_the_shades_of_each_ink() -> None:
    inks = [phase_ink(phase) for phase in PHASES]
    assert cloud_palette(inks) == tuple(shades(ink) for ink in inks)
    assert shades(phase_ink("armed")).far.colour == "phase.armed/far"


def test_what_is_filled_or_hidden_stands_on_the_ink_s_own_colour() -> None:
    ink = cluster_ink(3)
    assert filled(ink).background == hidden_in(ink).background == hidden_in(ink).colour == ink.colour
    assert filled(ink).colour != ink.colour


@pytest.mark.parametrize(
    ("share", "end"),
    [(-1.0, 0.0), (0.0, 0.0), (float("nan"), 0.0), (1.0, 1.0), (7.0, 1.0), (float("inf"), 1.0)],
)
def test_a_scale_ends_where_it_ends(share: float, end: float) -> None:
    assert scale_ink(share) == scale_ink(end)


def test_a_scale_has_so_many_steps_that_runs_still_merge() -> None:
    inks = [scale_ink(step / 1000) for step in range(1001)]
    assert sum(one != another for one, another in pairwise(inks)) == 15


def test_names_side_by_side_have_colours_of_their_own_and_keep_them_as_others_come() -> None:
    names = tuple(f"run {number}" for number in range(12))
    inks = inks_apart(names)
    assert inks[names[0]] == name_ink(names[0])
    assert len(set(inks.values())) == 12
    assert all(inks_apart(names[:5])[name] == inks[name] for name in names[:5])
    assert len(inks_apart((*names, "one more"))) == 13
