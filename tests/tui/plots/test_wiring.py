"""Wires between boxes: they join, they branch, and one that is cut does not."""

import pytest

from dashctl_tui.plots.canvas import to_text
from dashctl_tui.plots.palette import ACCENT
from dashctl_tui.plots.wiring import Wire, draw_wires


def drawn(rows: list[int], hub: int, *, inwards: bool = True, width: int = 12, cut: int | None = None) -> str:
    wires = [Wire(row, f"{row}", ACCENT, cut=row == cut) for row in rows]
    return to_text(draw_wires(wires, hub, width, 5, ACCENT, inwards=inwards))


def test_many_wires_lead_to_one_arrow() -> None:
    assert drawn([0, 2, 4], 2).splitlines() == [
        "─── 0 ───╮",
        "         │",
        "─── 2 ───┼─▶",
        "         │",
        "─── 4 ───╯",
    ]


def test_a_hub_between_the_wires_has_a_branch_of_its_own() -> None:
    assert drawn([0, 4], 3).splitlines()[3] == "         ├─▶"
    assert drawn([3], 3).splitlines()[3] == "─── 3 ─────▶"
    assert drawn([1], 3).splitlines()[1::2] == ["─── 1 ───╮", "         ╰─▶"]


def test_one_hub_leads_to_many_arrows() -> None:
    assert drawn([0, 2, 4], 2, inwards=False).splitlines() == [
        " ╭─── 0 ───▶",
        " │",
        "─┼─── 2 ───▶",
        " │",
        " ╰─── 4 ───▶",
    ]


def test_a_wire_that_is_cut_joins_nothing() -> None:
    lines = drawn([0, 3], 3, cut=0).splitlines()
    assert "·" in lines[0]
    assert "╮" not in lines[0]
    assert lines[3].endswith("▶")


@pytest.mark.parametrize("inwards", [True, False])
@pytest.mark.parametrize("width", [1, 2, 3, 5, 40])
def test_it_has_exactly_the_size_asked_for(width: int, inwards: bool) -> None:
    wires = [Wire(row, "a label that is far too long", ACCENT, cut=row == 2) for row in (0, 2, 9)]
    rows = draw_wires(wires, 1, width, 4, ACCENT, inwards=inwards)
    assert [row.width for row in rows] == [width] * 4


def test_without_wires_there_is_nothing() -> None:
    assert to_text(draw_wires([], 1, 9, 3, ACCENT, inwards=True)).strip() == ""
