"""What is told in lines: once, in words, and nothing that could command a terminal."""

import math
from typing import Any

import pytest

from dashctl.events import (
    Alert,
    AlertAcknowledged,
    Episode,
    Event,
    Gpu,
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
from dashctl.state import State, fold
from dashctl.watching import KINDS, Watching

NOW = 1_700_000_000.0


def told(*events: Event, run: str = "r1", **chosen: Any) -> list[str]:
    """The lines of these events and of the interval's end, without the time of day."""
    watching = Watching(chosen.pop("kinds", KINDS), **chosen)
    lines = [*watching.tell(Stamped(NOW, run, event) for event in events), *watching.sum_up(NOW)]
    return [line.partition(" ")[2] for line in lines]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            RunStarted({"lr": 0.1}, host="box", name="mnist"),
            "run, mnist, started on box with lr 0.1",
        ),
        (RunFinished("failed", "out of memory"), "run, r1, failed, out of memory"),
        (Metric("loss", 3, 0.12345), "r1, step 3, loss 0.1235"),
        (Progress("epochs", 3, 12, "epochs"), "r1, epochs, 3 of 12 epochs, 25 percent"),
        (Progress("files", 3), "r1, files, 3"),
        (LogLine("it works", "warning"), "warning, r1, it works"),
        (Alert("disk full", "at 96 %", "critical"), "alert, critical, disk full, r1, at 96 %"),
        (Alert("disk full", resolved=True), "alert, over, disk full, r1"),
        (AlertAcknowledged("disk full", "ada"), "alert acknowledged, disk full, by ada"),
        (ModelMetric("lstm", 0.9281), "model, lstm, accuracy 0.928"),
        (PhaseEvent("armed"), "phase, armed"),
        (Episode("ep-1", "box", "disk-churn"), "episode recorded, ep-1, disk-churn, on box"),
        (
            HostStats("box", cpu=12.4, memory=50.0, gpus=(Gpu("H200", 97.0),)),
            "host, box, cpu 12 percent, memory 50 percent, gpu 0 97 percent",
        ),
    ],
)
def test_each_kind_has_its_line(event: Event, line: str) -> None:
    assert told(event) == [line]


def test_metrics_are_told_once_an_interval_with_their_change() -> None:
    watching = Watching(KINDS)
    metrics = [Stamped(NOW, "r1", Metric("loss", step, 1 - step / 100)) for step in range(50)]
    assert list(watching.tell(metrics)) == []
    (first,) = watching.sum_up(NOW)
    assert first.endswith("r1, step 49, loss 0.51")
    assert list(watching.sum_up(NOW)) == []
    list(watching.tell([Stamped(NOW, "r1", Metric("loss", 60, 0.41))]))
    (second,) = watching.sum_up(NOW)
    assert second.endswith("loss 0.41 down 0.1")


def test_a_value_that_is_no_number_is_told_at_once_and_once() -> None:
    watching = Watching(KINDS)

    def lines(value: float) -> int:
        return len(list(watching.tell([Stamped(NOW, "r1", Metric("loss", 1, value))])))

    assert [lines(value) for value in (math.nan, math.nan, 1.0, math.inf)] == [1, 0, 0, 1]


def test_a_phase_is_told_when_it_changes() -> None:
    assert told(PhaseEvent("clean"), PhaseEvent("clean"), PhaseEvent("armed")) == [
        "phase, clean",
        "phase, armed, was clean",
    ]


def test_what_is_not_wanted_is_not_told() -> None:
    events = (LogLine("x", "info"), LogLine("y", "error"), ModelMetric("a", 0.5), Metric("loss", 1, 1.0))
    assert told(*events, level="error", kinds=["log"]) == ["error, r1, y"]
    assert told(*events, wanted=lambda *names: "loss" in names) == ["r1, step 1, loss 1"]


def test_nothing_that_somebody_wrote_commands_a_terminal_or_begins_a_line() -> None:
    lines = told(
        LogLine("a\x1b[31m\nalert, critical"), RunStarted(name="\r" * 9), Metric("\x07" * 500, 1, 1.0)
    )
    assert all(line.isprintable() and len(line) <= 400 for line in lines)
    assert len(lines) == 3


def test_one_who_begins_to_watch_is_told_what_goes_on() -> None:
    state = State()
    for run, event in (
        ("a", RunStarted(name="old")),
        ("a", RunFinished()),
        ("b", RunStarted(name="new")),
        ("b", Alert("hot", "90 degrees")),
        ("b", Alert("full")),
        ("b", Alert("full", resolved=True)),
    ):
        fold(state, event, NOW, run)
    assert Watching(KINDS).meet(state) == [
        "2 runs known, 1 running: new",
        "alert still firing, warning, hot, 90 degrees",
    ]
    assert Watching(KINDS).meet(State()) == ["0 runs known, 0 running"]
