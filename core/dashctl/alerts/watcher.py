"""The watcher: follows a bus, evaluates the rules, says on the bus what fires.

Rules: one watcher for each bus: it holds the service `alerts`; while the broker is away nothing is judged;
what is sent elsewhere is what stands on the bus, whoever put it there, so that a receiver and a person see
the same.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Annotated, Any, Final, Self

from msgspec import Meta

from dashctl.alerts.delivery import Delivery
from dashctl.alerts.reading import Configuration, as_plain
from dashctl.alerts.standing import Key, Standing, plain_standing, standing_of
from dashctl.alerts.watch import Change, Watch
from dashctl.bus.address import Address
from dashctl.bus.announcer import Announcer
from dashctl.bus.service import Service
from dashctl.bus.subscriber import Arrived, Resynchronised, Subscriber
from dashctl.errors import DashctlError, NameTaken, UsageError
from dashctl.events import Alert, AlertAcknowledged, Event, LogLine, Stamped
from dashctl.metric_columns import MetricColumns, MixedEvents
from dashctl.state import State
from dashctl.validation import sendable

SERVICE: Final = "alerts"
TICK: Final = 0.5
"""Seconds between two looks at what time alone changes."""
_SOURCE: Final = "alerts"

Text = Annotated[str, Meta(max_length=1_000)]


class AnotherWatcher(DashctlError):
    """Somebody else watches this bus."""


class Watcher:
    """Watches a bus until it is told to end: `with Watcher(...) as watcher: watcher.watch(is_over)`.

    tell: hears, in one line each, of what begins, ends and fails. Raises UsageError for an address that is
    none, and AnotherWatcher on entering.
    """

    def __init__(
        self,
        address: Address | str | None,
        configuration: Configuration,
        *,
        tell: Callable[[str], object] = lambda line: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._address = Address.parse(address)
        self._configuration = configuration
        self._tell, self._clock = tell, clock
        self._watch = Watch(configuration.rules)
        self._epoch = b""
        self._told = State()
        """Alerts and acknowledgements of the bus, and nothing else of it."""
        self._standings: tuple[Standing, ...] = ()
        self._known: dict[Key, tuple[float, float | None]] | None = None
        self._to_publish: deque[tuple[Event, str]] = deque()
        """From other threads."""
        self._crowded = False
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self._announcer = Announcer(self._address, SERVICE)
            opened.callback(self._announcer.close)
            self._subscriber = opened.enter_context(Subscriber(self._address))
            webhook = self._configuration.webhook
            self._delivery = None if webhook is None else Delivery(webhook, self._hear_of_delivery)
            if self._delivery is not None:
                opened.callback(self._delivery.close)
            self._offer(opened)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._say_what_waits()
        self._open.close()

    def watch(self, is_over: Callable[[], bool]) -> None:
        """Evaluate until it is over."""
        next_tick = 0.0
        while not is_over():
            self._take(self._subscriber.receive(TICK / 2))
            if self._epoch and time.monotonic() >= next_tick and self._subscriber.is_connected():
                next_tick = time.monotonic() + TICK
                self._publish(self._watch.tick(self._clock()))
            self._say_what_waits()

    # The service

    def rules(self) -> list[dict[str, Any]]:
        """The rules that are watched."""
        return as_plain(self._configuration.rules)

    def firing(self) -> list[dict[str, Any]]:
        """The alerts that fire now, the worst first."""
        return [plain_standing(each) for each in self._standings if each.fires]

    def acknowledge(self, name: Text, run: Text = "", by: Text = "") -> str:
        """Say that a person has seen an alert, by its name and its run."""
        for each in self._standings:
            if each.fires and each.alert.name == name and run in {"", each.run}:
                self._to_publish.append((AlertAcknowledged(name, by), each.run))
                return f"acknowledged {name} in {each.run or 'no run'}"
        names = ", ".join(each.alert.name for each in self._standings if each.fires) or "nothing: none fires"
        raise UsageError(sendable(f"no alert {name!r} fires there; expected {names}", 1_000))

    def _offer(self, opened: ExitStack) -> None:
        service = Service(SERVICE, self._address, threads=1)
        opened.callback(service.close)
        for method in (self.rules, self.firing, self.acknowledge):
            service.method(method)
        try:
            service.open()
        except NameTaken as taken:
            raise AnotherWatcher(f"this bus is watched already: {taken}") from None

    # What comes

    def _take(self, news: Resynchronised | Arrived | None) -> None:
        match news:
            case Resynchronised(state=state, epoch=epoch):
                forgotten = bool(self._epoch) and epoch != self._epoch
                self._epoch = epoch
                self._told = _alerts_alone(state)
                self._publish(self._watch.begin(state, self._clock(), forgotten=forgotten))
                self._look_at_alerts()
            case Arrived(batches=batches):
                for batch in batches:
                    self._publish(self._watch.take(batch, self._clock()))
                    if self._hear_alerts(batch):
                        self._look_at_alerts()
        if self._watch.crowded and not self._crowded:
            words = "more series than can be watched at once: some are not"
            self._to_publish.append((LogLine(words, "warning", _SOURCE), ""))
        self._crowded = self._watch.crowded

    def _hear_alerts(self, batch: Sequence[Stamped[Event]]) -> bool:
        if isinstance(batch, MetricColumns):
            return False
        heard = False
        for item in batch.others if isinstance(batch, MixedEvents) else batch:
            if isinstance(item.event, Alert | AlertAcknowledged):
                self._told.take(item.event, item.time, item.run)
                heard = True
        return heard

    def _look_at_alerts(self) -> None:
        """What began or ended since the last look goes to the receiver."""
        self._standings = standing_of(self._told)
        known = {each.key: (each.since, each.ended) for each in self._standings}
        if self._delivery is not None:
            before = self._known
            if before is not None:
                news = [each for each in self._standings if before.get(each.key) != known[each.key]]
                self._delivery.tell(news[::-1])
            self._delivery.firing([each for each in self._standings if each.fires])
        self._known = known

    # What is said

    def _publish(self, changes: Sequence[Change]) -> None:
        for run, alert in changes:
            self._announcer.log(alert, run)
            words = alert.message if alert.resolved else f"{alert.severity}: {alert.message}"
            self._tell(f"{alert.name}{f' in {run}' if run else ''}: {words}")

    def _hear_of_delivery(self, text: str, failing: bool) -> None:
        self._to_publish.append((LogLine(text, "error" if failing else "info", _SOURCE), ""))

    def _say_what_waits(self) -> None:
        while self._to_publish:
            event, run = self._to_publish.popleft()
            self._announcer.log(event, run)
            if isinstance(event, LogLine):
                self._tell(event.message)


def _alerts_alone(state: State) -> State:
    kept = State()
    for item in state.last(Alert).get((), ()):
        kept.take(item.event, item.time, item.run)
    for seen in state.latest(AlertAcknowledged).values():
        kept.take(seen.event, seen.time, seen.run)
    return kept
