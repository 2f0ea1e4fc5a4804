"""Stack: who publishes, the broker, and who watches, with what runs between them at this moment.

Rule: everything is what the broker told last, nothing is drawn that is not there.
"""

from dashctl.events import BusStats, RunStarted
from dashctl_tui.scenes.acts import SCROLLING, At, ShowScene, Taken
from dashctl_tui.scenes.scene import Picture, Scene, Scrolled, Viewport
from dashctl_tui.scenes.stack.one_column import draw_one_column
from dashctl_tui.scenes.stack.side_by_side import draw_side_by_side
from dashctl_tui.scenes.stack.table import table_of_stack
from dashctl_tui.scenes.stack.view import Stack, select_stack


def _draw(view: Stack, viewport: Viewport[Scrolled]) -> Picture:
    return draw_one_column(view, viewport) if viewport.narrow else draw_side_by_side(view, viewport)


def _open(_: At[Stack, Scrolled]) -> Taken:
    return Taken(effects=(ShowScene("bus"),))


SCENE = Scene(
    name="stack",
    title="Stack",
    key="2",
    draws=(BusStats, RunStarted),
    select=select_stack,
    draw=_draw,
    empty="The broker has told nothing of itself yet",
    remedy=(
        "It tells once a second who is connected; `dashctl broker run` starts one by hand, and "
        "`dashctl demo` brings producers."
    ),
    ticks=True,
    acts={**SCROLLING, "open": _open},
    table=table_of_stack,
)
