"""Records episodes and tells the bus of it: the host once a second, phases, curves, episodes, totals.

Rules: `run` is told where events go and knows no socket; a run that began ends with a RunFinished, whatever
happens in between; the bus is told at most once a second between two episodes' ends, so that telling never
disturbs what is measured.
"""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from dashctl.detector.collect import CollectCallbacks, PhaseEntered, Recorded, Sample, collect
from dashctl.detector.curves import SHAPE_OF, curve
from dashctl.detector.episodes import SHIPPED
from dashctl.detector.profiles import PROFILES, Profile
from dashctl.detector.totals import Totals, count
from dashctl.events import (
    AttackProfile,
    Event,
    LogLine,
    Outcome,
    PhaseEvent,
    Progress,
    RunFinished,
    RunStarted,
    Scalar,
)
from dashctl.validation import sendable
from dashctl_producers.host import Machine
from dashctl_producers.recorded import episode_event, snapshot_event

SOURCE: Final = "collector"
NAME: Final = "collect"


def run(
    log: Callable[[Event], None],
    out: Path,
    *,
    episodes: int,
    profiles: Sequence[Profile] = PROFILES,
    host: str | None = None,
    rate: float = 10.0,
    seconds: float = 60.0,
    seed: int = 0,
    command: str = "",
    on_folder: Callable[[Path], None] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[Path, ...]:
    """Records `episodes` episodes under `out` as `collect` does; each event goes to `log`, as it happens,
    and the folder of each episode to `on_folder` as soon as it is whole.

    The totals count the recorded set that ships with the package and everything under `out`. Gives
    the folders that were recorded. Raises what `collect` raises.
    """
    host = host or socket.gethostname()
    config: dict[str, Scalar] = {
        "episodes": episodes,
        "seconds": seconds,
        "rate": rate,
        "profiles": ", ".join(profiles),
        "seed": seed,
        "folder": sendable(str(out)),
    }
    log(RunStarted(config, host=sendable(host), command=sendable(command), name=NAME))
    with _ended(log) as ending:
        told = _Told(log, host, seconds, _totals(log, out))

        def on_episode(recorded: Recorded) -> None:
            on_folder(recorded.folder)
            told.on_episode(recorded)

        where = sendable(str(out))
        log(LogLine(f"recording {episodes} episodes of {seconds:g} s into {where}", source=SOURCE))
        log(_progress(0, episodes))
        folders = collect(
            out,
            episodes=episodes,
            profiles=profiles,
            host=host,
            rate=rate,
            seconds=seconds,
            seed=seed,
            callbacks=CollectCallbacks(told.on_sample, told.on_phase, on_episode),
            stopped=stopped,
        )
        log(LogLine(f"{len(folders)} of {episodes} episodes were recorded", source=SOURCE))
        if len(folders) < episodes:
            ending.append("interrupted")
    return folders


@contextmanager
def _ended(log: Callable[[Event], None]) -> Iterator[list[Outcome]]:
    """Tells how the run ended: finished, unless something else is put into the list, or an error comes."""
    ending: list[Outcome] = []
    try:
        yield ending
    except KeyboardInterrupt:
        log(RunFinished("interrupted"))
        raise
    except BaseException as error:
        log(RunFinished("failed", reason=sendable(str(error)) or type(error).__name__))
        raise
    log(RunFinished(ending[0] if ending else "finished"))


def _progress(done: int, total: int) -> Progress:
    return Progress("episodes", done, total, unit="episodes")


def _totals(log: Callable[[Event], None], out: Path) -> Totals:
    totals = Totals()
    for root in {SHIPPED.resolve(), out.resolve()}:
        totals, wrong = count(root, totals)
        for error in wrong:
            log(LogLine(sendable(f"not counted: {error}"), level="warning", source=SOURCE))
    log(snapshot_event(totals))
    return totals


class _Told:
    """What was told so far; its methods are the callbacks of `collect`."""

    def __init__(self, log: Callable[[Event], None], host: str, seconds: float, totals: Totals) -> None:
        self._log = log
        # Without graphics processors: asking after them would be part of what is recorded.
        self._machine = Machine(host, interval=1.0)
        self._seconds = seconds
        self._totals = totals
        self._profile: Profile = PROFILES[0]
        self._samples: list[Sample] = []

    def on_phase(self, entered: PhaseEntered) -> None:
        """A new episode begins with its first phase."""
        if entered.t == 0.0:
            self._profile = entered.profile
            self._samples.clear()
        self._log(LogLine(f"{entered.episode}: {entered.phase} at {entered.t:.1f} s", source=SOURCE))

    def on_sample(self, sample: Sample) -> None:
        """Once a second: the host, the phase, and the episode's curve so far."""
        last = self._samples[-1].t if self._samples else 0.0
        self._samples.append(sample)
        if int(sample.t) > int(last):
            self._log(self._machine.stats())
            self._log(PhaseEvent(sample.phase))
            self._log(self._curve())
            note = sendable(f"{sample.episode}: {sample.phase}")
            self._log(Progress("episode", min(sample.t, self._seconds), self._seconds, "s", note))

    def on_episode(self, recorded: Recorded) -> None:
        """An episode is whole."""
        self._log(self._curve())
        self._log(episode_event(recorded.episode))
        self._totals = self._totals.plus(recorded.episode, recorded.folder)
        self._log(snapshot_event(self._totals))
        self._log(_progress(recorded.done, recorded.total))
        what = f"{recorded.episode.meta.episode} is recorded ({recorded.done} of {recorded.total})"
        self._log(LogLine(what, source=SOURCE))

    def _curve(self) -> AttackProfile:
        times = [sample.t for sample in self._samples]
        points = curve(self._profile, times, [sample.row for sample in self._samples])
        return AttackProfile(self._profile, points, SHAPE_OF[self._profile])
