"""The split: whole episodes, every profile on all sides, one seed one split."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl.detector.split import Split, split_episodes
from dashctl.errors import InvalidData

PROFILES = ["a", "b", "c"] * 8
SHARES = st.floats(0.01, 0.99)


def split(profiles: list[str], seed: int = 0, held_out: float = 0.25, validation: float = 0.2) -> Split:
    return split_episodes(profiles, held_out=held_out, validation=validation, seed=seed)


def sides(made: Split) -> tuple[set[int], set[int], set[int]]:
    return set(made.fit.tolist()), set(made.validation.tolist()), set(made.held_out.tolist())


@given(
    profiles=st.lists(st.sampled_from("abc"), min_size=3, max_size=30).filter(
        lambda some: max(Counter(some).values()) > 1
    ),
    held_out=SHARES,
    validation=SHARES,
    seed=st.integers(0, 9),
)
def test_no_episode_is_on_two_sides_none_is_lost_and_no_side_is_empty(
    profiles: list[str], held_out: float, validation: float, seed: int
) -> None:
    made = split(profiles, seed, held_out, validation)
    fit, validated, tested = sides(made)
    assert min(len(fit), len(validated), len(tested)) >= 1
    assert sorted([*fit, *validated, *tested]) == list(range(len(profiles)))
    assert set(made.train.tolist()) == fit | validated
    assert {profiles[i] for i in tested} <= {profiles[i] for i in made.train}


def test_every_profile_gives_its_share() -> None:
    made = split(PROFILES, seed=3)
    assert sorted(PROFILES[i] for i in made.held_out) == ["a"] * 2 + ["b"] * 2 + ["c"] * 2
    assert sorted(PROFILES[i] for i in made.validation) == ["a", "b", "c"]


def test_one_seed_gives_one_split_and_another_seed_another() -> None:
    first, again, other = (sides(split(PROFILES, seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_of_two_episodes_of_each_profile_one_is_tested_and_one_profile_validates() -> None:
    fit, validated, tested = sides(split(["a", "b", "c", "d", "e"] * 2))
    assert (len(fit), len(validated), len(tested)) == (4, 1, 5)


def test_a_profile_with_one_episode_is_trained_on() -> None:
    assert 2 in split(["a", "a", "b"], held_out=0.5).train


@pytest.mark.parametrize(
    ("profiles", "said"),
    [
        ([], "0 episodes of 0 profiles"),
        (["a", "a"], "2 episodes of 1 profiles"),
        (["a", "b", "c"], "3 episodes of 3 profiles"),
    ],
)
def test_too_few_are_counted_with_what_it_takes(profiles: list[str], said: str) -> None:
    with pytest.raises(InvalidData, match=f"^{said} are too few: it takes at least three episodes, two of"):
        split(profiles)
