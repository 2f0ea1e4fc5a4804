"""Hosts: cards for few, a grid of heat for many, and one in full."""

from dataclasses import replace
from typing import Any

import pytest

from dashctl.events import Gpu, GpuProcess, HostStats, Stamped
from dashctl.state import State, fold
from dashctl_tui.plots.canvas import Row, to_text
from dashctl_tui.scenes import scene_named
from dashctl_tui.scenes.acts import At, Gesture
from dashctl_tui.scenes.hosts.heat import cells_for, shortened, without_domain
from dashctl_tui.scenes.hosts.measures import brief
from dashctl_tui.scenes.hosts.view import Hosts, HostsLook
from dashctl_tui.scenes.names import natural
from dashctl_tui.scenes.viewport import Viewport
from tests.tui.sample import NOW, looked_at, state_of

SCENE = scene_named("hosts")
BUSY = Gpu("NVIDIA H100", 93.0, 60_000_000_000, 80_000_000_000, 71.0, 650.0, 700.0)
LOST = Gpu("NVIDIA L4")


def view_of(state: State, viewport: Viewport[HostsLook]) -> Hosts:
    view: Hosts | None = SCENE.select(state, viewport)
    assert view is not None
    return view


def rows_of(state: State, width: int, height: int, now: float = NOW, **look: Any) -> list[Row]:
    viewport = looked_at(SCENE, width, height, now, **look)
    return list(SCENE.paint(SCENE.select(state, viewport), viewport).rows)


def text_of(state: State, width: int = 100, height: int = 30, now: float = NOW, **look: Any) -> str:
    return to_text(rows_of(state, width, height, now, **look))


def line_with(text: str, *words: str) -> str:
    found = [line for line in text.splitlines() if all(word in line for word in words)]
    assert found, f"no line with {words} in:\n{text}"
    return found[0]


def cluster(hosts: int, *, seconds: int = 2, silent: int = 0, **fields: Any) -> State:
    """Hosts node-000, node-001 …: each is busier by a tenth; the last ones fell silent a minute ago."""
    state = State()
    for number in range(hosts):
        for second in range(seconds):
            ago = 60.0 if number >= hosts - silent else 0.0
            stats = HostStats(f"node-{number:03}", cpu=min(100.0, number / 10), memory=20.0, **fields)
            fold(state, stats, NOW - seconds + 1 + second - ago)
    return state


class Session:
    """What somebody does in the scene, and what is on the screen then."""

    def __init__(self, state: State, width: int = 100, height: int = 30, **look: Any) -> None:
        self.state = state
        self.viewport: Viewport[HostsLook] = looked_at(SCENE, width, height, NOW, **look)

    @property
    def at(self) -> At[Hosts, HostsLook]:
        view = view_of(self.state, self.viewport)
        return At(view, self.viewport, SCENE.draw(view, self.viewport).scrollable)

    def press(self, *names: str) -> HostsLook:
        for name in names:
            act = SCENE.acts.get(name) or next(each.act for each in SCENE.actions if each.name == name)
            self.viewport = replace(self.viewport, look=act(self.at))
        return self.viewport.look

    def click(self, column: int, row: int) -> HostsLook:
        self.viewport = replace(self.viewport, look=SCENE.mouse(self.at, Gesture("release", column, row)))
        return self.viewport.look

    @property
    def text(self) -> str:
        return to_text(SCENE.draw(view_of(self.state, self.viewport), self.viewport).rows)


# Few


def test_a_host_shows_what_it_tells_and_nothing_else() -> None:
    text = text_of(state_of(HostStats("bramble", cpu=42.0, net_in=1.5e6, processes=99)))
    assert "42 %" in line_with(text, "cpu")
    assert "1.5 MB/s" in line_with(text, "received")
    assert "99 processes" in text
    for untold in ("memory", "cores", "gpu", "swap", "disk"):
        assert untold not in text


def test_disk_swap_and_graphics_processors_have_lines_of_their_own() -> None:
    text = text_of(state_of(HostStats("bramble", disk=61.0, swap=3.0, gpus=(BUSY, replace_busy(51.0)))))
    assert "61 %" in line_with(text, "disk")
    assert "3 %" in line_with(text, "swap")
    assert "72 %" in line_with(text, "gpu  ")
    assert "75 %" in line_with(text, "gpu mem")
    assert "71 °C" in line_with(text, "gpu temp")
    assert "1300 W" in line_with(text, "power")


def replace_busy(utilisation: float) -> Gpu:
    return Gpu(BUSY.name, utilisation, BUSY.memory_bytes, BUSY.memory_total, 60.0, 650.0, 700.0)


@pytest.mark.parametrize(("interval", "silent"), [(None, True), (1.0, True), (60.0, False)])
def test_a_host_that_fell_silent_says_for_how_long(interval: float | None, silent: bool) -> None:
    state = state_of(HostStats("bramble", cpu=42.0, interval=interval))
    assert "silent" not in text_of(state)
    assert ("silent for 1 min" in text_of(state, now=NOW + 90)) is silent


def test_percentages_are_drawn_on_a_scale_up_to_a_hundred() -> None:
    half = text_of(state_of(*(HostStats("a", cpu=50.0) for _ in range(60))), 60, 12)
    full = text_of(state_of(*(HostStats("a", cpu=100.0) for _ in range(60))), 60, 12)
    assert half.count("█") < full.count("█")


def test_a_moment_at_which_nothing_was_told_is_a_gap() -> None:
    state = state_of(*(HostStats("a", cpu=100.0 if at < 5 or at > 6 else None) for at in range(9)))
    drawn = next(line for line in text_of(state, 80, 8).splitlines() if "█" in line)
    assert "█████  ██" in drawn


def test_four_hosts_are_seen_at_once_on_a_small_screen() -> None:
    text = text_of(cluster(4, load=1.0, disk=5.0, net_in=1.0, net_out=1.0), 80, 22)
    for number in range(4):
        assert f"node-00{number}" in text
    assert text.count("memory") == 4


def test_the_cursor_goes_from_card_to_card_and_enter_opens_the_one_it_is_on() -> None:
    session = Session(cluster(4), 130, 30)
    assert session.press("right").cursor == "node-001"
    assert session.press("down").cursor == "node-003"
    assert session.press("down", "right").cursor == "node-003"
    assert session.press("open").opened == "node-003"
    assert "node-003  4 of 4" in session.text
    assert session.press("back").opened == ""
    assert session.press("back") == session.viewport.look


# Many


def test_many_hosts_are_a_grid_in_which_each_says_its_value() -> None:
    text = text_of(cluster(100), 120, 38)
    assert "CPU  100 hosts, by name" in text
    for number in (0, 50, 99):
        assert str(round(number / 10)) in text.split(f"node-{number:03}")[1].split()[0]


@pytest.mark.parametrize(
    ("hosts", "width", "height", "shown"),
    [
        (100, 120, 38, "node-099"),
        (100, 80, 22, "node-099"),
        (300, 200, 48, "node-299"),
        (500, 120, 38, " 50"),
        (500, 80, 22, "4 4 4"),
        (1000, 80, 22, "99999"),
    ],
)
def test_cells_are_as_large_as_lets_all_hosts_be_seen(
    hosts: int, width: int, height: int, shown: str
) -> None:
    state = cluster(hosts)
    picture = SCENE.paint(
        view_of(state, looked_at(SCENE, width, height, NOW)), looked_at(SCENE, width, height, NOW)
    )
    assert picture.scrollable == 0
    assert shown in to_text(picture.rows)


def test_more_hosts_than_cells_of_one_character_are_scrolled() -> None:
    session = Session(cluster(400), 20, 12)
    assert session.at.scrollable == 10
    assert session.press("bottom").scroll == 10
    assert "node-399" in session.text.splitlines()[-1]
    assert session.press("top").scroll == 0


def test_tall_cells_tell_the_other_measures_too() -> None:
    text = text_of(cluster(12, gpus=(BUSY,)), 120, 38, measure="gpu")
    assert "GPU utilisation" in text
    assert "93" in line_with(text, "node-001")
    assert "memory 20" in text
    assert "gpu mem 75" in text


def test_a_host_that_fell_silent_is_crossed_out_counted_and_among_the_worst() -> None:
    state = cluster(40, silent=2)
    text = text_of(state, 120, 38)
    assert "2 silent" in text
    assert "✗" in text.split("node-039")[1][:12]
    worst = text_of(state, 120, 38, worst_first=True)
    order = [worst.index(f"node-{number:03}") for number in (38, 39, 35)]
    assert order == sorted(order)


def test_those_that_fell_silent_can_be_hidden_unless_all_are() -> None:
    session = Session(cluster(40, silent=38), 120, 38)
    session.press("silent", "bottom")
    assert "2 hosts, by name   38 silent, hidden" in session.text
    assert "node-039" not in session.text
    assert session.viewport.look.cursor == "node-001"
    opened = Session(cluster(40, silent=38), opened="node-030", without_silent=True)
    assert opened.press("right").opened == "node-000"
    gone = Session(cluster(40, silent=40), 120, 38, without_silent=True)
    assert "40 hosts, by name   40 silent " in gone.text


def test_the_worst_stand_first_and_those_that_tell_nothing_last() -> None:
    state = cluster(40)
    fold(state, HostStats("aardvark", memory=3.0), NOW)
    text = text_of(state, 120, 38, worst_first=True)
    places = [text.index(name) for name in ("node-039", "node-000", "aardvark")]
    assert places[0] < places[1] < text.rindex("aardvark")
    by_name = text_of(state, 120, 38)
    assert by_name.index("aardvark") < by_name.index("node-000")


def test_m_goes_through_what_the_hosts_tell() -> None:
    session = Session(cluster(30, gpus=(BUSY,)), 120, 38)
    seen = [session.press("measure").measure for _ in range(6)]
    assert seen == ["memory", "gpu", "gpu mem", "gpu temp", "power", "cpu"]
    assert session.press("order").worst_first is True


def test_what_has_no_end_is_scaled_to_the_largest() -> None:
    state = cluster(20)
    fold(state, HostStats("node-007", net_in=3e9, net_out=1e9), NOW + 1)
    text = text_of(state, 120, 38, now=NOW + 1, measure="network")
    assert "4 GB/s" in text.splitlines()[0]
    assert "4.0G" in text.split("node-007")[1][:30]
    assert "·" in text.split("node-008")[1][:30]


def test_the_cursor_stays_on_its_host_and_in_sight() -> None:
    session = Session(cluster(400), 20, 12)
    look = session.press("page_down", "page_down", "right")
    assert look.cursor == "node-201"
    assert "node-201" in session.text.splitlines()[-1]
    line = 201 // 20
    assert look.scroll <= line < look.scroll + 10
    assert session.press("up").cursor == "node-181"


def test_a_click_puts_the_cursor_there_and_a_second_one_opens() -> None:
    session = Session(cluster(100), 120, 38)
    row = next(at for at, line in enumerate(session.text.splitlines()) if "node-050" in line)
    column = session.text.splitlines()[row].index("node-050")
    assert session.click(column + 2, row).cursor == "node-050"
    assert session.click(column + 2, row).opened == "node-050"
    assert session.click(column, row).opened == "node-050"


def test_a_filter_leaves_some() -> None:
    viewport = looked_at(SCENE, 100, 30, NOW, wanted="node-01")
    assert [host.name for host in view_of(cluster(40), viewport).hosts] == [
        f"node-01{number}" for number in range(10)
    ]


def test_histories_are_copied_only_for_hosts_that_show_them() -> None:
    state = cluster(40)
    many = view_of(state, looked_at(SCENE, 100, 30, NOW))
    assert not any(host.traced for host in many.hosts)
    one = view_of(state, looked_at(SCENE, 100, 30, NOW, opened="node-003"))
    assert [host.name for host in one.hosts if host.traced] == ["node-003"]
    few = view_of(cluster(4), looked_at(SCENE, 100, 30, NOW))
    assert all(host.traced for host in few.hosts)


def test_one_that_is_opened_and_gone_shows_the_others() -> None:
    assert "node-001" in text_of(cluster(3), opened="elsewhere")


# One in full


def in_full(width: int, height: int, gpus: tuple[Gpu, ...] = (BUSY, LOST), **look: Any) -> str:
    processes = (GpuProcess(0, 4711, "python3", "mira", 59_000_000_000), GpuProcess(1, 12, "", "", None))
    stats = HostStats(
        "bramble", cpu=50.0, cores=(100.0, 0.0) * 16, memory=43.0, gpus=gpus, gpu_processes=processes
    )
    return text_of(state_of(stats, stats, stats), width, height, opened="bramble", **look)


def test_each_processor_has_its_numbers_and_who_uses_it() -> None:
    text = in_full(120, 38)
    assert "32 cores" in text
    assert "0 NVIDIA H100" in text
    assert "93 %" in line_with(text, "busy")
    assert "60 GB of 80 GB" in text
    assert "71 °C" in line_with(text, "temp ", "71")
    assert "650 W of 700 W" in text
    assert line_with(text, "4711", "mira", "python3", "59 GB")
    assert "does not answer" in text


def test_eight_processors_share_what_room_there_is() -> None:
    assert in_full(200, 48, (BUSY,) * 8).count("650 W of 700 W") == 8
    smaller = in_full(120, 38, (BUSY,) * 8)
    assert smaller.count("93 %   60 GB of 80 GB   71 °C   650 W of 700 W") == 8
    assert smaller.count("▆▆▆ │\n") == 8, "how busy each was, and its memory"


def test_in_a_narrow_picture_all_of_it_is_scrolled_through() -> None:
    top = in_full(80, 16)
    assert "rows below" in top
    assert "4711" not in top
    end = in_full(80, 16, scroll=1000)
    assert "4711" in end
    assert "the end" in end


def test_left_and_right_go_from_host_to_host() -> None:
    session = Session(cluster(30), opened="node-029", scroll=1)
    assert session.press("right").opened == "node-000"
    assert session.press("left").opened == "node-029"
    assert session.press("left").scroll == 0
    assert session.press("back").cursor == "node-028"


def test_a_history_that_is_longer_than_the_picture_is_wide_keeps_its_peak() -> None:
    stats = [HostStats("a", cpu=100.0 if at == 20 else 1.0) for at in range(300)]
    lines = [line for line in text_of(state_of(*stats), 60, 20, opened="a").splitlines() if "█" in line]
    assert len(lines) == 4


# What is exported, and names


def test_the_table_has_a_line_for_each_host_or_for_each_moment() -> None:
    assert SCENE.table is not None
    state = cluster(6, gpus=(BUSY,))
    viewport = looked_at(SCENE, 100, 30, NOW)
    heading, *lines = SCENE.table(view_of(state, viewport), viewport)
    assert len(lines) == 6
    told = dict(zip(heading, lines[5], strict=True))
    assert (told["host"], told["silent"], told["cpu"], told["gpu"]) == ("node-005", False, 0.5, 93.0)
    assert told["swap"] is None
    viewport = looked_at(SCENE, 100, 30, NOW, opened="node-005")
    heading, *lines = SCENE.table(view_of(state, viewport), viewport)
    told = dict(zip(heading, lines[-1], strict=True))
    assert (len(lines), told["time"], told["gpus.0.power"]) == (2, NOW, 650.0)


def test_names_are_sorted_with_their_numbers_as_numbers() -> None:
    names = ["node-10", "node-9", "Node-1", "node-010", "a", "9"]
    assert sorted(names, key=natural) == ["9", "a", "Node-1", "node-9", "node-010", "node-10"]


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (("node-01.a.org", "node-02.a.org"), ["01", "02"]),
        (("node-01.a.org", "node-01.b.org"), ["a.org", "b.org"]),
        (("bramble", "thistle.lan"), ["bramble", "thistle"]),
        (("one",), ["one"]),
        (("same", "same"), ["same", "same"]),
    ],
)
def test_names_lose_what_all_of_them_have(names: tuple[str, ...], short: list[str]) -> None:
    assert shortened(names) == short
    assert len(set(without_domain(names))) == len(set(names))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (99.6, "100"),
        (999.4, "999"),
        (999.6, "1.0k"),
        (1.25e7, "12M"),
        (4e9, "4.0G"),
        (1e308, "999T"),
    ],
)
def test_a_value_is_written_in_four_cells(value: float, written: str) -> None:
    assert brief(value) == written


def test_cells_fill_no_more_than_the_screen() -> None:
    for hosts in (1, 5, 37, 102, 500, 1000):
        names = tuple(f"node-{number}" for number in range(hosts))
        for width, height in ((1, 1), (20, 5), (80, 22), (120, 38), (200, 48), (400, 120)):
            cells = cells_for(names, width, height)
            assert cells.columns * cells.width <= width
            assert cells.columns * cells.lines >= hosts
            assert cells.fitting * cells.height <= max(1, height - 2)


def test_stamped_hosts_of_another_run_are_hosts_too() -> None:
    state = State()
    fold(state, HostStats("a", cpu=1.0), NOW, "run-1")
    (host,) = view_of(state, looked_at(SCENE, 100, 30, NOW)).hosts
    assert host.newest == Stamped(NOW, "run-1", HostStats("a", cpu=1.0))


def test_hosts_that_are_silent_for_long_stand_still() -> None:
    for hosts in (1, 60):
        state = state_of(*(HostStats(f"node-{number}", cpu=5.0) for number in range(hosts)))
        assert text_of(state, now=NOW + 190) == text_of(state, now=NOW + 230)
