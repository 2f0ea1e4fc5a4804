"""Logs: what programs wrote, line by line, the newest at the bottom.

Rule: the newest is followed until somebody goes up.
"""

from dashctl.events import LogLine
from dashctl_tui.scenes.logs.doing import ACTIONS, ACTS, mouse
from dashctl_tui.scenes.logs.drawing import draw_logs, table_of_logs
from dashctl_tui.scenes.logs.look import LogsLook
from dashctl_tui.scenes.logs.selecting import select_logs
from dashctl_tui.scenes.scene import Scene

SCENE = Scene(
    name="logs",
    title="Logs",
    key="L",
    draws=(LogLine,),
    select=select_logs,
    draw=draw_logs,
    empty="Nothing was logged yet",
    remedy=(
        "`dashctl publish log_line message=hello` logs a line; a program of your own does with "
        "`run.log_event(LogLine('hello'))`."
    ),
    ticks=True,
    look=LogsLook(),
    picks=lambda look: (look.level, look.everyone),
    acts=ACTS,
    actions=ACTIONS,
    mouse=mouse,
    table=table_of_logs,
)
