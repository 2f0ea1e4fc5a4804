"""How alerts are looked at, and what is picked out of the state for it.

Rule: the cursor stays with its alert, whatever comes and goes around it.
"""

from dataclasses import dataclass, replace

import msgspec

from dashctl.alerts.hosts import traced_as
from dashctl.alerts.standing import Key, Standing, standing_of
from dashctl.curve import Columns
from dashctl.events import HostStats, Metric, RunStarted
from dashctl.state import State
from dashctl.trace import Traced
from dashctl_tui.plots import glyphs
from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.palette import GOOD, HEADING, MUTED, TEXT
from dashctl_tui.scenes.firing import SEVERITY_INKS
from dashctl_tui.scenes.scene import Viewport

LONGEST = 60
"""Characters of a name that are worth laying out."""


@dataclass(frozen=True, slots=True)
class AlertsLook:
    """cursor: an alert by its run and name, None for the first. opened: the one shown in full.

    zoom: how often the part of the curve around the beginning is halved. scroll: lines left out above it.
    """

    scroll: int = 0
    cursor: tuple[str, str] | None = None
    opened: bool = False
    zoom: int = 0


class Detail(msgspec.Struct, frozen=True):
    """One alert in full: the metric's curve, or a host's number, as far as it is remembered."""

    alert: Standing
    columns: Columns | None = None
    traced: Traced | None = None
    number: str = ""


@dataclass(frozen=True, slots=True)
class Alerts:
    """All alerts that the filter leaves, in their order; `names` of runs; `cursor` is a place in `alerts`."""

    alerts: tuple[Standing, ...]
    names: dict[str, str]
    cursor: int
    detail: Detail | None

    @property
    def firing(self) -> int:
        """How many fire: these come first."""
        return sum(each.fires for each in self.alerts)

    def place(self, key: Key | None) -> int:
        """Where an alert stands; the first place for one that is not there."""
        return next((at for at, each in enumerate(self.alerts) if each.key == key), 0)


def select_alerts(state: State, viewport: Viewport[AlertsLook]) -> Alerts | None:
    runs = {item.run: item.event for item in state.latest(RunStarted).values()}
    names = {run: started.name or run for run, started in runs.items()}
    shown = tuple(
        each
        for each in standing_of(state)
        if viewport.shows(
            each.alert.name,
            each.alert.message,
            each.alert.severity,
            each.run,
            names.get(each.run),
            config=runs[each.run].config if each.run in runs else None,
        )
    )
    if not shown:
        return None
    look = viewport.look
    view = Alerts(shown, {each.run: names.get(each.run, each.run) for each in shown}, 0, None)
    cursor = view.place(look.cursor)
    detail = _detail(state, shown[cursor]) if look.opened else None
    return replace(view, cursor=cursor, detail=detail)


def _detail(state: State, alert: Standing) -> Detail:
    metric = alert.alert.metric
    if not metric:
        return Detail(alert)
    columns = state.curve(Metric, (alert.run, metric))
    if columns is not None:
        return Detail(alert, columns)
    for (host,) in state.latest(HostStats):
        number = traced_as(metric, host)
        if number is not None:
            return Detail(alert, None, state.trace(HostStats, (host,)), number)
    return Detail(alert)


def mark_of(one: Standing) -> str:
    """How it stands, in a sign and a word."""
    if not one.fires:
        return f"{glyphs.MATCH} {one.alert.severity}"
    return f"{glyphs.DOT if one.seen is None else glyphs.UNKNOWN} {one.alert.severity}"


def inks_of(one: Standing) -> tuple[Ink, Ink, Ink]:
    """Of its mark, its name, and all else."""
    if one.wants_eyes:
        return SEVERITY_INKS[one.alert.severity], HEADING, TEXT
    return (GOOD if not one.fires else MUTED), MUTED, MUTED
