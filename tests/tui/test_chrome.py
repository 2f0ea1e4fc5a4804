"""The lines around a scene: the deck and the status."""

import msgspec
import pytest

from dashctl.bus import Connection
from dashctl_tui.chrome import Status, deck_line, deck_tabs, status_line
from dashctl_tui.scenes import DECK, scene_named
from tests.tui.sample import CONNECTED, GONE, NEVER, NOW

ADDRESS = "ipc:///run/user/1000/dashctl"


def test_a_wide_deck_has_keys_titles_and_a_name() -> None:
    line = deck_line(DECK, DECK[0], 250).text.rstrip()
    assert line.startswith(" dashctl   1 Overview ")
    for scene in DECK:
        assert (scene.title if scene.title.startswith(scene.key) else f"{scene.key} {scene.title}") in line


def test_a_deck_of_120_columns_names_every_scene() -> None:
    line = deck_line(DECK, DECK[0], 120).text
    for scene in DECK:
        assert scene.title in line


def test_a_narrow_deck_names_the_scene_that_is_shown_and_the_keys_of_all() -> None:
    line = deck_line(DECK, scene_named("models"), 60).text.rstrip()
    assert line.split() == [
        word
        for scene in DECK
        for word in ([scene.key, scene.title] if scene.name == "models" else [scene.key])
    ]


def test_each_scene_has_a_key_of_its_own() -> None:
    keys = [scene.key for scene in DECK]
    assert len(set(keys)) == len(keys)
    assert all(key.isdecimal() or key.isupper() for key in keys)


@pytest.mark.parametrize("width", [1, 10, 40, 79, 80, 100, 200])
@pytest.mark.parametrize("current", [0, -1])
def test_tabs_stand_where_they_are_clicked(width: int, current: int) -> None:
    line = deck_line(DECK, DECK[current], width)
    assert line.width == width
    for tab in deck_tabs(DECK, DECK[current], width):
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
