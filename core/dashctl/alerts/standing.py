"""How alerts stand: which fire, since when, who has seen them, and which are over.

Rules: it is read off the state, so that everybody who looks at a bus sees the same; an alert is known by its
run and its name; one that fires again has begun anew, and an acknowledgement from before that does not count.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

import msgspec

from dashctl.events import Alert, AlertAcknowledged, Severity, Stamped
from dashctl.state import State

Key = tuple[str, str]
"""The run and the name of an alert."""

RANK: Final[Mapping[Severity, int]] = {"info": 0, "warning": 1, "critical": 2}
"""How bad it is."""


class Standing(msgspec.Struct, frozen=True):
    """One alert: what was told of it while it fired, when it last began and ended (seconds since 1970)."""

    run: str
    alert: Alert
    since: float
    ended: float | None = None
    ending: Alert | None = None
    """What was told at its end."""
    seen: Stamped[AlertAcknowledged] | None = None
    """Who acknowledged it, since it began."""

    @property
    def key(self) -> Key:
        return self.run, self.alert.name

    @property
    def fires(self) -> bool:
        return self.ended is None

    @property
    def wants_eyes(self) -> bool:
        """Whether it fires and nobody has seen it."""
        return self.ended is None and self.seen is None


def standing_of(state: State) -> tuple[Standing, ...]:
    """All alerts that are remembered: unseen ones first, then those that were seen, then those that are over.

    Among these the worst comes first, and of equal ones the newest.
    """
    found: dict[Key, Standing] = {}
    for item in state.last(Alert).get((), ()):
        key = (item.run, item.event.name)
        found[key] = told(found.get(key), item)
    acknowledged = state.latest(AlertAcknowledged)
    return tuple(
        sorted((_acknowledged(each, acknowledged.get(each.key)) for each in found.values()), key=_order)
    )


def told(former: Standing | None, item: Stamped[Alert]) -> Standing:
    """How an alert stands after one more event of it."""
    alert = item.event
    if alert.resolved:
        if former is None:
            return Standing(item.run, alert, item.time, item.time, alert)
        if former.ended is not None:
            return former
        return Standing(item.run, former.alert, former.since, item.time, alert)
    if former is None or former.ended is not None:
        return Standing(item.run, alert, item.time)
    return Standing(item.run, alert, former.since)


def plain_standing(standing: Standing) -> dict[str, Any]:
    """An alert for programs, in what JSON can say: times are seconds since 1970, NaN is the text `nan`."""
    seen = standing.seen
    alert = standing.alert
    return {
        "name": alert.name,
        "run": standing.run,
        "severity": alert.severity,
        "message": alert.message,
        "metric": alert.metric,
        "value": alert.value if alert.value is None or isfinite(alert.value) else str(alert.value),
        "rule": alert.rule,
        "since": standing.since,
        "ended": standing.ended,
        "ending": None if standing.ending is None else standing.ending.message,
        "acknowledged": None if seen is None else {"by": seen.event.by, "time": seen.time},
    }


def _acknowledged(one: Standing, said: Stamped[AlertAcknowledged] | None) -> Standing:
    if said is None or said.time < one.since or said.event.withdrawn or not one.fires:
        return one
    return msgspec.structs.replace(one, seen=said)


def _order(one: Standing) -> tuple[int, float, float, Key]:
    group = 2 if not one.fires else 1 if one.seen is not None else 0
    worst = -RANK[one.alert.severity] if one.fires else 0
    return group, worst, -(one.ended if one.ended is not None else one.since), one.key
