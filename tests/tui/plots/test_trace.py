"""Lines over dots: connected, thin, and with every extreme."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dashctl_tui.plots.trace import Columnwise, covered, trace


def picture(column: list[float], row: list[float], columns: int, rows: int) -> list[str]:
    dots = trace(np.array(column, float), np.array(row, float), columns, rows).dots(rows)
    return ["".join(".#"[int(dot)] for dot in line) for line in dots]


def test_a_slope_is_one_dot_thick() -> None:
    assert picture([0, 3], [3, 0], 4, 4) == ["...#", "..#.", ".#..", "#..."]
    assert picture([0, 7], [1, 0], 8, 2) == ["....####", "####...."]


def test_a_steep_line_has_no_gaps() -> None:
    assert picture([0, 1], [5, 0], 2, 6) == [".#", ".#", ".#", "#.", "#.", "#."]


def test_a_value_that_is_not_finite_breaks_the_line() -> None:
    assert picture([0, 1, 2, 3, 4], [0, 0, np.nan, 0, 0], 5, 1) == ["##.##"]


def test_what_is_outside_is_cut_off() -> None:
    assert picture([-2, 4], [-1, 2], 3, 2) == ["#..", ".##"]


def test_a_line_that_comes_from_far_away_costs_no_more_than_what_is_seen_of_it() -> None:
    assert picture([-1e15, 1e15], [-1e15, 1e15], 3, 3) == ["#..", ".#.", "..#"]


def test_an_envelope_covers_from_its_upper_to_its_lower_edge_and_nothing_between_points() -> None:
    spans = covered(
        np.array([0.0, 0.0, 2.0, 9.0]), np.array([1, 2, np.nan, 0]), np.array([1, 3, 3, 3.0]), 3, 5
    )
    assert spans.dots(5).T.tolist() == [[False, True, True, True, False], [False] * 5, [False] * 5]


rows_of_dots = st.lists(st.one_of(st.integers(0, 19), st.just(None)), min_size=1, max_size=60)


@given(rows_of_dots, st.integers(1, 30))
def test_every_point_is_covered_and_neighbours_are_joined(values: list[int | None], columns: int) -> None:
    row = np.array([np.nan if value is None else value for value in values])
    column = np.linspace(0, columns - 1, len(values))
    spans = trace(column, row, columns, 20)
    for at, value in zip(np.rint(column).astype(int), values, strict=True):
        assert value is None or spans.first[at] <= value <= spans.last[at]
    if None not in values and len(values) >= columns:
        assert np.all(spans.first[1:] <= spans.last[:-1] + 1)
        assert np.all(spans.first[:-1] <= spans.last[1:] + 1)


@given(st.lists(st.one_of(st.floats(-5, 25), st.just(np.nan)), min_size=4, max_size=200), st.integers(1, 30))
def test_points_that_fill_their_columns_are_traced_together_as_one_by_one(
    values: list[float], columns: int
) -> None:
    row = np.array(values)
    column = np.linspace(0, columns - 1, len(values))
    together = Columnwise.of(column, columns)
    assert (together is None) == (len(values) < 2 * columns)
    if together is not None:
        one_by_one = trace(column, row, columns, 20).dots(20)
        np.testing.assert_array_equal(together.trace(row, columns, 20).dots(20), one_by_one)
        apart = covered(column, row, row, columns, 20).dots(20)
        np.testing.assert_array_equal(together.covered(row, row, columns, 20).dots(20), apart)


def test_columns_that_are_left_out_are_not_taken_together() -> None:
    assert Columnwise.of(np.array([0.0, 0, 0, 2, 2, 2]), 3) is None
    assert Columnwise.of(np.array([0.0, 0, 0, 1, 1, 7]), 3) is None


def test_curves_taken_together_are_as_each_alone() -> None:
    columns, rows = 10, 24
    column = np.linspace(0, columns - 1, 60)
    several = [np.linspace(0, 20, 60), np.cos(column) * 9 + 10, np.full(60, 5.0)]
    together = Columnwise.of(np.tile(column, 3), columns, [60, 60, 60])
    alone = Columnwise.of(column, columns)
    assert together is not None
    assert alone is not None
    spans = together.trace(np.concatenate(several), 3 * columns, rows).apart(3)
    for each, row in zip(spans.dots(rows), several, strict=True):
        np.testing.assert_array_equal(each, alone.trace(row, columns, rows).dots(rows))


def test_what_has_no_place_hides_no_neighbour_in_its_column() -> None:
    dense = Columnwise.of(np.array([0.0, 0, 1, 1]), 2)
    assert dense is not None
    dots = dense.trace(np.array([-np.inf, 2.0, 2.0, np.inf]), 2, 4).dots(4)
    assert dots[2].tolist() == [True, True]
