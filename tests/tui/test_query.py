"""The filter's language: what a typed text shows, what it leaves out, what it says while it is not whole."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl.events import (
    BusStats,
    Event,
    LogLine,
    Metric,
    ModelMetric,
    ProducerStats,
    RunStarted,
    Scalar,
    SourceCode,
    Stamped,
)
from dashctl.state import State, fold_all
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.query import parse
from dashctl_tui.scenes import scene_named
from dashctl_tui.scenes.viewport import Scrolled, Shared, Viewport
from tests.tui.sample import NOW, looked_at

LSTM: Mapping[str, Scalar] = {
    "lr": 1e-3,
    "model": "LSTM",
    "seed": 3,
    "bidirectional": True,
    "resume": None,
    "optimiser.momentum": 0.9,
    "data set": "big one",
    "decay": "1e-4",
    "note": "nan",
}


def shows(typed: str, *names: str, config: Mapping[str, Scalar] | None = None) -> bool:
    return parse(typed).shows(*names, config=config)


@pytest.mark.parametrize(
    ("typed", "shown", "left_out"),
    [
        ("", ["anything", ""], []),
        ("   ", ["anything"], []),
        ("loss", ["train/LOSS", "loss"], ["accuracy"]),
        ("STRASSE", ["Straße"], []),
        ("loss val", ["val/loss"], ["train/loss", "val/accuracy"]),
        ("val_*", ["val_loss", "VAL_accuracy", "val_"], ["my_val_loss"]),
        ("*/loss", ["train/loss", "a/b/loss"], ["loss", "train/loss2"]),
        ("*loss*", ["train/loss2"], ["accuracy"]),
        ("layer?/*", ["layer1/loss"], ["layer10/loss"]),
        ("why?", ["why? because"], ["whyx"]),
        ("a[0]", ["weights/a[0]"], ["weights/a0"]),
        ("a[0]*", ["a[0]/loss"], ["a0/loss"]),
        ("/^val_(loss|acc)/", ["val_loss", "VAL_acc"], ["my_val_loss", "val_f1"]),
        ("/(?-i:^V)al/", ["Val"], ["val"]),
        ("/^train/loss$/", ["train/loss"], ["train/loss2"]),
        ("/a b/ c", ["c a b"], ["a c b"]),
        ("!val", ["train/loss"], ["val/loss"]),
        ("!val_* loss", ["train_loss"], ["val_loss", "train_acc"]),
        ("!/^val/", ["train"], ["validation"]),
        ("!!val", ["val"], ["train"]),
        ('"two words"', ["one two words"], ["two", "two  words"]),
        ('"val_*"', ["my val_*"], ["val_loss"]),
        ('"lr=3"', ["sweep lr=3"], ["sweep"]),
        ("->", ["a -> b"], ["a"]),
        (":8080", ["host:8080"], ["host"]),
    ],
)
def test_names(typed: str, shown: list[str], left_out: list[str]) -> None:
    assert [name for name in [*shown, *left_out] if shows(typed, name)] == shown
    assert parse(typed).trouble == ""


def test_each_term_may_hold_of_another_name_of_a_thing() -> None:
    assert shows("mnist loss", "mnist-0412", "train/loss")
    assert not shows("mnist !loss", "mnist-0412", "train/loss")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("lr>=1e-3", True),
        ("lr>1e-3", False),
        ("lr<=0.001", True),
        ("lr<0.1", True),
        ("lr=0.0010", True),
        ("lr==1e-3", True),
        ("LR=1e-3", True),
        ("lr!=0.1", True),
        ("lr!=0.001", False),
        ("!lr=0.001", False),
        ("!lr>1", True),
        ("model:lstm", True),
        ("model:ls", False),
        ("model=ls*", True),
        ("model!=gru", True),
        ("model>3", False),
        ("seed=3", True),
        ("seed=3.0", True),
        ("seed:3*", True),
        ("seed=33", False),
        ("bidirectional=true", True),
        ("bidirectional>0", False),
        ("resume:none", True),
        ("optimiser.*>0.5", True),
        ("decay<1e-3", True),
        ("decay=0.0001", True),
        ("note:nan", True),
        ('"data set":"big one"', True),
        ('"data set"="big *"', False),
        ("lr>=1e-3 model:lstm seed!=4", True),
        ("lr>=1e-3 model:gru", False),
        ("lr>=1e-3 mnist", True),
        ("lr>=1e-3 cifar", False),
    ],
)
def test_conditions(typed: str, *, shown: bool) -> None:
    assert shows(typed, "mnist-0412", config=LSTM) is shown
    assert parse(typed).trouble == ""


def test_what_has_no_configuration_is_judged_by_its_names_alone() -> None:
    for typed in ("lr>=1e-3", "!lr>=1e-3", "model:gru", "lr!=0.001"):
        assert shows(typed, "gpu-07")
        assert shows(f"{typed} gpu", "gpu-07")
        assert not shows(f"{typed} cpu", "gpu-07")


def test_what_lacks_the_key_meets_no_condition_on_it() -> None:
    for typed in ("dropout>=0", "dropout<1", "dropout=0.1", "dropout!=0.1"):
        assert not shows(typed, "mnist", config=LSTM)
        assert not shows(typed, "mnist", config={})
        assert shows(f"!{typed}", "mnist", config=LSTM)


def test_but_where_the_text_itself_stands_in_a_name_it_is_shown() -> None:
    assert shows("12:03", "at 12:03:04", config=LSTM)
    assert shows("Loss=NaN", "step 7: loss=nan", config={})


@pytest.mark.parametrize(
    ("typed", "trouble"),
    [
        ("/^val_(lo", "no regex yet, and passed over: missing )"),
        ("/(/", "no regex, and passed over"),
        ("/(?L)a/", "no regex, and passed over"),
        ("/a{1,99999999999}/", "no regex, and passed over"),
        ("lr>=", "lacks a value"),
        ("lr=", "lacks a value"),
        ("lr>=1e-", "1e- is no number"),
        ("lr<abc", "abc is no number"),
    ],
)
def test_a_term_that_is_not_whole_is_passed_over_and_says_so(typed: str, trouble: str) -> None:
    query = parse(f"{typed} mnist")
    assert query.shows("mnist", config=LSTM)
    assert not query.shows("cifar", config=LSTM)
    assert typed in query.trouble
    assert trouble in query.trouble
    assert "\n" not in query.trouble


@pytest.mark.parametrize("typed", ["/", "//", "!", '"', '""', "! ", "!/"])
def test_the_beginning_of_a_term_leaves_out_nothing(typed: str) -> None:
    assert shows(typed, "anything")


def test_an_unfinished_regex_is_tried_as_far_as_it_goes() -> None:
    assert [name for name in ("val_loss", "my_val") if shows("/^val", name)] == ["val_loss"]
    assert "lacks its last /" in parse("/^val").trouble
    assert shows("/^val mnist", "mnist val", "val")


def test_typing_a_query_letter_by_letter_never_empties_the_screen_by_what_is_unfinished() -> None:
    for typed in ("/^val_(loss|acc)/", "/[[a-z]+_loss/", '"val_loss"'):
        assert all(shows(typed[:end], "val_loss") for end in range(len(typed) + 1)), typed


def test_a_glob_of_many_stars_never_goes_back() -> None:
    # It would not end otherwise.
    assert not shows("*a" * 30 + "*b", "a" * 10_000)


PIECES = [*' !/":=<>*?[](){}|\\^$.+-', ">=", "!=", "lr", "1e-3", "val_", "(?-i:", "{2}", "\ud800", "İ", "ß"]


@given(
    st.lists(st.sampled_from(PIECES) | st.characters(), max_size=12).map("".join),
    st.dictionaries(
        st.sampled_from(["lr", "a", "b"]) | st.text(min_size=1, max_size=3),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        max_size=3,
    )
    | st.none(),
    st.lists(st.text(max_size=20) | st.none(), max_size=3),
)
def test_whatever_is_typed_is_understood_somehow(
    typed: str, config: dict[str, Scalar] | None, names: list[str | None]
) -> None:
    query = parse(typed)
    assert query.text == typed
    assert isinstance(query.shows(*names, config=config), bool)


@given(st.text(st.characters(categories=("L", "N")), min_size=1), st.text())
def test_a_bare_word_is_looked_for_in_any_case(word: str, around: str) -> None:
    assert shows(word, around + word + around)
    assert shows(word.casefold(), around + word)


def test_a_viewport_shows_what_its_query_does() -> None:
    viewport = Viewport(80, 24, Scrolled(), shared=Shared("lr>=0.01 mnist"))
    assert viewport.shows("mnist", None, config={"lr": 0.1})
    assert not viewport.shows("mnist", config={"lr": 0.001})
    assert viewport.shows("mnist")
    assert Viewport(80, 24, Scrolled()).shows("anything")


@pytest.mark.parametrize("name", ["overview", "models", "bus", "code", "training", "runs", "logs"])
def test_whatever_is_of_a_run_is_judged_by_its_configuration(name: str) -> None:
    state = State()
    for run, lr in (("apple", 0.1), ("pear", 0.001)):
        told: list[Event] = [
            RunStarted({"lr": lr}, name=run),
            ModelMetric(run, 0.5),
            Metric("loss", 1, 0.5),
            LogLine(f"line of {run}"),
            SourceCode(f"{run}.py", f"{run} = 1"),
        ]
        fold_all(state, [Stamped(NOW, run, event) for event in told])
    producers = tuple(ProducerStats(run[0] * 16, run, 1, 0, 1.0, 0.0) for run in ("apple", "pear"))
    fold_all(state, [Stamped(NOW, "", BusStats(NOW, by_producer=producers))])
    scene = scene_named(name)
    viewport = looked_at(scene, 120, 40, NOW, wanted="lr>=0.01")
    text = to_text(scene.paint(scene.select(state, viewport), viewport).rows)
    if name == "overview":
        # Its log lines are those of all.
        text = text[: text.index("Log and alerts")]
    assert "apple" in text
    assert "pear" not in text


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*$", "((ab?)c*)*", "(a|ab)+", r"([^x]\w*){9,}", "(?:.*)+?x"]
)
def test_a_regex_that_could_take_for_ever_is_passed_over(pattern: str) -> None:
    query = parse(f"/{pattern}/")
    assert query.terms == ()
    assert "passed over" in query.trouble
    assert query.shows("a" * 60)


@pytest.mark.parametrize(
    "pattern",
    [r"^val_(loss|acc)", r"(\d+[.]){3}\d+", "(train|val)+_loss", r"(a+)?b*", r"[(+]+\(+", "(?i:x)+", "a{,3}"],
)
def test_what_ends_soon_is_tried(pattern: str) -> None:
    query = parse(f"/{pattern}/")
    assert len(query.terms) == 1
    assert not query.trouble


def test_a_regex_is_tried_on_the_beginning_of_what_is_very_long() -> None:
    assert not parse("/x.*y/").shows("x" * 1_000_000)
