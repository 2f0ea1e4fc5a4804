"""What was looked at comes back, and nothing that was written can keep the monitor from starting."""

import signal
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from dashctl.bus import Broker
from dashctl.events import RunStarted
from dashctl_tui.chosen import Chosen
from dashctl_tui.last_view import keep_view, view_of
from dashctl_tui.plots.camera import Camera
from dashctl_tui.scenes import DECK, scene_named
from dashctl_tui.scenes.viewport import Shared
from tests.tui.sample import FixedSource, full_state, monitor_of
from tests.tui.screen import monitor, tell
from tests.tui.test_app import settle


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "monitor.json"


def test_the_view_of_last_time_comes_back(file: Path) -> None:
    knn = replace(scene_named("knn").look, camera=Camera(0.5, -0.25, 2.0))
    training = replace(scene_named("training").look, log_y=True)
    shared = Shared("loss", ("a", "b"), "a")
    chosen = Chosen("training", {"knn": knn, "training": training}, shared, ("light", "dark"))
    keep_view(file, chosen)
    assert view_of(file) == chosen


@pytest.mark.parametrize("scene", DECK, ids=lambda scene: scene.name)
def test_every_look_can_be_written_and_read(scene: object, file: Path) -> None:
    look = scene.look  # type: ignore[attr-defined]
    other = replace(look, **{name: 3 for name in ("scroll", "item") if hasattr(look, name)})
    chosen = Chosen(scene.name, {scene.name: other})  # type: ignore[attr-defined]
    keep_view(file, chosen)
    found = view_of(file)
    assert found is not None
    assert found.look == other


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"format":2,"scene":"knn"}',
        '{"format":1,"scene":"no such scene"}',
        '{"format":1}',
        "\x00" * 100,
    ],
)
def test_what_is_no_view_is_none(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text)
    assert view_of(file) is None


def test_a_look_of_another_version_is_the_first_one(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('{"format":1,"scene":"knn","looks":{"knn":{"camera":"gone"},"gone":{}},"shared":[]}')
    assert view_of(file) == Chosen("knn")


def test_where_nothing_can_be_written_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    keep_view(tmp_path / "state" / "monitor.json", Chosen("knn"))
    assert view_of(tmp_path / "state" / "monitor.json") is None


def test_the_file_is_whole_or_not_there(file: Path) -> None:
    keep_view(file, Chosen("knn"))
    assert [path.name for path in file.parent.iterdir()] == ["monitor.json"]


def test_a_theme_chosen_while_looking_holds_until_the_configuration_names_another() -> None:
    chosen = Chosen("knn", theme=("light", "dark"))
    assert chosen.theme_for("dark") == "light"
    assert chosen.theme_for("okabe-ito") == "okabe-ito"
    assert Chosen("knn").theme_for("dark") == "dark"


def test_a_theme_of_another_version_is_none(file: Path) -> None:
    keep_view(file, Chosen("knn", theme=("no such theme", "dark")))
    assert view_of(file) == Chosen("knn")


async def test_marks_on_runs_that_are_gone_are_taken_away() -> None:
    source = FixedSource(full_state())
    known = next(iter(source.state.latest(RunStarted).values())).run
    app = monitor_of(source)
    app._chosen = replace(app.chosen, shared=Shared("", ("gone", known), "gone"))
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert app.chosen.shared == Shared("", (known,), "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_monitor_that_is_ended_from_outside_keeps_its_view(number: signal.Signals, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="dc") as folder, Broker(f"ipc://{folder}/bus") as broker:
        broker.start()
        with monitor(f"ipc://{folder}/bus", XDG_STATE_HOME=str(tmp_path)) as terminal:
            terminal.type(b"AW")
            terminal.read_until(b"theme light")
            tell(terminal, number)
            assert terminal.end() == 128 + number
    assert view_of(tmp_path / "dashctl" / "monitor.json") == Chosen("alerts", theme=("light", "dark"))
