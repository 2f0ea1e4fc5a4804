"""Which segments go, and when.

Rules: segments go whole, the oldest first; the newest stays, whatever it has; what is gone is gone
from the index first, so that nobody is pointed to it.
"""

from dashctl.bus.journal.index import Extent, Index


def outlived(extents: list[Extent], keep: int, before: float) -> int:
    """How many of the oldest go, for the rest to have at most `keep` bytes and something from
    after `before`."""
    total = sum(each.bytes for each in extents)
    for at, each in enumerate(extents[:-1]):
        if total <= keep and each.last >= before:
            return at
        total -= each.bytes
    return max(0, len(extents) - 1)


def drop(index: Index, count: int) -> None:
    """Remove the oldest segments. Raises OSError."""
    for extent in index.extents()[:count]:
        index.drop_oldest()
        extent.path.unlink(missing_ok=True)
