"""Picks the wanted lines out of the state.

Rules: a line is wanted if it has at least the chosen level, is of a marked run where some are marked, and
matches the filter by message, source or run; conditions look at the configuration of its run, and a line of
which no configuration is known is as one whose configuration is empty; since lines only come and go, each is
judged once for as long as nobody wants others.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from dashctl.events import LogLine, RunStarted, Stamped
from dashctl.state import State
from dashctl.stores import Key
from dashctl_tui.scenes.logs.look import LEVELS, Logs, LogsLook
from dashctl_tui.scenes.memo import Memo
from dashctl_tui.scenes.viewport import Viewport

Line = Stamped[LogLine]
Lines = Sequence[Line]
Begun = Mapping[Key, Stamped[RunStarted]]


class Judged:
    """The lines that were wanted of those that came so far, and are still kept."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._numbers: list[int] = []
        self._came = 0

    def up_to(self, lines: Lines, came: int, wanted: Callable[[Line], bool]) -> tuple[Lines, Sequence[int]]:
        """The wanted ones of these lines, after so many had come, with their numbers."""
        oldest = came - len(lines)
        for place in range(max(0, self._came - oldest), len(lines)):
            if wanted(lines[place]):
                self._lines.append(lines[place])
                self._numbers.append(oldest + place)
        self._came = came
        gone = bisect_left(self._numbers, oldest)
        del self._lines[:gone], self._numbers[:gone]
        return tuple(self._lines), tuple(self._numbers)


_JUDGED: Final[Memo[Judged]] = Memo(1)


def select_logs(state: State, viewport: Viewport[LogsLook]) -> Logs | None:
    """What the scene shows; None where nothing was logged, or nothing that the filter leaves."""
    every: Lines = tuple(state.last(LogLine).get((), ()))
    if not every:
        return None
    came, begun = state.version(LogLine), dict(state.latest(RunStarted))
    lines: Lines = every
    numbers: Sequence[int] = range(came - len(every), came)
    level, runs = viewport.look.level, _only(viewport)
    if viewport.filter or level != LEVELS[0] or runs:
        source = (state, state.version(RunStarted), viewport.filter, level, runs)
        judged = _JUDGED.get("judged", source, Judged)
        lines, numbers = judged.up_to(every, came, _wanted(begun, viewport))
        if viewport.filter and not lines:
            return None
    return Logs(lines, numbers, begun, len(every), came)


def _only(viewport: Viewport[LogsLook]) -> frozenset[str]:
    """The runs that are marked, if they alone are wanted."""
    return frozenset() if viewport.look.everyone else frozenset(viewport.shared.marked)


def _wanted(begun: Begun, viewport: Viewport[LogsLook]) -> Callable[[Line], bool]:
    levels = frozenset(LEVELS[LEVELS.index(viewport.look.level) :])
    runs, query = _only(viewport), viewport.query

    def wanted(line: Line) -> bool:
        event = line.event
        if event.level not in levels or (runs and line.run not in runs):
            return False
        if not query.terms:
            return True
        known = begun.get((line.run,))
        name, config = (known.event.name, known.event.config) if known else (None, {})
        return query.shows(event.message, event.source, line.run, name, config=config)

    return wanted
