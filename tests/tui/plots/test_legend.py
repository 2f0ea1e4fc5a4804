"""Legends: as many entries as fit, and how many more there are."""

from dashctl_tui.plots.canvas import Ink, to_text
from dashctl_tui.plots.legend import Key, flow_legend
from dashctl_tui.plots.palette import ALERT, MUTED

INK = Ink("#00ff00")
KEYS = [Key("lstm", INK, note="0.93"), Key("bert", INK), Key("knn", INK, "k", alert="2 NaN")]


def test_entries_flow_over_the_rows() -> None:
    assert to_text(flow_legend(KEYS, 40, 1)) == "● lstm 0.93  ● bert  k knn 2 NaN"
    assert to_text(flow_legend(KEYS, 20, 3)) == "● lstm 0.93  ● bert\nk knn 2 NaN"


def test_what_does_not_fit_is_counted() -> None:
    assert to_text(flow_legend(KEYS, 20, 1)) == "● lstm 0.93  ● be +1"
    assert to_text(flow_legend(KEYS, 12, 1)) == "● lstm 0. +2"


def test_notes_are_muted_and_alerts_stand_out() -> None:
    (row,) = flow_legend([Key("a", INK, note="1", alert="2 NaN")], 40, 1)
    assert [ink for _, ink in row.runs if ink in (MUTED, ALERT)] == [MUTED, ALERT]


def test_there_is_no_legend_without_entries_or_rows() -> None:
    assert flow_legend([], 40, 2) == flow_legend(KEYS, 40, 0) == []
