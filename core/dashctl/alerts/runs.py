"""What rules have to know of a run."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from dashctl.events import RunFinished, RunStarted, Scalar
from dashctl.state import State


class RunFacts(NamedTuple):
    """One run. started: seconds since 1970, None where it never said that it began."""

    name: str = ""
    config: Mapping[str, Scalar] = {}
    started: float | None = None
    over: bool = False


UNKNOWN: Final = RunFacts()


def runs_in(state: State) -> dict[str, RunFacts]:
    """All runs of a state; one that began again after it had ended is not over."""
    runs = {
        item.run: RunFacts(item.event.name or "", item.event.config, item.time)
        for item in state.latest(RunStarted).values()
    }
    for ending in state.latest(RunFinished).values():
        facts = runs.get(ending.run, UNKNOWN)
        if facts.started is None or ending.time >= facts.started:
            runs[ending.run] = facts._replace(over=True)
    return runs
