"""`dashctl state`: the folded state for people and as JSON."""

import base64
import json
import math
from array import array
from typing import Any

import pytest

from dashctl.bus import Broker, Publisher
from dashctl.cli import main
from dashctl.cli.state import summary
from dashctl.events import (
    EVENT_TYPES,
    Event,
    LogLine,
    Metric,
    ModelMetric,
    PhaseEvent,
    PointCloud,
    RunStarted,
)
from dashctl.state import State, fold
from dashctl.state_json import as_json


def folded(*events: Event) -> dict[str, Any]:
    state = State()
    for second, event in enumerate(events, start=100):
        fold(state, event, float(second), "r")
    return json.loads(json.dumps(as_json(state), allow_nan=False))


def test_the_newest_per_key_stands_with_time_and_run() -> None:
    plain = folded(ModelMetric("lstm", 0.1), ModelMetric("knn", 0.2), ModelMetric("lstm", 0.3))
    assert plain["time"] == 102.0
    assert plain["counts"]["model_metric"] == 3
    assert plain["events"]["model_metric"] == [
        {"time": 101.0, "run": "r", "type": "model_metric", "model": "knn", "accuracy": 0.2},
        {"time": 102.0, "run": "r", "type": "model_metric", "model": "lstm", "accuracy": 0.3},
    ]


def test_the_last_ones_stand_in_the_order_in_which_they_happened() -> None:
    plain = folded(LogLine("a"), LogLine("b"))
    assert [line["message"] for line in plain["events"]["log_line"]] == ["a", "b"]


def test_a_window_is_counted_up_to_the_newest_event() -> None:
    plain = folded(PhaseEvent("armed"), PhaseEvent("armed"), PhaseEvent("clean"))
    assert plain["events"]["phase"] == [{"phase": "armed", "count": 2}, {"phase": "clean", "count": 1}]


def test_a_curve_stands_as_columns_and_says_nan_and_inf_in_words() -> None:
    values = (0.5, math.nan, math.inf, -math.inf)
    plain = folded(*(Metric("loss", step, value) for step, value in enumerate(values)))
    (curve,) = plain["events"]["metric"]
    assert (curve["run"], curve["name"], curve["total"], curve["last"]) == ("r", "loss", 4, "-inf")
    assert curve["steps"] == [0, 1, 2, 3]
    assert curve["low"] == [0.5, "nan", "nan", "nan"]
    assert curve["marks"] == [[], ["nan"], ["inf"], ["-inf"]]


def test_packed_arrays_stand_as_base64() -> None:
    plain = folded(PointCloud.pack("p", [1.0, 2.0], [3.0, 4.0], phase=["clean", "armed"]))
    (cloud,) = plain["events"]["point_cloud"]
    assert array("f", base64.b64decode(cloud["x"])).tolist() == [1.0, 2.0]
    assert base64.b64decode(cloud["colourings"]["phase"]["codes"]) == b"\x00\x01"


def test_what_is_not_finite_in_a_configuration_stays_json() -> None:
    assert folded(RunStarted({"lr": 0.1, "note": None}))["events"]["run_started"][0]["config"] == {
        "lr": 0.1,
        "note": None,
    }


def test_every_event_type_has_its_place() -> None:
    names = [cls.type_name() for cls in EVENT_TYPES]
    plain = folded()
    assert list(plain["events"]) == names
    assert list(plain["counts"]) == names


def test_the_command_prints_what_the_broker_remembers(
    broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    with Publisher(broker.address, run="mnist") as publisher:
        publisher.publish(Metric("loss", 1, math.nan))
        publisher.publish(ModelMetric("lstm", 0.928))
    assert main(["state", "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out)["events"]["metric"][0]["last"] == "nan"
    assert main(["state"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("newest event: ")
    assert any(line.startswith("model_metric ") and line.endswith("accuracy=0.928") for line in lines)
    assert any(line.startswith("metric ") and 'last="nan"' in line for line in lines)


def test_an_empty_state_says_so() -> None:
    assert list(summary(State())) == ["nothing has been published yet"]
