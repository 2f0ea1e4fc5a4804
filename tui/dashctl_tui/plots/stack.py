"""Shares of a whole as one stacked bar.

Rules: the segments fill the bar exactly and the percentages add up to 100 (largest remainder method); each
segment carries its letter, in its own colour where colours are on, so that plain text shows the same bar.
"""

from collections.abc import Sequence
from math import isfinite

import msgspec
from rich.cells import cell_len

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, fit
from dashctl_tui.plots.legend import Key, flow_legend
from dashctl_tui.plots.palette import FAINT, filled, hidden_in
from dashctl_tui.plots.text import inert


class Share(msgspec.Struct, frozen=True):
    """One part of the whole. amount: any unit, the same for all; below 0 or not finite counts as 0."""

    name: str
    amount: float
    ink: Ink
    letter: str = ""


def whole_parts(amounts: Sequence[float], total: int) -> list[int]:
    """`total` split in proportion to `amounts` into whole numbers adding up to it; all 0 if all amounts are.

    Method: largest remainder (Hamilton); ties go to the earlier.
    """
    sizes = [amount if isfinite(amount) and amount > 0 else 0.0 for amount in amounts]
    largest = max(sizes, default=0.0)
    if largest == 0 or total <= 0:
        return [0] * len(sizes)
    # Relative to the largest, so that neither a huge nor a tiny sum leaves the range of a float.
    relative = [size / largest for size in sizes]
    exact = [total * size / sum(relative) for size in relative]
    parts = [int(size) for size in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: parts[index] - exact[index])
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts


def draw_stack(shares: Sequence[Share], width: int, height: int) -> list[Row]:
    """The bar, as high as there is room, over a legend with percentages in as few rows as it takes."""
    percentages = whole_parts([share.amount for share in shares], 100)
    keys = [
        Key(share.name, Ink(share.ink.colour, bold=True), _letter(share), f"{percentage} %")
        for share, percentage in zip(shares, percentages, strict=True)
    ]
    legend = flow_legend(keys, width, max(0, min(len(keys), height - 1)))
    bar_height = height - len(legend)
    if bar_height > 2 and legend:
        return fit([*_bar(shares, width, bar_height - 1), Row.blank(width), *legend], width, height)
    return fit([*_bar(shares, width, bar_height), *legend], width, height)


def _bar(shares: Sequence[Share], width: int, height: int) -> list[Row]:
    parts = whole_parts([share.amount for share in shares], width)
    if not sum(parts):
        return [Row.of((glyphs.UNKNOWN * width, FAINT))] * height
    middle = (height - 1) // 2
    segments = list(zip(shares, parts, strict=True))
    return [
        Row.join(run for share, cells in segments for run in _segment(share, cells, named=row == middle).runs)
        for row in range(height)
    ]


def _segment(share: Share, cells: int, *, named: bool) -> Row:
    body = Row.of((_letter(share) * cells, hidden_in(share.ink)))
    if not named or not cells:
        return body
    name = inert(share.name)
    label = f" {name} " if cell_len(name) + 4 <= cells else _letter(share)
    return body.overlay((cells - cell_len(label)) // 2, Row.of((label, filled(share.ink))))


def _letter(share: Share) -> str:
    """One cell wide, whatever the share is called."""
    letter = inert(share.letter or share.name[:1].upper())
    return letter if cell_len(letter) == 1 else glyphs.BLOCKS_RIGHT[-1]
