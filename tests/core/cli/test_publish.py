"""`dashctl publish`: one event or many, checked before anything is started."""

import json
import math
import subprocess
from collections.abc import Callable

import pytest

from dashctl.bus import Address, Broker
from dashctl.bus.control import ask_snapshot, ask_status
from dashctl.cli import main
from dashctl.cli.fields import event_of, event_of_json
from dashctl.events import (
    Alert,
    AttackProfile,
    Event,
    LogLine,
    Metric,
    ModelMetric,
    PointCloud,
    Prediction,
    RunStarted,
)

Dashctl = Callable[..., "subprocess.CompletedProcess[str]"]

WORDS: list[tuple[str, list[str], Event]] = [
    ("model_metric", ["model=lstm", "accuracy=0.928"], ModelMetric("lstm", 0.928)),
    ("model_metric", ["model=12", "accuracy=1"], ModelMetric("12", 1.0)),
    ("metric", ["name=loss", "step=3", "value=1e-4"], Metric("loss", 3, 1e-4)),
    ("metric", ["name=loss", "step=3", "value=-inf"], Metric("loss", 3, -math.inf)),
    ("attack_profile", ["name=x", "curve=[1, 2.5]"], AttackProfile("x", (1.0, 2.5))),
    ("alert", ["name=hot", "resolved=true"], Alert("hot", resolved=True)),
    ("log_line", ["message=a=b=c", "level=error"], LogLine("a=b=c", "error")),
    ("log_line", ["message=true"], LogLine("true")),
    ("log_line", ["message="], LogLine("")),
    ("prediction", ["episode_id=e", "window_idx=-1", "predicted=armed"], Prediction("e", -1, "armed")),
    ("run_started", ['config={"lr": 0.1, "name": "a"}'], RunStarted({"lr": 0.1, "name": "a"})),
    ("point_cloud", ["name=p", "x=[0, 1]", "y=[1, 0]"], PointCloud.pack("p", [0, 1], [1, 0])),
    ("point_cloud", ["name=p", "x=AAAAAA==", "y=AAAAAA=="], PointCloud.pack("p", [0], [0])),
]


@pytest.mark.parametrize(("name", "words", "event"), WORDS)
def test_a_word_means_what_its_field_makes_of_it(name: str, words: list[str], event: Event) -> None:
    assert event_of(name, words) == event


def test_nan_is_a_number_where_it_is_legal() -> None:
    event = event_of("metric", ["name=loss", "step=1", "value=nan"])
    assert isinstance(event, Metric)
    assert math.isnan(event.value)


WRONG: list[tuple[list[str], str]] = [
    ([], "an event is missing"),
    (["model_metrc", "model=x"], "type: 'model_metrc' is not an event type; expected one of alert"),
    (["model_metric", "lstm"], "'lstm' is not allowed; expected key=value"),
    (["model_metric", "=1"], "'=1' is not allowed; expected key=value"),
    (["model_metric", "model=lstm"], "model_metric.accuracy: missing; expected a number from 0 to 1"),
    (["model_metric", "model=lstm", "accuracy=1.7"], "model_metric.accuracy: 1.7 is not allowed"),
    (["model_metric", "model=lstm", "accuracy=nan"], "model_metric.accuracy: nan is not allowed"),
    (["model_metric", "model=lstm", "accuracy=good"], "model_metric.accuracy: 'good' is not allowed"),
    (["model_metric", "model=a", "model=b", "accuracy=1"], "model_metric.model: is given twice"),
    (["model_metric", "type=phase"], "model_metric.type: is given twice"),
    (["model_metric", "model=a", "acc=1"], "model_metric.acc: no such field; expected model, accuracy"),
    (["metric", "name=loss", "step=1.5", "value=1"], "metric.step: 1.5 is not allowed"),
    (["metric", "name=loss", f"step={'9' * 5000}", "value=1"], "metric.step: '9999"),
    (["metric", "name=loss", f"step={'[' * 100_000}", "value=1"], "metric.step: '[[["),
    (["phase", "phase=hungry"], "phase.phase: 'hungry' is not allowed; expected one of"),
    (["alert", "name=a", "resolved=yes"], "alert.resolved: 'yes' is not allowed; expected true or false"),
    (
        ["attack_profile", "name=a", "curve=1,2"],
        "attack_profile.curve: '1,2' is not allowed; expected a list",
    ),
    (["log_line", "message=\udcff"], "log_line.message"),
    (["--json", "{"], "not JSON"),
    (["--json", "[" * 100_000], "not JSON that can be read"),
    (["--json", "[1]"], "[1] is not allowed; expected an object"),
    (["--json", '{"phase": "armed"}'], "type: None is not an event type"),
    (["--json", '{"type": "phase", "phase": 1}'], "phase.phase: 1 is not allowed"),
    (["--json", '{"type": "log_line", "message": "\\ud800"}'], "log_line.message"),
    (["phase", "phase=armed", "--json", "{}"], "exclude each other"),
    (["-", "phase=armed"], "exclude each other"),
    (["phase", "phase=armed", "--timeout", "0"], "'0' is not allowed"),
    (["phase", "phase=armed", "--run", "x" * 33], "at most 32 bytes"),
    (["phase", "phase=armed", "--run", "\udcff"], "at most 32 bytes"),
]


@pytest.mark.parametrize(("words", "named"), WRONG)
def test_what_is_wrong_is_named_before_a_broker_is_started(
    words: list[str], named: str, bus: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["publish", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("dashctl: ")
    assert err.count("\n") == 1
    assert named in err
    assert bus.folder is not None
    assert not bus.folder.exists()


def test_an_event_is_acknowledged_with_the_number_of_monitors(
    broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["publish", "metric", "name=loss", "step=1", "value=0.5", "--run", "mnist"]) == 0
    assert capsys.readouterr() == ('{"delivered": 0, "durable": false}\n', "")
    assert list(ask_snapshot(broker.address).series(Metric)) == [("mnist", "loss")]


def test_an_event_may_be_one_json_object(broker: Broker) -> None:
    assert main(["publish", "--json", '{"type": "model_metric", "model": "lstm", "accuracy": 0.5}']) == 0
    assert [item.event for item in ask_snapshot(broker.address).latest(ModelMetric).values()] == [
        ModelMetric("lstm", 0.5)
    ]


def test_a_broker_is_started_where_none_is_and_found_the_next_time(bus: Address, dashctl: Dashctl) -> None:
    first = dashctl("publish", "phase", "phase=armed")
    assert (first.returncode, json.loads(first.stdout)["delivered"]) == (0, 0)
    assert first.stderr.startswith("dashctl: started a broker (process ")
    assert "its log is " in first.stderr
    second = dashctl("publish", "phase", "phase=clean")
    assert (second.returncode, second.stdout, second.stderr) == (0, first.stdout, "")
    status = ask_status(bus)
    assert str(status.pid) in first.stderr
    assert status.idle_exit == 1800


def test_no_broker_is_started_when_that_is_refused(bus: Address, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["publish", "phase", "phase=armed", "--no-start", "--timeout", "0.1"]) == 3
    assert capsys.readouterr() == ("", f"dashctl: no broker at {bus} within 0.1 s\n")


def test_of_many_lines_the_right_ones_are_sent_and_the_others_named(broker: Broker, dashctl: Dashctl) -> None:
    lines = [
        '{"type": "metric", "name": "loss", "step": 1, "value": NaN}',
        "",
        "{broken",
        '{"type": "metric", "name": "loss", "step": 2, "value": "inf"}',
        '{"type": "phase", "phase": "hungry"}',
        "7",
        '{"type": "phase", "phase": "armed"}',
    ]
    ran = dashctl("publish", "-", stdin="\n".join(lines))
    assert ran.returncode == 2
    assert [json.loads(line) for line in ran.stdout.splitlines()] == [{"delivered": 0, "durable": False}] * 3
    assert [line.split(":")[:2] for line in ran.stderr.splitlines()] == [
        ["dashctl", " line 3"],
        ["dashctl", " line 5"],
        ["dashctl", " line 6"],
    ]
    state = ask_snapshot(broker.address)
    curve = state.curve(Metric, ("", "loss"))
    assert curve is not None
    assert curve.total == 2


def test_lines_without_an_event_start_nothing(bus: Address, dashctl: Dashctl) -> None:
    ran = dashctl("publish", "-", stdin="nonsense\n")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert bus.folder is not None
    assert not bus.folder.exists()


def test_bytes_that_are_no_text_are_named() -> None:
    with pytest.raises(ValueError, match="not UTF-8: invalid start byte at byte 1"):
        event_of_json(b"\xff")
