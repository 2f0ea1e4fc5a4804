"""Hosts: how each machine is doing, now and over the last minutes.

Rules: a few have a card each, more are the cells of a grid, and any one can be seen in full; a value that a
host does not tell is left out; a host that fell silent says since when.
"""

from dashctl.events import HostStats
from dashctl_tui.scenes.acts import SceneAction
from dashctl_tui.scenes.hosts.acts import MOVES, hide_silent, mouse, next_measure, other_order
from dashctl_tui.scenes.hosts.cards import draw_cards
from dashctl_tui.scenes.hosts.heat import draw_heat
from dashctl_tui.scenes.hosts.in_full import draw_in_full
from dashctl_tui.scenes.hosts.measures import bytes_per_second, in_bytes
from dashctl_tui.scenes.hosts.numbers import table
from dashctl_tui.scenes.hosts.view import Hosts, HostsLook, have_cards, select
from dashctl_tui.scenes.scene import Picture, Scene
from dashctl_tui.scenes.viewport import Viewport

__all__ = ["SCENE", "bytes_per_second", "in_bytes"]


def _draw(view: Hosts, viewport: Viewport[HostsLook]) -> Picture:
    if view.opened is not None:
        return draw_in_full(view, view.opened, viewport)
    if have_cards(len(view.hosts), viewport):
        return draw_cards(view, viewport)
    return draw_heat(view, viewport)


SCENE = Scene(
    name="hosts",
    title="Hosts",
    key="4",
    draws=(HostStats,),
    select=select,
    draw=_draw,
    empty="No host has reported yet",
    remedy=("`dashctl host` tells how a machine is doing, graphics processors included."),
    ticks=True,
    look=HostsLook(),
    picks=lambda look: look.opened,
    acts=MOVES,
    actions=(
        SceneAction("measure", "m", "m", "Measure", "What the grid is coloured by", next_measure),
        SceneAction("silent", "s", "s", "Silent hosts", "Hide those that fell silent, or not", hide_silent),
        SceneAction("order", "o", "o", "Order", "By name, or the worst first", other_order),
    ),
    mouse=mouse,
    table=table,
)
