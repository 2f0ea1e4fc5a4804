"""How the broker is doing."""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from dashctl.events.base import Event
from dashctl.retention import Last, Retention
from dashctl.validation import (
    Count,
    Few,
    Name,
    Positive,
    Text,
)


class ProducerStats(msgspec.Struct, frozen=True):
    """One producer as the broker sees it."""

    producer: Name
    """Its random id, in hexadecimal digits."""
    run: Text
    events: Count
    lost: Count
    """Events that it numbered and that never arrived."""
    rate: Positive
    """Events a second, over the last second."""
    silent: Positive
    """Seconds since it was last heard."""
    ended: Literal["", "left", "vanished"] = ""
    """Whether it said farewell, or was gone without one."""
    user: Text = ""
    """The name of the key that it came with; "" for who needs none."""
    name: Text = ""
    """What program it is, as it says itself where its run is another's."""


class DoorStats(msgspec.Struct, frozen=True):
    """One address at which the broker listens."""

    address: Text
    monitors: Count = 0
    connections: Count = 0
    """Producers that are connected."""


class JournalStats(msgspec.Struct, frozen=True):
    """The broker's journal."""

    bytes: Count
    segments: Count
    lag: Positive
    """Seconds for which the oldest frame waits that is not on disk yet."""
    durable: bool
    """False while the disk takes nothing."""
    oldest: float
    """When the oldest event in it came, seconds since 1970."""


class BusStats(Event, frozen=True):
    """How the broker is doing, once a second: also the sign that it lives. Scenes: Stack, Bus."""

    # Five minutes of numbers: with its lists, each would be a hundred times as long to read.
    retention: ClassVar[Retention] = Last(
        300, newest_only=("rejected", "queues", "by_producer", "services", "listening", "journal", "doors")
    )

    started: float
    """Seconds since 1970, UTC."""
    events: Count = 0
    """Passed on since then; these ones of its own count nowhere."""
    frames: Count = 0
    monitors: Count = 0
    producers: Count = 0
    """Producers heard in the last ten seconds."""
    lost: Count = 0
    """Events that producers numbered and that never arrived."""
    rejected: Annotated[dict[Name, Count], Few] = msgspec.field(default_factory=dict)
    """Events or frames that were refused, by reason."""
    rate: Positive = 0.0
    """Events a second, over the last second."""
    rate_out: Positive = 0.0
    """Events a second that went out, to all monitors together."""
    connections: Count = 0
    """Producers that are connected, heard or not."""
    duplicates: Count = 0
    """Events that came twice, and were dropped."""
    vanished: Count = 0
    """Producers that ended without a farewell."""
    slow: Count = 0
    """Monitors that lost frames in the last minute and had to ask for a snapshot."""
    queues: Annotated[dict[Name, Count], Few] = msgspec.field(default_factory=dict)
    """What waits where, by name: events or bytes, as the name says."""
    by_producer: Annotated[tuple[ProducerStats, ...], Meta(max_length=50)] = ()
    """Those heard last, the busiest first."""
    services: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    listening: Annotated[tuple[Text, ...], Meta(max_length=16)] = ()
    journal: JournalStats | None = None
    doors: Annotated[tuple[DoorStats, ...], Meta(max_length=16)] = ()
    """Who is connected where."""
    upstream: Text = ""
    """How feeding another broker goes, in words; "" where there is none."""
    bytes_in: Positive = 0.0
    """Bytes of frames a second, over the last second."""
    bytes_out: Positive = 0.0
    """Bytes of frames a second that went out, to all monitors together."""
