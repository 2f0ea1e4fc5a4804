"""The Alerts scene: what stands where, what keys do, and one alert in full."""

import math
from collections.abc import Sequence
from typing import Any

import pytest

from dashctl.events import (
    Alert,
    AlertAcknowledged,
    Event,
    Gpu,
    HostStats,
    Metric,
    RunStarted,
    Stamped,
)
from dashctl.state import State, fold_all
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.scenes.acts import At, Gesture, Publish, Say, Taken
from dashctl_tui.scenes.alerts import SCENE
from dashctl_tui.scenes.alerts.doing import ACTIONS, ACTS, mouse
from dashctl_tui.scenes.firing import Firing, firing, rings
from dashctl_tui.scenes.viewport import Viewport
from tests.tui.sample import NOW, looked_at

NAN = Alert("nan: loss", "loss is NaN at step 3", "critical", metric="loss", value=math.nan, rule="loss NaN")
FULL = Alert("disk full", "/var at 91 %")


def told(*items: tuple[float, str, Event]) -> State:
    state = State()
    fold_all(state, [Stamped(NOW + seconds, run, event) for seconds, run, event in items])
    return state


SEVERAL = (
    (-90.0, "run-1", RunStarted({"lr": 0.1}, name="mnist")),
    (-80.0, "run-2", Alert("stalled: loss", "no new value", "warning")),
    (-60.0, "", FULL),
    (-50.0, "run-1", NAN),
    (-40.0, "run-1", Alert("slow", "a batch takes long", "info")),
    (-30.0, "", Alert("disk full", "over: /var at 60 %", resolved=True)),
)


def view_of(state: State, width: int = 120, height: int = 30, **look: Any) -> At[Any, Any]:
    viewport = looked_at(SCENE, width, height, NOW, **look)
    return at_of(state, viewport)


def at_of(state: State, viewport: Viewport[Any]) -> At[Any, Any]:
    return At(SCENE.select(state, viewport), viewport)


def lines_of(at: At[Any, Any]) -> list[str]:
    return to_text(SCENE.paint(at.view, at.viewport).rows).splitlines()


def names_in(lines: Sequence[str]) -> list[str]:
    names = ("nan: loss", "stalled: loss", "slow", "disk full")
    return [name for line in lines for name in names if f" {name} " in line]


def after(at: At[Any, Any], state: State, *keys: str) -> At[Any, Any]:
    for key in keys:
        outcome = ACTS[key](at)
        look = outcome.look if isinstance(outcome, Taken) else outcome
        viewport = Viewport(at.viewport.width, at.viewport.height, look, NOW, at.viewport.shared)
        at = at_of(state, viewport)
    return at


def test_what_fires_stands_above_the_worst_first_and_what_is_over_below() -> None:
    lines = lines_of(view_of(told(*SEVERAL)))
    assert names_in(lines) == ["nan: loss", "stalled: loss", "slow", "disk full"]
    assert "Firing, 3" in lines[0]
    assert next(line for line in lines if "Over" in line).split()[1:3] == ["Over,", "1"]
    (first,) = [line for line in lines if "nan: loss" in line]
    assert [
        word in first for word in ("› ", "critical", "50 s", "mnist", "NaN", "loss is NaN at step 3")
    ] == [True] * 6
    (over,) = [line for line in lines if "disk full" in line]
    assert "/var at 91 % · over: /var at 60 %" in over
    assert "no run" in over


def test_who_has_seen_one_is_said_and_it_steps_back_until_it_fires_anew() -> None:
    seen = told(*SEVERAL, (-20, "run-1", AlertAcknowledged("nan: loss", "ada")))
    lines = lines_of(view_of(seen))
    assert names_in(lines) == ["stalled: loss", "slow", "nan: loss", "disk full"]
    assert "Firing, 3, 1 seen" in lines[0]
    assert "seen by ada: loss is NaN" in "".join(lines)
    anew = told(
        *SEVERAL,
        (-20, "run-1", AlertAcknowledged("nan: loss", "ada")),
        (-10, "run-1", Alert("nan: loss", resolved=True)),
        (-5, "run-1", NAN),
    )
    assert names_in(lines_of(view_of(anew)))[0] == "nan: loss"
    withdrawn = told(
        *SEVERAL,
        (-20, "run-1", AlertAcknowledged("nan: loss", "ada")),
        (-10, "run-1", AlertAcknowledged("nan: loss", "ada", withdrawn=True)),
    )
    assert names_in(lines_of(view_of(withdrawn)))[0] == "nan: loss"


def test_an_alert_of_that_name_in_another_run_is_another_one() -> None:
    state = told(*SEVERAL, (-20, "run-9", AlertAcknowledged("nan: loss")))
    assert names_in(lines_of(view_of(state)))[0] == "nan: loss"


def action(name: str, at: At[Any, Any]) -> Taken:
    (found,) = [each for each in ACTIONS if each.name == name]
    outcome = found.act(at)
    assert isinstance(outcome, Taken)
    return outcome


def test_a_key_acknowledges_the_one_under_the_cursor_and_goes_on() -> None:
    taken = action("acknowledge", view_of(told(*SEVERAL)))
    (effect,) = taken.effects
    assert isinstance(effect, Publish)
    assert isinstance(effect.event, AlertAcknowledged)
    assert (effect.run, effect.event.name, effect.event.withdrawn) == ("run-1", "nan: loss", False)
    assert taken.look.cursor == ("run-2", "stalled: loss")


def test_keys_that_come_faster_than_pictures_reach_the_next_one() -> None:
    at = view_of(told(*SEVERAL))
    at = At(at.view, Viewport(120, 30, action("acknowledge", at).look, NOW))
    (effect,) = action("acknowledge", at).effects
    assert isinstance(effect, Publish)
    assert effect.run == "run-2"


def test_an_acknowledgement_is_taken_back_and_what_cannot_be_done_is_said() -> None:
    state = told(*SEVERAL, (-20, "run-1", AlertAcknowledged("nan: loss", "ada")))
    at = view_of(state, cursor=("run-1", "nan: loss"))
    (effect,) = action("withdraw", at).effects
    assert isinstance(effect, Publish)
    assert effect.event == AlertAcknowledged("nan: loss", effect.event.by, withdrawn=True)  # type: ignore[attr-defined]
    assert [type(effect) for effect in action("acknowledge", at).effects] == [Say]
    for name, cursor in (("acknowledge", ("", "disk full")), ("withdraw", ("", "disk full"))):
        (said,) = action(name, view_of(state, cursor=cursor)).effects
        assert isinstance(said, Say)


def test_the_cursor_stays_with_its_alert() -> None:
    state = told(*SEVERAL)
    at = after(view_of(state), state, "down")
    assert at.look.cursor == ("run-2", "stalled: loss")
    newer = told(*SEVERAL, (-1, "run-3", Alert("worse", severity="critical")))
    line = next(line for line in lines_of(at_of(newer, at.viewport)) if "›" in line)
    assert "stalled: loss" in line
    assert after(at, state, "bottom", "down").look.cursor == ("", "disk full")
    assert after(at, state, "top", "up").look.cursor == ("run-1", "nan: loss")


CURVE = tuple((-70.0 + step, "run-1", Metric("loss", step, 1.0 / (step + 1))) for step in range(40))


def test_one_in_full_has_its_rule_and_its_curve_with_the_moment() -> None:
    state = told(*SEVERAL, *CURVE)
    at = after(view_of(state), state, "open")
    text = "\n".join(lines_of(at))
    for words in ("nan: loss", "since", "50 s", "mnist (run-1)", "loss NaN", "1 of 4", "step 20", "step"):
        assert words in text
    nearer = after(at, state, "zoom_in", "zoom_in", "zoom_in")
    assert "\n".join(lines_of(nearer)) != text
    assert after(nearer, state, "zoom_out", "zoom_out", "zoom_out").look == at.look
    closed = after(at, state, "back")
    assert not closed.look.opened
    assert ACTS["back"](closed) == closed.look, "there is nothing to go back from"


def test_one_of_a_machine_has_its_numbers() -> None:
    stats = [
        (-60.0 + second, "", HostStats("box", cpu=50.0, gpus=(Gpu("H", temperature=60.0 + second),)))
        for second in range(50)
    ]
    hot = Alert("hot: box gpu 0 temperature", "hot", metric="box gpu 0 temperature", value=86.0, rule="r")
    state = told(*stats, (-34.0, "", hot))
    text = "\n".join(lines_of(view_of(state, opened=True)))
    assert "the line is where it began" in text
    assert "109" in text, "the newest value"


def test_one_without_a_curve_stands_alone() -> None:
    state = told((-60.0, "", FULL), (-50.0, "", AlertAcknowledged("disk full")))
    text = "\n".join(lines_of(view_of(state, opened=True)))
    assert "by somebody" in text
    assert "Curve" not in text


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("mnist", ["nan: loss", "slow"]),
        ("critical", ["nan: loss"]),
        ("/var", ["disk full"]),
        ("nothing of that", []),
    ],
)
def test_the_filter_looks_at_names_runs_messages_and_severity(wanted: str, names: list[str]) -> None:
    assert names_in(lines_of(view_of(told(*SEVERAL), wanted=wanted))) == names


def test_nothing_firing_is_said_where_something_was() -> None:
    state = told((-60.0, "", FULL), (-30.0, "", Alert("disk full", resolved=True)))
    assert "nothing fires" in "\n".join(lines_of(view_of(state)))


def test_without_room_for_both_lists_the_one_with_the_cursor_is_seen() -> None:
    state = told(*SEVERAL)
    assert names_in(lines_of(view_of(state, height=8))) == ["nan: loss", "stalled: loss", "slow"]
    at = after(view_of(state, height=8), state, "bottom")
    assert names_in(lines_of(at)) == ["disk full"]


def test_of_many_the_part_around_the_cursor_is_seen() -> None:
    state = told(*((-90.0 + number / 2, "", Alert(f"alert {number:03}")) for number in range(150)))
    at = view_of(state)
    assert "1–27 of 150" in "\n".join(lines_of(at))
    assert "124–150 of 150" in "\n".join(lines_of(after(at, state, "bottom")))


def test_a_click_puts_the_cursor_and_another_one_opens() -> None:
    state = told(*SEVERAL)
    at = view_of(state)
    row = next(number for number, line in enumerate(lines_of(at)) if "stalled: loss" in line)
    look = mouse(at, Gesture("release", 10, row))
    assert look.cursor == ("run-2", "stalled: loss")
    at = at_of(state, Viewport(120, 30, look, NOW))
    assert mouse(at, Gesture("release", 10, row)).opened
    over = next(number for number, line in enumerate(lines_of(at)) if "disk full" in line)
    assert mouse(at, Gesture("release", 10, over)).cursor == ("", "disk full")
    assert mouse(at, Gesture("release", 10, 0)) == at.look
    assert mouse(at, Gesture("wheel", 0, 0, steps=-1)).cursor == ("run-1", "nan: loss")


def test_the_table_has_a_line_for_each() -> None:
    at = view_of(told(*SEVERAL))
    assert SCENE.table is not None
    heading, *lines = SCENE.table(at.view, at.viewport)
    assert heading[:3] == ("name", "run", "severity")
    assert [line[0] for line in lines] == ["nan: loss", "stalled: loss", "slow", "disk full"]
    assert {len(line) for line in lines} == {len(heading)}
    assert (lines[3][3], lines[3][4]) == (NOW - 60, NOW - 30)


# What others want to know


def test_what_fires_is_counted_for_all_to_know() -> None:
    found = firing(told(*SEVERAL))
    assert (len(found.alerts), len(found.unseen), found.worst) == (3, 3, "critical")
    seen = firing(told(*SEVERAL, (-20, "run-1", AlertAcknowledged("nan: loss"))))
    assert (len(seen.alerts), len(seen.unseen), seen.worst) == (3, 2, "warning")
    assert (firing(State()), Firing().worst) == (Firing(), "info")


def test_the_bell_rings_once_for_each_that_is_bad_enough() -> None:
    before, after_it = firing(told(*SEVERAL[:3])), firing(told(*SEVERAL[:4]))
    assert not rings(before, after_it, "off")
    assert rings(before, after_it, "critical")
    assert not rings(after_it, after_it, "critical")
    warned = firing(told(*SEVERAL[:3]))
    assert rings(Firing(), warned, "warning")
    assert not rings(Firing(), warned, "critical")
    anew = firing(told(*SEVERAL[:4], (-9, "run-1", Alert("nan: loss", resolved=True)), (-5, "run-1", NAN)))
    assert rings(after_it, anew, "critical")
