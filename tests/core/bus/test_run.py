"""A run: three lines in a training program, and the whole of it on the bus."""

import math
import shlex
import signal
import socket
import sys
from importlib import metadata

import numpy as np
import pytest
import torch

import dashctl
from dashctl import Metric, ModelMetric, Run, RunFinished, RunStarted, bus
from dashctl.bus import Address, Broker
from dashctl.errors import Closed, InvalidEvent, UsageError
from dashctl.events import LogLine, SourceCode
from dashctl.run import run_id
from dashctl.state import State
from dashctl.validation import LONGEST_TEXT
from tests.core.bus.processes import PATIENCE, finished, quiet_state, said, script


def ended(address: Address, run: Run) -> RunFinished:
    return quiet_state(address).latest(RunFinished)[run.id,].event


def last(state: State, run: Run, name: str) -> float:
    curve = state.curve(Metric, (run.id, name))
    assert curve is not None
    return curve.last


def test_a_run_says_what_it_is_what_it_measured_and_that_it_finished(
    broker: Broker, address: Address
) -> None:
    with Run("MNIST, again", address=address, lr=3e-4, layers=2, amp=True, note=None) as run:
        for step in range(10):
            run.log(step, loss=1.0 / (step + 1))
        run.log_event(ModelMetric("lstm", 0.5))
    state = quiet_state(address)
    started = state.latest(RunStarted)[run.id,]
    assert started.run == run.id
    assert started.event == RunStarted(
        {"lr": 3e-4, "layers": 2, "amp": True, "note": None},
        socket.gethostname(),
        shlex.join(sys.argv),
        "MNIST, again",
    )
    assert state.version(Metric) == 10
    assert last(state, run, "loss") == pytest.approx(0.1)
    assert [each.run for each in state.latest(ModelMetric).values()] == [run.id]
    assert ended(address, run) == RunFinished("finished")


def test_a_run_shows_its_code_and_goes_on_where_there_is_none(broker: Broker, address: Address) -> None:
    with Run("mnist", address=address) as run:
        run.source(last)
        run.source(len)
    state = quiet_state(address)
    code = state.latest(SourceCode)[run.id,].event
    assert (code.path, code.text.splitlines()[0]) == (
        __file__,
        "def last(state: State, run: Run, name: str) -> float:",
    )
    (line,) = [item.event for item in state.last(LogLine)[()]]
    assert "the code of len cannot be read" in line.message
    assert ended(address, run) == RunFinished("finished")


def test_a_command_line_that_no_event_can_carry_ends_no_training(
    broker: Broker, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", "caf\udce9", "x" * 100_000])
    with Run("mnist", address=address, note="caf\udce9") as run:
        pass
    started = quiet_state(address).latest(RunStarted)[run.id,].event
    assert started.command.startswith("train.py 'caf?' xxx")
    assert started.command.endswith("x…")
    assert len(started.command) == LONGEST_TEXT
    assert started.config == {"note": "caf?"}


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        np.float32(0.5),
        np.float64(0.5),
        np.array([0.5]),
        torch.tensor(0.5),
        torch.tensor([0.5], requires_grad=True),
    ],
    ids=["float", "float32", "float64", "array", "tensor", "with gradient"],
)
def test_numbers_of_every_kind_are_values(broker: Broker, address: Address, value: object) -> None:
    with Run("r", address=address) as run:
        run.log(np.int64(3), {"train/loss": value}, loss=value)  # type: ignore[arg-type]
    state = quiet_state(address)
    assert last(state, run, "train/loss") == last(state, run, "loss") == 0.5


@pytest.mark.parametrize(
    "value", ["high", None, [0.5, 0.6], torch.ones(2), object()], ids=lambda value: type(value).__name__
)
def test_what_no_curve_can_show_is_an_error_where_it_is_logged(address: Address, value: object) -> None:
    with Run("r", address=address) as run, pytest.raises(InvalidEvent, match=r"metric\.value: "):
        run.log(0, loss=value)


def test_no_configuration_ends_the_program_that_has_it(broker: Broker, address: Address) -> None:
    odd = {"name": "resnet", "address": "10.0.0.1", "clip": math.inf, 3: math.nan, "": 1, "seed": 2**80}
    with Run(
        "m", {**odd, **{f"key {number}": number for number in range(2_000)}}, address=address, lr=1
    ) as run:
        pass
    config = quiet_state(address).latest(RunStarted)[run.id,].event.config
    assert len(config) == 1_000
    shown = {
        "name": "resnet",
        "address": "10.0.0.1",
        "clip": "inf",
        "3": "nan",
        "(empty)": 1,
        "seed": str(2**80),
    }
    assert shown.items() <= config.items()


@pytest.mark.parametrize("step", [{"loss": 1.0}, 3, "loss"])
def test_logging_nothing_is_an_error_rather_than_a_loss(address: Address, step: object) -> None:
    with Run("r", address=address) as run, pytest.raises(InvalidEvent, match=r"run\.log\(step, loss=0\.5\)"):
        run.log(step)  # type: ignore[arg-type]


def test_configuration_that_is_no_scalar_is_shown_as_text(broker: Broker, address: Address) -> None:
    with Run("r", address=address, shape=(28, 28), seed=2**70, rate=np.float32(0.5), long="x" * 500) as run:
        pass
    config = quiet_state(address).latest(RunStarted)[run.id,].event.config
    assert config == {"shape": "(28, 28)", "seed": str(2**70), "rate": 0.5, "long": "x" * 199 + "…"}


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (ValueError("loss is NaN"), "failed", "ValueError: loss is NaN"),
        (KeyboardInterrupt(), "interrupted", "KeyboardInterrupt"),
        (SystemExit(3), "interrupted", "SystemExit: 3"),
        (SystemExit(0), "finished", None),
    ],
    ids=repr,
)
def test_how_a_program_left_the_run_is_told(
    broker: Broker, address: Address, error: BaseException, outcome: str, reason: str | None
) -> None:
    with pytest.raises(type(error)), Run("r", address=address) as run:
        raise error
    finish = ended(address, run)
    assert (finish.outcome, finish.reason) == (outcome, reason)


def test_a_terminated_program_says_so_too(broker: Broker, address: Address) -> None:
    code = """
import sys, time, dashctl
with dashctl.Run("r", address=sys.argv[1]) as run:
    run.log(0, loss=1.0)
    print(run.id, flush=True)
    time.sleep(60)
"""
    with script(code, address) as process:
        name = said(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert quiet_state(address).latest(RunFinished)[name,].event == RunFinished("interrupted", "SIGTERM")


def test_a_child_that_leaves_does_not_end_the_run(broker: Broker, address: Address) -> None:
    code = """
import os, sys, dashctl
with dashctl.Run("r", address=sys.argv[1]) as run:
    child = os.fork()
    if child == 0:
        run.log(0, of_child=1.0)
        sys.exit(3)
    os.waitpid(child, 0)
    print(run.id, flush=True)
    sys.stdin.readline()
"""
    with script(code, address) as process:
        name = said(process)
        assert quiet_state(address).series(Metric) == [(name, "of_child")]
        assert not quiet_state(address).latest(RunFinished)
        process.communicate("\n", timeout=PATIENCE)
    assert quiet_state(address).latest(RunFinished)[name,].event == RunFinished("finished")


def test_sigterm_stays_as_it_was_before_and_after(address: Address) -> None:
    def own(*_: object) -> None:
        raise AssertionError

    former = signal.getsignal(signal.SIGTERM)
    try:
        for action in (signal.SIG_DFL, own):
            signal.signal(signal.SIGTERM, action)
            with Run("r", address=address):
                assert (signal.getsignal(signal.SIGTERM) is own) == (action is own)
            assert signal.getsignal(signal.SIGTERM) == action
    finally:
        signal.signal(signal.SIGTERM, former)


def test_without_a_broker_training_goes_on_unharmed(address: Address) -> None:
    code = """
import sys, dashctl
with dashctl.Run("r", address=sys.argv[1]) as run:
    for step in range(1_000):
        run.log(step, loss=1.0)
print("trained")
"""
    with script(code, address) as process:
        assert finished(process).strip() == "trained"


def test_after_the_run_logging_is_an_error(broker: Broker, address: Address) -> None:
    with Run("r", address=address) as run:
        pass
    with pytest.raises(Closed):
        run.log(0, loss=1.0)


@pytest.mark.parametrize("name", ["r", "a very long name " * 10, "Größe/ä ö ü", "☃", "--"])
def test_a_runs_id_fits_a_frame_and_is_never_the_same(name: str) -> None:
    ids = {run_id(name) for _ in range(20)}
    assert all(len(each.encode()) <= 32 and each.isascii() for each in ids)
    assert all(each[0].isalnum() for each in ids)
    assert len(ids) > 15


@pytest.mark.parametrize("name", ["", "  "])
def test_a_run_needs_a_name(name: str) -> None:
    with pytest.raises(UsageError, match=r"^run: "):
        Run(name)


def test_the_version_is_the_packages() -> None:
    assert dashctl.__version__ == metadata.version("dashctl")


def test_every_public_name_is_there_and_no_other_is() -> None:
    assert all(getattr(dashctl, name) is not None for name in dashctl.__all__)
    assert set(dir(dashctl)) == set(dashctl.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Rum'"):
        _ = dashctl.Rum


def test_the_bus_has_its_public_names_and_no_others() -> None:
    assert all(getattr(bus, name) is not None for name in bus.__all__)
    assert set(dir(bus)) == set(bus.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Bus'"):
        _ = bus.Bus
