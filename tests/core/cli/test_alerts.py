"""`dashctl alerts`: rules checked, what fires listed, and the watcher in the foreground."""

import json
import math
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dashctl.bus import Address, Broker, Publisher
from dashctl.bus.control import ask_snapshot
from dashctl.cli import main
from dashctl.events import Alert, AlertAcknowledged, Metric, RunStarted

RULES = """
[[rule]]
name = "high"
kind = "threshold"
metric = "loss"
above = 10
severity = "critical"

[webhook]
url = "http://127.0.0.1:9/hook?key=secret"
format = "webhook"
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A file of rules where nobody has to name it."""
    path = tmp_path / "config" / "dashctl" / "alerts.toml"
    path.parent.mkdir(parents=True)
    path.write_text(RULES)
    return path


def test_rules_are_checked_and_printed_in_words(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "check"]) == 0
    out, err = capsys.readouterr()
    assert out == "critical  high: loss above 10\nsent to   http://127.0.0.1:9 as webhook\n"
    assert err == ""
    assert main(["alerts", "check", str(rules), "--json"]) == 0
    (rule,) = json.loads(capsys.readouterr().out)
    assert (rule["name"], rule["rule"]) == ("high", "loss above 10")


def test_what_is_wrong_in_a_file_is_one_line(
    rules: Path, bus: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    rules.write_text(RULES.replace("10", '"ten"'))
    for command in ("check", "run"):
        assert main(["alerts", command]) == 2
        said = f"dashctl: {rules}: rule 'high': above: 'ten' is not allowed; expected a number\n"
        assert capsys.readouterr() == ("", said)
    rules.unlink()
    assert main(["alerts", "run"]) == 2
    assert "there is no such file" in capsys.readouterr().err
    assert bus.folder is not None
    assert not bus.folder.exists(), "no broker was started for it"


def test_what_fires_is_listed_the_worst_first(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "list"]) == 0
    assert capsys.readouterr() == ("", f"dashctl: no alert fires at {broker.address}\n")
    with Publisher(broker.address, run="a") as run:
        run.publish(Alert("disk\x1b[2J full", "/var"))
        run.publish(Alert("nan", "loss is NaN", "critical", value=math.nan))
        run.publish(Alert("gone", "was there"))
        run.publish(Alert("gone", "is over", resolved=True))
        run.publish(AlertAcknowledged("nan", "ada"))
    assert main(["alerts", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines[::2]] == [
        "warning   disk [2J full in a",
        "critical  nan in a",
    ]
    assert lines[2].endswith("seen by ada")
    assert main(["alerts", "list", "--all", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["ending"]) for one in listed][2] == ("gone", "is over")
    assert [one["value"] for one in listed] == [None, "nan", None]


def test_the_watcher_watches_until_it_is_told_to_end(rules: Path, bus: Address) -> None:
    rules.write_text(RULES.partition("[webhook]")[0])
    command = [sys.executable, "-m", "dashctl", "alerts", "run"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as watcher:
        assert watcher.stderr is not None
        while "watching" not in (line := watcher.stderr.readline()):
            assert line
        assert f"by 1 rule of {rules}" in line
        with Publisher(bus, run="a") as run:
            run.log(RunStarted())
            run.publish(Metric("loss", 3, 11.0), timeout=20)
        assert watcher.stderr.readline() == (
            "dashctl: high: loss in a: critical: loss is 11 at step 3, above 10\n"
        )
        second = subprocess.run(command, capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert "this bus is watched already: the service 'alerts' is offered already, by" in second.stderr
        assert len(second.stderr.splitlines()) == 1
        deadline = time.monotonic() + 20
        while not ask_snapshot(bus).last(Alert):
            assert time.monotonic() < deadline
        watcher.send_signal(signal.SIGTERM)
        assert watcher.wait(20) == 0
        assert watcher.stderr.read() == ""


def test_the_doctor_looks_at_the_rules_that_are_there(
    rules: Path, bus: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["doctor"])
    assert f"1 rule in {rules}" in capsys.readouterr().out
    rules.write_text("[[rule]]\n")
    assert main(["doctor"]) == 1
    assert "rule 1: name: missing" in capsys.readouterr().out
