"""What is published, as lines that can be read aloud or kept in a log.

Rules: one line, one fact, the most important word first; no escape code, no symbol that stands for a word;
what changes all the time is told at most once an interval, what a person must know is told at once; a name
that somebody else wrote cannot begin a line of its own.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from dashctl.events import (
    Alert,
    AlertAcknowledged,
    Episode,
    Event,
    HostStats,
    LogLine,
    Metric,
    ModelMetric,
    PhaseEvent,
    Progress,
    RunFinished,
    RunStarted,
    Stamped,
)
from dashctl.state import State

KINDS: Final = ("run", "metric", "progress", "log", "alert", "model", "phase", "episode", "host")
"""What can be told, by the names that a person chooses from."""
QUIET: Final = frozenset({"host", "episode"})
"""What is told only if asked for."""
LEVELS: Final = ("debug", "info", "warning", "error", "critical")

_LONGEST: Final = 400
_MOST_METRICS: Final = 12
_MOST_RUNS: Final = 20


class Watching:
    """Turns events into lines; keeps the newest of what is told once an interval.

    kinds: some of KINDS. level: the least level of a log line that is told. wanted: whether a thing with
    these names is told of.
    """

    def __init__(
        self,
        kinds: Iterable[str],
        *,
        level: str = "info",
        wanted: Callable[..., bool] = lambda *names: True,
    ) -> None:
        self._kinds = frozenset(kinds)
        self._level = LEVELS.index(level)
        self._wanted = wanted
        self._names: dict[str, str] = {}
        self._metrics: dict[tuple[str, str], Metric] = {}
        self._told: dict[tuple[str, str], float] = {}
        self._odd: set[tuple[str, str]] = set()
        self._progress: dict[tuple[str, str], Progress] = {}
        self._hosts: dict[str, HostStats] = {}
        self._phases: dict[str, str] = {}

    def meet(self, state: State) -> list[str]:
        """What is going on when one begins to watch: the runs that are known, told once."""
        finished = state.latest(RunFinished)
        running = []
        for key, item in state.latest(RunStarted).items():
            self._names[item.run] = item.event.name or item.run
            if key not in finished or finished[key].time < item.time:
                running.append(self._name(item.run))
        firing: dict[tuple[str, str], Alert] = {}
        for told in state.last(Alert).get((), ()):
            firing[told.run, told.event.name] = told.event
        alerts = [alert for alert in firing.values() if not alert.resolved]
        lines = [f"{len(self._names)} runs known, {len(running)} running: {', '.join(running[:_MOST_RUNS])}"]
        lines += [_line("alert still firing", alert.severity, alert.name, alert.message) for alert in alerts]
        return [line.removesuffix(": ") for line in lines]

    def tell(self, stamped: Iterable[Stamped[Event]]) -> Iterator[str]:
        """The lines that are due at once."""
        for item in stamped:
            for line in self._tell_one(item.event, item.run):
                yield f"{_moment(item.time)} {line}"

    def sum_up(self, now: float) -> Iterator[str]:
        """The lines of an interval: the newest of each metric, progress and host since the last time."""
        at = _moment(now)
        by_run: dict[str, list[Metric]] = {}
        for (run, _), metric in self._metrics.items():
            by_run.setdefault(run, []).append(metric)
        for run, metrics in by_run.items():
            yield f"{at} {self._summed_up(run, metrics)}"
        for (run, _), progress in self._progress.items():
            yield f"{at} {_line(self._name(run), progress.name, _how_far(progress))}"
        for host in self._hosts.values():
            yield f"{at} {_line('host', host.host, _how_it_is(host))}"
        self._metrics.clear()
        self._progress.clear()
        self._hosts.clear()

    def _tell_one(self, event: Event, run: str) -> Iterator[str]:
        match event:
            case Metric():
                yield from self._metric(event, run)
            case Progress() if self._tells("progress", run, event.name):
                self._progress[run, event.name] = event
            case HostStats() if self._tells("host", event.host):
                self._hosts[event.host] = event
            case RunStarted() | RunFinished():
                yield from self._begin_or_end(event, run)
            case PhaseEvent():
                yield from self._phase(event, run)
            case _:
                yield from self._say_at_once(event, run)

    def _begin_or_end(self, event: RunStarted | RunFinished, run: str) -> Iterator[str]:
        if isinstance(event, RunStarted):
            self._names[run] = event.name or run
        if not self._tells("run", run, self._names.get(run)):
            return
        if isinstance(event, RunStarted):
            yield _line("run", self._name(run), f"started{_on(event.host)}{_with(event.config)}")
        else:
            yield _line("run", self._name(run), event.outcome, event.reason or "")

    def _phase(self, event: PhaseEvent, run: str) -> Iterator[str]:
        was = self._phases.get(run)
        if was != event.phase and self._tells("phase", run):
            self._phases[run] = event.phase
            yield _line("phase", event.phase, f"was {was}" if was else "")

    def _say_at_once(self, event: Event, run: str) -> Iterator[str]:
        match event:
            case LogLine() if LEVELS.index(event.level) >= self._level:
                if self._tells("log", run, event.source, event.message):
                    yield _line(event.level, event.source or self._name(run), event.message)
            case Alert() if self._tells("alert", run, event.name):
                severity = "over" if event.resolved else event.severity
                yield _line("alert", severity, event.name, self._name(run) if run else "", event.message)
            case AlertAcknowledged() if self._tells("alert", run, event.name):
                yield _line("alert acknowledged", event.name, f"by {event.by}" if event.by else "")
            case ModelMetric() if self._tells("model", run, event.model):
                yield _line("model", event.model, f"accuracy {event.accuracy:.3f}")
            case Episode() if self._tells("episode", event.episode_id, event.host, event.profile):
                host = _on(event.host).strip()
                yield _line("episode recorded", event.episode_id, event.profile or "", host)

    def _metric(self, metric: Metric, run: str) -> Iterator[str]:
        if not self._tells("metric", run, metric.name, self._names.get(run)):
            return
        key = (run, metric.name)
        self._metrics[key] = metric
        if math.isfinite(metric.value):
            self._odd.discard(key)
        elif key not in self._odd:
            # Told once, until it is a number again: a loss that has become NaN stays so.
            self._odd.add(key)
            yield _line(self._name(run), f"{metric.name} is {number(metric.value)} at step {metric.step}")

    def _summed_up(self, run: str, metrics: list[Metric]) -> str:
        facts = []
        for metric in metrics[:_MOST_METRICS]:
            before = self._told.get((run, metric.name))
            self._told[run, metric.name] = metric.value
            facts.append(f"{metric.name} {number(metric.value)}{_change(before, metric.value)}")
        more = len(metrics) - _MOST_METRICS
        step = max(metric.step for metric in metrics)
        return _line(self._name(run), f"step {step}", *facts, f"and {more} more metrics" if more > 0 else "")

    def _tells(self, kind: str, *names: str | None) -> bool:
        return kind in self._kinds and self._wanted(*names)

    def _name(self, run: str) -> str:
        return self._names.get(run, run) or "no run"


def number(value: float) -> str:
    """A number as a person says it: four digits, and NaN and infinities by name."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "infinity" if value > 0 else "minus infinity"
    return f"{value:.4g}"


def _line(*parts: str) -> str:
    text = ", ".join(part for part in parts if part)
    text = "".join(each if each.isprintable() else " " for each in text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _moment(seconds: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(seconds))


def _change(before: float | None, now: float) -> str:
    if before is None or not math.isfinite(before) or not math.isfinite(now) or before == now:
        return ""
    return f" {'up' if now > before else 'down'} {number(abs(now - before))}"


def _how_far(progress: Progress) -> str:
    unit = f" {progress.unit}" if progress.unit else ""
    if not progress.total:
        return f"{progress.done:g}{unit}"
    share = f"{100 * progress.done / progress.total:.0f} percent"
    return f"{progress.done:g} of {progress.total:g}{unit}, {share}"


def _how_it_is(host: HostStats) -> str:
    facts = [
        f"{name} {value:.0f} percent"
        for name, value in (("cpu", host.cpu), ("memory", host.memory), ("disk", host.disk))
        if value is not None
    ]
    facts += [
        f"gpu {index} {gpu.utilisation:.0f} percent"
        for index, gpu in enumerate(host.gpus or ())
        if gpu.utilisation is not None
    ]
    return ", ".join(facts)


def _on(host: str | None) -> str:
    return f" on {host}" if host else ""


def _with(config: Mapping[str, Any]) -> str:
    return f" with {', '.join(f'{key} {value}' for key, value in config.items())}" if config else ""
