"""`dashctl history`: curves and events out of the journal."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashctl.bus import Address, Broker, Publisher
from dashctl.bus.journal.settings import JournalSettings
from dashctl.cli import main
from dashctl.events import Alert, Metric


@pytest.fixture
def kept(bus: Address, tmp_path: Path) -> Iterator[Address]:
    """The default bus, with a journal that has a metric and two alerts."""
    settings = JournalSettings(tmp_path / "journal")
    with Broker(bus, journal=settings) as broker, Publisher(bus, run="exp1") as publisher:
        broker.start()
        for step in range(1_000):
            publisher.log(Metric("loss", step, 50.0 if step == 500 else 1 / (step + 1)))
        publisher.log(Alert("hot", "90 degrees"))
        publisher.publish(Alert("hot", "80 degrees", resolved=True), 30.0)
        yield bus


def test_a_curve_is_a_table_that_keeps_the_peak(kept: Address, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "loss", "--since", "1h", "--points", "10"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "loss in exp1: 1,000 samples, the last 0.001"
    assert 5 <= len(lines) - 2 <= 10
    assert any(line.endswith("          50") for line in lines)
    assert err == ""


def test_a_curve_as_csv_and_as_json(kept: Address, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "loss", "--points", "1000", "--csv"]) == 0
    head, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    assert head == ["run", "name", "step", "time", "low", "mean", "high", "samples"]
    assert [int(row[2]) for row in rows] == list(range(1_000))
    assert main(["history", "loss", "--points", "1000", "--json"]) == 0
    (curve,) = json.loads(capsys.readouterr().out)["curves"]
    assert (curve["run"], curve["name"], curve["total"]) == ("exp1", "loss", 1_000)
    assert [float(row[6]) for row in rows] == curve["high"]


def test_events_of_a_type(kept: Address, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "--type", "alert", "--points", "1"]) == 0
    out, err = capsys.readouterr()
    assert 'message="80 degrees"' in out
    assert "90 degrees" not in out
    assert err == "dashctl: the newest 1 of 2\n"
    assert main(["history", "--type", "alert", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["message"] for each in found["events"]] == ["90 degrees", "80 degrees"]


def test_what_is_not_there_is_said(kept: Address, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "loss", "--until", "1d"]) == 0
    assert capsys.readouterr() == ("", "dashctl: the journal has nothing of that\n")


def test_a_broker_without_a_journal_says_so(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "loss"]) == 1
    assert "this broker keeps no journal" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--since", "+5min"], "'+5min' is not allowed; expected 10:02"),
        (["--since", "yesterday"], "'yesterday' is not allowed"),
        (["--points", "0"], "whole number from 1"),
        (["--type", "alert", "--csv"], "--csv is for metrics"),
        (["--since", "2h", "--until", "3h"], "--until has to be after --since"),
    ],
)
def test_what_is_wrong_is_one_line(
    arguments: list[str], named: str, bus: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert named in err
    assert len(err.splitlines()) == 1
