"""Picks the wanted lines out of the state.

Rules: a line is wanted if it has at least the chosen level, is of a marked run where some are marked, and
matches the filter by message, source or run; conditions look at the configuration of its run, and a line of
which no configuration is known is as one whose configuration is empty.
"""

from collections.abc import Iterator, Mapping, Sequence

from dashctl.events import LogLine, RunStarted, Stamped
from dashctl.state import State
from dashctl.stores import Key
from dashctl_tui.scenes.logs.look import LEVELS, Logs, LogsLook
from dashctl_tui.scenes.viewport import Viewport

Lines = Sequence[Stamped[LogLine]]
Begun = Mapping[Key, Stamped[RunStarted]]


def select_logs(state: State, viewport: Viewport[LogsLook]) -> Logs | None:
    """What the scene shows; None where nothing was logged, or nothing that the filter leaves."""
    lines: Lines = tuple(state.last(LogLine).get((), ()))
    if not lines:
        return None
    came, begun = state.version(LogLine), dict(state.latest(RunStarted))
    numbers: Sequence[int] = range(came - len(lines), came)
    kept = len(lines)
    if viewport.filter or viewport.look.level != LEVELS[0] or _only(viewport):
        places = list(_wanted(lines, begun, viewport))
        if viewport.filter and not places:
            return None
        lines, numbers = [lines[place] for place in places], [numbers[place] for place in places]
    return Logs(lines, numbers, begun, kept, came)


def _only(viewport: Viewport[LogsLook]) -> frozenset[str]:
    """The runs that are marked, if they alone are wanted."""
    return frozenset() if viewport.look.everyone else frozenset(viewport.shared.marked)


def _wanted(lines: Lines, begun: Begun, viewport: Viewport[LogsLook]) -> Iterator[int]:
    """The places of the lines that are wanted."""
    levels = frozenset(LEVELS[LEVELS.index(viewport.look.level) :])
    runs, query, filtered = _only(viewport), viewport.query, bool(viewport.filter)
    for place, line in enumerate(lines):
        if line.event.level not in levels or (runs and line.run not in runs):
            continue
        if filtered:
            known = begun.get((line.run,))
            name, config = (known.event.name, known.event.config) if known else (None, {})
            if not query.shows(line.event.message, line.event.source, line.run, name, config=config):
                continue
        yield place
