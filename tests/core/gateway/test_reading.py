"""Whatever JSON is posted is an event or an InvalidEvent, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl.errors import InvalidEvent
from dashctl.events import BY_NAME, Metric, PhaseEvent
from dashctl.gateway.reading import MOST_EVENTS, Given, TooMany, read_batch, read_event

NAMES = sorted({field for cls in BY_NAME.values() for field in cls.__struct_fields__} | {"run", "time"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(NAMES), inner),
    max_leaves=12,
)
NEARLY = st.builds(
    lambda fields, name: fields | {"type": name},
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5),
    st.sampled_from(sorted(BY_NAME)),
)


@given(JSON | NEARLY)
def test_any_value_is_an_event_or_names_what_is_wrong(plain: Any) -> None:
    try:
        given = read_event(plain, "r", 1.0)
    except InvalidEvent as error:
        assert str(error)
        assert "\n" not in str(error)
    else:
        assert given.event.to_event()["type"] == plain["type"]


@given(st.binary() | st.lists(JSON | NEARLY).map(lambda items: json.dumps(items).encode()), st.booleans())
def test_any_body_is_taken_apart_or_refused(body: bytes, lines: bool) -> None:
    try:
        good, wrong = read_batch(body, "", 1.0, lines=lines)
    except InvalidEvent:
        return
    places = [each.place for each in wrong]
    assert places == sorted(set(places))
    assert all(isinstance(each, Given) for each in good)


def test_an_event_may_say_its_run_and_its_time() -> None:
    plain = {"type": "phase", "phase": "armed"}
    assert read_event(plain, "r", 5.0) == Given("r", 5.0, PhaseEvent("armed"))
    assert read_event(plain | {"run": "own", "time": 7}, "r", 5.0) == Given("own", 7.0, PhaseEvent("armed"))


def test_lines_are_counted_as_they_stand() -> None:
    body = b'\n{"type": "metric", "name": "a", "step": 1, "value": 2}\r\n\n!\n'
    good, (wrong,) = read_batch(body, "", 5.0, lines=True)
    assert [each.event for each in good] == [Metric("a", 1, 2.0)]
    assert wrong.place == 3


def test_there_is_an_end_to_one_request() -> None:
    with pytest.raises(TooMany, match="more than 10,000 events"):
        read_batch(b"{}\n" * (MOST_EVENTS + 1), "", 1.0, lines=True)
