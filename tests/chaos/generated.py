"""Frames and requests that Hypothesis makes up: right in most parts, so that they get far."""

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dashctl import wire
from dashctl.bus import messages
from dashctl.events import BY_NAME

HEADER = struct.Struct("<2sBBI8sQQ32sQ")
numbers = st.integers(0, 2**64 - 1) | st.integers(0, 3)
values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.text(max_size=9)
    | st.binary(max_size=33),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=4,
)
names = st.sampled_from(sorted({field for cls in BY_NAME.values() for field in cls.__struct_fields__}))
events = st.dictionaries(names, values, max_size=3).flatmap(
    lambda fields: st.sampled_from(sorted(BY_NAME)).map(lambda name: {"type": name, **fields})
)
bodies = (
    st.tuples(st.binary(max_size=24), st.lists(events | values, max_size=2)).map(msgspec.msgpack.encode)
    | st.lists(values, max_size=5).map(msgspec.msgpack.encode)
    | st.tuples(st.lists(st.floats(), max_size=3), st.lists(events, max_size=2)).map(
        lambda parts: json.dumps(parts, default=str).encode()
    )
    | st.binary(max_size=200)
)


@st.composite
def frames(draw: Callable[[st.SearchStrategy[Any]], Any]) -> bytes:
    """A header whose fields are anything, and a body of some kind."""
    header = [wire.VERSION, draw(st.integers(0, 4)), draw(st.integers(0, 4))]
    ids = [draw(st.binary(min_size=8, max_size=8)), draw(numbers), draw(numbers)]
    packed = HEADER.pack(b"DC", *header, *ids, draw(st.binary(max_size=32)), draw(numbers))
    return bytes(packed + draw(bodies))


@st.composite
def requests(draw: Callable[[st.SearchStrategy[Any]], Any]) -> bytes:
    """A request by its name with fields of any value; never the one that ends the broker."""
    asked = draw(
        st.sampled_from([each for each in messages.AnyRequest.__args__ if each is not messages.AskStop])
    )
    fields = {name: draw(values) for name in asked.__struct_fields__ if draw(st.booleans())}
    request = {"ask": asked.__struct_config__.tag, **fields}
    return bytes(msgspec.msgpack.encode(request))


STRATEGIES: Mapping[str, st.SearchStrategy[bytes]] = {
    "in": frames(),
    "pub": frames(),
    "calls": requests() | st.binary(max_size=200),
    "out": st.binary(max_size=500) | st.binary(max_size=200).map(b"\x01".__add__),
}


def made_up(kind: str, count: int) -> list[bytes]:
    """So many of them for one socket."""
    made: list[bytes] = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(STRATEGIES[kind])
    def collect(piece: bytes) -> None:
        made.append(piece)

    collect()
    return made
