"""Alerts: what fires, what was seen, what is over, and one in full beside its curve.

Rule: the worst and newest that nobody has seen stands first; what a person has seen steps back, and comes to
the front when it fires anew.
"""

from dashctl.events import Alert, AlertAcknowledged
from dashctl_tui.scenes.alerts.detail import draw_detail
from dashctl_tui.scenes.alerts.doing import ACTIONS, ACTS, mouse
from dashctl_tui.scenes.alerts.lists import draw_lists, table_of_alerts
from dashctl_tui.scenes.alerts.view import Alerts, AlertsLook, select_alerts
from dashctl_tui.scenes.scene import Picture, Scene, Viewport


def _draw(view: Alerts, viewport: Viewport[AlertsLook]) -> Picture:
    if view.detail is not None:
        return draw_detail(view, view.detail, viewport)
    return draw_lists(view, viewport)


SCENE = Scene(
    name="alerts",
    title="Alerts",
    key="A",
    draws=(Alert, AlertAcknowledged),
    select=select_alerts,
    draw=_draw,
    empty="No alert has come yet",
    remedy=(
        "`dashctl alerts run` watches by the rules in a file: `dashctl alerts check` says which, and "
        "with --help what one looks like. "
        "A program may publish an alert itself: `dashctl publish alert name=disk`."
    ),
    ticks=True,
    look=AlertsLook(),
    picks=lambda look: (look.cursor, look.opened),
    acts=ACTS,
    actions=ACTIONS,
    mouse=mouse,
    table=table_of_alerts,
)
