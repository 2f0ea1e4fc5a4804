"""The split: whole episodes, every profile on both sides, one seed one split."""

import pytest

from dashctl.detector.split import split_episodes
from dashctl.errors import InvalidData

PROFILES = ["a", "b", "c"] * 8


@pytest.mark.parametrize("seed", range(20))
def test_no_episode_is_on_both_sides_and_none_is_lost(seed: int) -> None:
    split = split_episodes(PROFILES, share=0.25, seed=seed)
    train, held_out = set(split.train.tolist()), set(split.held_out.tolist())
    assert not train & held_out
    assert train | held_out == set(range(24))


def test_every_profile_gives_its_share() -> None:
    split = split_episodes(PROFILES, share=0.25, seed=3)
    assert sorted(PROFILES[i] for i in split.held_out) == ["a"] * 2 + ["b"] * 2 + ["c"] * 2


def test_one_seed_gives_one_split_and_another_seed_another() -> None:
    first, again, other = (split_episodes(PROFILES, share=0.25, seed=s).held_out.tolist() for s in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(("share", "held_out"), [(0.01, 1), (0.25, 1), (0.5, 1), (1.0, 1)])
def test_two_episodes_of_a_profile_are_one_on_either_side(share: float, held_out: int) -> None:
    assert len(split_episodes(["a", "a"], share=share, seed=0).held_out) == held_out


def test_a_profile_with_one_episode_is_trained_on() -> None:
    split = split_episodes(["a", "a", "b"], share=0.5, seed=0)
    assert 2 in split.train


def test_nothing_to_hold_out_is_an_error() -> None:
    with pytest.raises(InvalidData, match="nothing to hold out"):
        split_episodes(["a", "b"], share=0.5, seed=0)
