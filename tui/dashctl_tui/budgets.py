"""How many bytes a frame of each scene may take on its way to a terminal.

Rules: for a terminal of 120×40 cells with 256 colours, drawn over an empty screen, which is the most that a
frame can be; a scene that is not here may not be in the deck; a test counts.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

DENSE: Final = 20_000
"""Bytes that no frame may exceed: every cell of the picture drawn, and colours that change all over it."""

BUDGETS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "overview": 11_000,
        "stack": 11_000,
        "collect": 9_000,
        "hosts": 12_000,
        "db": 11_000,
        "baseline": 9_000,
        "attacks": 9_000,
        "chunking": 10_000,
        "models": 8_000,
        "code": 14_000,
        "knn": DENSE,
        "perf": 9_000,
        "training": 16_000,
        "runs": 14_000,
        "alerts": 11_000,
        "logs": 12_000,
        "bus": 12_000,
    }
)
"""Bytes of a frame, by the name of its scene."""


def most_a_second(interval: float) -> float:
    """Bytes a second that the dearest scene may send at one picture each `interval` seconds."""
    return max(BUDGETS.values()) / interval if interval > 0 else 0.0
