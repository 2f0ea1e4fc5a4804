"""A typed function as something that can be called: what it is described as, and what it takes."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta

from dashctl.bus.invocation import Invocation
from dashctl.bus.methods import TypedMethod
from dashctl.errors import BadArguments, UsageError

Rate = Annotated[float, Meta(gt=0, le=1)]


class Schedule(enum.Enum):
    FLAT = "flat"
    COSINE = "cosine"


@dataclass
class Window:
    first: int
    last: int


def tune(
    rate: Rate,
    steps: int,
    schedule: Schedule = Schedule.FLAT,
    mode: Literal["fast", "safe"] = "safe",
    layers: list[int] | None = None,
    *,
    note: str = "",
) -> float:
    """Set how it learns.

    More of it.
    """
    return rate


def described(function: Callable[..., Any]) -> dict[str, tuple[str, bool, bool]]:
    method = TypedMethod("trainer", function).described
    return {each.name: (each.allowed, each.required, each.takes_text) for each in method.parameters}


def test_a_description_says_what_every_argument_allows() -> None:
    method = TypedMethod("trainer", tune).described
    assert (method.name, method.summary) == ("tune", "Set how it learns.")
    assert described(tune) == {
        "rate": ("a number, 1 or less and above 0", True, False),
        "steps": ("a whole number", True, False),
        "schedule": ("one of flat, cosine", False, True),
        "mode": ("one of fast, safe", False, True),
        "layers": ("a list, each item a whole number, or null", False, False),
        "note": ("a text", False, True),
    }


def test_arguments_become_what_the_annotations_say() -> None:
    def look(window: Window, schedule: Schedule, rate: float, anything, names: tuple[str, ...] = ()) -> None:
        """Look."""

    given = {"window": {"first": 1, "last": 2}, "schedule": "cosine", "rate": 1, "anything": [None]}
    assert TypedMethod("x", look).arguments({**given, "names": ["a"]}) == {
        "window": Window(1, 2),
        "schedule": Schedule.COSINE,
        "rate": 1.0,
        "anything": [None],
        "names": ("a",),
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rate": "quick", "steps": 1}, "trainer.tune.rate: 'quick' is not allowed; expected a number"),
        (
            {"rate": 0, "steps": 1},
            "trainer.tune.rate: 0 is not allowed; expected a number, 1 or less and abo",
        ),
        ({"rate": float("nan"), "steps": 1}, "trainer.tune.rate: nan is not allowed"),
        ({"rate": 1, "steps": 1.5}, "trainer.tune.steps: 1.5 is not allowed; expected a whole number"),
        ({"rate": 1, "steps": True}, "trainer.tune.steps: True is not allowed"),
        ({"rate": 1}, "trainer.tune.steps: missing; expected a whole number"),
        (
            {"rate": 1, "steps": 1, "schedule": "steep"},
            "'steep' is not allowed; expected one of flat, cosine",
        ),
        ({"rate": 1, "steps": 1, "layers": ["a"]}, "trainer.tune.layers: ['a'] is not allowed"),
        ({"rate": 1, "steps": 1, "note": None}, "trainer.tune.note: None is not allowed; expected a text"),
        (
            {"rate": 1, "steps": 1, "speed": 1},
            "trainer.tune.speed: no such argument; expected rate, steps, s",
        ),
    ],
)
def test_an_argument_that_is_not_allowed_is_named_with_what_is(given: dict[str, Any], words: str) -> None:
    with pytest.raises(BadArguments) as raised:
        TypedMethod("trainer", tune).arguments(given)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_invocation_is_no_argument_of_the_caller() -> None:
    def train(epochs: int, call: Invocation) -> tuple[int, bool]:
        return epochs, call.cancelled

    method = TypedMethod("x", train)
    assert list(described(train)) == ["epochs"]
    assert method.call(method.arguments({"epochs": 2}), Invocation(lambda *_: None)) == (2, False)
    with pytest.raises(BadArguments, match=r"x\.train\.call: no such argument; expected epochs"):
        method.arguments({"epochs": 2, "call": None})


def test_methods_of_objects_are_called_without_themselves() -> None:
    class Trainer:
        def stop(self, *, now: bool = False) -> bool:
            return now

    method = TypedMethod("x", Trainer().stop)
    assert method.call(method.arguments({"now": True}), Invocation(lambda *_: None)) is True


class Foreign:
    pass


def takes_anything_more(*values: float) -> None: ...


def takes_a_foreign(thing: Foreign) -> None: ...


def takes_what_is_not_there(thing: "NoWhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (takes_anything_more, "x.takes_anything_more: *values: float cannot be given by name"),
        (takes_a_foreign, "x.takes_a_foreign.thing: Foreign cannot travel"),
        (takes_what_is_not_there, "x.takes_what_is_not_there: its annotations cannot be read"),
    ],
)
def test_what_cannot_be_called_is_refused_when_it_is_declared(
    function: Callable[..., Any], words: str
) -> None:
    with pytest.raises(UsageError) as raised:
        TypedMethod("x", function)
    assert words in str(raised.value)
