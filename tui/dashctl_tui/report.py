"""One picture of a scene as text, for pipes, logs and screen readers.

Rule: it is the same picture as on the screen; without colour it has no escape code at all.
"""

from collections.abc import Sequence

from dashctl.bus import Connection
from dashctl.state import State
from dashctl_tui.chrome import Status, status_line
from dashctl_tui.plots.ansi import to_ansi
from dashctl_tui.plots.canvas import Row, to_text
from dashctl_tui.plots.palette import HEADING, MUTED
from dashctl_tui.plots.skin import Skin
from dashctl_tui.scenes import scene_named
from dashctl_tui.scenes.layout import spread
from dashctl_tui.scenes.moments import time_of_day

TITLE_ROWS = 1
STATUS_ROWS = 1


def picture_rows(
    state: State,
    connection: Connection,
    *,
    scene: str,
    size: tuple[int, int],
    now: float,
    address: str = "",
) -> list[Row]:
    """A title, the scene and the status line, `size` = (columns, rows) in all.

    Raises UsageError for a scene that is none.
    """
    chosen = scene_named(scene)
    width, height = max(1, size[0]), max(1, size[1] - TITLE_ROWS - STATUS_ROWS)
    viewport = chosen.viewport(width, height, now)
    picture = chosen.paint(chosen.select(state, viewport), viewport)
    title = spread(
        Row.of((f" dashctl · {chosen.title}", HEADING)), Row.of((f"{time_of_day(now)} ", MUTED)), width
    )
    # The keys named at the end of the line do nothing on paper.
    status = status_line(Status(connection, address), width, keys=None)
    return [title, *picture.rows, status]


def to_paper(rows: Sequence[Row], skin: Skin) -> str:
    """The rows as text, with the terminal's codes for colours or without any."""
    return skin.spelled(to_text(rows)) if skin.depth == "none" else to_ansi(rows, skin)
