"""How producers and the ways between the parts are written, however they are arranged."""

from collections.abc import Sequence

from dashctl.events import BusStats, DoorStats
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, Run
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, FAINT
from dashctl_tui.plots.text import clip
from dashctl_tui.scenes.stack.view import Node


def mark(node: Node) -> str:
    return (
        glyphs.MISMATCH
        if node.state == "vanished"
        else glyphs.DOT
        if not node.stats.ended
        else glyphs.UNKNOWN
    )


def in_seconds(rate: float) -> str:
    return f"{compact(round(rate, 1))}/s"


def flowing(rate: float) -> Ink:
    return ACCENT if rate else FAINT


def joined(runs: Sequence[Run], width: int) -> Row:
    row = Row.blank(0)
    for text, ink in runs:
        row += Row.of((clip(text, max(0, width - row.width)), ink))
    return row


def sent_to(stats: BusStats, door: DoorStats) -> str:
    """Each monitor is sent everything."""
    return in_seconds(stats.rate_out * door.monitors / max(1, stats.monitors))
