"""Alerts in the running monitor: the count in the status line, the bell, and what a key publishes."""

from typing import Any

import pytest
from textual.pilot import Pilot

from dashctl.events import Alert, AlertAcknowledged, Event
from dashctl.state import fold
from dashctl_tui.app import Monitor
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.widgets.rows import RowsView
from tests.tui.sample import NOW, FixedSource, monitor_of, state_of

NAN = Alert("nan: loss", "loss is NaN", "critical")


def monitor(source: FixedSource, **settings: Any) -> Monitor:
    return monitor_of(source, scene="alerts", interval=0.02, now=lambda: NOW, **settings)


def tell(source: FixedSource, event: Event, seconds: float = 0.0, run: str = "run-1") -> None:
    with source.lock:
        fold(source.state, event, NOW + seconds, run)


def status(app: Monitor) -> str:
    return to_text(app.screen_stack[0].query_one("#status", RowsView).rows)


async def until(pilot: Pilot[Any], words: str, *, gone: bool = False) -> None:
    app = pilot.app
    assert isinstance(app, Monitor)
    for _ in range(200):
        if (words in status(app)) is not gone:
            return
        app.draw()
        await pilot.pause(0.02)
    raise AssertionError(f"{words!r} in {status(app)!r}")


async def test_the_status_line_counts_what_nobody_has_seen_in_every_scene() -> None:
    source = FixedSource(state_of(NAN, Alert("disk full")))
    app = monitor(source)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, " 2 alerts ")
        await pilot.press("1")
        tell(source, AlertAcknowledged("disk full"), 1.0)
        await until(pilot, " 1 alert ")
        tell(source, Alert("nan: loss", resolved=True), 2.0)
        await until(pilot, "alert", gone=True)


@pytest.mark.parametrize(("bell", "rung"), [("off", 0), ("critical", 1), ("warning", 2)])
async def test_the_bell_rings_for_new_alerts_alone(bell: str, rung: int) -> None:
    source = FixedSource(state_of(NAN))
    app = monitor(source, bell=bell)
    rings: list[bool] = []
    app.bell = lambda: rings.append(True)  # type: ignore[method-assign]
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, " 1 alert ")
        assert not rings, "what fired before the monitor began is no news"
        tell(source, Alert("worse", severity="critical"))
        await until(pilot, " 2 alerts ")
        tell(source, Alert("bad"))
        await until(pilot, " 3 alerts ")
        tell(source, Alert("for information", severity="info"))
        await until(pilot, " 4 alerts ")
        assert len(rings) == rung


async def test_keys_acknowledge_one_after_the_other() -> None:
    published: list[tuple[Event, str]] = []
    app = monitor(FixedSource(state_of(NAN, Alert("disk full"))), published=published)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, " 2 alerts ")
        await pilot.press("a", "a")
        await pilot.pause(0.1)
    names = [(event.name, run) for event, run in published if isinstance(event, AlertAcknowledged)]
    assert names == [("nan: loss", "run-1"), ("disk full", "run-1")]
