"""What the keys and the mouse do to clouds.

Rules: pure functions of what is shown; what the mouse can do, keys can; Esc undoes one thing at a time.
"""

from collections.abc import Callable
from dataclasses import replace
from math import pi
from typing import Any, Final, Literal

from dashctl_tui.plots.camera import Camera
from dashctl_tui.plots.cloud import Cloud
from dashctl_tui.plots.grid import DOTS_ACROSS, DOTS_DOWN
from dashctl_tui.plots.picking import neighbour, pick, place
from dashctl_tui.scenes.acts import Act, At, Gesture, Say, SceneAction, Taken
from dashctl_tui.scenes.knn.drawing import camera_of, sample_of, where_is_what
from dashctl_tui.scenes.knn.legend import draw_legend
from dashctl_tui.scenes.knn.look import Area, Cell, CloudLook, Hidden, Region
from dashctl_tui.scenes.knn.points import Points, Told

TURN: Final = pi / 26
"""Radians that one press of an arrow key turns a cloud."""
DRAG: Final = (0.035, 0.07)
"""Radians per cell that the mouse is dragged across and up: cells are twice as high as wide."""
SPIN: Final = 0.5
"""Radians a second."""
_STEP: Final = 0.1
"""How far an arrow key moves a plane, in halves of what is seen of it."""
_LONGEST_TRAIL: Final = 400

Seen = At[Told, CloudLook]
Outcome = CloudLook | Taken


def _cloud(at: Seen, told: Told) -> tuple[Points, Cloud, Camera, Area]:
    """The cloud that is talked about, as it is drawn, from where, and in which panel."""
    points = told.active(at.look)
    cloud = points.cloud(points.by(at.look.by), at.look.hidden, at.look.region)
    area = where_is_what(told, at.viewport).area_of(told.place(at.look))
    return points, cloud, camera_of(at.look, cloud), area


def arrow(across: int, down: int) -> Act:
    """Turns a cloud, moves a plane, or moves the corner of a box."""

    def act(at: Seen) -> CloudLook:
        if at.view is None:
            return at.look
        _, cloud, camera, area = _cloud(at, at.view)
        if at.look.drawing == "box" and at.look.trail:
            (column, row), (width, height) = at.look.trail[-1], area.inner
            corner = min(width - 1, max(0, column + 2 * across)), min(height - 1, max(0, row + down))
            return replace(at.look, trail=(at.look.trail[0], corner))
        if cloud.flat:
            step = _STEP / camera.zoom
            return replace(at.look, camera=camera.moved(across * step, -down * step))
        return at.look.turned(across * TURN, down * TURN)

    return act


def zoom(steps: int) -> Act:
    """Nearer, or farther."""

    def act(at: Seen) -> CloudLook:
        if at.view is None:
            return at.look
        return at.look.zoomed(steps, _cloud(at, at.view)[2])

    return act


def recolour(at: Seen) -> CloudLook:
    """On to the next colouring."""
    if at.view is None:
        return at.look
    points = at.view.active(at.look)
    place_of = points.names.index(points.by(at.look.by))
    return replace(at.look, by=points.names[(place_of + 1) % len(points.names)], line=-1)


def spin(at: Seen) -> Outcome:
    """Begin to turn, or end."""
    if at.view is not None and at.view.active(at.look).whole.flat:
        return Taken(at.look, effects=(Say("A plane does not turn"),))
    return replace(at.look, spinning=not at.look.spinning)


def next_cloud(at: Seen) -> CloudLook:
    """On to the next cloud."""
    if at.view is None:
        return at.look
    # Side by side they are looked at together, so the camera stays.
    camera = at.look.camera if at.look.beside else None
    name = at.view.key(at.view.place(at.look) + 1)
    return _let_go(replace(at.look, cloud=name, camera=camera, line=-1))


def beside(at: Seen) -> CloudLook:
    """All clouds, or one."""
    return replace(at.look, beside=not at.look.beside, drawing="", trail=())


def step_line(by: int) -> Act:
    """Moves the cursor in the legend."""

    def act(at: Seen) -> CloudLook:
        if at.view is None:
            return at.look
        points = at.view.active(at.look)
        last = len(points.fields[points.by(at.look.by)].present) - 1
        return replace(at.look, line=max(0, min(last, at.look.line + by)) if last >= 0 else -1)

    return act


def hide(at: Seen) -> Outcome:
    """Hides the class under the cursor, or shows it again."""
    code = None if at.view is None else _code_under(at, at.view)
    if at.view is None or code is None:
        return _chooses_first(at)
    return toggled(at.look, at.view.active(at.look), code)


def only(at: Seen) -> Outcome:
    """Hides all classes but the one under the cursor, or shows all again."""
    code = None if at.view is None else _code_under(at, at.view)
    if at.view is None or code is None:
        return _chooses_first(at)
    return alone(at.look, at.view.active(at.look), code)


def _chooses_first(at: Seen) -> Taken:
    keys = at.viewport.keys
    return Taken(at.look, effects=(Say(f"{keys('n')} and {keys('p')} choose a class first"),))


def toggled(look: CloudLook, points: Points, code: int) -> CloudLook:
    """With a class hidden, or shown again."""
    by = points.by(look.by)
    one = (by, points.fields[by].names[code])
    hidden = tuple(each for each in look.hidden if each != one)
    return _hiding(look, points, hidden if len(hidden) < len(look.hidden) else (*hidden, one))


def alone(look: CloudLook, points: Points, code: int) -> CloudLook:
    """With no other class of this colouring shown, or with all of them if that is so."""
    by = points.by(look.by)
    classes = points.fields[by]
    kept = tuple(each for each in look.hidden if each[0] != by)
    others = tuple((by, classes.names[other]) for other in classes.present if other != code)
    return _hiding(look, points, kept if set(look.hidden) == {*kept, *others} else (*kept, *others))


def _hiding(look: CloudLook, points: Points, hidden: Hidden) -> CloudLook:
    """With these classes hidden; a point that is not seen any more is let go."""
    visible, picked = points.visible(hidden), look.picked
    gone = picked is not None and visible is not None and picked < points.count and not visible[picked]
    return replace(look, hidden=hidden, picked=None if gone else picked)


def _code_under(at: Seen, told: Told) -> int | None:
    points = told.active(at.look)
    present = points.fields[points.by(at.look.by)].present
    return present[min(at.look.line, len(present) - 1)] if at.look.line >= 0 and present else None


def enter(at: Seen) -> CloudLook:
    """Takes the box that is being drawn, or picks the point in front of the middle."""
    if at.view is None:
        return at.look
    if at.look.drawing:
        return _enclosed(at, at.view)
    width, height = _cloud(at, at.view)[3].inner
    return picked_at(at, at.view, (width // 2, height // 2), anywhere=True)


def picked_at(at: Seen, told: Told, cell: Cell, *, anywhere: bool = False) -> CloudLook:
    """With the point at a cell picked; anywhere: or else the one nearest to the middle of the cloud."""
    _, cloud, camera, area = _cloud(at, told)
    found = pick(cloud, camera, *area.inner, cell, limit=sample_of(at.look))
    if found is None and anywhere and cloud.count:
        found = int(cloud.order[0])
    return replace(_held(at.look, told), picked=found)


def walk(right: int, up: int) -> Act:
    """From the picked point to the nearest one in a direction."""

    def act(at: Seen) -> CloudLook:
        if at.view is None or at.look.picked is None:
            return at.look
        points, cloud, camera, _ = _cloud(at, at.view)
        if at.look.picked >= points.count:
            return replace(at.look, picked=None)
        found = neighbour(cloud, camera, at.look.picked, right, up)
        return at.look if found is None else replace(at.look, picked=found)

    return act


def centre(at: Seen) -> CloudLook:
    """Look at the picked point, or at the middle again."""
    if at.view is None:
        return at.look
    points, cloud, camera, _ = _cloud(at, at.view)
    point = at.look.picked
    if point is None or point >= points.count:
        return replace(at.look, camera=camera.aimed((0.0, 0.0, 0.0)))
    return replace(at.look, camera=camera.aimed(cloud.inside(points.position(point))))


def draw_box(at: Seen) -> CloudLook:
    """Begin a box in the middle; or, with one begun, take hold of its other corner."""
    if at.view is None:
        return at.look
    if at.look.drawing == "box" and at.look.trail:
        return replace(at.look, trail=at.look.trail[::-1])
    width, height = _cloud(at, at.view)[3].inner
    corners = (width // 4, height // 4), (width * 3 // 4, height * 3 // 4)
    return replace(at.look, drawing="box", trail=corners, spinning=False)


def draw_lasso(at: Seen) -> CloudLook:
    """The next drag draws an outline."""
    return replace(at.look, drawing="" if at.look.drawing == "lasso" else "lasso", trail=(), spinning=False)


def back(at: Seen) -> CloudLook:
    """Undo one thing: what is being drawn, the region, the picked point."""
    look = at.look
    if look.drawing or look.trail:
        return replace(look, drawing="", trail=())
    if look.region is not None:
        return replace(look, region=None)
    if look.picked is not None:
        return replace(look, picked=None)
    return replace(look, line=-1) if look.line >= 0 else look


def _held(look: CloudLook, told: Told) -> CloudLook:
    """Bound to the cloud that is talked about, whichever others come: what follows is of that one."""
    return replace(look, cloud=told.key(told.place(look)))


def _let_go(look: CloudLook) -> CloudLook:
    return replace(look, picked=None, region=None, drawing="", trail=())


def _enclosed(at: Seen, told: Told) -> CloudLook:
    """With what was drawn as the region."""
    _, cloud, camera, area = _cloud(at, told)
    trail = at.look.trail
    corners: list[tuple[float, float]] = [(column + 0.5, row + 0.5) for column, row in trail]
    if at.look.drawing == "box" and trail:
        (left, right), (top, bottom) = (sorted(pair) for pair in zip(trail[0], trail[-1], strict=True))
        # All of the cells that the box runs through.
        corners = [(left, top), (right + 1, top), (right + 1, bottom + 1), (left, bottom + 1)]
    done = replace(at.look, drawing="", trail=())
    if len(corners) < 3:
        return done
    outline = tuple(place(cloud, camera, *area.inner, corner) for corner in corners)
    return replace(_held(done, told), region=Region(camera, outline))


def mouse(at: Seen, gesture: Gesture) -> Outcome:
    """Drags turn, with shift they draw a box; clicks pick, in the legend they hide; the wheel zooms."""
    if at.view is None:
        return at.look
    told = at.view
    at = _about(at, told)
    match gesture.kind:
        case "wheel":
            return _wheel(at, told, gesture)
        case "press":
            return _press(at, told, gesture)
        case "drag":
            return _drag(at, told, gesture)
    return _release(at, told, gesture)


def _wheel(at: Seen, told: Told, gesture: Gesture) -> Outcome:
    legend = where_is_what(told, at.viewport).legend
    if legend is not None and legend.cell(gesture.column, gesture.row) is not None:
        look: Outcome = step_line(gesture.steps)(at)
        return look
    return at.look.zoomed(-gesture.steps, _cloud(at, told)[2])


def _press(at: Seen, told: Told, gesture: Gesture) -> CloudLook:
    area = _cloud(at, told)[3]
    cell = area.cell(gesture.column, gesture.row)
    drawing: Literal["", "box", "lasso"] = "box" if gesture.shift and cell is not None else at.look.drawing
    if not drawing or cell is None:
        return at.look
    return replace(at.look, drawing=drawing, trail=(cell,), spinning=False)


def _drag(at: Seen, told: Told, gesture: Gesture) -> CloudLook:
    _, cloud, camera, area = _cloud(at, told)
    look = at.look
    if look.drawing and look.trail:
        cell = area.clamped(gesture.column, gesture.row)
        if look.drawing == "box":
            return replace(look, trail=(look.trail[0], cell))
        return replace(look, trail=(*look.trail, cell)) if len(look.trail) < _LONGEST_TRAIL else look
    if cloud.flat:
        scale = cloud.scale(camera, *area.inner)
        across, up = -gesture.across * DOTS_ACROSS / scale, gesture.down * DOTS_DOWN / scale
        return replace(look, camera=camera.moved(across, up), dragging=True)
    return replace(look.turned(gesture.across * DRAG[0], gesture.down * DRAG[1]), dragging=True)


def _release(at: Seen, told: Told, gesture: Gesture) -> CloudLook:
    if at.look.drawing and at.look.trail and gesture.moved:
        return _enclosed(at, told)
    if gesture.moved:
        return replace(at.look, dragging=False)
    if at.look.drawing:
        # A click alone draws nothing.
        return replace(at.look, drawing="", trail=())
    return _click(at, told, gesture)


def _click(at: Seen, told: Told, gesture: Gesture) -> CloudLook:
    where = where_is_what(told, at.viewport)
    still = replace(at, viewport=replace(at.viewport, look=replace(at.look, dragging=False)))
    if where.legend is not None:
        cell = where.legend.cell(gesture.column, gesture.row)
        if cell is not None:
            return _click_legend(still, told, where.legend, cell[1], gesture.shift)
    for item, area in where.clouds:
        cell = area.cell(gesture.column, gesture.row)
        if cell is None:
            continue
        if item != told.place(still.look):
            other = _let_go(replace(still.look, cloud=told.key(item), line=-1))
            still = replace(still, viewport=replace(still.viewport, look=other))
        return picked_at(still, told, cell)
    return still.look


def _click_legend(at: Seen, told: Told, legend: Area, row: int, shift: bool) -> CloudLook:
    points = told.active(at.look)
    codes = draw_legend(points, at.look, *legend.inner).codes
    if row >= len(codes):
        return at.look
    present = points.fields[points.by(at.look.by)].present
    look = replace(at.look, line=present.index(codes[row]))
    return alone(look, points, codes[row]) if shift else toggled(look, points, codes[row])


def moves(look: CloudLook, seconds: float) -> CloudLook:
    """A cloud that spins goes on by itself."""
    return look.turned(SPIN * min(1.0, seconds), 0.0) if look.spinning else look


def _about(at: Seen, told: Told) -> Seen:
    """Without what was picked and drawn in a cloud that is not there."""
    return replace(at, viewport=replace(at.viewport, look=told.about(at.look)))


def _of_what_is_there(act: Act) -> Act:
    def acting(at: Seen) -> Any:
        return act(at if at.view is None else _about(at, at.view))

    return acting


def _far(by: Callable[[int], int]) -> Act:
    """The cursor in the legend by a page, or to an end."""

    def act(at: Seen) -> Any:
        return step_line(by(max(1, at.viewport.height // 2)))(at)

    return act


_ACTS: Final = {
    "up": arrow(0, -1),
    "down": arrow(0, 1),
    "left": arrow(-1, 0),
    "right": arrow(1, 0),
    "page_up": _far(lambda page: -page),
    "page_down": _far(lambda page: page),
    "top": _far(lambda page: -1_000),
    "bottom": _far(lambda page: 1_000),
    "zoom_in": zoom(1),
    "zoom_out": zoom(-1),
    "open": enter,
    "back": back,
}
_ACTIONS: Final = (
    SceneAction("recolour", "c", "c", "Colour by", "Phase, cluster, certainty …", recolour),
    SceneAction("next_class", "n", "n", "Next class", "Down in the legend", step_line(1)),
    SceneAction("previous_class", "p", "p", "Previous class", "Up in the legend", step_line(-1)),
    SceneAction("hide", "x", "x", "Hide class", "Hide it or show it again", hide),
    SceneAction("only", "o", "o", "Only this class", "Hide all others, or none", only),
    SceneAction("walk_up", "w", "w", "Neighbour above", "Pick the nearest point above", walk(0, 1)),
    SceneAction("walk_left", "a", "a", "Neighbour left", "Pick the nearest point left", walk(-1, 0)),
    SceneAction("walk_down", "z", "z", "Neighbour below", "Pick the nearest point below", walk(0, -1)),
    SceneAction("walk_right", "d", "d", "Neighbour right", "Pick the nearest point right", walk(1, 0)),
    SceneAction("centre", "m", "m", "Centre", "Look at the picked point", centre),
    SceneAction("box", "v", "v", "Box", "Select points in a box", draw_box),
    SceneAction("lasso", "f", "f", "Lasso", "Drag round points", draw_lasso),
    SceneAction("next_cloud", "u", "u", "Next cloud", "Show another cloud", next_cloud),
    SceneAction("beside", "b", "b", "Side by side", "All clouds, or one", beside),
    SceneAction("spin", "s", "s", "Spin", "Let the cloud turn, or stop", spin),
)
ACTS: Final = {name: _of_what_is_there(act) for name, act in _ACTS.items()}
ACTIONS: Final = tuple(replace(action, act=_of_what_is_there(action.act)) for action in _ACTIONS)
