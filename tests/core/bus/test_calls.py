"""Calls through a broker: results and named errors, and what happens when one of the three ends."""

import math
import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from dashctl.bus import Address, Broker, CallProgress, Invocation, Service, ask_services, call, messages
from dashctl.bus.control import ask_status
from dashctl.bus.switchboard import CALLS_PER_SERVICE
from dashctl.errors import (
    BadArguments,
    Busy,
    CallFailed,
    CallTimedOut,
    Cancelled,
    Closed,
    NameTaken,
    NoBroker,
    NoSuchMethod,
    NoSuchService,
    NotAllowed,
    ServiceGone,
    UsageError,
)
from tests.core.bus.beyond import free_ports, let_in
from tests.core.bus.processes import PATIENCE, broker_process, said, script, until

SERVICE = """
import os, sys, time
from dashctl.bus import Invocation, Service
with Service("trainer", sys.argv[1]) as service:
    @service.method
    def pid() -> int:
        return os.getpid()
    @service.method
    def sleep(seconds: float) -> None:
        time.sleep(seconds)
    print("offered" if service.is_offered else "waiting", flush=True)
    sys.stdin.read()
"""


class Trainer:
    """A service's methods, and what became of them."""

    def __init__(self) -> None:
        self.running = 0
        self.abandoned = threading.Event()
        self.release = threading.Event()

    def double(self, value: float) -> float:
        """Twice the value."""
        return 2 * value

    def count(self, total: int, invocation: Invocation) -> int:
        """Count, and say so."""
        for done in range(total):
            invocation.progress(done + 1, total, f"at {done}")
        return total

    def wait(self, invocation: Invocation) -> str:
        """Wait until nobody waits."""
        self.running += 1
        if invocation.wait(PATIENCE):
            self.abandoned.set()
        return "late"

    def hold(self) -> None:
        """Wait until the test is over."""
        self.running += 1
        self.release.wait(PATIENCE)

    def fail(self) -> None:
        """Raise."""
        raise KeyError("no such layer")

    def echo(self, value):
        """Give it back."""
        return value

    def undefined(self) -> float:
        """Give what is no number."""
        return math.nan

    def huge(self) -> str:
        """Give more than travels."""
        return "x" * (messages.MAX_REQUEST + 1)

    def strange(self) -> object:
        """Give what does not travel."""
        return object()


@pytest.fixture
def trainer(broker: Broker) -> Iterator[Trainer]:
    made = Trainer()
    with Service("trainer", broker.address) as service:
        for name in ("double", "count", "wait", "hold", "fail", "echo", "undefined", "huge", "strange"):
            service.method(getattr(made, name))
        yield made
        made.release.set()


def test_a_method_is_called_and_gives_its_result(trainer: Trainer, address: Address) -> None:
    assert call(address, "trainer", "double", {"value": 3}) == 6.0


def test_what_travels_is_plain(trainer: Trainer, address: Address) -> None:
    given = {"a": [1, 2.5, None, True, "é"], "b": {"c": (1, 2)}}
    assert call(address, "trainer", "echo", {"value": given}) == {**given, "b": {"c": [1, 2]}}
    assert math.isnan(call(address, "trainer", "undefined"))


def test_services_are_listed_with_what_they_take(trainer: Trainer, address: Address) -> None:
    (service,) = ask_services(address)
    assert (service.name, service.pid, service.calls) == ("trainer", os.getpid(), 0)
    double = next(method for method in service.methods if method.name == "double")
    assert double.summary == "Twice the value."
    assert [(each.name, each.allowed, each.required) for each in double.parameters] == [
        ("value", "a number", True)
    ]
    assert until(lambda: ask_status(address).services) == ("trainer",)


def test_progress_comes_in_order_and_the_last_of_it_before_the_result(
    trainer: Trainer, address: Address
) -> None:
    heard: list[CallProgress] = []
    assert call(address, "trainer", "count", {"total": 50_000}, on_progress=heard.append) == 50_000
    done = [progress.done for progress in heard]
    assert done == sorted(done)
    assert heard[-1] == CallProgress(50_000.0, 50_000.0, "at 49999")
    assert len(heard) < 1_000, "of many reports the newest travels"


@pytest.mark.parametrize(
    ("called", "arguments", "error", "words"),
    [
        ("nobody.x", {}, NoSuchService, "nobody: no such service; expected trainer"),
        ("trainer.x", {}, NoSuchMethod, "trainer.x: no such method; expected double, count, wait"),
        ("trainer.double", {}, BadArguments, "trainer.double.value: missing; expected a number"),
        ("trainer.double", {"value": "a"}, BadArguments, "trainer.double.value: 'a' is not allowed"),
        ("trainer.double", {"value": object()}, BadArguments, "cannot travel"),
        ("trainer.double", {"value": "x" * 2**20}, BadArguments, "at most 1,048,576 are allowed"),
        ("trainer.fail", {}, CallFailed, "trainer.fail: KeyError: 'no such layer'"),
        ("trainer.huge", {}, CallFailed, "result of 1,048,"),
        ("trainer.strange", {}, CallFailed, "trainer.strange returned what cannot travel: <object"),
        (".x", {}, BadArguments, "cannot be called"),
    ],
)
def test_what_is_wrong_has_a_class_and_a_line(
    trainer: Trainer,
    address: Address,
    *,
    called: str,
    arguments: dict[str, object],
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error) as raised:
        call(address, *called.split("."), arguments)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_error_keeps_the_name_of_its_class(trainer: Trainer, address: Address) -> None:
    with pytest.raises(CallFailed) as raised:
        call(address, "trainer", "fail")
    assert raised.value.kind == "KeyError"


def test_a_call_that_takes_too_long_ends_on_both_sides(trainer: Trainer, address: Address) -> None:
    begun = time.monotonic()
    with pytest.raises(CallTimedOut, match=r"trainer\.wait: the call took longer than 0\.2 s"):
        call(address, "trainer", "wait", timeout=0.2)
    assert time.monotonic() - begun < PATIENCE / 2
    assert trainer.abandoned.wait(PATIENCE)
    assert call(address, "trainer", "double", {"value": 1}) == 2.0, "a late result disturbs no other call"


def test_a_call_can_be_given_up(trainer: Trainer, address: Address) -> None:
    with pytest.raises(Cancelled):
        call(address, "trainer", "wait", cancelled=lambda: trainer.running > 0)
    assert trainer.abandoned.wait(PATIENCE)


def test_an_error_of_the_callers_own_gives_the_call_up(trainer: Trainer, address: Address) -> None:
    def interrupt(_: CallProgress) -> None:
        raise KeyboardInterrupt

    with Service("other", address) as service:

        @service.method
        def begin(invocation: Invocation) -> None:
            invocation.progress(0)
            trainer.wait(invocation)

        with pytest.raises(KeyboardInterrupt):
            call(address, "other", "begin", on_progress=interrupt)
        assert trainer.abandoned.wait(PATIENCE)


def test_many_call_at_once(trainer: Trainer, address: Address) -> None:
    results: list[float] = []
    threads = [
        threading.Thread(
            target=lambda n=n: results.append(
                call(address, "trainer", "double", {"value": n}, timeout=PATIENCE)
            )
        )
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [2.0 * n for n in range(20)]


def test_a_service_with_too_much_to_answer_is_busy(trainer: Trainer, address: Address) -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.linger = 0
        dealer.connect(address.calls)
        for number in range(1, CALLS_PER_SERVICE + 1):
            asked = messages.Call(number, "trainer", "hold", timeout=0.05)
            dealer.send(messages.encode(asked))
        # They are over for their caller, and still owed by the service.
        for _ in range(CALLS_PER_SERVICE):
            reply = messages.decode_reply(dealer.recv())
            while isinstance(reply, messages.Probe):
                reply = messages.decode_reply(dealer.recv())
            assert isinstance(reply, messages.Refused)
            assert reply.code == "timed out"
        with pytest.raises(Busy, match=f"'trainer' has {CALLS_PER_SERVICE} calls to answer already"):
            call(address, "trainer", "double", {"value": 1})
        trainer.release.set()
        assert until(lambda: doubled(address)) == 2.0


def doubled(address: Address) -> float | None:
    try:
        result: float = call(address, "trainer", "double", {"value": 1})
    except Busy:
        return None
    return result


def test_a_name_has_one_holder_which_is_named(trainer: Trainer, address: Address) -> None:
    with pytest.raises(NameTaken, match=rf"'trainer' is offered already, by process {os.getpid()} on "):
        Service("trainer", address).open()
    assert call(address, "trainer", "double", {"value": 1}) == 2.0


def test_a_name_is_free_once_its_holder_closed_it(broker: Broker) -> None:
    for _ in range(3):
        with Service("trainer", broker.address) as service:
            assert service.is_offered
    assert ask_services(broker.address) == ()


def test_a_service_that_is_killed_in_mid_call_is_noticed_and_its_name_is_free(
    broker: Broker, address: Address
) -> None:
    with script(SERVICE, address) as process:
        assert said(process) == "offered"
        killer = threading.Timer(0.3, process.kill)
        killer.start()
        begun = time.monotonic()
        with pytest.raises(ServiceGone, match=rf"'trainer' \(process {process.pid} on .*\) has ended in mid"):
            call(address, "trainer", "sleep", {"seconds": 60}, timeout=PATIENCE)
        assert time.monotonic() - begun < PATIENCE / 2, "long before the timeout"
        killer.join()
    with script(SERVICE, address) as process:
        assert said(process) == "offered"
        assert call(address, "trainer", "pid") == process.pid


def test_a_name_is_free_at_once_when_its_holder_was_killed(broker: Broker, address: Address) -> None:
    with script(SERVICE, address) as process:
        assert said(process) == "offered"
        process.kill()
        process.wait()
    with Service("trainer", address) as service:
        assert service.is_offered


def test_a_caller_that_is_killed_is_noticed_by_the_method(trainer: Trainer, address: Address) -> None:
    calling = "import sys; from dashctl.bus import call; call(sys.argv[1], 'trainer', 'wait', timeout=60)"
    with script(calling, address) as process:
        until(lambda: trainer.running)
        process.kill()
        assert trainer.abandoned.wait(PATIENCE)


def test_a_stopped_service_costs_a_caller_no_more_than_its_timeout(broker: Broker, address: Address) -> None:
    with script(SERVICE, address) as process:
        assert said(process) == "offered"
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(CallTimedOut):
            call(address, "trainer", "pid", timeout=0.3)
        os.kill(process.pid, signal.SIGCONT)
        assert call(address, "trainer", "pid", timeout=PATIENCE) == process.pid


def test_a_service_waits_for_a_broker_and_is_offered_again_to_the_next(address: Address) -> None:
    with Service("trainer", address) as service:
        service.method(Trainer().double)
        assert not service.is_offered
        for _ in range(2):
            with broker_process(address) as process:
                until(lambda: service.is_offered)
                assert call(address, "trainer", "double", {"value": 2}) == 4.0
                process.kill()
            until(lambda: not service.is_offered)


def test_a_broker_that_is_killed_in_mid_call_is_named(address: Address) -> None:
    trainer = Trainer()
    with Service("trainer", address) as service, broker_process(address) as process:
        service.method(trainer.wait)
        until(lambda: service.is_offered)
        killer = threading.Timer(0.3, process.kill)
        killer.start()
        with pytest.raises(NoBroker, match="went away before it answered"):
            call(address, "trainer", "wait", timeout=PATIENCE)
        killer.join()
        assert trainer.abandoned.wait(PATIENCE), "the method hears that nobody waits"


def test_without_a_broker_there_is_nobody_to_ask(address: Address) -> None:
    with pytest.raises(NoBroker, match="no broker at"):
        call(address, "trainer", "double")
    with pytest.raises(NoBroker, match="no broker at"):
        ask_services(address)


def test_closing_lets_a_method_that_runs_answer(broker: Broker, address: Address) -> None:
    service = Service("trainer", address)
    service.method(Trainer().wait)
    service.open()
    answers: list[object] = []
    caller = threading.Thread(target=lambda: answers.append(call(address, "trainer", "wait")))
    caller.start()
    until(lambda: ask_services(address)[0].calls)
    service.close()
    caller.join()
    assert answers == ["late"]
    with pytest.raises(Closed):
        service.open()


def test_closing_does_not_wait_for_a_method_that_does_not_end(broker: Broker, address: Address) -> None:
    trainer = Trainer()
    service = Service("trainer", address)
    service.method(trainer.hold)
    service.open()
    gone: list[str] = []

    def calling() -> None:
        try:
            call(address, "trainer", "hold", timeout=PATIENCE)
        except ServiceGone as error:
            gone.append(str(error))

    caller = threading.Thread(target=calling)
    caller.start()
    until(lambda: trainer.running)
    service.close(timeout=0.1)
    caller.join()
    trainer.release.set()
    assert "was withdrawn in mid-call" in gone[0]


def test_a_fork_leaves_the_service_to_its_parent(trainer: Trainer, address: Address) -> None:
    service = Service("forked", address)
    service.method(trainer.double)
    service.open()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads run while this forks
        child = os.fork()
    if child == 0:
        service.close()
        os._exit(0 if not service.is_offered else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert call(address, "forked", "double", {"value": 1}) == 2.0
    service.close()


def test_a_stranger_cannot_answer_for_a_service(trainer: Trainer, address: Address) -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.linger = 0
        dealer.connect(address.calls)
        for request in (
            messages.ResultOf(1, "forged"),
            messages.FailureOf(2, "failed", "forged"),
            messages.ProgressOf(3, 1.0),
            messages.Withdraw(service="trainer"),
            messages.Cancel(4),
        ):
            dealer.send(messages.encode(request))
        dealer.send(messages.encode(messages.AskServices(5)))
        reply = messages.decode_reply(dealer.recv())
        assert isinstance(reply, messages.Services)
        assert [service.name for service in reply.services] == ["trainer"]


def test_a_service_that_is_dropped_warns(folder: Path, address: Address) -> None:
    with pytest.warns(ResourceWarning, match="unclosed <Service 'trainer'"):
        Service("trainer", address)


@pytest.mark.parametrize("name", ["", "x" * 129, "a\nb"])
def test_a_name_that_is_none_is_refused(name: str, address: Address) -> None:
    with pytest.raises(UsageError, match="expected a name"):
        Service(name, address)


@pytest.fixture
def beyond(address: Address) -> Iterator[Address]:
    """The same bus, through a door that asks for keys."""
    with Broker(address, listen=[f"tcp://127.0.0.1:{free_ports()}"]) as broker:
        broker.start()
        yield broker.listen[0]


def test_who_may_call_may_not_offer(beyond: Address, address: Address) -> None:
    let_in("call")
    with Service("trainer", address) as service:
        service.method(Trainer().double)
        assert call(beyond, "trainer", "double", {"value": 1}, timeout=PATIENCE) == 2.0
        with pytest.raises(NotAllowed):
            Service("other", beyond).open()
    assert ask_services(address) == ()


def test_who_may_publish_may_offer_and_not_call(beyond: Address, address: Address) -> None:
    let_in("publish")
    with Service("trainer", beyond) as service:
        service.method(Trainer().double)
        until(lambda: service.is_offered)
        assert call(address, "trainer", "double", {"value": 1}, timeout=PATIENCE) == 2.0
        with pytest.raises(NotAllowed, match="takes the right to call"):
            call(beyond, "trainer", "double", {"value": 1}, timeout=PATIENCE)
