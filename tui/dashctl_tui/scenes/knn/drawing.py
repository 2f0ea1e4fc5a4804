"""Clouds and their legend as a picture.

Rules: every class has a letter, which stands in the middle of its points as well as in the legend; what is in
a region keeps its colours and the rest fades; the point that is picked is marked, even behind others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from dashctl_tui.plots import glyphs
from dashctl_tui.plots.camera import Camera
from dashctl_tui.plots.canvas import Ink, Row, fit
from dashctl_tui.plots.cloud import Cloud, Marker
from dashctl_tui.plots.palette import ACCENT, FAINT, HEADING
from dashctl_tui.scenes.knn.legend import draw_legend, short_legend
from dashctl_tui.scenes.knn.look import ROOM_BESIDE, Area, Cell, CloudLook, Layout, layout
from dashctl_tui.scenes.knn.points import Classes, Points, Told
from dashctl_tui.scenes.layout import panel
from dashctl_tui.scenes.scene import Picture, Viewport

FAIR_SAMPLE = 65_536
"""So many points are drawn while a cloud is in motion."""
_MOST_LETTERS = 24
_SHORT = 2
"""Rows of a legend below the cloud."""


def draw(told: Told, viewport: Viewport[CloudLook]) -> Picture:
    """The clouds that are shown, and the legend of the one that is talked about."""
    viewport = replace(viewport, look=told.about(viewport.look))
    look, width, height = viewport.look, viewport.width, viewport.height
    active = told.active(look)
    where = where_is_what(told, viewport)
    rows = [Row.blank(0)] * height
    for item, area in where.clouds:
        _put(rows, area, _panel(told, item, viewport, area))
    if where.legend is not None:
        by = active.by(look.by)
        inner = where.legend.inner
        legend = draw_legend(active, look, *inner, viewport.keys).rows
        title = f"by {by}" if by else "legend"
        _put(rows, where.legend, panel(title, lambda w, h: legend, where.legend.width, where.legend.height))
        return Picture(fit(rows, width, height))
    short = short_legend(active, look, width - 2, _SHORT)
    return Picture(fit([*rows[: max(1, height - len(short))], *short], width, height))


def where_is_what(told: Told, viewport: Viewport[CloudLook]) -> Layout:
    """The panels of a picture."""
    look = viewport.look
    below = 0
    if viewport.width < ROOM_BESIDE:
        below = len(short_legend(told.active(look), look, viewport.width - 2, _SHORT))
    active = told.place(look)
    return layout(viewport.width, viewport.height, active, len(told), below, beside=look.beside)


def camera_of(look: CloudLook, cloud: Cloud) -> Camera:
    """From where a cloud is looked at: all of them from the same place, a plane straight on."""
    if look.camera is None:
        return cloud.home
    return look.camera.upright() if cloud.flat else look.camera


def _put(rows: list[Row], area: Area, block: Sequence[Row]) -> None:
    """Write a panel behind what stands in its rows; panels come from left to right."""
    for number, line in enumerate(block, start=area.row):
        if number < len(rows):
            rows[number] = rows[number].fit(area.column) + line


def _panel(told: Told, item: int, viewport: Viewport[CloudLook], area: Area) -> list[Row]:
    look, points = viewport.look, told.points(item)
    is_active = item == told.place(look)
    by = points.by(look.by)
    region = look.region if is_active else None
    cloud = points.cloud(by, look.hidden, region)
    classes = points.fields[by]
    camera = camera_of(look, cloud)
    picked = look.picked if is_active else None
    limit = sample_of(look)
    palette = classes.palette if region is None else classes.faded

    def content(width: int, height: int) -> list[Row]:
        markers = [*_letters(points, cloud, classes, look), *_picked(points, picked)]
        rows = cloud.draw(camera, width, height, palette, limit=limit, markers=markers)
        return _outlined(rows, look) if is_active else rows

    title = points.name + (f"  {item + 1} of {len(told)}" if len(told) > 1 else "")
    note = _note(points.count, cloud.count, limit)
    heading: Ink = HEADING if is_active else FAINT
    return panel(title, content, area.width, area.height, note=note, heading=heading)


def sample_of(look: CloudLook) -> int | None:
    """So many of the points that are visible are drawn; None for all."""
    return FAIR_SAMPLE if look.moving else None


def _note(total: int, visible: int, limit: int | None) -> str:
    """How many points of how many are drawn."""
    if limit is not None and limit < visible:
        return f"{limit:,} of {total:,} while it turns"
    return f"{total:,} points" if visible == total else f"{visible:,} of {total:,}"


def _letters(points: Points, cloud: Cloud, classes: Classes, look: CloudLook) -> list[Marker]:
    """Each class's letter in its middle, so that classes can be told apart without colour.

    Steps of an amount have no middle: they lie in layers or are scattered.
    """
    if classes.levels or not 1 < len(classes.present) <= _MOST_LETTERS:
        return []
    shift = 0 if look.region is None else 1
    return [
        Marker(centre, f" {classes.letters[code - shift]} ", classes.ink(code - shift)._replace(bold=True))
        for code, centre in cloud.class_centres.items()
        if shift <= code < len(classes.names) + shift
    ]


def _picked(points: Points, picked: int | None) -> list[Marker]:
    if picked is None or picked >= points.count:
        return []
    return [Marker(points.position(picked), glyphs.SHARED_DOT, HEADING._replace(reverse=True))]


def _outlined(rows: list[Row], look: CloudLook) -> list[Row]:
    """The outline that is being drawn, over the picture."""
    if not look.drawing or not look.trail:
        return rows
    is_box = look.drawing == "box"
    cells = (
        box_cells(look.trail[0], look.trail[-1]) if is_box else dict.fromkeys(_line(look.trail), glyphs.DOT)
    )
    for (column, row), glyph in cells.items():
        if 0 <= row < len(rows):
            rows[row] = rows[row].overlay(column, Row.of((glyph, ACCENT)))
    return rows


def _line(trail: Sequence[Cell]) -> Iterator[Cell]:
    """The cells of a line through these."""
    yield trail[0]
    for (column, row), (next_column, next_row) in pairwise(trail):
        steps = max(1, abs(next_column - column), abs(next_row - row))
        for step in range(1, steps + 1):
            share = step / steps
            yield round(column + (next_column - column) * share), round(row + (next_row - row) * share)


def box_cells(one: Cell, other: Cell) -> dict[Cell, str]:
    """The cells of a rectangle's edge between two corners, and what stands in each."""
    (left, right), (top, bottom) = (sorted(pair) for pair in zip(one, other, strict=True))
    cells = {
        (column, row): glyphs.AXIS_HORIZONTAL for row in (top, bottom) for column in range(left, right + 1)
    }
    cells |= {(column, row): glyphs.AXIS_VERTICAL for row in range(top, bottom) for column in (left, right)}
    return cells | {
        (left, top): glyphs.FRAME_TOP_LEFT,
        (right, top): glyphs.FRAME_TOP_RIGHT,
        (left, bottom): glyphs.FRAME_BOTTOM_LEFT,
        (right, bottom): glyphs.FRAME_BOTTOM_RIGHT,
    }
