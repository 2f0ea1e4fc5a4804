"""What a newcomer must be told: how much of each event type is remembered.

Rules: a retention is a declaration, not code; it bounds memory by itself, whatever arrives; what it
keeps depends on the events and their order alone. A key is a tuple of field names; the name `run`
stands for the run in which the event happened.
"""

from typing import Final

import msgspec

KEYS: Final = 10_000
"""How many keys one event type keeps; the one that was silent longest goes first."""


class Latest(msgspec.Struct, frozen=True):
    """The newest event per key. With `merge`, fields that the newest leaves out keep their last value."""

    key: tuple[str, ...] = ()
    keys: int = KEYS
    merge: bool = False


class Window(msgspec.Struct, frozen=True):
    """How often each key came in the last `seconds`, counted per second."""

    seconds: int
    key: tuple[str, ...] = ()
    keys: int = 64


class Series(msgspec.Struct, frozen=True):
    """A curve per key in at most `points` buckets; thinning keeps minimum, maximum and NaN marks.

    The event has the fields `step` and `value`.
    """

    points: int
    key: tuple[str, ...] = ()
    keys: int = KEYS


class Last(msgspec.Struct, frozen=True):
    """The last `count` events per key, in order of arrival.

    `newest_only` names fields, all with defaults, that an event loses when the next one comes: what is
    large, and of which nobody asks how it was. `characters`, unless 0: the texts of a key's events have no
    more together, and fewer events are kept where they would; the newest always is.
    """

    count: int
    key: tuple[str, ...] = ()
    keys: int = KEYS
    newest_only: tuple[str, ...] = ()
    characters: int = 0


class Trace(msgspec.Struct, frozen=True):
    """The newest event per key, and the last `count` values of some of its numbers.

    `numbers` names fields; `gpus.power` is that field of each object in the list `gpus`.
    """

    count: int
    key: tuple[str, ...]
    numbers: tuple[str, ...]
    keys: int = KEYS


class Transient(msgspec.Struct, frozen=True):
    """Passed on to who is there; never replayed."""


Retention = Latest | Window | Series | Last | Trace | Transient
