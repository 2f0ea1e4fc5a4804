"""Grids of braille: dots become bits, cells become merged runs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.grid import braille_bits, grid_rows

RED, BLUE = Ink("#ff0000"), Ink("#0000ff")


def test_each_dot_of_a_cell_has_its_unicode_bit() -> None:
    shown = []
    for row in range(4):
        for column in range(2):
            dots = np.zeros((4, 2), dtype=np.bool_)
            dots[row, column] = True
            shown.append(chr(0x2800 + int(braille_bits(dots)[0, 0])))
    assert "".join(shown) == "⠁⠈⠂⠐⠄⠠⡀⢀"


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 6))
def test_dots_are_independent(seed: int, width: int, height: int) -> None:
    random = np.random.default_rng(seed)
    one, other = random.random((2, 4 * height, 2 * width)) < 0.3
    np.testing.assert_array_equal(braille_bits(one) | braille_bits(other), braille_bits(one | other))


def test_blank_cells_take_the_ink_on_their_left() -> None:
    bits = np.array([[0, 1, 0, 2, 0, 3]], dtype=np.uint8)
    ink = np.array([[0, 0, 1, 0, 0, 1]])
    assert grid_rows(bits, ink, [RED, BLUE])[0].runs == ((" ⠁ ⠂ ", RED), ("⠃", BLUE))


def test_equal_inks_make_one_run() -> None:
    bits = np.ones((1, 3), dtype=np.uint8)
    assert len(grid_rows(bits, np.array([[0, 1, 2]]), [RED, RED, RED])[0].runs) == 1
