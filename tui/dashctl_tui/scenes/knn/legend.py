"""What the colours stand for, what is selected and picked, and which keys there are.

Rules: every class is counted, hidden or not; the line under the cursor is always seen; what does not fit goes
in this order: keys, then classes far from the cursor.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from rich.cells import cell_len

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink, Row, fit
from dashctl_tui.plots.legend import Key, flow_legend
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, FAINT, HEADING, MUTED, TEXT
from dashctl_tui.plots.text import clip, fill, fill_left
from dashctl_tui.scenes.knn.look import CloudLook
from dashctl_tui.scenes.knn.points import Points
from dashctl_tui.scenes.viewport import USUAL_KEYS, Keycaps

COUNT = 9
_FEWEST_CLASSES = 4
_FEWEST_KEYS = 4
_KEYS = 9
_ARROWS = "← → ↑ ↓"
_HINTS = (
    ("+ -", "zoom"),
    ("n p", "class"),
    ("x o", "hide, only it"),
    ("c", "colour by …"),
    ("Enter", "pick a point"),
    ("v f", "box, lasso"),
    ("u b", "next, all"),
    ("s r", "spin, reset"),
)
_PICKED_HINTS = (("Esc", "let go"), ("w a z d", "to a neighbour"), ("m", "centre on it"))
_DRAWING_HINTS = {
    "box": ((_ARROWS, "move the corner"), ("v", "other corner"), ("Enter", "select"), ("Esc", "leave it")),
    "lasso": (("drag", "round points"), ("Esc", "leave it")),
}
_REGION_HINTS = (("Esc", "let go"), ("e", "export them"))


class Legend(msgspec.Struct, frozen=True):
    """The rows, and which class each of the first of them stands for."""

    rows: Sequence[Row]
    codes: Sequence[int]


def draw_legend(
    points: Points, look: CloudLook, width: int, height: int, called: Keycaps = USUAL_KEYS
) -> Legend:
    """`height` rows: the classes, below them the sum, what is picked, and keys."""
    by = points.by(look.by)
    classes = points.fields[by]
    selected = points.selected(look.region, look.hidden)
    counts = classes.counts
    if selected is not None:
        counts = tuple(np.bincount(classes.codes[selected], minlength=len(classes.names)).tolist())
    below = [_sum(points, look, sum(counts), selected is not None, width), *_details(points, look, width)]
    hints = [
        Row.of((fill(called(keys), _KEYS), TEXT), (fill(words, width - _KEYS), MUTED))
        for keys, words in _hints(points, look)
    ]
    least = min(len(hints), 1 if _is_special(look) else _FEWEST_KEYS)
    room = max(min(_FEWEST_CLASSES, len(classes.present)), height - len(below) - least)
    shown = _window(classes.present, look.line, room)
    lines = [_line(points, look, code, counts[code], width) for code in shown]
    rows = fit([*lines, *below], width, min(height, len(lines) + len(below)))
    hints = hints[: height - len(rows)]
    rows = [*rows, *[Row.blank(width)] * (height - len(rows) - len(hints)), *hints]
    return Legend(fit(rows, width, height), shown)


def short_legend(points: Points, look: CloudLook, width: int, height: int) -> list[Row]:
    """As many rows as it takes, at most `height`, for where there is no room beside the cloud."""
    by = points.by(look.by)
    classes = points.fields[by]
    first = max(0, min(look.line, len(classes.present) - 1))
    keys = [_key(points, look, code) for code in classes.present[first:]]
    head = Row.of((f"by {clip(by, 20)}  " if by else "", MUTED))
    lines = flow_legend(keys, max(1, width - head.width), height)
    indents = [head, *[Row.blank(head.width)] * height]
    return [Row.of(" ") + indent + line for indent, line in zip(indents, lines, strict=False)]


def _key(points: Points, look: CloudLook, code: int) -> Key:
    classes = points.fields[points.by(look.by)]
    ink = FAINT if _is_hidden(points, look, code) else classes.ink(code)
    return Key(classes.names[code], ink, classes.letters[code], f"{classes.counts[code]:,}")


def _is_special(look: CloudLook) -> bool:
    return bool(look.drawing) or look.picked is not None or look.region is not None


def _hints(points: Points, look: CloudLook) -> Sequence[tuple[str, str]]:
    if look.drawing:
        return _DRAWING_HINTS[look.drawing]
    special = (*(_PICKED_HINTS if look.picked is not None else ()), *(_REGION_HINTS if look.region else ()))
    turn = (_ARROWS, "move" if points.xyz.shape[1] == 2 else "turn")
    return tuple(dict.fromkeys(special)) or (turn, *_HINTS)


def _window(codes: Sequence[int], line: int, room: int) -> Sequence[int]:
    """So many of the codes, the one under the cursor among them."""
    first = max(0, min(line - room // 2, len(codes) - room))
    return codes[first : first + room]


def _is_hidden(points: Points, look: CloudLook, code: int) -> bool:
    by = points.by(look.by)
    return (by, points.fields[by].names[code]) in look.hidden


def _line(points: Points, look: CloudLook, code: int, count: int, width: int) -> Row:
    classes = points.fields[points.by(look.by)]
    hidden, name = _is_hidden(points, look, code), classes.names[code]
    under = _under(points, look) == code
    mark = glyphs.POINTER if under else " "
    letter = (f"{classes.letters[code]} ", FAINT if hidden else classes.ink(code)._replace(bold=True))
    text: Ink = FAINT if hidden else HEADING if under else TEXT
    note = "hidden" if hidden and look.region is None and width >= 30 else ""
    amount = f" {count:,}"
    room = max(1, width - 3 - len(amount) - (len(note) + 1 if note else 0))
    if classes.levels and cell_len(name) > room:
        name = name.replace(" ", "")
    return Row.of(
        (mark, ACCENT),
        letter,
        (fill(name, room), text),
        (f" {note}" if note else "", FAINT),
        (amount, FAINT if hidden else MUTED),
    )


def _under(points: Points, look: CloudLook) -> int:
    """The class under the cursor, -1 for none."""
    present = points.fields[points.by(look.by)].present
    return present[min(look.line, len(present) - 1)] if look.line >= 0 and present else -1


def _sum(points: Points, look: CloudLook, total: int, selected: bool, width: int) -> Row:
    word = "selected" if selected else "all"
    elsewhere = sum(1 for name, _ in look.hidden if name != points.by(look.by))
    note = f", {elsewhere} hidden" if elsewhere else ""
    ink = HEADING if selected else MUTED
    return Row.of((fill(f"   {word}{note}", width - COUNT), ink), (fill_left(f"{total:,}", COUNT), ink))


def _details(points: Points, look: CloudLook, width: int) -> list[Row]:
    """The point that is picked: its number, where it is, and what it is."""
    point = look.picked
    if point is None or point >= points.count:
        return []
    x, y, z = points.position(point)
    axes = [("x", x), ("y", y)] + ([("z", z)] if points.xyz.shape[1] == 3 else [])
    lines = [(name, compact(value)) for name, value in axes]
    for name, classes in points.fields.items():
        if name and name not in points.numbers:
            lines.append((name, classes.names[int(classes.codes[point])]))
    lines += [(name, compact(float(each[point]))) for name, each in points.numbers.items()]
    labels = min(12, width // 2)
    head = Row.of((fill(f"point {point:,}", width), HEADING))
    return [Row.blank(width), head] + [
        Row.of((fill(name, labels - 1) + " ", MUTED), (fill(value, width - labels), TEXT))
        for name, value in lines
    ]
