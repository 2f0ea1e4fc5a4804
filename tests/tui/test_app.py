"""The application through Textual's pilot: keys and mouse in, rows out."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input

from dashctl.events import LogLine, ModelMetric
from dashctl.state import State, fold
from dashctl_tui.actions import EVERY
from dashctl_tui.app import Monitor
from dashctl_tui.keys import rebound
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.scenes import DECK
from dashctl_tui.widgets.help import HelpScreen, help_rows
from dashctl_tui.widgets.rows import RowsView
from dashctl_tui.widgets.scene_view import SceneView
from tests.tui.sample import CONNECTED, GONE, NOW, FixedSource, full_state, monitor_of

SIZE = (120, 40)
INTERVAL = 0.02


class Wall:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def source() -> FixedSource:
    return FixedSource(full_state())


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def monitor(source: FixedSource, wall: Wall) -> Monitor:
    return monitor_of(source, interval=INTERVAL, now=wall)


def shown(app: Monitor, name: str = "scene") -> str:
    return to_text(app.screen_stack[0].query_one(f"#{name}", RowsView).rows)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys, and let the clock draw what they did."""
    await pilot.press(*keys)
    await settle(pilot)


async def settle(pilot: Pilot[Any]) -> None:
    await pilot.pause(0.06)


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        await pilot.pause(0.02)
    raise AssertionError("it did not come to hold")


@pytest.mark.parametrize(
    ("key", "scene"),
    [(scene.key, scene) for scene in DECK],
    ids=lambda each: str(getattr(each, "name", each)),
)
async def test_a_key_shows_its_scene(monitor: Monitor, key: str, scene: Any) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await press(pilot, key)
        assert monitor.scene is scene
        assert scene.title in shown(monitor, "deck")
        assert shown(monitor).strip()


async def test_brackets_go_round_the_deck(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await press(pilot, "left_square_bracket")
        assert monitor.scene is DECK[-1]
        await press(pilot, "right_square_bracket", "right_square_bracket")
        assert monitor.scene is DECK[1]


async def test_a_click_on_the_deck_shows_that_scene(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.click("#deck", offset=(shown(monitor, "deck").index("Models"), 0))
        await settle(pilot)
        assert monitor.scene.name == "models"


async def test_what_arrives_is_drawn(monitor: Monitor, source: FixedSource) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await press(pilot, "9")
        with source.lock:
            fold(source.state, ModelMetric("newcomer", 0.999), NOW)
        await until(pilot, lambda: "newcomer" in shown(monitor))


async def test_a_state_that_replaces_another_is_drawn(monitor: Monitor, source: FixedSource) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await settle(pilot)
        source.state = State()
        await until(pilot, lambda: "Nothing has happened yet" in shown(monitor))


async def test_a_monitor_that_fell_behind_says_so(monitor: Monitor, source: FixedSource) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "connected since" in shown(monitor, "status"))
        source.told = msgspec.structs.replace(CONNECTED, resyncs=1)
        await until(pilot, lambda: "fell behind" in shown(monitor, "status"))
        source.told = msgspec.structs.replace(CONNECTED, resyncs=2, epoch="e2")
        await until(pilot, lambda: "the broker was started again" in shown(monitor, "status"))


async def test_nothing_is_sent_while_nothing_changes(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await settle(pilot)
        view = monitor.query_one(SceneView)
        sent: list[object] = []
        view.refresh = lambda *regions, **_: sent.append(regions) or view  # type: ignore[method-assign]
        await pilot.pause(0.2)
        assert sent == []


async def test_only_lines_that_differ_are_sent(monitor: Monitor, source: FixedSource) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await press(pilot, "9")
        view = monitor.query_one(SceneView)
        sent: list[Any] = []
        view.refresh = lambda *regions, **_: sent.extend(regions) or view  # type: ignore[method-assign]
        with source.lock:
            fold(source.state, ModelMetric("knn", 0.862), NOW, "run-1")
        await until(pilot, lambda: bool(sent))
        assert [region.height for region in sent] == [1]


async def test_pause_stops_the_picture_and_not_the_counters(
    monitor: Monitor, source: FixedSource, wall: Wall
) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await press(pilot, "space")
        before = shown(monitor)
        assert " paused " in shown(monitor, "status")
        with source.lock:
            fold(source.state, LogLine("unheard of"), NOW + 1)
        source.told = GONE
        wall.now += 30
        await until(pilot, lambda: "no broker" in shown(monitor, "status"))
        assert shown(monitor) == before
        await press(pilot, "space")
        assert "unheard of" in shown(monitor)
        assert " paused " not in shown(monitor, "status")


async def test_a_pause_holds_every_scene(monitor: Monitor, source: FixedSource) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await press(pilot, "space")
        with source.lock:
            fold(source.state, ModelMetric("newcomer", 0.999), NOW)
        await press(pilot, "9")
        assert "lstm" in shown(monitor)
        assert "newcomer" not in shown(monitor)
        await press(pilot, "escape")
        assert "newcomer" in shown(monitor)


async def test_a_filter_works_while_it_is_typed_and_until_it_is_taken_away(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await press(pilot, "9", "slash", *"lst")
        assert "lstm" in shown(monitor)
        assert "knn" not in shown(monitor)
        await press(pilot, "enter")
        assert "/lst" in shown(monitor, "status")
        await press(pilot, "8", "9")
        assert "knn" not in shown(monitor)
        await press(pilot, "escape")
        assert "knn" in shown(monitor)


async def test_letters_typed_into_the_filter_are_no_keys(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await press(pilot, "slash", *"q?7r")
        assert monitor.query_one("#filter", Input).value == "q?7r"
        assert monitor.scene.name == "overview"
        await press(pilot, "escape")
        assert "/q" not in shown(monitor, "status")


async def test_keys_work_from_the_start_and_after_a_filter(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await press(pilot, "K")
        assert monitor.scene.name == "knn"
        await press(pilot, "slash", "w", "enter", "9")
        assert monitor.scene.name == "models"


@pytest.mark.parametrize("key", ["left", "right", "h", "l", "up", "j", "plus", "minus", "c", "n", "s"])
async def test_keys_turn_zoom_and_colour_the_cloud_and_r_takes_it_back(monitor: Monitor, key: str) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await press(pilot, "K")
        before = shown(monitor), monitor.query_one(SceneView).rows
        await press(pilot, key)
        await until(pilot, lambda: list(monitor.query_one(SceneView).rows) != list(before[1]))
        await press(pilot, "r")
        await until(pilot, lambda: shown(monitor) == before[0])


async def test_dragging_turns_the_cloud_and_the_wheel_zooms(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await press(pilot, "K")
        before = shown(monitor)
        await pilot.mouse_down("#scene", offset=(30, 10))
        await pilot.hover("#scene", offset=(40, 12))
        await pilot.mouse_up("#scene", offset=(40, 12))
        await settle(pilot)
        turned = shown(monitor)
        assert turned != before
        await pilot.hover("#scene", offset=(60, 20))
        await settle(pilot)
        assert shown(monitor) == turned, "a mouse without a button down turns nothing"


async def test_spinning_goes_on_by_itself(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await press(pilot, "K", "s")
        first = shown(monitor)
        await until(pilot, lambda: shown(monitor) != first)
        await press(pilot, "s")
        still = shown(monitor)
        await settle(pilot)
        assert shown(monitor) == still


async def test_curves_get_a_logarithmic_scale_and_smoothing(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await press(pilot, "T", "y", "m")
        assert "log scale" in shown(monitor)
        assert "smoothed over 1 %" in shown(monitor)
        await press(pilot, "r")
        assert "log scale" not in shown(monitor)


async def test_a_list_scrolls_and_stops_at_its_end(monitor: Monitor) -> None:
    async with monitor.run_test(size=(80, 24)) as pilot:
        await press(pilot, "8")
        top = shown(monitor)
        assert "1–4 of 9" in top
        await press(pilot, "j")
        assert "2–5 of 9" in shown(monitor)
        await press(pilot, "G", "pagedown", "down")
        assert "6–9 of 9" in shown(monitor)
        await press(pilot, "k")
        assert "5–8 of 9" in shown(monitor), (
            "what was scrolled beyond the end must not be scrolled back first"
        )
        await press(pilot, "g")
        assert shown(monitor) == top


def help_text(monitor: Monitor) -> str:
    return to_text(monitor.screen.query_one(RowsView).rows)


async def test_help_lists_every_key_and_what_is_below_is_scrolled_to(monitor: Monitor) -> None:
    async with monitor.run_test(size=(80, 24)) as pilot:
        await press(pilot, "K", "question_mark")
        assert isinstance(monitor.screen, HelpScreen)
        text = help_text(monitor)
        assert all(scene.title in text for scene in DECK)
        assert "rows 1–22 of" in text
        await press(pilot, "G")
        assert help_text(monitor) != text
        text += help_text(monitor)
        for action in EVERY:
            assert f" {action.shown} " in text or action.scene not in {"", "knn"}, action.title
        await press(pilot, "g", "j", "k")
        assert "rows 1–22 of" in help_text(monitor)
        await press(pilot, "escape")
        assert not isinstance(monitor.screen, HelpScreen)


async def test_help_is_closed_and_scrolled_by_the_keys_that_were_chosen(source: FixedSource) -> None:
    monitor = monitor_of(source, actions=rebound({"help": "f5", "down": "ctrl+n"}))
    async with monitor.run_test(size=(80, 24)) as pilot:
        await press(pilot, "K", "f5", "ctrl+n")
        assert "rows 2–23 of" in help_text(monitor)
        await press(pilot, "f5")
        assert not isinstance(monitor.screen, HelpScreen)


async def test_an_interrupt_ends_the_monitor_while_help_is_open(monitor: Monitor) -> None:
    async with monitor.run_test(size=(80, 24)) as pilot:
        await press(pilot, "question_mark", "ctrl+c")
    assert monitor.return_code == 130


@pytest.mark.parametrize("scene", DECK, ids=lambda scene: scene.name)
def test_help_shows_at_once_what_can_be_done_in_the_scene(scene: Any) -> None:
    text = to_text(help_rows(scene, EVERY, 80, 24))
    for action in scene.actions:
        assert f" {action.shown} " in text
        assert action.help in text or action.title in text


def test_every_binding_is_in_the_table_of_actions() -> None:
    bound = monitor_of(FixedSource(State()))._bindings.key_to_bindings
    calls = {binding.action for several in bound.values() for binding in several}
    assert calls == {action.call for action in EVERY}


def test_every_action_has_a_name_of_its_own() -> None:
    names = [action.name for action in EVERY]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("scene", DECK, ids=lambda scene: scene.name)
def test_no_key_means_two_things_in_a_scene(scene: Any) -> None:
    keys = [key for action in EVERY if action.scene in {"", scene.name} for key in action.keys.split(",")]
    assert len(set(keys)) == len(keys)


async def test_the_palette_offers_every_action(monitor: Monitor) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await press(pilot, "ctrl+p")
        assert isinstance(monitor.screen, CommandPalette)
        await press(pilot, *"baseline")
        await until(pilot, lambda: bool(monitor.screen.query("OptionList")))
        await pilot.pause(0.3)
        await press(pilot, "enter")
        await until(pilot, lambda: monitor.scene.name == "baseline")
        offered = {command.title for command in monitor.get_system_commands(monitor.screen)}
        for action in EVERY:
            assert f"{action.title}  {action.shown}" in offered or (
                action.call == "command_palette" or action.scene not in {"", monitor.scene.name}
            )


@pytest.mark.parametrize(
    "size", [(80, 24), (200, 50), (30, 8), (3, 3), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}"
)
async def test_another_size_at_any_moment_is_filled(monitor: Monitor, size: tuple[int, int]) -> None:
    async with monitor.run_test(size=(100, 30)) as pilot:
        await press(pilot, "K")
        await pilot.resize_terminal(*size)
        await settle(pilot)
        view = monitor.query_one(SceneView)
        assert len(view.rows) == view.size.height == size[1] - 2
        assert {row.width for row in view.rows} == {size[0]}


@pytest.mark.parametrize(("key", "status"), [("q", 0), ("ctrl+c", 130)])
async def test_quitting_has_its_exit_status(monitor: Monitor, key: str, status: int) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        await pilot.press(key)
        await pilot.pause()
    assert monitor.return_code == status


async def test_the_status_line_counts_what_was_lost_and_refused(
    source: FixedSource, monitor: Monitor
) -> None:
    async with monitor.run_test(size=SIZE) as pilot:
        source.told = type(CONNECTED)(
            connected=True, since=NOW - 60, lost=12, rejected={"malformed": 3, "version": 1}, rate=987.6
        )
        await until(pilot, lambda: "lost 12" in shown(monitor, "status"))
        assert "rejected 4" in shown(monitor, "status")
        assert "988 events/s" in shown(monitor, "status")
