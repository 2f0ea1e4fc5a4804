"""The last things made, each with what it was made from.

Rule: what is kept decides how soon something is there, never what it is.
"""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Memo(Generic[Value]):
    """Keeps one value per key, for as long as it would be made from the same; the `most` newest keys."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Hashable, tuple[object, Value]] = {}

    def get(self, key: Hashable, source: object, make: Callable[[], Value]) -> Value:
        """What was made from an equal `source`, or is made now."""
        kept = self._kept.pop(key, None)
        if kept is None or kept[0] != source:
            kept = (source, make())
        self._kept[key] = kept
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
        return kept[1]
