"""Other keys from the configuration: each still means one thing."""

import pytest

from dashctl.errors import UsageError
from dashctl_tui.actions import EVERY
from dashctl_tui.keys import keycaps, rebound, usual_keys
from tests.tui.sample import FixedSource, full_state, monitor_of
from tests.tui.test_app import press, settle, shown


def test_the_usual_keys_are_written_as_they_are_wished_for() -> None:
    assert [each.keys for each in rebound(usual_keys())] == [each.keys for each in EVERY]
    assert usual_keys()["previous"] == "[ shift+tab"


def keys_of(name: str, **wanted: str) -> tuple[str, str]:
    (action,) = [each for each in rebound(wanted) if each.name == name]
    return action.keys, action.shown


def test_without_a_wish_all_is_as_in_the_table() -> None:
    assert rebound({}) == EVERY


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ("V", "V"),
        ("Z ctrl+z", "Z,ctrl+z"),
        ("f5", "f5"),
        ("; $", "semicolon,dollar_sign"),
        ("backspace", "backspace"),
        ("alt+é", "alt+é"),
    ],
)
def test_keys_are_named_as_people_do(keys: str, named: str) -> None:
    assert keys_of("quit", quit=keys) == (named, keys.split(maxsplit=1)[0])


@pytest.mark.parametrize("keys", ["", " ", "nokey", "ctrl+", "ctrl+nokey", "q,x"])
def test_what_is_no_key_is_named(keys: str) -> None:
    with pytest.raises(UsageError, match=r"^\[keys\] quit: .* is not allowed; expected keys with blanks"):
        rebound({"quit": keys})


def test_an_action_that_is_none_is_named_with_those_that_are_near() -> None:
    with pytest.raises(UsageError, match=r"^\[keys\] quitt: no such action; expected one of quit"):
        rebound({"quitt": "z"})


def test_a_key_that_is_taken_is_refused_unless_the_other_gives_way() -> None:
    with pytest.raises(UsageError, match=r"^\[keys\] help: 'q' is the key of quit; expected"):
        rebound({"help": "q"})
    with pytest.raises(UsageError, match="'y' is the key of"):
        rebound({"quit": "y"})
    assert keys_of("help", help="q", quit="V") == ("q", "q")


async def test_the_new_key_works_the_old_does_not_and_help_shows_it() -> None:
    actions = rebound({"show_models": "Z", "training_log_scale": "$"})
    monitor = monitor_of(FixedSource(full_state()), interval=0.02, actions=actions)
    async with monitor.run_test(size=(120, 40)) as pilot:
        await press(pilot, "9")
        assert monitor.scene.name == "overview"
        await press(pilot, "Z")
        assert monitor.scene.name == "models"
        await press(pilot, "T", "y")
        assert "log scale" not in shown(monitor)
        await press(pilot, "dollar_sign")
        assert "log scale" in shown(monitor)
        await press(pilot, "question_mark")
        assert "$ " in "\n".join(row.text for row in monitor.screen.query_one("RowsView").rows)  # type: ignore[attr-defined]


def test_what_is_written_on_a_key_is_what_it_became() -> None:
    caps = keycaps(rebound({"knn_next_class": "$", "up": "f5 up", "help": "f2"}), "knn")
    assert caps("n p") == "$ p"
    assert caps("↑") == "f5"
    assert caps("?") == "f2"
    assert keycaps(rebound({"knn_next_class": "$"}), "logs")("n") == "n"


async def test_words_about_keys_name_those_that_were_chosen() -> None:
    wanted = {
        "help": "f2",
        "quit": "f3",
        "open": "f4",
        "show_training": "f5",
        "runs_mark": "f6",
        "logs_level": "f7",
        "knn_next_class": "f8",
    }
    monitor = monitor_of(FixedSource(full_state()), interval=0.02, actions=rebound(wanted))
    async with monitor.run_test(size=(200, 50)) as pilot:
        await settle(pilot)
        assert "f5 Training" in shown(monitor, "deck")
        assert "f2 help  f3 quit" in shown(monitor, "status")
        assert "f5 Training" in shown(monitor)
        assert "f2 all keys" in shown(monitor)
        await press(pilot, "R")
        assert "f4 open  f6 mark" in shown(monitor)
        await press(pilot, "L")
        assert "f7 level" in shown(monitor)
        await press(pilot, "K")
        assert "f8 p" in shown(monitor)
