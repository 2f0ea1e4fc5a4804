"""The lines around a scene: the deck and the status."""

import msgspec
import pytest

from dashctl.bus import Connection
from dashctl_tui.chrome import Status, deck_line, deck_tabs, status_line
from dashctl_tui.scenes import DECK
from tests.tui.sample import CONNECTED, GONE, NEVER, NOW

TITLES = [scene.title for scene in DECK]
ADDRESS = "ipc:///run/user/1000/dashctl"


def test_a_wide_deck_has_digits_titles_and_a_name() -> None:
    line = deck_line(TITLES, 0, 120).text.rstrip()
    assert line.startswith(" dashctl   1 Overview   2 Baseline  3 Attacks  4 Chunking")
    assert line.endswith("5 Models  6 Training  7 KNN  8 Perf  9 Hosts  0 Bus")


def test_a_deck_of_80_columns_still_names_every_scene() -> None:
    line = deck_line(TITLES, 4, 80).text
    assert line.rstrip() == "1Overview 2Baseline 3Attacks 4Chunking 5Models 6Training 7KNN 8Perf 9Hosts 0Bus"


def test_a_narrow_deck_names_the_scene_that_is_shown() -> None:
    assert deck_line(TITLES, 4, 40).text.rstrip() == "1 2 3 4  5 Models  6 7 8 9 0"


@pytest.mark.parametrize("width", [1, 10, 40, 79, 80, 100, 200])
@pytest.mark.parametrize("current", [0, 9])
def test_tabs_stand_where_they_are_clicked(width: int, current: int) -> None:
    line = deck_line(TITLES, current, width)
    assert line.width == width
    for tab in deck_tabs(TITLES, current, width):
        assert line.text[tab.start : tab.stop] == tab.row.text[: max(0, width - tab.start)]


def test_a_connection_says_since_when() -> None:
    assert status_line(Status(CONNECTED, ADDRESS), 80).text == (
        " ● connected since 22:11:40  1240 events/s · lost 0 · rejected 0 ? help  q quit "
    )


def test_a_broker_that_is_gone_leaves_what_was_known() -> None:
    assert status_line(Status(GONE, ADDRESS), 140).text.startswith(
        f" ● no broker at {ADDRESS} since 22:12:50, showing what was known  0 events/s"
    )


def test_a_broker_that_was_never_there_leaves_nothing_to_show() -> None:
    line = status_line(Status(NEVER, ADDRESS), 140).text
    assert f"no broker at {ADDRESS} since 22:12:50  " in line
    assert "known" not in line


def test_a_broker_that_lets_nobody_in_is_not_called_absent() -> None:
    refused = msgspec.structs.replace(NEVER, refused="the key 1f2e is not allowed here")
    assert status_line(Status(refused, ADDRESS), 140).text.startswith(" ● the key 1f2e is not allowed here  ")


def test_a_short_line_keeps_the_counters_and_drops_words() -> None:
    line = status_line(Status(GONE, ADDRESS, shown="paused", filter="loss"), 80).text
    assert len(line) == 80
    assert "no broker" in line
    assert " paused " in line
    assert " /loss " in line
    assert "lost 0" in line


@pytest.mark.parametrize("width", range(1, 160, 7))
@pytest.mark.parametrize("connection", [CONNECTED, GONE, NEVER])
def test_the_line_has_exactly_its_width(connection: Connection, width: int) -> None:
    status = Status(connection, ADDRESS + "\x1b[31m" * 40, shown="paused", filter="\x1b[31m漢字" * 9)
    line = status_line(status, width)
    assert line.width == width
    assert "\x1b" not in line.text


def test_many_lost_events_are_shortened_and_not_hidden() -> None:
    connection = Connection(connected=True, since=NOW, lost=1_234_567, rejected={"version": 3})
    line = status_line(Status(connection, ADDRESS), 120).text
    assert "lost 1.23M" in line
    assert "rejected 3" in line
