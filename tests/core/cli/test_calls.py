"""`dashctl services` and `dashctl call`: what is printed, and with which exit status it ends."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from dashctl.bus import Address, Broker, Invocation, Service
from dashctl.cli import main

Dashctl = Callable[..., "subprocess.CompletedProcess[str]"]


class Trainer:
    """What is called here."""

    def __init__(self) -> None:
        self.waiting = threading.Event()
        self.abandoned = threading.Event()

    def say(self, text: str, times: int = 1) -> str:
        """Say something."""
        return " ".join([text] * times)

    def give(self, value):
        """Give it back."""
        return value

    def count(self, to: int, invocation: Invocation) -> None:
        """Count."""
        for done in range(1, to + 1):
            invocation.progress(done, to, "counting")

    def wait(self, invocation: Invocation) -> None:
        """Wait until nobody waits."""
        self.waiting.set()
        if invocation.wait(60):
            self.abandoned.set()

    def fail(self) -> None:
        """Raise."""
        raise ValueError("no such layer")

    def rant(self) -> None:
        """Raise at length."""
        raise ValueError("\x1b[2Jone\ntwo")


@pytest.fixture
def trainer(broker: Broker) -> Iterator[Trainer]:
    made = Trainer()
    with Service("trainer", broker.address) as service:
        for name in ("say", "give", "count", "wait", "fail", "rant"):
            service.method(getattr(made, name))
        yield made


def test_services_are_a_table_for_people(trainer: Trainer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["services"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert lines[0].startswith(f"trainer: process {os.getpid()} on ")
    assert lines[1:4] == ["  say: Say something.", "    * text   a text", "      times  a whole number"]


def test_services_are_json_for_programs(trainer: Trainer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["services", "--json"]) == 0
    (service,) = json.loads(capsys.readouterr().out)
    assert [method["name"] for method in service["methods"]] == [
        "say",
        "give",
        "count",
        "wait",
        "fail",
        "rant",
    ]


def test_nobody_there_is_no_error(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["services"]) == 0
    assert capsys.readouterr() == ("", f"dashctl: nobody offers a service at {broker.address}\n")


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["say", "text=hello"], "hello\n"),
        (["say", "text=12", "times=2"], "12 12\n"),
        (["say", "text=hello", "--json"], '"hello"\n'),
        (["give", "value=[1, null, true]"], "[1, null, true]\n"),
        (["give", 'value={"a": 1.5}'], '{"a": 1.5}\n'),
        (["give", "value=word"], "word\n"),
        (["give", "value=null"], ""),
        (["give", "value=null", "--json"], "null\n"),
    ],
)
def test_a_result_is_text_or_json(
    words: list[str], printed: str, trainer: Trainer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", "trainer", *words]) == 0
    assert capsys.readouterr() == (printed, "")


def test_progress_goes_to_stderr(trainer: Trainer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", "trainer", "count", "to=1000"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == "dashctl: trainer.count: 1000 of 1000, counting"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["nobody", "stop"], 3, "nobody: no such service; expected trainer"),
        (["trainer", "stop"], 2, "trainer.stop: no such method; expected say, give, count, wait, fail, rant"),
        (["trainer", "say"], 2, "trainer.say.text: missing; expected a text"),
        (
            ["trainer", "say", "text=a", "times=x"],
            2,
            "trainer.say.times: 'x' is not allowed; expected a whole ",
        ),
        (["trainer", "say", "text"], 2, "'text' is not allowed; expected key=value"),
        (["trainer", "say", "text=a", "text=b"], 2, "trainer.say.text: is given twice"),
        (["trainer"], 2, "are required: METHOD; see"),
        (["trainer", "fail"], 1, "trainer.fail: ValueError: no such layer"),
        (["trainer", "rant"], 1, "trainer.rant: ValueError:  [2Jone two"),
        (["trainer", "wait", "--timeout", "0.1"], 4, "trainer.wait: the call took longer than 0.1 s"),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_status(
    words: list[str], status: int, said: str, trainer: Trainer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", *words]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("words", [["services"], ["call", "trainer", "stop"]])
def test_without_a_broker_none_is_started(
    words: list[str], bus: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 3
    assert capsys.readouterr() == ("", f"dashctl: no broker at {bus}\n")


def test_ctrl_c_gives_the_call_up_at_the_service(trainer: Trainer) -> None:
    command = [sys.executable, "-m", "dashctl", "call", "trainer", "wait", "--timeout", "100"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert trainer.waiting.wait(60)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 130
    assert trainer.abandoned.wait(60)
