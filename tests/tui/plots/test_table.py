"""Tables: columns that line up whatever stands in them."""

from dashctl_tui.plots.canvas import Run, to_text
from dashctl_tui.plots.palette import ALERT, MUTED
from dashctl_tui.plots.table import Column, draw_table

COLUMNS = [Column("host"), Column("cpu", "right")]
ROWS: list[list[str | Run]] = [["box-1", "4 %"], ["漢字漢字", ("97 %", ALERT)], ["a\x1b[31m", "-"]]


def test_columns_line_up_in_cells() -> None:
    assert to_text(draw_table(COLUMNS, ROWS, 20, 5)).split("\n") == [
        "host       cpu",
        "box-1      4 %",
        "漢字漢字  97 %",
        "a␛[31m       -",
        "",
    ]


def test_the_widest_column_gives_way_first() -> None:
    assert to_text(draw_table(COLUMNS, ROWS, 11, 4)).split("\n") == [
        "host    cpu",
        "box-1   4 %",
        "漢字…  97 %",
        "a␛[3…     -",
    ]


def test_rows_that_do_not_fit_are_counted() -> None:
    assert to_text(draw_table(COLUMNS, ROWS, 20, 3)).split("\n")[1:] == ["box-1      4 %", "… 2 more"]


def test_cells_keep_their_ink_under_a_muted_heading() -> None:
    rows = draw_table(COLUMNS, ROWS, 20, 4)
    assert rows[0].runs[0][1] == MUTED
    assert ("97 %", ALERT) in rows[2].runs


def test_a_table_may_be_empty() -> None:
    assert to_text(draw_table(COLUMNS, [], 20, 2)) == "host  cpu\n"
    assert to_text(draw_table([], [], 4, 1)) == ""
