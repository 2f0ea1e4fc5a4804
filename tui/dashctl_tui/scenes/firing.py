"""What fires now, as every scene and the lines around them may want to know it.

Rule: it is read off the state as `dashctl alerts list` does, so that all say the same.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from dashctl.alerts.standing import RANK, Key, Standing, standing_of
from dashctl.events import Severity
from dashctl.state import State
from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.palette import ACCENT, ALERT, WARNING

Bell = Literal["off", "critical", "warning"]
Begun = tuple[Key, float]
"""An alert, and when it began: one that begins again is another one."""

SEVERITY_INKS: Final[Mapping[Severity, Ink]] = {"info": ACCENT, "warning": WARNING, "critical": ALERT}


class Firing(msgspec.Struct, frozen=True):
    """The alerts that fire, the worst and newest first, and how bad those are that nobody has seen."""

    alerts: tuple[Standing, ...] = ()

    @property
    def unseen(self) -> Mapping[Begun, Severity]:
        """Those that nobody has acknowledged."""
        return {(each.key, each.since): each.alert.severity for each in self.alerts if each.wants_eyes}

    @property
    def worst(self) -> Severity:
        """How bad the worst of the unseen ones is."""
        return max(self.unseen.values(), key=lambda severity: RANK[severity], default="info")


def firing(state: State) -> Firing:
    """The alerts of a state that fire."""
    return Firing(tuple(each for each in standing_of(state) if each.fires))


def rings(before: Firing, after: Firing, bell: Bell) -> bool:
    """Whether an alert began meanwhile that is as bad as the bell is for."""
    if bell == "off":
        return False
    return any(
        RANK[severity] >= RANK[bell] for begun, severity in after.unseen.items() if begun not in before.unseen
    )
