"""The small parts that scenes and the application are made of."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl.errors import UsageError
from dashctl.events import Embedding, ModelMetric
from dashctl.state import State, fold
from dashctl_tui.plots.camera import Camera
from dashctl_tui.plots.canvas import Row
from dashctl_tui.plots.palette import ACCENT
from dashctl_tui.scenes import scene_named
from dashctl_tui.scenes.layout import seen, shares, spread
from dashctl_tui.scenes.meter import meter
from dashctl_tui.scenes.moments import age, duration, time_of_day
from dashctl_tui.scenes.prose import paragraph
from dashctl_tui.source import Lens
from dashctl_tui.terminal import Output
from dashctl_tui.traffic import Traffic
from tests.tui.sample import NOW, FixedSource, full_state, looked_at, state_of


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1:00"),
        (3599, "59:59"),
        (7509, "2:05:09"),
        (370_000, "4 d 6 h"),
    ],
)
def test_a_duration_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (-9, "just now"),
        (1, "just now"),
        (42, "42 s ago"),
        (185, "3 min ago"),
        (7300, "2 h ago"),
        (1e6, "11 d ago"),
    ],
)
def test_an_age_in_words(passed: float, words: str) -> None:
    assert age(NOW - passed, NOW) == words


def test_a_moment_that_no_calendar_has_is_dashes() -> None:
    assert time_of_day(0.0) == "00:00:00"
    assert time_of_day(1e30) == "--:--:--"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "────"),
        (0.5, "━━──"),
        (0.6, "━━╸─"),
        (1.0, "━━━━"),
        (7.0, "━━━━"),
        (-1.0, "────"),
        (float("nan"), "────"),
    ],
)
def test_a_meter_is_exact_to_half_a_cell(share: float, text: str) -> None:
    assert meter(share, 4, ACCENT).text == text


def test_words_wrap_and_commands_stay_whole() -> None:
    rows = paragraph("`dashctl demo` records, or (`dashctl train detector`).", 22)
    assert [row.text for row in rows] == ["dashctl demo records,", "or", "(dashctl train detecto"]


@given(st.integers(0, 300), st.lists(st.integers(1, 50), min_size=1, max_size=9), st.integers(0, 3))
def test_shares_add_up(total: int, weights: list[int], gap: int) -> None:
    sizes = shares(total, weights, gap)
    assert sum(sizes) == max(0, total - gap * (len(weights) - 1))
    assert min(sizes) >= 0


@pytest.mark.parametrize(
    ("first", "shown", "total", "words"), [(0, 5, 5, ""), (2, 3, 9, "3–5 of 9"), (0, 0, 7, "7 more")]
)
def test_a_list_that_is_cut_off_says_so(first: int, shown: int, total: int, words: str) -> None:
    assert seen(first, shown, total) == words


@given(st.text(max_size=20), st.text(max_size=20), st.integers(0, 40))
def test_left_and_right_fill_the_width(left: str, right: str, width: int) -> None:
    rows = [Row.of((part.replace("\n", ""), ACCENT)) for part in (left, right)]
    assert spread(*rows, width).width == width


def test_a_scene_that_is_none_is_named_with_those_that_are() -> None:
    assert scene_named("KNN").name == "knn"
    with pytest.raises(UsageError, match="'nonsense' is not allowed; expected one of overview, "):
        scene_named("nonsense")


# The lens


def test_a_view_is_kept_until_an_event_of_its_scene_comes() -> None:
    source = FixedSource(full_state())
    lens, scene = Lens(source, lambda: NOW), scene_named("perf")
    viewport = looked_at(scene, 80, 22)
    first, changed = lens.look(scene, viewport)
    assert changed
    assert lens.look(scene, viewport) == (first, False)
    fold(source.state, ModelMetric("lstm", 0.9), NOW)
    assert lens.look(scene, viewport) == (first, False), "accuracies are not drawn by this scene"


def test_a_view_is_made_again_for_another_filter_and_not_for_another_camera() -> None:
    lens, scene = Lens(FixedSource(full_state()), lambda: NOW), scene_named("knn")
    first, _ = lens.look(scene, looked_at(scene, 80, 22))
    assert lens.look(scene, looked_at(scene, 80, 22, camera=Camera(1, 1)))[0] is first
    assert lens.look(scene, looked_at(scene, 80, 22, wanted="nothing"))[0] is None


def test_what_is_held_stays_as_it_was() -> None:
    source = FixedSource(full_state())
    lens, scene = Lens(source, lambda: NOW), scene_named("models")
    lens.hold()
    fold(source.state, ModelMetric("newcomer", 1.0), NOW)
    viewport = looked_at(scene, 80, 22, lens.now())
    assert "newcomer" not in str(lens.look(scene, viewport))
    lens.release()
    assert "newcomer" in str(lens.look(scene, viewport))


def test_holding_keeps_the_lock_for_no_longer_than_a_copy_takes() -> None:
    class Uncodable(State):
        def encode(self) -> bytes:
            raise AssertionError("encoding a large state takes a third of a second")

    lens = Lens(FixedSource(Uncodable()), lambda: NOW)
    lens.hold()
    assert lens.held


def test_single_points_are_put_together_without_the_lock_and_once() -> None:
    lens, scene = Lens(FixedSource(state_of(Embedding(1.0, 2.0)))), scene_named("knn")
    view, _ = lens.look(scene, looked_at(scene, 80, 22))
    assert "_embeddings" not in vars(view)
    assert view.points(0) is view.points(0)


# The terminal's output


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")


def test_writing_to_a_terminal_that_is_gone_is_noticed_and_survived() -> None:
    output = Output(Gone(), Traffic())
    output.announce()
    assert output.waiting == 1
    output.write("picture")
    assert output.lost.is_set()
    assert output.waiting == 0


def test_what_was_written_is_no_longer_waiting() -> None:
    terminal = io.StringIO()
    output = Output(terminal, Traffic())
    output.announce()
    output.announce()
    output.write("a")
    assert output.waiting == 1
    output.write("b")
    assert output.waiting == 0
    assert terminal.getvalue() == "ab"
