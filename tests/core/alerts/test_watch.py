"""All rules over all series: which a rule is about, runs that begin and end, and how a watcher begins."""

import math

import pytest

from dashctl.alerts.reading import read_text
from dashctl.alerts.watch import Change, Watch
from dashctl.events import Alert, Event, Gpu, HostStats, LogLine, Metric, RunFinished, RunStarted, Stamped
from dashctl.metric_columns import MetricColumns, MixedEvents
from dashctl.state import State, fold_all

NOW = 1_000_000.0
HIGH = """
[[rule]]
name = "high"
kind = "threshold"
metric = "loss"
above = 10
clear_below = 8
clear_for = 0
"""


def watch_of(text: str, *stamped: Stamped[Event], now: float = NOW) -> Watch:
    """A watch that has begun with these events."""
    watch = Watch(read_text(text, "rules").rules)
    assert begun(watch, *stamped, now=now) == []
    return watch


def begun(watch: Watch, *stamped: Stamped[Event], now: float = NOW, forgotten: bool = False) -> list[Change]:
    return watch.begin(state_of(*stamped), now, forgotten=forgotten)


def state_of(*stamped: Stamped[Event]) -> State:
    state = State()
    fold_all(state, stamped)
    return state


def at(seconds: float, event: Event, run: str = "a") -> Stamped[Event]:
    return Stamped(NOW + seconds, run, event)


def losses(*values: float, run: str = "a", first: int = 0) -> list[Stamped[Event]]:
    return [at(first + step, Metric("loss", first + step, value), run) for step, value in enumerate(values)]


def told(changes: list[Change]) -> list[tuple[str, str, str]]:
    return [(run, alert.name, "over" if alert.resolved else alert.severity) for run, alert in changes]


def test_an_alert_begins_once_and_ends_once_and_says_all_about_it() -> None:
    watch = watch_of(HIGH)
    first, second = watch.take(losses(9, 11, 12, 9, 7, 6), NOW)
    assert first == Change(
        "a",
        Alert(
            "high: loss",
            "loss is 11 at step 1, above 10",
            "warning",
            metric="loss",
            value=11.0,
            rule="loss above 10, until below 8",
        ),
    )
    assert second.alert == Alert(
        "high: loss", "over: loss is 7", "warning", True, "loss", 7.0, "loss above 10, until below 8"
    )


def test_columns_are_judged_as_their_events_are() -> None:
    events = losses(9, 11, 12, 9, 7, 11)
    columns = MetricColumns.from_events(
        "a", [item.time for item in events], [item.event for item in events if isinstance(item.event, Metric)]
    )
    one_by_one, at_once = watch_of(HIGH), watch_of(HIGH)
    expected = told(one_by_one.take(events, NOW))
    assert told(at_once.take(columns, NOW)) == expected
    assert len(expected) == 3


def test_a_run_that_ends_and_begins_among_its_metrics_is_judged_in_that_order() -> None:
    events = losses(11, 12, 13, 9, 11)
    columns = MetricColumns.from_events(
        "a", [item.time for item in events], [item.event for item in events if isinstance(item.event, Metric)]
    )
    others = [at(0, RunStarted()), at(1, LogLine("x")), at(2, RunFinished()), at(3, RunStarted())]
    watch = watch_of(HIGH)
    assert told(watch.take(MixedEvents(columns, others, [0, 1, 2, 3]), NOW)) == [
        ("a", "high: loss", "warning"),
        ("a", "high: loss", "over"),
        ("a", "high: loss", "warning"),
    ]


def test_a_rule_is_about_the_runs_that_it_names() -> None:
    rule = HIGH + 'run = "mnist*"\nconfig = { lr = ">= 0.1" }\n'
    started = [
        at(-9, RunStarted({"lr": 0.1}, name="mnist-1"), "a"),
        at(-9, RunStarted({"lr": 0.01}, name="mnist-2"), "b"),
        at(-9, RunStarted({"lr": 0.1}, name="other"), "c"),
    ]
    watch = watch_of(rule, *started)
    changes = [change for run in "abcd" for change in watch.take(losses(11, run=run), NOW)]
    assert told(changes) == [("a", "high: loss", "warning")]


def test_a_configuration_that_comes_late_is_looked_at() -> None:
    watch = watch_of(HIGH + 'config = { lr = ">= 0.1" }\n')
    assert watch.take(losses(11), NOW) == []
    changes = watch.take([at(1, RunStarted({"lr": 0.2})), *losses(12, first=2)], NOW)
    assert told(changes) == [("a", "high: loss", "warning")]


def test_what_fires_ends_with_its_run_and_a_run_that_is_over_fires_nothing() -> None:
    watch = watch_of(HIGH, at(-9, RunStarted()))
    watch.take(losses(11), NOW)
    (ended,) = watch.take([at(2, RunFinished("failed"))], NOW + 2)
    assert (ended.alert.message, ended.alert.resolved) == ("over: its run failed", True)
    assert watch.take(losses(12, first=3), NOW + 3) == []
    assert watch.tick(NOW + 999) == []
    changes = watch.take([at(10, RunStarted()), *losses(13, first=11)], NOW + 11)
    assert told(changes) == [("a", "high: loss", "warning")], "a run that begins again is watched again"


STALLED = '[[rule]]\nname = "stalled"\nkind = "stalled"\nseconds = 30\n'


def test_only_a_run_that_goes_on_can_stall() -> None:
    watch = watch_of(STALLED, at(-9, RunStarted(), "a"))
    watch.take([*losses(1, run="a"), *losses(1, run="never said that it began")], NOW)
    assert watch.tick(NOW + 29) == []
    assert told(watch.tick(NOW + 31)) == [("a", "stalled: loss", "warning")]
    assert watch.tick(NOW + 60) == []
    assert told(watch.take(losses(1, first=61), NOW + 61)) == [("a", "stalled: loss", "over")]


# Beginning, and beginning again


def test_what_fires_already_on_the_bus_is_not_told_again() -> None:
    events = [at(-9, RunStarted()), *losses(11, 12)]
    first = watch_of(HIGH)
    alerts = [at(3, change.alert, change.run) for change in first.take(events, NOW)]
    again = Watch(first.rules)
    assert begun(again, *events, *alerts, now=NOW + 5) == []
    assert told(again.take(losses(11, 9, first=6), NOW + 6)) == []
    assert told(again.take(losses(7, first=9), NOW + 9)) == [("a", "high: loss", "over")]


def test_between_the_limits_the_word_of_the_bus_counts() -> None:
    alert = Alert("high: loss", "m", metric="loss", rule="r")
    firing, silent = Watch(read_text(HIGH, "r").rules), Watch(read_text(HIGH, "r").rules)
    assert begun(firing, *losses(9), at(2, alert)) == []
    assert [memory.firing for *_, memory in firing.firing()] == [True]
    assert begun(silent, *losses(9)) == []
    assert silent.firing() == []


def test_what_began_or_ended_while_nobody_watched_is_told_at_the_beginning() -> None:
    alert = Alert("high: loss", "m", metric="loss", rule="r")
    assert told(begun(Watch(read_text(HIGH, "r").rules), *losses(11))) == [("a", "high: loss", "warning")]
    assert told(begun(Watch(read_text(HIGH, "r").rules), *losses(7), at(2, alert))) == [
        ("a", "high: loss", "over")
    ]


def test_a_cause_that_lasted_before_the_beginning_has_lasted() -> None:
    rule = HIGH + 'for = "4 values"\n'
    assert told(begun(Watch(read_text(rule, "r").rules), *losses(1, 11, 11, 11, 11))) != []
    watch = watch_of(rule, *losses(1, 11, 11))
    assert watch.take(losses(11, first=3), NOW) == []
    assert told(watch.take(losses(11, first=4), NOW)) == [("a", "high: loss", "warning")]


@pytest.mark.parametrize("count", [50, 3_000])
def test_a_plateau_goes_on_from_the_curve_that_the_bus_has_kept(count: int) -> None:
    rule = '[[rule]]\nname = "flat"\nkind = "plateau"\nmetric = "loss"\nover = "5000 steps"\n'
    falling = [at(step / 10, Metric("loss", step, 1 / (step + 1))) for step in range(count)]
    watch = watch_of(rule, *falling)
    flat = [at(count / 10, Metric("loss", count + step, 1.0)) for step in (4_000, 4_990, 5_100)]
    assert [told(watch.take([item], NOW)) for item in flat] == [[], [], [("a", "flat: loss", "warning")]]


def test_a_run_that_was_silent_for_days_is_left_alone() -> None:
    old = [at(-200_000, RunStarted()), at(-190_000, Metric("loss", 1, 99.0))]
    watch = watch_of(HIGH + STALLED.replace('"stalled"', '"still"', 1), *old)
    assert watch.tick(NOW + 10) == []


def test_alerts_without_a_rule_or_a_run_that_goes_on_are_over_and_others_are_left_alone() -> None:
    own = Alert("gone: loss", "m", metric="loss", rule="r")
    changes = begun(
        Watch(()),
        at(0, RunFinished(), "b"),
        at(1, own, "a"),
        at(1, own, "b"),
        at(1, Alert("disk full", "of a program"), "a"),
    )
    assert {(run, alert.message) for run, alert in changes} == {
        ("a", "over: no rule is about it any more"),
        ("b", "over: its run ended"),
    }


def test_a_bus_that_forgot_is_told_again() -> None:
    events = [at(-9, RunStarted()), *losses(11, 12)]
    watch = watch_of(HIGH)
    watch.take(events, NOW)
    assert begun(watch, *events, now=NOW + 5) == [], "a gap is no forgetting"
    assert told(begun(watch, *events, now=NOW + 6, forgotten=True)) == [("a", "high: loss", "warning")]


# Baselines and machines

BEHIND = """
[[rule]]
name = "behind"
kind = "behind"
metric = "loss"
baseline = "best"
margin = 0.5
clear_for = 0
"""


def test_a_run_is_compared_at_the_same_step_and_between_steps() -> None:
    baseline = [at(-100 + step, Metric("loss", 10 * step, 10.0 - step), "one") for step in range(10)]
    watch = watch_of(
        BEHIND,
        at(-200, RunStarted(name="best"), "one"),
        *baseline,
        at(-50, RunFinished(), "one"),
        at(-9, RunStarted(), "two"),
    )

    def verdict(step: int, value: float) -> list[tuple[str, str, str]]:
        return told(watch.take([at(step, Metric("loss", step, value), "two")], NOW))

    assert verdict(5, 9.9) == []
    (change,) = watch.take([at(15, Metric("loss", 15, 9.2), "two")], NOW)
    assert change.alert.message == "loss is 9.2 at step 15, where best had 8.5"
    assert verdict(20, 8.2) == [("two", "behind: loss", "over")]
    assert verdict(500, 99.0) == [], "beyond the baseline's end nothing is said"


def test_of_several_baselines_the_newest_before_counts_and_none_is_compared_with_itself() -> None:
    def run_of(name: str, begun: float, value: float) -> list[Stamped[Event]]:
        curve = [at(begun + step, Metric("loss", step, value), name) for step in range(3)]
        return [at(begun, RunStarted(name="best"), name), *curve]

    watch = watch_of(
        BEHIND, *run_of("one", -300, 9.0), *run_of("two", -200, 1.0), at(-9, RunStarted(), "three")
    )
    assert told(watch.take([at(1, Metric("loss", 1, 2.0), "three")], NOW)) == [
        ("three", "behind: loss", "warning")
    ]
    assert watch.take(run_of("four", 5, 1.2), NOW) == []
    assert watch.take([at(1, Metric("loss", 3, 99.0), "two")], NOW) == [], "against one, which is shorter"


def test_machines_are_judged_by_field_and_each_graphics_processor_for_itself() -> None:
    rules = (
        '[[rule]]\nname = "full"\nkind = "threshold"\nfield = "disk"\nabove = 95\n'
        '[[rule]]\nname = "hot"\nkind = "threshold"\nfield = "gpu.temperature"\nhost = "gpu-*"\nabove = 85\n'
        '[[rule]]\nname = "silent"\nkind = "stalled"\nfield = "cpu"\nseconds = 60\n'
    )
    watch = watch_of(rules)
    cool, hot = Gpu("H", temperature=50.0), Gpu("H", temperature=90.0)
    events = [
        at(0, HostStats("gpu-1", cpu=1.0, disk=96.0, gpus=(cool, hot)), ""),
        at(0, HostStats("pc", cpu=1.0, disk=9.0, gpus=(hot,)), ""),
    ]
    assert told(watch.take(events, NOW)) == [
        ("", "full: gpu-1 disk", "warning"),
        ("", "hot: gpu-1 gpu 1 temperature", "warning"),
    ]
    assert [name for _, name, _ in told(watch.tick(NOW + 61))] == ["silent: gpu-1 cpu", "silent: pc cpu"]
    assert told(begun(Watch(watch.rules), *events)) != []


def test_what_is_no_number_is_said_in_words() -> None:
    watch = watch_of(
        '[[rule]]\nname = "nan"\nkind = "nan"\nmessage = "{run}: {metric} {value} at {step}, {rule}"\n'
    )
    (change,) = watch.take([at(-1, RunStarted(name="mnist")), *losses(math.nan)], NOW)
    assert change.alert.message == "mnist: loss NaN at 0, nan"


def test_beyond_what_can_be_watched_it_says_so_until_a_run_makes_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dashctl.alerts.watch.MOST_SERIES", 4)
    watch = watch_of(HIGH.replace("loss", "loss*"))
    for number in range(6):
        watch.take([at(number, Metric("unwatched", 0, 1.0), f"run-{number}")], NOW)
    assert not watch.crowded, "what no rule is about takes no room"
    changes = [
        change
        for number in range(6)
        for change in watch.take([at(number, Metric(f"loss{number}", 0, 11.0))], NOW)
    ]
    assert len(changes) == 4
    assert watch.crowded
    watch.take([at(9, RunFinished())], NOW)
    assert not watch.crowded
    assert len(watch.take([at(10, Metric("loss", 0, 11.0), "b")], NOW)) == 1


def test_a_name_of_any_length_is_cut_alike_wherever_it_stands() -> None:
    metric = "loss" + "x" * 10_000
    watch = watch_of(HIGH.replace('"loss"', '"loss*"'))
    (change,) = watch.take([at(0, Metric(metric, 1, 11.0))], NOW)
    assert change.alert.metric is not None
    assert change.alert.name == f"high: {change.alert.metric}"
    assert len(change.alert.name) < 500
    told_again = [at(1, change.alert), at(2, RunFinished())]
    (over,) = begun(Watch(watch.rules), *told_again)
    assert over.alert.message == "over: its run ended"
