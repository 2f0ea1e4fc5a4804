"""The order in which names stand.

Rule: numbers in names count as numbers, and upper and lower case make no difference.
"""

import re
from functools import lru_cache
from typing import Final

_LONGEST: Final = 200
"""Characters that are looked at."""


@lru_cache(maxsize=4096)
def natural(name: str) -> tuple[object, ...]:
    """A key by which node-9 comes before node-10."""
    pieces = re.split(r"([0-9]+)", name[:_LONGEST])
    numbers = (part.lstrip("0") for part in pieces[1::2])
    return (
        tuple(
            each
            for text, number in zip(
                pieces[::2], [*((len(part), part) for part in numbers), (0, "")], strict=True
            )
            for each in (text.casefold(), number)
        ),
        name,
    )
