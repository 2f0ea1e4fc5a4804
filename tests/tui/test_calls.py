"""Calls as they are typed: taken apart, completed, and carried out by a real service."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from dashctl.bus import Broker, Follower
from dashctl.bus.calling import Method, Parameter, ServiceInfo
from dashctl.bus.service import Invocation, Service
from dashctl.errors import UsageError
from dashctl_tui.app import Monitor
from dashctl_tui.calls import Calls, Word, completed, line_of
from dashctl_tui.plots.canvas import to_text
from dashctl_tui.travel import Traveller
from dashctl_tui.widgets.call_line import CallLine
from dashctl_tui.widgets.rows import RowsView
from tests.tui.past import no_past

SIZE = (120, 30)


def monitor_at(follower: Follower, bus: str, calls: Calls) -> Monitor:
    return Monitor(
        follower,
        bus,
        traveller=Traveller(no_past),
        calls=calls,
        publish=lambda event, run: None,
        interval=0.02,
    )


def parameter(name: str, *, required: bool = False, takes_text: bool = False) -> Parameter:
    return Parameter(name, "anything", required, takes_text)


SERVICES = (
    ServiceInfo(
        "trainer",
        (
            Method("start", (parameter("epochs"), parameter("name", required=True, takes_text=True))),
            Method("stop"),
        ),
    ),
    ServiceInfo("labels", (Method("set", (parameter("window", required=True),)),)),
)


# What is typed


def test_a_call_is_a_service_a_method_and_arguments() -> None:
    line = line_of("trainer start epochs=3 name='a long one' ")
    assert (line.service, line.method) == ("trainer", "start")
    assert line.arguments(SERVICES) == {"epochs": 3, "name": "a long one"}


def test_a_text_is_meant_as_it_stands_where_the_service_says_so() -> None:
    line = line_of("trainer start name=12 epochs=12")
    assert line.arguments(SERVICES) == {"name": "12", "epochs": 12}
    assert line.arguments(()) == {"name": 12, "epochs": 12}


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("trainer", "expected SERVICE METHOD"),
        ("trainer start epochs", "expected key=value"),
        ("trainer start a=1 a=2", "trainer.start.a: is given twice"),
        ("trainer start name='open", "no closing quotation"),
    ],
)
def test_what_is_no_call_says_what_is_expected(typed: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        line_of(typed)


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("", "labels "),
        ("t", "trainer "),
        ("x", None),
        ("trainer ", "trainer start "),
        ("trainer sto", "trainer stop"),
        ("trainer stop", None),
        ("trainer start ", "trainer start name="),
        ("trainer start name=x ", "trainer start name=x epochs="),
        ("trainer start name=x e", "trainer start name=x epochs="),
        ("trainer start name=x epochs=1 ", None),
        ("nobody st", None),
    ],
)
def test_what_is_begun_is_completed_by_name(typed: str, whole: str | None) -> None:
    assert completed(typed, SERVICES) == whole


# The whole way


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="dc-", dir="/tmp")
    monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
    with Broker(f"ipc://{folder}/bus") as broker:
        broker.start()
        yield f"ipc://{folder}/bus"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def trainer(bus: str) -> Iterator[threading.Event]:
    """A service whose `start` says how far it is and waits to be let go on."""
    go_on = threading.Event()
    with Service("trainer", bus) as service:

        @service.method
        def start(name: str, invocation: Invocation, epochs: int = 2) -> dict[str, Any]:
            invocation.progress(1, epochs, f"training {name}")
            while not go_on.wait(0.02) and not invocation.cancelled:
                pass
            return {"name": name, "epochs": epochs}

        @service.method
        def fail() -> None:
            raise ValueError("out of luck")

        yield go_on
        go_on.set()


def said(calls: Calls, kind: str) -> str:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        word = calls.take()
        if isinstance(word, Word) and word.kind == kind:
            return word.text
        time.sleep(0.005)
    raise AssertionError(f"no {kind} came")


def test_a_call_tells_how_far_it_is_and_what_it_came_to(bus: str, trainer: threading.Event) -> None:
    calls = Calls(bus)
    calls.start(line_of("trainer start name=7 epochs=3"))
    while "training 7" not in (text := said(calls, "going on")):
        pass
    assert text == "trainer.start: 1 of 3, training 7"
    assert calls.under_way == 1
    trainer.set()
    assert said(calls, "result") == 'trainer.start → {"name": "7", "epochs": 3}'
    assert calls.under_way == 0
    calls.close()


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("nobody start", "nobody"),
        ("trainer fly", "fly"),
        ("trainer start name=x epochs=many", "epochs"),
        ("trainer fail", "out of luck"),
    ],
)
def test_an_error_is_told_in_its_own_words(bus: str, trainer: threading.Event, typed: str, why: str) -> None:
    calls = Calls(bus)
    calls.start(line_of(typed))
    assert why in said(calls, "error")
    calls.close()


def test_a_call_that_is_given_up_ends_at_once(bus: str, trainer: threading.Event) -> None:
    calls = Calls(bus)
    calls.start(line_of("trainer start name=x"))
    while "training x" not in said(calls, "going on"):
        pass
    calls.close()
    assert calls.under_way == 0
    assert not trainer.is_set()


def shown(app: Monitor, name: str) -> str:
    return to_text(app.screen_stack[0].query_one(f"#{name}", RowsView).rows)


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        await pilot.pause(0.02)
    raise AssertionError(f"it did not come to hold: {shown(pilot.app, 'status')}")  # type: ignore[arg-type]


async def test_a_call_is_typed_completed_and_made(bus: str, trainer: threading.Event) -> None:
    with Follower(bus) as follower:
        calls = Calls(bus)
        app = Monitor(
            follower,
            bus,
            traveller=Traveller(no_past),
            calls=calls,
            publish=lambda event, run: None,
            interval=0.02,
        )
        async with app.run_test(size=SIZE) as pilot:
            await pilot.press("colon")
            await until(pilot, lambda: bool(calls.services))
            line = app.query_one(CallLine)
            await pilot.press("t", "tab", "s", "tab", "tab")
            assert line.value == "trainer start name="
            await pilot.press("q", "enter")
            await until(pilot, lambda: "1 of 2, training q" in shown(app, "status"))
            assert not line.display
            trainer.set()
            await until(pilot, lambda: '→ {"name": "q", "epochs": 2}' in shown(app, "status"))
            await pilot.press("escape")
            await until(pilot, lambda: "connected" in shown(app, "status"))


async def test_a_call_that_is_none_says_so_and_esc_makes_none(bus: str) -> None:
    with Follower(bus) as follower:
        calls = Calls(bus)
        app = Monitor(
            follower,
            bus,
            traveller=Traveller(no_past),
            calls=calls,
            publish=lambda event, run: None,
            interval=0.02,
        )
        async with app.run_test(size=SIZE) as pilot:
            await pilot.press("colon", *"trainer", "enter")
            await until(pilot, lambda: "expected SERVICE METHOD" in shown(app, "status"))
            await pilot.press("colon", *"trainer stop", "escape")
            assert app.query_one("#call", Input).display is False
            assert calls.under_way == 0
